"""NET118 spiked-attention."""

from __future__ import annotations

__all__ = ["SpikedAttention"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class SpikedAttention(Finding):
    """Attention whose scores are not scaled: each query sees one key from the first step on.

    What it looks for:
        The standard deviation of the scores of a query, and its largest weight, at the first look
        at a softmax whose scores are a product of queries and keys that nothing divides.

    Why it hurts:
        Where one weight is nearly 1 and all others nearly 0, the softmax passes next to no
        gradient: which key a query sees is left to the initial weights. The variance of a product
        of d numbers grows with d, hence the division by sqrt(d).

    When it is not a fault:
        Small products, whose scores are small without it; models that are initialised for it or
        loaded; attention that learns to be sharp. A network that learns nevertheless.

    Thresholds:
        spread: standard deviation of the scores of a query, in nats, from which they are too large:
            with 1, the largest of ten weights is about 0.3; with 4, about 0.8.
        top: largest weight of a query, mean.
        keys: keys that a query must have, mean.
        harmed: how little the loss fell (1 is not at all) from which it is reported.
        early: step up to which the first look must have been taken; attention may learn to be
            sharp later.

    Sources:
        Vaswani et al. 2017, "Attention Is All You Need", section 3.2.1; Zhai et al. 2023,
        "Stabilizing transformer training by preventing attention entropy collapse".
    """

    code: ClassVar[str] = "NET118"
    slug: ClassVar[str] = "spiked-attention"
    causes: ClassVar[tuple[str, ...]] = (
        "vanishing-gradient",
        "exploding-gradient",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "unrelated-labels",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("scale_scores",)

    spread: float = 4.0
    top: float = 0.6
    keys: float = 5.0
    harmed: float = 0.3
    early: int = 8

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the softmaxes that are a spike at once."""
        if any(c.action == "load" and c.matched > 0 for c in run.checkpoints.values()):
            # What was loaded may have learned to be sharp.
            return
        for seen in run.attentions.values():
            if seen.axis != "keys" or seen.scaled or not seen.depth or seen.step > self.early:
                continue
            if seen.spread < self.spread or seen.top < self.top or seen.keys < self.keys:
                continue
            hurt = harm(run, run.objectives.get(seen.objective))
            if hurt < self.harmed:
                continue
            root = math.sqrt(seen.depth)
            yield Sighting(
                seen.place,
                f"attention is a spike from step {seen.step} on: the largest of"
                f" {seen.keys:.0f} weights of a query is {seen.top:.2f} on average, since the"
                f" scores have a standard deviation of {seen.spread:.1f}; they are products of"
                f" {seen.depth} numbers that nothing makes smaller: divide them by"
                f" sqrt({seen.depth}) = {root:.3g}",
                seen.step,
                "error",
                {
                    "largest weight": seen.top,
                    "largest weight at the end": seen.latest,
                    "scores": seen.spread,
                    "numbers in a product": seen.depth,
                },
                hurt,
            )
