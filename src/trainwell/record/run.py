"""A training run as it was seen: facts, and numbers over steps."""

from __future__ import annotations

__all__ = ["FACT_KINDS", "Run", "new_id"]

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from trainwell.record.behaviour import Dependence, Made, Noise, Severed
from trainwell.record.checkpoints import Checkpoint
from trainwell.record.counterfactual import Counterfactual
from trainwell.record.examples import Examples
from trainwell.record.facts import (
    Evaluation,
    Fact,
    Features,
    Inputs,
    LossCall,
    Network,
    Objective,
    Operation,
    Optimizer,
    Parameter,
)
from trainwell.record.incidents import Failure, Loader, Trouble
from trainwell.record.machines import Machine
from trainwell.record.ranks import Rank
from trainwell.record.recognisers import Recogniser
from trainwell.record.sequences import Attention, Ordering, PaddingRead, Twin
from trainwell.record.series import Series
from trainwell.record.timeline import Clipping, Scheduler

FACT_KINDS: dict[str, type[Fact]] = {
    "network": Network,
    "operation": Operation,
    "parameter": Parameter,
    "optimizer": Optimizer,
    "objective": Objective,
    "loss": LossCall,
    "features": Features,
    "evaluation": Evaluation,
    "inputs": Inputs,
    "failure": Failure,
    "loader": Loader,
    "rank": Rank,
    "counterfactual": Counterfactual,
    "machine": Machine,
    "recogniser": Recogniser,
    "trouble": Trouble,
    "noise": Noise,
    "made": Made,
    "severed": Severed,
    "dependence": Dependence,
    "examples": Examples,
    "scheduler": Scheduler,
    "clipping": Clipping,
    "checkpoint": Checkpoint,
    "padding": PaddingRead,
    "attention": Attention,
    "ordering": Ordering,
    "twin": Twin,
}
"""Names of the kinds of facts, as in the `facts` table and the first part of a series' key."""


@dataclass
class Run:
    """Everything that was recorded of one run of one script.

    Attributes:
        id: unique name, for example "20261122-104500-4f2a".
        script: path of the script (or "-m module"), or the name of a notebook's watch.
        arguments: the script's own arguments.
        started, ended: seconds since 1970; `ended` is None while it runs or after `kill -9`.
        exit_status: the script's own; None while unknown. Negative: ended by that signal.
        error: {"type", "message", "file", "line"} of the exception that ended it, or None.
        steps: backward passes that trained something.
        notes: what could not be seen, in words; and the trouble that trainwell itself had.
        vitals: numbers over steps by (kind of fact, its number, quantity).
        siblings: of a rank of a distributed training, the other ranks' runs, in their order. They
            are runs of their own in a record; `trainwell.record.gathering` brings them together.
    """

    id: str
    script: str
    arguments: list[str] = field(default_factory=list)
    started: float = 0.0
    ended: float | None = None
    exit_status: int | None = None
    error: dict[str, str | int | None] | None = None
    steps: int = 0
    notes: list[str] = field(default_factory=list)
    networks: dict[int, Network] = field(default_factory=dict)
    operations: dict[int, Operation] = field(default_factory=dict)
    parameters: dict[int, Parameter] = field(default_factory=dict)
    optimizers: dict[int, Optimizer] = field(default_factory=dict)
    objectives: dict[int, Objective] = field(default_factory=dict)
    losses: dict[int, LossCall] = field(default_factory=dict)
    features: dict[int, Features] = field(default_factory=dict)
    evaluations: dict[int, Evaluation] = field(default_factory=dict)
    inputs_seen: dict[int, Inputs] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)
    loaders: dict[int, Loader] = field(default_factory=dict)
    ranks: dict[int, Rank] = field(default_factory=dict)
    counterfactuals: dict[int, Counterfactual] = field(default_factory=dict)
    machines: dict[int, Machine] = field(default_factory=dict)
    recognisers: dict[int, Recogniser] = field(default_factory=dict)
    troubles: dict[int, Trouble] = field(default_factory=dict)
    noise: dict[int, Noise] = field(default_factory=dict)
    made: dict[int, Made] = field(default_factory=dict)
    severed: dict[int, Severed] = field(default_factory=dict)
    dependences: dict[int, Dependence] = field(default_factory=dict)
    examples_seen: dict[int, Examples] = field(default_factory=dict)
    schedulers: dict[int, Scheduler] = field(default_factory=dict)
    clippings: dict[int, Clipping] = field(default_factory=dict)
    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)
    paddings: dict[int, PaddingRead] = field(default_factory=dict)
    attentions: dict[int, Attention] = field(default_factory=dict)
    orderings: dict[int, Ordering] = field(default_factory=dict)
    twins: dict[int, Twin] = field(default_factory=dict)
    vitals: dict[tuple[str, int, str], Series] = field(default_factory=dict)
    siblings: list[Run] = field(default_factory=list)

    def table(self, kind: str) -> dict[int, Fact]:
        """The facts of one kind of `FACT_KINDS` by number; this is the run's own dict."""
        names = {"loss": "losses", "inputs": "inputs_seen", "examples": "examples_seen"} | {
            name: name for name in ("features", "noise", "made", "severed")
        }
        return getattr(self, names.get(kind, kind + "s"))  # type: ignore[no-any-return]

    def series(self, kind: str, number: int, quantity: str) -> Series:
        """One quantity over the steps; empty when it was never measured."""
        return self.vitals.get((kind, number, quantity), Series())

    def loss(self, objective: int) -> Series:
        """The training loss of an objective, block means."""
        return self.series("objective", objective, "loss")

    def objective_of(self, loss: LossCall) -> Objective | None:
        """The objective that a loss call belongs to, when that was seen."""
        return None if loss.objective is None else self.objectives.get(loss.objective)

    def prediction_of(self, loss: LossCall) -> Operation | None:
        """The operation that made a loss call's prediction, when that was seen."""
        number = loss.prediction_operation
        return None if number is None else self.operations.get(number)

    def optimizer_of(self, objective: Objective) -> Optimizer | None:
        """The first optimizer that holds a parameter of an objective."""
        for number in objective.parameters:
            parameter = self.parameters.get(number)
            for holder in () if parameter is None else parameter.optimizers:
                if holder in self.optimizers:
                    return self.optimizers[holder]
        return None

    def inputs(self, operation: Operation) -> list[Operation]:
        """The operations that `operation` reads."""
        return [self.operations[n] for n in operation.inputs if n in self.operations]

    def consumers(self, operation: Operation) -> list[Operation]:
        """The operations that read `operation`."""
        return [o for o in self.operations.values() if operation.number in o.inputs]

    def upstream(self, operation: Operation, through: frozenset[str]) -> Iterator[Operation]:
        """The nearest operations before `operation` whose kind is not in `through`.

        Args:
            operation: where to start; itself not included.
            through: kinds of operations that are looked through.
        """
        seen: set[int] = set()
        waiting = list(operation.inputs)
        while waiting:
            number = waiting.pop()
            if number in seen or number not in self.operations:
                continue
            seen.add(number)
            found = self.operations[number]
            if found.kind in through:
                waiting.extend(found.inputs)
            else:
                yield found


def new_id() -> str:
    """A name for a run that begins now: its time, and four digits that tell it from others."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{os.urandom(2).hex()}"
