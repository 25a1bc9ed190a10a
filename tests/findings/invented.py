"""Runs that nobody ran: just the facts and vitals that a finding reads."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from trainwell.findings.finding import Finding
from trainwell.record import (
    SEVERITIES,
    Evaluation,
    Failure,
    Features,
    Inputs,
    LossCall,
    Network,
    Objective,
    Operation,
    Optimizer,
    Parameter,
    Place,
    Run,
    Series,
    Sighting,
    Undecided,
)

FILE = "train.py"
STEPS = 60


def standing(level: float = 2.3, count: int = STEPS) -> list[float]:
    """A loss that does not fall, but for its noise."""
    return [level * (1 + 0.004 * math.sin(1.7 * i)) for i in range(count)]


def falling(start: float = 2.3, end: float = 0.02, count: int = STEPS) -> list[float]:
    """A loss that falls as they do, by the same factor every step."""
    return [start * (end / start) ** (i / (count - 1)) for i in range(count)]


def swinging(level: float = 2.3, count: int = STEPS) -> list[float]:
    """A loss that jumps about its start by a quarter of it."""
    return [level * (1 + 0.25 * (-1) ** i) for i in range(count)]


def climbing(level: float = 2.3, count: int = STEPS) -> list[float]:
    """A loss that ends at three times its start."""
    return [level * (1 + 2 * i / (count - 1)) for i in range(count)]


@dataclass
class Invention:
    """A run under construction; every method adds a fact and gives its number."""

    run: Run = field(default_factory=lambda: Run("invented", FILE, steps=STEPS))

    def objective(self, losses: Iterable[float] = (), **fields: Any) -> int:
        number = len(self.run.objectives)
        fields = {"place": Place(None, FILE, 90 + number, "loss.backward()")} | fields
        values = list(losses) or standing()
        self.run.objectives[number] = Objective(number, **({"steps": len(values)} | fields))
        self.measure("objective", number, loss=values)
        return number

    def loss(self, values: list[float], objective: int = 0) -> Invention:
        self.run.vitals["objective", objective, "loss"] = Series(list(range(len(values))), values)
        return self

    def operation(self, kind: str, *inputs: int, layer: str | None = None, **fields: Any) -> int:
        number = len(self.run.operations)
        layer = layer or f"{kind}{number}"
        weighted = bool(fields.get("parameters"))
        depth = weighted + max((self.run.operations[n].depth for n in inputs), default=0)
        fields = {
            "objective": 0,
            "place": Place(layer, FILE, 10 + number, f"x = self.{layer}(x)"),
            "reads_data": not inputs,
            "depth": depth,
        } | fields
        self.run.operations[number] = Operation(
            number, kind, f"{kind.title()}Backward0", inputs=tuple(inputs), **fields
        )
        return number

    def parameter(self, name: str, shape: tuple[int, ...] = (8, 8), **fields: Any) -> int:
        number = len(self.run.parameters)
        out, fan_in = (*shape, 1, 1)[:2]
        fields = {
            "layer": name.rpartition(".")[0],
            "network": 0,
            "optimizers": (0,) if self.run.optimizers else (),
            "is_weight": len(shape) > 1,
            "fan_in": fan_in,
            "fan_out": out,
            "start": {"mean": 0.0, "std": 0.1, "peak": 0.3, "kurtosis": 3.0, "distinct_rows": 1.0},
            "fresh": True,
        } | fields
        self.run.parameters[number] = Parameter(number, name, shape=shape, **fields)
        return number

    def layer(
        self,
        *inputs: int,
        shape: tuple[int, ...] = (8, 8),
        kind: str = "linear",
        layer: str | None = None,
        objective: int = 0,
        operation: dict[str, Any] | None = None,
        **fields: Any,
    ) -> int:
        """An operation with a weight that the objective trains; the operation's number."""
        layer = layer or f"{kind}{len(self.run.operations)}"
        weight = self.parameter(f"{layer}.weight", shape, **fields)
        owner = self.run.objectives[objective]
        self.run.objectives[objective] = replace(owner, parameters=(*owner.parameters, weight))
        details = {"weight": list(shape)} if kind == "linear" else {}
        given = {"details": details, "shape": (32, shape[0]), "parameters": (weight,)}
        return self.operation(
            kind, *inputs, layer=layer, objective=objective, **(given | (operation or {}))
        )

    def weight_of(self, operation: int) -> int:
        return self.run.operations[operation].parameters[0]

    def measure(
        self, kind: str, number: int, every: int = 5, **quantities: list[float] | float
    ) -> None:
        """Series of a fact; one number alone stands for six looks at it."""
        for quantity, values in quantities.items():
            listed = values if isinstance(values, list) else [values] * 6
            gap = 1 if kind == "objective" else every
            self.run.vitals[kind, number, quantity] = Series(
                [gap * i for i in range(len(listed))], [float(v) for v in listed]
            )

    def optimizer(self, name: str = "SGD", **fields: Any) -> int:
        number = len(self.run.optimizers)
        fields = {
            "place": Place(None, FILE, 80 + number, "optimizer = ..."),
            "settings": {"lr": 0.1},
            "steps": STEPS,
            "looks": 6,
            "parameter_count": 4,
            "trainable_count": 4,
        } | fields
        self.run.optimizers[number] = Optimizer(number, name, **fields)
        return number

    def call(self, function: str, **fields: Any) -> int:
        """Calls of a loss function."""
        number = len(self.run.losses)
        fields = {
            "phase": "training",
            "place": Place(None, FILE, 70 + number, f"loss = F.{function}(...)"),
            "objective": 0 if self.run.objectives else None,
            "looks": 6,
        } | fields
        self.run.losses[number] = LossCall(number, function, **fields)
        return number

    def network(self, name: str = "Net", **fields: Any) -> int:
        number = len(self.run.networks)
        fields = {"place": Place(None, FILE, 5, f"model = {name}()")} | fields
        self.run.networks[number] = Network(number, name, **fields)
        return number

    def failure(self, message: str, kind: str = "RuntimeError", **fields: Any) -> int:
        """The exception that ended the script."""
        number = len(self.run.failures)
        given = {"place": Place("fc1", FILE, 40, "x = self.fc1(x)")}
        self.run.failures[number] = Failure(number, kind, message, **(given | fields))
        return number

    def features(self, operation: int, columns: list[tuple[float, float]], **fields: Any) -> int:
        """Data of columns with these (mean, deviation)."""
        number = len(self.run.features)
        given = {
            "place": self.run.operations[operation].place,
            "columns": len(columns),
            "rows": 192,
            "mean": tuple(m for m, _ in columns),
            "std": tuple(s for _, s in columns),
            "low": tuple(m - 3 * s for m, s in columns),
            "high": tuple(m + 3 * s for m, s in columns),
            "example_norm": math.sqrt(
                sum(m * m + s * s for m, s in columns if math.isfinite(m + s))
            ),
        }
        self.run.features[number] = Features(number, operation, **(given | fields))
        return number

    def inputs(self, phase: str, network: int = 0, **fields: Any) -> int:
        """What a network is given from one line; its number."""
        number = len(self.run.inputs_seen)
        values = {"low": -3.0, "high": 3.0, "mean": 0.0, "std": 1.0, "rms": 1.0, "finite": 1.0}
        given = {
            "place": Place(None, FILE, 50 + number, "output = model(x)"),
            "looks": 6,
            "rows": 192,
            "columns": 8,
            "values": values,
        }
        self.run.inputs_seen[number] = Inputs(number, network, phase, **(given | fields))
        return number

    def curve(
        self, losses: list[float], training: list[float | None], key: str = "test"
    ) -> Invention:
        """Evaluations, one every 100 steps."""
        for at, (loss, trained) in enumerate(zip(losses, training, strict=True)):
            number = len(self.run.evaluations)
            place = Place(None, FILE, 60, "loss = F.cross_entropy(model(x), y)")
            self.run.evaluations[number] = Evaluation(
                number, 100 * (at + 1), key, loss, trained, 500, "cross_entropy", place
            )
        return self


