"""LOS102 double-sigmoid."""

from __future__ import annotations

__all__ = ["DoubleSigmoid"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm, title


@frozen
class DoubleSigmoid(Finding):
    """A sigmoid output fed into the loss that applies the sigmoid itself.

    What it looks for:
        `binary_cross_entropy_with_logits` whose input is the result of a sigmoid.

    Why it hurts:
        The loss takes the numbers in (0, 1) for logits, so that every probability it sees lies
        between 0.50 and 0.73: it cannot fall below 0.31 on positives and 0.69 on negatives, and
        the network cannot learn to say no.

    When it is not a fault:
        Never.

    Sources:
        PyTorch documentation of `torch.nn.BCEWithLogitsLoss`: it combines a sigmoid layer and
        the binary cross-entropy in one.
    """

    code: ClassVar[str] = "LOS102"
    slug: ClassVar[str] = "double-sigmoid"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "learning-rate-too-low",
        "vanishing-gradient",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("feed_logits",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the sigmoid that should not be there."""
        for operation in run.operations.values():
            if operation.kind != "binary_cross_entropy_with_logits":
                continue
            for before in run.inputs(operation):
                if before.kind == "sigmoid":
                    yield Sighting(
                        before.place,
                        f"{title(before)} feeds a loss that applies the sigmoid "
                        "itself: no probability can fall below 0.50, so the loss cannot fall below "
                        "0.69 on negatives",
                        0,
                        "error",
                        {"lowest_possible_loss_on_negatives": 0.6931},
                        harm(run, run.objectives.get(operation.objective)),
                    )
