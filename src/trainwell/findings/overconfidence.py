"""GEN103 overconfidence."""

from __future__ import annotations

__all__ = ["Overconfidence"]

import math
from collections.abc import Iterator
from statistics import fmean
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Evaluation, Run, Sighting, Undecided


@frozen
class Overconfidence(Finding):
    """Confidence far above accuracy on evaluation data.

    What it looks for:
        The mean probability that a classifier gives to its own answer, beside how often that answer
        is right, over the last evaluations.

    Why it hurts:
        Whoever uses the probabilities is misled, and the loss is dominated by answers that are
        wrong and sure.

    When it is not a fault:
        Evaluation of few examples; a gap of a few points, which large networks usually have. Where
        the evaluation loss has been rising, overfitting is the fault and says so.

    Thresholds:
        gap: confidence less accuracy from which it is reported.
        error_gap: gap from which it is an error.
        examples: examples that an evaluation must have had.
        rise: rise of the evaluation loss over its lowest point, relative to it, from which this is
            left to overfitting.

    Sources:
        Guo et al. 2017, "On calibration of modern neural networks", section 2.
    """

    code: ClassVar[str] = "GEN103"
    slug: ClassVar[str] = "overconfidence"
    confidence: ClassVar[float] = 0.6
    remedies: ClassVar[tuple[str, ...]] = ("label_smoothing", "weight_decay", "early_stopping")

    gap: float = 0.15
    error_gap: float = 0.3
    examples: int = 100
    rise: float = 0.1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the evaluations whose answers are too sure."""
        curves: dict[str, list[Evaluation]] = {}
        for evaluation in run.evaluations.values():
            curves.setdefault(evaluation.key, []).append(evaluation)
        for curve in curves.values():
            losses = [e.loss for e in curve if math.isfinite(e.loss)]
            last = [e for e in curve if e.accuracy is not None and e.confidence is not None][-3:]
            if not last or not losses or last[-1].examples < self.examples:
                continue
            if losses[-1] > (1 + self.rise) * min(losses):
                continue
            sure = fmean(e.confidence or 0.0 for e in last)
            right = fmean(e.accuracy or 0.0 for e in last)
            if sure - right < self.gap:
                continue
            yield Sighting(
                last[-1].place,
                f"on evaluation data the answers are given a probability of {sure:.0%} on average "
                f"and {right:.0%} of them are right",
                last[-1].step,
                "error" if sure - right >= self.error_gap else "warning",
                {"confidence": sure, "accuracy": right, "examples": last[-1].examples},
                min(1.0, sure - right),
            )
