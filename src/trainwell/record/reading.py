"""What several findings read off a run: how the loss went, and which layers there are."""

from __future__ import annotations

__all__ = [
    "Layer",
    "curves",
    "depends_on_data",
    "first_loss",
    "harm",
    "is_hidden",
    "is_one_curve",
    "is_summed",
    "is_taught",
    "kept_best",
    "label",
    "layers",
    "on_another_scale",
    "rate_of",
    "swings_about_zero",
    "takes_raw_gradients",
    "title",
    "trained",
    "typical_update",
    "uninformed_loss",
]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from trainwell.record.facts import (
    Detail,
    Evaluation,
    Inputs,
    LossCall,
    Objective,
    Operation,
    Parameter,
    Place,
)
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

_TAUGHT = 3
"""Steps in a row before which another network must have run: one evaluation is none of them."""

_TURNS = 8
_TURNS_SHARE = 0.1
"""Changes of sign from one loss to the next, at least, and as a share of all; a loss that falls
through zero changes its sign once, with noise a few times."""

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


def uninformed_loss(run: Run, objective: Objective) -> float | None:
    """What a network gets that knows nothing but the targets' mean; None where no formula says it.

    That is log(classes) for cross-entropies (log 2 for binary ones) and the targets' variance for
    squared error, summed over the objective's loss calls.
    """
    calls = [c for c in run.losses.values() if c.objective == objective.number]
    values = [_uninformed(c) for c in calls if c.phase == "training"]
    known = [v for v in values if v is not None]
    if not known or len(known) != len(values):
        return None
    return sum(known) / _divisor(run, objective, calls)


def _divisor(run: Run, objective: Objective, calls: list[LossCall]) -> int:
    """By what whole number the script divides its loss before backward(): accumulation.

    The first step's loss is compared with what the loss functions returned in it.
    """
    values = run.loss(objective.number).finite
    given = [c.first.get("loss", 0.0) for c in calls if c.phase == "training"]
    if not values or values[0] <= 0 or sum(given) <= 0:
        return 1
    ratio = sum(given) / values[0]
    return round(ratio) if ratio >= 1.5 and abs(ratio - round(ratio)) <= 1e-3 * ratio else 1


def _uninformed(loss: LossCall) -> float | None:
    if loss.reduction != "mean":
        return None
    if loss.function in ("cross_entropy", "nll_loss") and len(loss.prediction_shape) > 1:
        return math.log(max(loss.prediction_shape[1], 2))
    if loss.function.startswith("binary_cross_entropy"):
        return math.log(2)
    if loss.function == "mse_loss" and loss.first.get("target_std", 0.0) > 0:
        return loss.first["target_std"] ** 2
    return None


def typical_update(run: Run, objective: Objective, looks: int = 4) -> float | None:
    """How far a step moves the weights, relative to their size: the layer that moves most.

    A layer's typical step is the larger of its median over the run and over the first five looks,
    so that a rate which a schedule takes to 0 counts as it was. None where no layer was looked at
    `looks` times.
    """
    ratios = [
        max(median(values), median(values[:5]))
        for number in objective.parameters
        if len(values := run.series("parameter", number, "update_ratio").finite) >= looks
    ]
    return max(ratios) if ratios else None


def on_another_scale(trained: Inputs, evaluated: Inputs, factor: float, shift: float) -> bool:
    """Whether all inputs together have another scale in evaluation.

    Args:
        trained: inputs in training.
        evaluated: the same network's in evaluation.
        factor: ratio of the root mean squares, either way, from which the scales differ.
        shift: distance of the means, in deviations of the training data, from which they differ.
    """
    before, after = trained.values, evaluated.values
    if not (before.get("rms", 0.0) > 0 and after.get("rms", 0.0) > 0):
        return False
    ratio = after["rms"] / before["rms"]
    if not math.isfinite(ratio):
        return False
    apart = abs(after["mean"] - before["mean"]) / max(before["std"], 1e-12)
    return not 1 / factor < ratio < factor or (apart >= shift and before["std"] > 0)


def takes_raw_gradients(run: Run, objective: Objective) -> bool:
    """Whether the objective's optimizer multiplies gradients by the rate as they are (SGD).

    Adam and its kin divide by the gradients' own size: the scale of the loss makes no difference.
    """
    optimizer = run.optimizer_of(objective)
    return optimizer is not None and optimizer.name in ("SGD", "ASGD")


def rate_of(run: Run, objective: Objective) -> tuple[Detail, str, Place]:
    """The learning rate of an objective's optimizer, as text too, and where it is set."""
    optimizer = run.optimizer_of(objective)
    rate = None if optimizer is None else optimizer.settings.get("lr")
    shown = f"{rate:g}" if isinstance(rate, (int, float)) else "unknown"
    return rate, shown, objective.place if optimizer is None else optimizer.place


def is_one_curve(run: Run, objective: Objective) -> bool:
    """Whether the objective's loss is the course of one training.

    It is not where several networks are trained one after the other by the same line (folds,
    ensembles), or against each other (GANs), nor where it is the gain of a policy.
    """
    rivals = [o for o in run.objectives.values() if o.steps >= 8]
    lines = [(o.place.file, o.place.line) for o in run.optimizers.values()]
    alone = len(rivals) == 1 and len(objective.networks) <= 1 and len(lines) == len(set(lines))
    return alone and not swings_about_zero(run, objective)


def is_taught(objective: Objective) -> bool:
    """Whether another network makes the objective's targets: its loss need not fall."""
    return objective.taught >= _TAUGHT


def swings_about_zero(run: Run, objective: Objective) -> bool:
    """Whether the loss takes both signs all the time: the gain of a policy, no distance to fall."""
    values = run.loss(objective.number).finite
    turns = sum(a * b < 0 for a, b in pairwise(values))
    return turns >= max(_TURNS, _TURNS_SHARE * len(values))


def curves(run: Run) -> list[list[Evaluation]]:
    """The evaluations of each key, in their order; those without a finite loss left out."""
    found: dict[str, list[Evaluation]] = {}
    for evaluation in run.evaluations.values():
        if math.isfinite(evaluation.loss):
            found.setdefault(evaluation.key, []).append(evaluation)
    return list(found.values())


def kept_best(run: Run, curve: Sequence[Evaluation]) -> bool:
    """Whether the script loads the weights of the best evaluation when training is over.

    Args:
        run: the record.
        curve: evaluations of one key, in their order.
    """
    best = min(range(len(curve)), key=lambda i: curve[i].loss)
    begin = curve[best].step
    end = curve[best + 1].step if best + 1 < len(curve) else run.steps + 1
    return any(
        load.action == "load"
        and load.step >= run.steps
        and load.matched > 0
        and not load.aliased
        # Of weights that were copied deeply it is not known when.
        and (load.age is None or begin <= load.step - load.age < max(end, begin + 1))
        for load in run.checkpoints.values()
    )


def is_summed(run: Run, loss: LossCall, batch: int = 8) -> bool:
    """Whether a loss is summed over a batch of some size, and the optimizer feels that."""
    objective = run.objective_of(loss)
    return (
        objective is not None
        and loss.phase == "training"
        and loss.reduction == "sum"
        and bool(loss.prediction_shape)
        and loss.prediction_shape[0] >= batch
        and takes_raw_gradients(run, objective)
    )


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
