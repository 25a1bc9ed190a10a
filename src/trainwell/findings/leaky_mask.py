"""NET120 leaky-mask."""

from __future__ import annotations

__all__ = ["LeakyMask"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class LeakyMask(Finding):
    """A mask of attention that does not hide what it masks.

    What it looks for:
        The share of the weights of attention that lies where its scores were masked (by
        `masked_fill`, `where`, or a factor of 0), and masks of 0 and 1 that are added to the
        scores.

    Why it hurts:
        A softmax makes exp(0) = 1 of a score of 0: masked positions are attended to like others. A
        language model sees the words that it is to tell, and a padded one reads the padding.

    When it is not a fault:
        Scores that are filled with -inf or a very negative number: their weights are 0. Queries
        whose keys are all masked.

    Thresholds:
        leak: weights at masked positions, relative to what they would be without a mask.

    Sources:
        Vaswani et al. 2017, "Attention Is All You Need", section 3.2.3 (masked values are set to
        -inf); the documentation of `torch.nn.MultiheadAttention` (a float mask is added to the
        scores).
    """

    code: ClassVar[str] = "NET120"
    slug: ClassVar[str] = "leaky-mask"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "sees-targets",
        "reads-padding",
        "overfitting",
        "learning-rate-too-low",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("fill_with_infinity",)

    leak: float = 0.1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the masks that hide nothing."""
        for seen in run.attentions.values():
            paid = seen.masked
            leaks = paid is not None and paid >= self.leak * seen.masked_share > 0
            if not leaks and not seen.added:
                continue
            said = (
                "the mask of attention is a table of 0 and 1 that is added to the scores, which"
                " hides nothing (1 makes a weight 2.7 times as large)"
                if seen.added
                else f"{paid:.0%} of the weights of attention lie at positions that are masked"
                f" ({seen.masked_share:.0%} of all): their scores are not low enough, as a softmax"
                " makes exp(0) = 1 of 0"
            )
            yield Sighting(
                seen.mask_place,
                f"{said}; fill what is masked with -inf",
                0,
                "error",
                {"weights": paid, "masked": seen.masked_share},
                max(harm(run, run.objectives.get(seen.objective)), 0.8),
            )
