"""LOS105 bounded-regression-output."""

from __future__ import annotations

__all__ = ["BoundedRegressionOutput"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm, title


@frozen
class BoundedRegressionOutput(Finding):
    """An output activation that cannot reach the range of the targets.

    What it looks for:
        A regression loss (`mse_loss`, `l1_loss`, `smooth_l1_loss`, `huber_loss`) whose prediction
        is the direct result of a sigmoid, tanh, softmax or ReLU, with targets beyond its range.

    Why it hurts:
        What lies outside the range can never be predicted: the output is pinned to its nearest
        end, where the activation is flat and passes no gradient.

    When it is not a fault:
        Targets that only graze the ends (noise); a scaled output such as 5 * sigmoid(x), which is
        not looked at.

    Thresholds:
        margin: how far targets must lie outside, in standard deviations of the targets.

    Sources:
        DeepDiagnosis (Wardat et al. 2022) compares output and target ranges in the same way.
    """

    code: ClassVar[str] = "LOS105"
    slug: ClassVar[str] = "bounded-regression-output"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "saturated-activation",
        "vanishing-gradient",
        "unscaled-targets",
        "dying-relu",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("release_output", "scale_targets")

    margin: float = 0.1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the output activations."""
        for loss in run.losses.values():
            if loss.function not in LOSSES or loss.phase != "training" or not loss.target:
                continue
            made = run.prediction_of(loss)
            if made is None or made.kind not in RANGES:
                continue
            low, high = RANGES[made.kind]
            slack = self.margin * loss.target["std"]
            if loss.target["low"] < low - slack or loss.target["high"] > high + slack:
                reach = f"[{low:g}, {high:g}]" if math.isfinite(high) else f"at least {low:g}"
                objective = run.objectives.get(made.objective)
                yield Sighting(
                    made.place,
                    f"{title(made)} is the output and gives {reach}, but the targets "
                    f"run from {loss.target['low']:.3g} to {loss.target['high']:.3g}",
                    0,
                    "error",
                    {"low": loss.target["low"], "high": loss.target["high"], "kind": made.kind},
                    harm(run, objective),
                )


LOSSES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
RANGES = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, math.inf),
}