def mlp(
    losses: list[float] | None = None,
    activation: str = "relu",
    depth: int = 4,
    **weight: Any,
) -> Invention:
    """Layers with an activation between them: operations 0, 2, 4, ... are the layers."""
    made = Invention()
    made.network()
    made.optimizer()
    made.objective(losses or [])
    last: tuple[int, ...] = ()
    for number in range(depth):
        last = (made.layer(*last, layer=f"fc{number + 1}", **weight),)
        if number < depth - 1:
            last = (made.operation(activation, *last, layer=f"after fc{number + 1}"),)
    return made


def look(finding: Finding, run: Run) -> tuple[list[Sighting], list[Undecided]]:
    """What a finding says of a run, checked for what holds of all findings."""
    before = copy.deepcopy(run)
    found = list(finding.detect(run))
    assert repr(run) == repr(before), "a finding changes nothing"
    assert repr(list(finding.detect(run))) == repr(found), "and says the same again"
    sightings = [s for s in found if isinstance(s, Sighting)]
    undecided = [s for s in found if isinstance(s, Undecided)]
    assert len(sightings) + len(undecided) == len(found)
    for sighting in sightings:
        assert sighting.severity in SEVERITIES
        assert 0 <= sighting.harm <= 1
        assert sighting.step >= 0
        assert isinstance(sighting.where, Place)
        check_words(sighting.message)
        assert json.loads(json.dumps(sighting.evidence)) == sighting.evidence or any(
            v != v for v in _numbers(sighting.evidence)
        )
    for remark in undecided:
        check_words(remark.reason)
    return sightings, undecided


def check_words(text: str) -> None:
    """A message is lowercase (names keep their case), one line, and has no full stop."""
    assert text
    assert "\n" not in text
    assert not text.endswith(".")
    first = text.split()[0]
    assert first == first.lower() or first[1:] != first[1:].lower() or first in _NAMES, text


_NAMES = {"Net", "Adam", "SGD"}


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [n for v in value for n in _numbers(v)]
    return [value] if isinstance(value, float) else []


def sightings(finding: Finding, made: Invention | Run) -> list[Sighting]:
    return look(finding, made.run if isinstance(made, Invention) else made)[0]


def undecided(finding: Finding, made: Invention | Run) -> list[Undecided]:
    return look(finding, made.run if isinstance(made, Invention) else made)[1]


def only(finding: Finding, made: Invention | Run) -> Sighting:
    """The one sighting that there is."""
    (seen,) = sightings(finding, made)
    return seen


Make = Callable[..., Invention]
