"""GEN102 underfitting."""

from __future__ import annotations

__all__ = ["Underfitting"]

import math
from collections.abc import Iterator
from statistics import fmean, median
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Objective, Run, Sighting, Undecided
from trainwell.record.reading import is_one_curve, trained, typical_update, uninformed_loss


@frozen
class Underfitting(Finding):
    """A training loss that has come to rest near what an uninformed network gets.

    What it looks for:
        The training loss of the last third of the run, against the loss of a network that knows
        only the targets' mean (where that is known), when it has stopped falling although steps
        have their usual size and gradients arrive.

    Why it hurts:
        The network, as it is, cannot express what the data hold, or its training never finds it.

    When it is not a fault:
        Targets that are mostly noise: no network does better there. Under `remark` it is therefore
        said as a remark only.

    Thresholds:
        remark: share of the uninformed loss from which it is worth a remark.
        share: share from which it is a warning.
        flat: how far the loss may still fall between the last two sixths of the run, relative to
        it.
        steps: steps that the run must have had.
        update: typical update relative to the weight under which the rate is to blame, not the
            network.

    Sources:
        Goodfellow, Bengio & Courville 2016, "Deep learning", sections 5.2 and 11.3.
    """

    code: ClassVar[str] = "GEN102"
    slug: ClassVar[str] = "underfitting"
    confidence: ClassVar[float] = 0.6
    remedies: ClassVar[tuple[str, ...]] = ("widen_network", "train_longer", "raise_learning_rate")

    remark: float = 0.75
    share: float = 0.95
    flat: float = 0.02
    steps: int = 200
    update: float = 1e-4

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the objective that came to rest too high."""
        for objective in run.objectives.values():
            uninformed = uninformed_loss(run, objective)
            if uninformed is None or not is_one_curve(run, objective):
                continue
            if objective.steps < self.steps or not trained(run, objective):
                continue
            update = typical_update(run, objective)
            series = run.loss(objective.number)
            if update is None or update < self.update or not all(map(math.isfinite, series.values)):
                continue
            parts = series.part(4 / 6, 5 / 6), series.part(5 / 6, 1)
            if min(map(len, parts)) < 4:
                continue
            before, end = (fmean(part) for part in parts)
            share = median([before, end]) / uninformed
            still = (before - end) / max(end, 1e-12)
            # Far above it something is broken: other findings name what.
            if not self.remark <= share <= 1.1 or abs(still) > self.flat:
                continue
            yield self._sighting(objective, end, uninformed, share)

    def _sighting(
        self, objective: Objective, end: float, uninformed: float, share: float
    ) -> Sighting:
        return Sighting(
            objective.place,
            f"the training loss has come to rest at {end:.3g}, {share:.0%} of the {uninformed:.3g} "
            "that a network gets which knows only the targets' mean",
            max(objective.steps - 1, 0),
            "warning" if share >= self.share else "info",
            {"loss": end, "uninformed": uninformed, "share": share},
            min(1.0, share),
        )
