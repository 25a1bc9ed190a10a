"""DAT110 mismatched-preprocessing."""

from __future__ import annotations

__all__ = ["MismatchedPreprocessing"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Inputs, Run, Sighting, Undecided
from trainwell.record.reading import on_another_scale


@frozen
class MismatchedPreprocessing(Finding):
    """Evaluation inputs on another scale than the training inputs.

    What it looks for:
        What a network is given first in training and in evaluation: the root mean square of both,
        and how far their means are apart.

    Why it hurts:
        The network is asked about data unlike any that it has seen: its answers are noise, and so
        is the evaluation.

    When it is not a fault:
        Evaluation at points outside of the training range, on purpose; noise and augmentation,
        which change the scale by less than the thresholds.

    Thresholds:
        factor: ratio of the root mean squares, either way, from which the scales differ.
        shift: distance of the means, in deviations of the training data, from which they differ.
        worse: evaluation loss over training loss from which it is an error.

    Sources:
        Sculley et al. 2015, "Hidden technical debt in machine learning systems" (training/serving
        skew); question 59325381 of Stack Overflow, in DeepFD's benchmark (Cao et al. 2022).
    """

    code: ClassVar[str] = "DAT110"
    slug: ClassVar[str] = "mismatched-preprocessing"
    causes: ClassVar[tuple[str, ...]] = (
        "mismatched-labels",
        "foreign-statistics",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("share_preprocessing",)

    factor: float = 4.0
    shift: float = 3.0
    worse: float = 1.5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line that evaluates on another scale."""
        for inputs in run.inputs_seen.values():
            trained = [
                i
                for i in run.inputs_seen.values()
                if i.network == inputs.network and i.phase == "training"
            ]
            if inputs.phase != "evaluation" or not trained:
                continue
            if all(on_another_scale(t, inputs, self.factor, self.shift) for t in trained):
                yield self._sighting(run, trained[0], inputs)

    def _sighting(self, run: Run, trained: Inputs, evaluated: Inputs) -> Sighting:
        before, after = trained.values, evaluated.values
        losses = [
            e.loss / e.training_loss
            for e in run.evaluations.values()
            if e.training_loss and math.isfinite(e.loss) and e.training_loss > 0
        ]
        harmful = not losses or max(losses) >= self.worse
        return Sighting(
            evaluated.place,
            f"the network is evaluated on inputs from {after['low']:.3g} to {after['high']:.3g} "
            f"(mean {after['mean']:.3g}, deviation {after['std']:.3g}) and trained on inputs from "
            f"{before['low']:.3g} to {before['high']:.3g} (mean {before['mean']:.3g}, deviation "
            f"{before['std']:.3g})",
            0,
            "error" if harmful else "warning",
            {
                "training_rms": before["rms"],
                "evaluation_rms": after["rms"],
                "training_mean": before["mean"],
                "evaluation_mean": after["mean"],
            },
            0.9 if harmful else 0.3,
        )
