"""NET115 foreign-statistics."""

from __future__ import annotations

__all__ = ["ForeignStatistics"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class ForeignStatistics(Finding):
    """Batch norm whose running statistics are those of other data.

    What it looks for:
        What flows into a batch norm in evaluation mode, against the running mean and variance that
        it subtracts and divides by: how far the channels' means are off, and the ratio of the
        deviations.

    Why it hurts:
        The layer is to give numbers around 0 with deviation 1. With the statistics of other data it
        gives a constant far from 0, or hardly any difference between examples, and all layers
        behind it read that.

    When it is not a fault:
        A network that was never trained has no statistics yet. Another domain than that of the
        pretrained weights is off by a deviation or so.

    Thresholds:
        shift: median distance of the means, in running deviations, from which it is reported.
        ratio: median ratio of the deviations, either way, from which it is.
        error: how many times these make it an error.

    Sources:
        Ioffe & Szegedy 2015, "Batch normalization", algorithm 2; Li et al. 2017, "Revisiting batch
        normalization for practical domain adaptation".
    """

    code: ClassVar[str] = "NET115"
    slug: ClassVar[str] = "foreign-statistics"
    causes: ClassVar[tuple[str, ...]] = (
        "collapsed-activations",
        "dying-relu",
        "saturated-activation",
        "unscaled-features",
        "off-centre-activation",
        "vanishing-gradient",
        "learning-rate-too-low",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("renew_statistics",)

    shift: float = 4.0
    ratio: float = 6.0
    error: float = 2.0

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the networks with such layers, one sighting each."""
        for network in run.networks.values():
            worst, where, seen = 0.0, "", {"shift": 0.0, "ratio": 1.0}
            for path, norm in network.norms.items():
                shift, ratio = norm.get("shift", math.nan), norm.get("ratio", math.nan)
                if not (math.isfinite(shift) and math.isfinite(ratio)):
                    continue
                folds = max(ratio, 1 / ratio) / self.ratio if ratio > 0 else 0.0
                off = max(shift / self.shift, folds)
                if off > worst:
                    worst, where, seen = off, path, norm
            if worst < 1:
                continue
            place = network.evaluation_place or network.training_place or network.place
            yield Sighting(
                place,
                f"what flows into the batch norm `{where}` is not what its running statistics say: "
                f"means lie {seen['shift']:.3g} running deviations off, and the deviation is "
                f"{seen['ratio']:.3g} times the running one",
                0,
                "error" if worst >= self.error else "warning",
                {"shift": seen["shift"], "ratio": seen["ratio"]},
                min(1.0, 0.3 * worst),
            )
