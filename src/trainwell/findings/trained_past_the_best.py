"""GEN105 trained-past-the-best."""

from __future__ import annotations

__all__ = ["TrainedPastTheBest"]

import math
from collections.abc import Iterator
from statistics import fmean
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Evaluation, Run, Sighting, Undecided
from trainwell.record.reading import kept_best


@frozen
class TrainedPastTheBest(Finding):
    """Last weights that are clearly worse than earlier ones, in training and in evaluation.

    What it looks for:
        The curve of an evaluation whose end lies far above its lowest point, while the training
        loss rose as well: learning came undone. (Where the training loss fell on meanwhile, that is
        overfitting.)

    Why it hurts:
        The weights that are kept are the last ones; better ones were there and are lost.

    When it is not a fault:
        Runs that load the best weights again before the last evaluation; a single bad epoch; losses
        around or below 0, whose ratios mean nothing.

    Thresholds:
        rise: rise over the lowest point, relative to it, from which it is reported.
        regained: share of what the curve fell before, that it must have risen again.
        error_rise: rise from which it is an error.
        evaluations: how many must have been made, and how many of them after the lowest point.

    Sources:
        Prechelt 1998, "Early stopping - but when?"
    """

    code: ClassVar[str] = "GEN105"
    slug: ClassVar[str] = "trained-past-the-best"
    confidence: ClassVar[float] = 0.6
    remedies: ClassVar[tuple[str, ...]] = ("early_stopping", "lower_learning_rate")

    rise: float = 0.3
    regained: float = 0.3
    error_rise: float = 1.0
    evaluations: tuple[int, int] = (6, 2)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the evaluations whose best is long past."""
        curves: dict[str, list[Evaluation]] = {}
        for evaluation in run.evaluations.values():
            if math.isfinite(evaluation.loss):
                curves.setdefault(evaluation.key, []).append(evaluation)
        for curve in curves.values():
            sighting = self._judge(curve)
            if sighting is not None and not kept_best(run, curve):
                yield sighting
            elif sighting is not None:
                yield Undecided("the weights of the best evaluation are loaded in the end")

    def _judge(self, curve: list[Evaluation]) -> Sighting | None:
        losses = [e.loss for e in curve]
        best = min(range(len(losses)), key=losses.__getitem__)
        needed, after = self.evaluations
        if len(losses) < needed or len(losses) - 1 - best < after or losses[best] <= 0:
            return None
        end, low = min(losses[-after:]), losses[best]
        rise = (end - low) / low
        if rise < self.rise or end - low < self.regained * (losses[0] - low):
            return None
        trained = [curve[best].training_loss, *(e.training_loss for e in curve[-after:])]
        known = [v for v in trained if v is not None and math.isfinite(v)]
        if len(known) < len(trained) or fmean(known[1:]) <= known[0]:
            return None
        return Sighting(
            curve[best].place,
            f"the evaluation loss ({curve[best].function}) was {low:.3g} at step "
            f"{curve[best].step} and is {end:.3g} at the end; the training loss rose too, from "
            f"{known[0]:.3g} to {fmean(known[1:]):.3g}",
            curve[best].step,
            "error" if rise >= self.error_rise else "warning",
            {"lowest": low, "end": end, "rise": rise, "best_step": curve[best].step},
            min(1.0, rise),
        )
