"""OPT108 noisy-batches."""

from __future__ import annotations

__all__ = ["NoisyBatches"]

import math
from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean, median
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Objective, Run, Sighting, Undecided
from trainwell.record.comparison import quoted, tried
from trainwell.record.reading import harm, trained, typical_update


@frozen
class NoisyBatches(Finding):
    """Batches so small that the noise of their gradients drowns the gradient.

    What it looks for:
        The cosine between the gradients of successive looks, which is about 1 / (1 + noise), where
        the noise is the variance of a batch's gradient over the squared gradient; in a run of very
        small batches whose loss has stopped falling far above 0 while every step still moves the
        weights. Under `--probe`, larger batches are tried from the end, and must bring it further
        down.

    Why it hurts:
        Steps go in directions that have nothing to do with where the loss falls: the weights
        wander, and averaging (a larger batch, a lower rate) is what would bring them on.

    When it is not a fault:
        Small batches whose loss falls; a rate so low that steps average the noise themselves; a
        network that has converged, whose gradient is all noise; reinforcement learning, where
        batches are what happened. From one run alone that cannot be told apart: a remark.

    Thresholds:
        batch: examples in a batch up to which batches count as small.
        agreement: cosine of successive gradients, typically, under which they are noise.
        update: typical update relative to the weight from which steps are more than averaging.
        fall: how far the loss may still fall from the third to the last quarter, relative to it.
        left: share of the first loss that must be left at the end.
        looks: looks that must have been made.

    Sources:
        McCandlish et al. 2018, "An empirical model of large-batch training", section 2.2; Bengio
        2012, "Practical recommendations", section 3.1.1.
    """

    code: ClassVar[str] = "OPT108"
    slug: ClassVar[str] = "noisy-batches"
    confidence: ClassVar[float] = 0.6
    causes: ClassVar[tuple[str, ...]] = ("oscillating-loss", "underfitting", "too-few-epochs")
    remedies: ClassVar[tuple[str, ...]] = ("resize_batches", "lower_learning_rate")

    batch: int = 4
    agreement: float = 0.15
    update: float = 3e-3
    fall: float = 0.1
    left: float = 0.4
    looks: int = 8

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the objectives that only follow noise."""
        for loss in run.losses.values():
            objective = run.objective_of(loss)
            if objective is None or loss.phase != "training" or not loss.prediction_shape:
                continue
            if loss.prediction_shape[0] > self.batch or not trained(run, objective):
                continue
            sighting = self._judge(run, objective, loss.prediction_shape[0])
            seen = tried(run, objective)
            if sighting is not None and seen is not None and seen.larger is not None:
                if not seen.larger_is_better:
                    yield Undecided("gradients are noise, but larger batches bring no more")
                    continue
                told = f"{seen.larger.told()}, from {seen.larger.before:.3g}"
                # What one run alone cannot tell was tried.
                sighting = quoted(replace(sighting, severity="warning"), seen, told)
            if sighting is not None:
                yield sighting

    def _judge(self, run: Run, objective: Objective, rows: int) -> Sighting | None:
        series = run.loss(objective.number)
        values = series.values
        found = run.series("objective", objective.number, "gradient_agreement").finite
        update, lost = typical_update(run, objective), harm(run, objective)
        if len(found) < self.looks or len(values) < 32 or not all(map(math.isfinite, values)):
            return None
        agreement = median(found[len(found) // 2 :])
        parts = series.part(0.5, 0.75), series.part(0.75, 1)
        if min(map(len, parts)) < 4:
            return None
        before, end = (fmean(part) for part in parts)
        if agreement > self.agreement or update is None or update < self.update:
            return None
        if lost < self.left or (before - end) > self.fall * abs(end):
            return None
        example = "one example" if rows == 1 else f"{rows} examples"
        return Sighting(
            objective.place,
            f"batches of {example}: gradients of successive looks agree by {agreement:.2f} (1 is "
            f"the same direction), each step moves the weights by {update:.1%}, and the loss no "
            f"longer falls",
            0,
            "info",
            {"agreement": agreement, "examples": rows, "update_ratio": update},
            lost,
        )
