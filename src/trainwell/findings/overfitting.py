"""GEN101 overfitting."""

from __future__ import annotations

__all__ = ["Overfitting"]

import math
from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean, median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Evaluation, Run, Sighting, Undecided
from trainwell.record.reading import kept_best


@frozen
class Overfitting(Finding):
    """The training loss falls on while the evaluation loss rises.

    What it looks for:
        The curve of an evaluation: how far its end lies above its lowest point, beside its own
        noise, and whether the training loss of the same loss function fell on meanwhile.

    Why it hurts:
        From its lowest point on the network learns the training data by heart; the last weights
        are worse on new data than earlier ones.

    When it is not a fault:
        One bad epoch, a noisy curve, or a rise of a percent: the rise must be several times the
        noise, and the training loss must have fallen by more than its own. Evaluation on the
        training data never rises this way.

    Thresholds:
        rise: rise over the lowest point, relative to it, from which it is reported.
        regained: share of what the curve fell before, that it must have risen again.
        error_rise: rise from which it is an error.
        noise: how many times its own noise the rise must be, and the fall of the training loss.
        evaluations: how many must have been made, and how many of them after the lowest point.

    Sources:
        Prechelt 1998, "Early stopping - but when?"; Goodfellow, Bengio & Courville 2016, "Deep
        learning", section 7.8.
    """

    code: ClassVar[str] = "GEN101"
    slug: ClassVar[str] = "overfitting"
    causes: ClassVar[tuple[str, ...]] = SYMPTOMS
    remedies: ClassVar[tuple[str, ...]] = ("early_stopping", "weight_decay", "dropout")

    rise: float = 0.1
    regained: float = 0.1
    error_rise: float = 0.5
    noise: float = 3.0
    evaluations: tuple[int, int] = (6, 3)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the evaluations that got worse."""
        curves: dict[str, list[Evaluation]] = {}
        for evaluation in run.evaluations.values():
            if math.isfinite(evaluation.loss):
                curves.setdefault(evaluation.key, []).append(evaluation)
        if not curves and run.steps:
            yield Undecided("no loss function was seen at an evaluation")
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
        if len(losses) < needed or len(losses) - 1 - best < after:
            return None
        tail = max(after, len(losses) // 10)
        end, low = fmean(losses[-tail:]), losses[best]
        rise = (end - low) / max(abs(low), 1e-12)
        noise = _noise(losses[best:], tail)
        trained = [v for e in curve if (v := e.training_loss) is not None and math.isfinite(v)]
        fallen = losses[0] - low
        if rise < self.rise or end - low < self.regained * fallen:
            return None
        if end - low < self.noise * noise or len(trained) < after:
            return None
        at_best = curve[best].training_loss
        if at_best is None or not math.isfinite(at_best):
            return None
        # A training loss that only jumps up and down has not fallen.
        jitter = _noise(trained[-(len(losses) - best) :], tail)
        if at_best - fmean(trained[-tail:]) <= self.noise * jitter:
            return None
        return Sighting(
            curve[best].place,
            f"the evaluation loss ({curve[best].function}) rose from {low:.3g} at step "
            f"{curve[best].step} to {end:.3g}, while the training loss fell from {at_best:.3g} to "
            f"{fmean(trained[-tail:]):.3g}",
            curve[best].step,
            "error" if rise >= self.error_rise else "warning",
            {"lowest": low, "end": end, "rise": rise, "best_step": curve[best].step},
            min(1.0, rise),
        )


def _noise(values: list[float], count: int) -> float:
    """The noise in the mean of `count` values of a curve, told by its jumps.

    A steady rise has jumps too: what remains after the slope is taken out is noise.
    """
    jumps = [abs(b - a) for a, b in pairwise(values)]
    slope = abs(values[-1] - values[0]) / max(len(jumps), 1)
    return median(abs(j - slope) for j in jumps) / count**0.5 if jumps else 0.0
