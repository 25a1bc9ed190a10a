"""NET105 excessive-dropout."""

from __future__ import annotations

__all__ = ["ExcessiveDropout"]

import math
from collections.abc import Iterator
from statistics import fmean, median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Operation, Run, Sighting, Undecided
from trainwell.record.reading import harm, title


@frozen
class ExcessiveDropout(Finding):
    """Dropout that takes so much that what is left cannot be learned from.

    What it looks for:
        The share that a dropout set to zero, in a network whose training loss stays high while the
        same network without dropout does clearly better: the evaluation loss lies under the
        training loss. Where nothing was evaluated: dropout that leaves a handful of units.

    Why it hurts:
        Dropout fights overfitting. A network that does not even fit its training data is only
        starved by it.

    When it is not a fault:
        Half of a wide layer, which is usual; a training loss a little over the evaluation loss,
        which every dropout makes.

    Thresholds:
        share: share of zeroed values from which a dropout is looked at.
        left: share of the first loss that must be left at the end of training.
        better: evaluation loss over training loss under which the network without dropout is
            clearly better.
        units: units left on average under which a layer counts as starved where nothing was
            evaluated.
        extreme: share of zeroed values from which a network that learns nothing is said to be
            starved, whatever its evaluation is like.
        stuck: share of the first loss that must be left for that.

    Sources:
        Srivastava et al. 2014, "Dropout", section 7.3 and appendix A.4; UMLAUT (Schoop et al. 2021)
        warns above 0.5.
    """

    code: ClassVar[str] = "NET105"
    slug: ClassVar[str] = "excessive-dropout"
    causes: ClassVar[tuple[str, ...]] = ("dying-relu", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("lower_dropout", "widen_network")

    share: float = 0.45
    left: float = 0.5
    better: float = 0.9
    units: float = 4.0
    extreme: float = 0.85
    stuck: float = 0.9

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the dropouts of a network that does not fit its training data."""
        for objective in run.objectives.values():
            lost = harm(run, objective)
            found = [
                (share, operation)
                for operation in run.operations.values()
                if operation.kind == "dropout" and operation.objective == objective.number
                if (share := self._zeroed(run, operation)) >= self.share
            ]
            if not found or lost < self.left:
                continue
            ratio = self._ratio(run)
            for share, operation in found:
                width = operation.shape[1 if len(operation.shape) > 2 else -1]
                if ratio is None and width * (1 - share) >= self.units:
                    yield Undecided(f"{title(operation)}: the network was not seen without it")
                    continue
                stuck = share >= self.extreme and lost >= self.stuck
                if ratio is not None and ratio >= self.better and not stuck:
                    continue
                yield self._sighting(operation, share, width, ratio, lost)

    def _zeroed(self, run: Run, operation: Operation) -> float:
        values = run.series("operation", operation.number, "dropped_share").finite
        return median(values) if values and operation.shape else 0.0

    def _ratio(self, run: Run) -> float | None:
        """Evaluation loss over the training loss of the same stretch, late in the run."""
        both = [
            e.loss / e.training_loss
            for e in run.evaluations.values()
            if e.training_loss and e.training_loss > 0 and math.isfinite(e.loss / e.training_loss)
        ]
        return fmean(both[-max(1, len(both) // 3) :]) if both else None

    def _sighting(
        self,
        operation: Operation,
        share: float,
        width: int,
        ratio: float | None,
        lost: float,
    ) -> Sighting:
        seen = (
            f"about {width * (1 - share):.1f} of {width} units are left"
            if ratio is None
            else f"without dropout the loss is {ratio:.2f} times the training loss"
        )
        return Sighting(
            operation.place,
            f"{title(operation)} sets {share:.0%} to zero in a network that does not fit its "
            f"training data: {seen}",
            0,
            "warning",
            {"zeroed_share": share, "units": width, "evaluation_over_training": ratio},
            lost * share,
        )
