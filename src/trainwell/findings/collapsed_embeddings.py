"""LOS115 collapsed-embeddings."""

from __future__ import annotations

__all__ = ["CollapsedEmbeddings"]

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import LossCall, Run, Sighting, Undecided


@frozen
class CollapsedEmbeddings(Finding):
    """A metric loss whose embeddings are the same for every example.

    What it looks for:
        Triplet, ranking and embedding losses whose first argument hardly differs between the
        examples of a batch, while the loss rests at its margin: what it gives when all distances
        are equal.

    Why it hurts:
        Giving every example one embedding is the easiest way to the margin, and from there the
        gradients of a triplet cancel: the network does not come back.

    When it is not a fault:
        In the first steps; they are not judged.

    Thresholds:
        spread: deviation of the embeddings between examples over their root mean square.
        margin: how near to the margin the loss must rest, as a share of it.
        looks: batches that must have been measured.

    Sources:
        Schroff et al. 2015, "FaceNet", section 3.2; Hermans et al. 2017, "In defense of the
        triplet loss", section 3 on collapse; Wu et al. 2017, "Sampling matters".
    """

    code: ClassVar[str] = "LOS115"
    slug: ClassVar[str] = "collapsed-embeddings"
    confidence: ClassVar[float] = 0.8
    causes: ClassVar[tuple[str, ...]] = (
        "vanishing-gradient",
        "collapsed-activations",
        "learning-rate-too-low",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("mine_easier", "lower_learning_rate")

    spread: float = 0.05
    margin: float = 0.1
    looks: int = 4

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the losses that rest at their margin."""
        for loss in run.losses.values():
            objective = run.objective_of(loss)
            margin = _margin(loss)
            if loss.phase != "training" or margin is None or objective is None:
                continue
            series = run.series("loss", loss.number, "row_spread")
            if len(series) < self.looks:
                yield Undecided("the embeddings were measured too few times")
                continue
            rms = max(loss.prediction.get("rms", 0.0), 1e-12)
            share = median(series.last(3)) / rms
            end = run.loss(objective.number).end()
            if not share < self.spread or not abs(end - margin) <= self.margin * margin:
                continue
            yield Sighting(
                loss.place,
                f"the embeddings have collapsed: they differ between examples by {share:.1%} of"
                f" their size, and the loss rests at {end:.3g}, the margin of {margin:g} that equal"
                " distances give",
                max(objective.steps - 1, 0),
                "error",
                {"spread": share, "loss": end, "margin": margin},
                0.9,
            )


_MARGINS = {"triplet_margin_loss": 1.0, "margin_ranking_loss": 0.0, "hinge_embedding_loss": 1.0}
"""Of each function the margin that it has by default."""


def _margin(loss: LossCall) -> float | None:
    if loss.function not in _MARGINS or loss.reduction != "mean":
        return None
    given = loss.options.get("margin", _MARGINS[loss.function])
    return float(given) if isinstance(given, (int, float)) and given > 0 else None
