"""LOS108 broadcast-loss."""

from __future__ import annotations

__all__ = ["BroadcastLoss"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Operation, Run, Sighting, Undecided
from trainwell.record.reading import harm, is_hidden, title


@frozen
class BroadcastLoss(Finding):
    """Prediction and target of different shapes, silently broadcast against each other.

    What it looks for:
        An elementwise loss function whose prediction and target differ in shape; and, in a loss
        written by hand, an elementwise operation of result (N, N) on a prediction of shape (N, 1)
        and something outside the graph, from which only elementwise operations and a reduction
        lead to the loss.

    Why it hurts:
        (N, 1) with (N,) gives an (N, N) table of every prediction against every target. The best
        answer to that is the mean of all targets: the network learns a constant.

    When it is not a fault:
        Pairwise losses on purpose: there both sides of the table are usually predictions, which is
        not looked at.

    Sources:
        PyTorch's own warning in `mse_loss` ("Using a target size that is different to the input
        size"); silent in arithmetic by hand.
    """

    code: ClassVar[str] = "LOS108"
    slug: ClassVar[str] = "broadcast-loss"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("collapsed-activations", "vanishing-gradient", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("match_shapes",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the operation that broadcasts."""
        for loss in run.losses.values():
            shapes = loss.prediction_shape, loss.target_shape
            if loss.function not in ELEMENTWISE or loss.phase != "training" or not all(shapes):
                continue
            if shapes[0] != shapes[1] and _size(_joined(*shapes)) > max(map(_size, shapes)):
                objective = run.objective_of(loss)
                yield Sighting(
                    loss.place,
                    f"{loss.function} of a prediction of shape {shapes[0]} and a target of "
                    f"shape {shapes[1]} compares every example with every other",
                    0,
                    "error",
                    {"prediction": list(shapes[0]), "target": list(shapes[1])},
                    harm(run, objective),
                )
        for operation in run.operations.values():
            if operation.kind not in ARITHMETIC or len(operation.inputs) != 1:
                continue
            (before,) = run.inputs(operation) or (None,)
            if before is None or not _is_table(before.shape, operation.shape):
                continue
            if not is_hidden(run, operation) and self._ends_in_loss(run, operation):
                yield Sighting(
                    operation.place,
                    f"a prediction of shape {before.shape} and data of shape "
                    f"({before.shape[0]},) give a table of {operation.shape}: every example is "
                    f"compared with every other in {title(operation)}",
                    0,
                    "error",
                    {"prediction": list(before.shape), "result": list(operation.shape)},
                    harm(run, run.objectives.get(operation.objective)),
                )

    def _ends_in_loss(self, run: Run, operation: Operation) -> bool:
        here = operation
        for _ in range(16):
            after = run.consumers(here)
            if not after:
                return here.shape == ()
            # What keeps the shape works element by element, but for what compares along a row: then
            # the table is meant as one.
            if any(o.kind in ROWWISE for o in after):
                return False
            if any(o.shape != here.shape and o.kind not in REDUCTIONS for o in after):
                return False
            here = after[0]
        return False


ELEMENTWISE = frozenset({"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "poisson_nll_loss"})
ARITHMETIC = frozenset(
    {"subtract", "add", "multiply", "divide", "power", "absolute", "square_root"}
)
ROWWISE = frozenset({"softmax", "log_softmax", "layer_norm", "batch_norm", "linear", "matmul"})
REDUCTIONS = frozenset({"mean", "sum"})


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for n in shape:
        size *= n
    return size


def _joined(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    width = max(len(a), len(b))
    pairs = zip((1,) * (width - len(a)) + a, (1,) * (width - len(b)) + b, strict=True)
    return tuple(max(x, y) for x, y in pairs)


def _is_table(prediction: tuple[int, ...], result: tuple[int, ...]) -> bool:
    """(N, 1) became (N, N)."""
    return (
        len(prediction) == 2
        and prediction[1] == 1
        and prediction[0] > 1
        and result == (prediction[0], prediction[0])
    )
