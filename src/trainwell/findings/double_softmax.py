"""LOS101 double-softmax."""

from __future__ import annotations

__all__ = ["DoubleSoftmax"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm, title


@frozen
class DoubleSoftmax(Finding):
    """A softmax output fed into a loss that applies softmax itself.

    What it looks for:
        A log-softmax (which `cross_entropy` applies first) whose input is the result of a softmax.
        Where there is none to be seen (written by hand, or inside `torch.compile`), predictions of
        `cross_entropy` whose rows were probabilities at every look.

    Why it hurts:
        The second softmax sees numbers in [0, 1] only, so that its answer can never be sure: with
        C classes the loss cannot fall below log(1 + (C - 1) / e), and the gradient that reaches
        the network is squeezed twice.

    When it is not a fault:
        Never in a classifier. Accuracy may still look good, since the order of the classes is
        kept; it learns slower, and its probabilities are wrong.

    Thresholds:
        row_error: largest |sum - 1| of a row that still counts as probabilities (rounding of
            bfloat16 is about 0.01).

    Sources:
        PyTorch documentation of `torch.nn.CrossEntropyLoss`: the input is expected to hold
        unnormalised logits. NeuraLint (Nikanjam et al. 2021), rule on redundant activation.
    """

    code: ClassVar[str] = "LOS101"
    slug: ClassVar[str] = "double-softmax"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "learning-rate-too-low",
        "vanishing-gradient",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("feed_logits",)

    row_error: float = 0.02

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the softmax that should not be there."""
        seen: set[int] = set()
        for operation in run.operations.values():
            if operation.kind != "log_softmax":
                continue
            for before in run.inputs(operation):
                size = before.details.get("size")
                if before.kind != "softmax" or not isinstance(size, int) or size < 2:
                    continue
                seen.add(operation.number)
                floor = math.log(1 + (size - 1) / math.e)
                objective = run.objectives.get(operation.objective)
                yield Sighting(
                    before.place,
                    f"{title(before)} feeds a loss that applies softmax itself: "
                    f"with {size} classes the loss cannot fall below {floor:.2f}",
                    0,
                    "error",
                    {"classes": size, "lowest_possible_loss": floor},
                    harm(run, objective),
                )
        if not seen:
            yield from self._by_value(run)

    def _by_value(self, run: Run) -> Iterator[Sighting]:
        for loss in run.losses.values():
            if (
                loss.function == "cross_entropy"
                and loss.phase == "training"
                and loss.looks >= 2
                and len(loss.prediction_shape) > 1
                and loss.prediction_shape[1] > 1
                and loss.row_sum_error is not None
                and loss.row_sum_error < self.row_error
            ):
                yield Sighting(
                    loss.place,
                    "cross_entropy is given rows that are probabilities (they sum to 1 within "
                    f"{loss.row_sum_error:.2g}); it applies softmax itself",
                    0,
                    "error",
                    {"row_sum_error": loss.row_sum_error},
                )
