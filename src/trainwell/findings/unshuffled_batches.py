"""DAT107 unshuffled-batches."""

from __future__ import annotations

__all__ = ["UnshuffledBatches"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class UnshuffledBatches(Finding):
    """Batches that hold examples of one or few classes each: the data are sorted, and not shuffled.

    What it looks for:
        The class labels that a classification loss was given: how many distinct ones a batch holds,
        against how many there are and how many a batch drawn at random would hold.

    Why it hurts:
        Each batch pulls all outputs towards its own class and undoes the batch before: the loss
        swings, and the network ends up with the class that came last.

    When it is not a fault:
        Batches of one example; sequences whose labels change slowly by nature, where shuffling
        means shuffling the sequences.

    Thresholds:
        share: distinct classes of a typical batch, as a share of what a random batch would hold,
            under which it counts as sorted.
        looks: batches that must have been looked at.

    Sources:
        Bengio 2012, "Practical recommendations for gradient-based training of deep architectures",
        section 3.1.1; Goodfellow, Bengio & Courville 2016, section 8.1.3.
    """

    code: ClassVar[str] = "DAT107"
    slug: ClassVar[str] = "unshuffled-batches"
    causes: ClassVar[tuple[str, ...]] = (
        "learning-rate-too-high",
        "dying-relu",
        "class-imbalance",
        "mismatched-labels",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("shuffle_batches",)

    share: float = 0.5
    looks: int = 8

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the loss that sees sorted batches."""
        for loss in run.losses.values():
            if loss.function not in CLASS_LOSSES or loss.phase != "training":
                continue
            classes, rows = len(loss.target_values), loss.target_shape[:1]
            if classes < 2 or not loss.target_integral or not rows or rows[0] < 4:
                continue
            if loss.looks < self.looks:
                yield Undecided(f"the labels of {loss.function} were looked at too few times")
                continue
            # Distinct values among n draws from c equally likely ones.
            expected = classes * (1 - (1 - 1 / classes) ** rows[0])
            if loss.target_spread >= self.share * expected:
                continue
            yield Sighting(
                loss.place,
                f"a batch of {rows[0]} holds {loss.target_spread:.2g} of the {classes} classes on "
                f"average, where a shuffled one would hold {expected:.2g}: the data are sorted",
                0,
                "error",
                {
                    "classes_in_a_batch": loss.target_spread,
                    "expected": expected,
                    "classes": classes,
                },
                harm(run, run.objective_of(loss)),
            )


CLASS_LOSSES = frozenset(
    {"cross_entropy", "nll_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits"}
)
