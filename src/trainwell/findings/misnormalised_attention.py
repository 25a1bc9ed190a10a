"""NET117 misnormalised-attention."""

from __future__ import annotations

__all__ = ["MisnormalisedAttention"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Attention, Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class MisnormalisedAttention(Finding):
    """A softmax of attention over another dimension than the one that is summed over.

    What it looks for:
        Softmaxes whose result weighs values that are then added up, by a product of matrices or by
        a product and a sum. The dimension of the softmax is followed through all views to that sum.
        It is at fault where the scores are a product of queries and keys and the softmax runs over
        the queries or the heads, and where it runs over a dimension of size 1, so that every weight
        is 1.

    Why it hurts:
        The weights of one query do not sum to 1: some queries get next to nothing and others
        several times too much, and how much depends on the other queries. With weights of 1 the
        attention is a plain sum and its scores are never trained.

    When it is not a fault:
        Attention in both directions, where each softmax is summed over its own dimension; linear
        attention; soft assignment to clusters or slots, whose scores are no product of queries and
        keys, or whose weights are normalised again.

    Thresholds:
        looks: steps at which it must have been measured.

    Sources:
        Vaswani et al. 2017, "Attention Is All You Need", equation 1; public threads on attention by
        hand whose softmax has dim=1 or dim=-2.
    """

    code: ClassVar[str] = "NET117"
    slug: ClassVar[str] = "misnormalised-attention"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "sees-targets",
        "unused-parameter",
        "parameters-never-updated",
        "collapsed-activations",
        "vanishing-gradient",
        "exploding-gradient",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "unrelated-labels",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("weigh_keys",)

    looks: int = 1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the softmaxes over the wrong dimension."""
        for seen in run.attentions.values():
            if seen.axis not in ("queries", "single") or seen.looks < self.looks:
                continue
            yield Sighting(
                seen.place,
                _said(seen),
                0,
                "error",
                {"shape": list(seen.shape), "size": seen.size, "summed over": seen.summed},
                max(harm(run, run.objectives.get(seen.objective)), 0.8),
            )


def _said(seen: Attention) -> str:
    shape = "x".join(map(str, seen.shape))
    if seen.axis == "single":
        return (
            f"the softmax of attention (shape {shape}) runs over a dimension of size 1, so that all"
            f" {seen.summed} weights that are summed over are 1: give it the dimension of the"
            " positions"
        )
    return (
        f"the softmax of attention (shape {shape}) does not run over the dimension that is summed"
        f" over ({seen.summed} keys): the weights of a query do not sum to 1; give it the last"
        " dimension of the scores (queries x keys)"
    )
