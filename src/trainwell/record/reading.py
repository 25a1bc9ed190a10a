"""What several findings read off a run: how the loss went, and which layers there are."""

from __future__ import annotations

__all__ = [
    "Layer",
    "depends_on_data",
    "first_loss",
    "harm",
    "is_hidden",
    "label",
    "layers",
    "title",
    "trained",
]

import math
from dataclasses import dataclass

from trainwell.record.facts import Objective, Operation, Parameter, Place
from trainwell.record.run import Run
from trainwell.record.series import mean

_NAMES = {
    "add": "sum",
    "subtract": "difference",
    "multiply": "product",
    "divide": "division",
    "absolute": "absolute value",
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "gelu": "GELU",
    "silu": "SiLU",
    "elu": "ELU",
}
"""What a reader calls an operation, where that is not its kind."""

_WEIGHTED = frozenset({"linear", "convolution", "recurrent"})


@dataclass(frozen=True)
class Layer:
    """An operation with its weight."""

    operation: Operation
    weight: Parameter


def layers(run: Run, objective: Objective) -> list[Layer]:
    """The linear, convolutional and recurrent layers of an objective, from the data to the loss.

    Only parameters of two or more dimensions count: biases and gains of normalisation layers have
    gradients that say little about their layer (a bias before batch norm has none at all).
    """
    found: dict[int, Layer] = {}
    for operation in run.operations.values():
        if operation.kind not in _WEIGHTED:
            continue
        for number in operation.parameters:
            weight = run.parameters.get(number)
            if weight is not None and weight.is_weight and number in objective.parameters:
                found.setdefault(number, Layer(operation, weight))
    return sorted(found.values(), key=lambda p: (p.operation.depth, p.operation.number))


def is_hidden(run: Run, operation: Operation) -> bool:
    """Whether some layer with weights reads what the operation makes, directly or not."""
    waiting, seen = [operation], {operation.number}
    while waiting:
        for consumer in run.consumers(waiting.pop()):
            if consumer.number in seen:
                continue
            weights = (run.parameters.get(p) for p in consumer.parameters)
            if any(w is not None and w.is_weight for w in weights):
                return True
            seen.add(consumer.number)
            waiting.append(consumer)
    return False


def depends_on_data(run: Run, operation: Operation) -> bool:
    """Whether the operation's result can differ between examples."""
    waiting, seen = [operation], {operation.number}
    while waiting:
        here = waiting.pop()
        if here.reads_data or here.kind == "embedding":
            return True
        for before in run.inputs(here):
            if before.number not in seen:
                seen.add(before.number)
                waiting.append(before)
    return False


def trained(run: Run, objective: Objective) -> bool:
    """Whether any of the objective's parameters was ever seen to move."""
    return any(
        value > 0
        for n in objective.parameters
        for value in run.series("parameter", n, "moved").finite
    )


def first_loss(run: Run, objective: Objective) -> float:
    """What the loss was before learning: its first value, or the mean of the first few if lower.

    One value alone is noisy; a mean alone is spoiled by a loss that climbs at once. NaN when no
    loss was finite.
    """
    values = run.loss(objective.number).finite
    if not values:
        return math.nan
    few = values[: min(max(3, len(values) // 10), 16)]
    return min(values[0], mean(few))


def harm(run: Run, objective: Objective | None) -> float:
    """How little the objective's loss fell: 0 when it reached 0, 1 when it did not fall at all.

    An objective that is not known counts as half harmed, and so does a loss of which fewer than
    two values are known, and one that can be negative and did not rise: it has no floor to reach.
    The end is the mean of the last tenth. A loss that left the numbers counts as fully harmed.
    """
    if objective is None:
        return 0.5
    loss = run.loss(objective.number)
    values = loss.finite
    if len(values) < len(loss):
        return 1.0
    if len(values) < 2:
        return 0.5
    start, end = first_loss(run, objective), loss.end()
    if min(values) < 0:
        return 1.0 if end >= start else 0.5
    if start <= 0:
        return 1.0 if end > 0 else 0.0
    return min(1.0, end / start)


def label(place: Place, fallback: str = "the network") -> str:
    """A layer's name for a message, in backticks: "`fc1`", or "what follows `fc1`"."""
    if place.layer is None:
        return fallback
    if place.layer.startswith("after "):
        return f"what follows `{place.layer.removeprefix('after ')}`"
    return f"`{place.layer}`"


def title(operation: Operation) -> str:
    """An operation's name for a message: "the softmax `head.2`", "the softmax after `out`"."""
    kind = _NAMES.get(operation.kind, operation.kind.replace("_", " "))
    layer = operation.place.layer
    if layer is None:
        return f"the {kind}"
    if layer.startswith("after "):
        return f"the {kind} after `{layer.removeprefix('after ')}`"
    return f"the {kind} `{layer}`"
