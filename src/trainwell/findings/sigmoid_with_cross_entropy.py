"""LOS107 sigmoid-with-cross-entropy."""

from __future__ import annotations

__all__ = ["SigmoidWithCrossEntropy"]

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from trainwell.findings.finding import Finding
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm, title


@dataclass(frozen=True)
class SigmoidWithCrossEntropy(Finding):
    """Independent sigmoids fed into a loss over classes that exclude each other.

    What it looks for:
        A log-softmax (which `cross_entropy` applies first) whose input is the result of a sigmoid,
        or of a division that kept all its results between 0 and 1 (a sigmoid written by hand).

    Why it hurts:
        The softmax behind the sigmoids sees numbers in (0, 1) only: with C classes the loss cannot
        fall below log(1 + (C - 1) / e), and units that are sure pass no gradient.

    When it is not a fault:
        Never in a classifier. For several labels an example, keep the sigmoids and use
        `binary_cross_entropy`.

    Sources:
        PyTorch documentation of `torch.nn.CrossEntropyLoss`; 14 of the 109 bugs collected for
        deepmufl (Ghanbari et al. 2023) are sigmoids for exclusive classes.
    """

    code: ClassVar[str] = "LOS107"
    slug: ClassVar[str] = "sigmoid-with-cross-entropy"
    causes: ClassVar[tuple[str, ...]] = ("learning-rate-too-low", "vanishing-gradient")
    remedies: ClassVar[tuple[str, ...]] = ("feed_logits", "match_loss")

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the sigmoid before the softmax."""
        for operation in run.operations.values():
            if operation.kind != "log_softmax":
                continue
            for before in run.inputs(operation):
                if before.kind != "sigmoid" and not self._by_hand(run, before.number):
                    continue
                size = operation.details.get("size")
                classes = size if isinstance(size, int) else 2
                floor = math.log(1 + (classes - 1) / math.e)
                yield Sighting(
                    before.place,
                    f"{title(before)} feeds cross-entropy over {classes} "
                    f"exclusive classes, which expects raw outputs: the loss cannot fall below "
                    f"{floor:.2f}",
                    0,
                    "error",
                    {"classes": classes, "lowest_possible_loss": floor},
                    harm(run, run.objectives.get(operation.objective)),
                )

    def _by_hand(self, run: Run, operation: int) -> bool:
        made = run.operations[operation]
        return made.kind == "divide" and any(
            loss.prediction_operation == operation
            and loss.function == "cross_entropy"
            and loss.looks >= 2
            and loss.prediction["low"] >= 0
            and loss.prediction["high"] <= 1
            and (loss.row_sum_error or 0) > 0.05
            for loss in run.losses.values()
        )
