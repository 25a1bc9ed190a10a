"""DAT101 unscaled-features."""

from __future__ import annotations

__all__ = ["UnscaledFeatures"]

import math
from collections.abc import Iterator
from statistics import median_low
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Features, Operation, Run, Sighting, Undecided
from trainwell.record.reading import harm as harm_of
from trainwell.record.reading import label


@frozen
class UnscaledFeatures(Finding):
    """Features on scales far from each other, or far from zero mean and unit deviation.

    What it looks for:
        The columns (channels of pictures) that the first layer reads, over the first looks: their
        root mean square and the distance of their mean from 0.

    Why it hurts:
        The gradient of a weight is proportional to its feature: a column in the thousands drowns
        the others, forces a tiny rate, and saturates or kills units.

    When it is not a fault:
        Pixels in [0, 1] or z-scored columns with long tails; columns that are nearly always 0;
        small values such as tf-idf; a first layer that normalises (batch norm), which is not
        looked at.

    Thresholds:
        large: root mean square from which a column counts as large.
        apart: factor between the largest and the typical column from which they are far apart.
        off_centre: distance of a column's mean from 0, in its deviations, for a column above
            `centre_size`.
        centre_size: root mean square from which being off centre matters.
        tiny: norm of a typical example under which all features together count as tiny.
        harm: from this harm on (1: the loss did not fall at all) it is an error.

    Sources:
        LeCun et al. 1998, "Efficient backprop", section 4.3; Ioffe & Szegedy 2015, section 2.
    """

    code: ClassVar[str] = "DAT101"
    slug: ClassVar[str] = "unscaled-features"
    causes: ClassVar[tuple[str, ...]] = (
        "zero-gradients",
        "saturated-activation",
        "dying-relu",
        "exploding-gradient",
        "vanishing-gradient",
        "collapsed-activations",
        "implausible-initial-loss",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "non-finite-loss",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("scale_inputs", "add_batch_norm")

    large: float = 20.0
    apart: float = 30.0
    off_centre: float = 10.0
    centre_size: float = 5.0
    tiny: float = 1e-2
    harm: float = 0.5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the data that should have been scaled."""
        for features in run.features.values():
            operation = run.operations.get(features.operation)
            if operation is None or operation.kind == "batch_norm" or features.rows < 2:
                continue
            found = self._judge(features)
            if found is None or self._is_normalized(run, operation, features):
                continue
            words, evidence = found
            lost = harm_of(run, run.objectives.get(operation.objective))
            yield Sighting(
                features.place,
                f"the data that {label(features.place)} reads are not scaled: {words}",
                0,
                "error" if lost >= self.harm else "warning",
                evidence,
                lost,
            )

    def _is_normalized(self, run: Run, operation: Operation, features: Features) -> bool:
        """Whether batch norm takes the scale out again, and all columns have about the same."""
        after = run.consumers(operation)
        sizes = [math.hypot(m, s) for m, s in zip(features.mean, features.std, strict=True)]
        known = [s for s in sizes if math.isfinite(s) and s > 0]
        return (
            bool(after)
            and all(o.kind == "batch_norm" for o in after)
            and max(known, default=0.0) <= self.apart * min(known, default=0.0)
        )

    def _judge(self, features: Features) -> tuple[str, dict[str, float]] | None:
        # Of many columns, evenly chosen ones are listed.
        stride = -(-features.columns // max(len(features.mean), 1))
        columns = [
            (math.hypot(m, s), m, s, i * stride)
            for i, (m, s) in enumerate(zip(features.mean, features.std, strict=True))
            if math.isfinite(m) and math.isfinite(s)
        ]
        sizes = [size for size, *_ in columns if size > 0]
        if not sizes:
            return None
        what = "channels" if features.is_pictures else "columns"
        largest, typical = max(sizes), median_low(sizes)
        number = next(i for size, _, _, i in columns if size == largest)
        evidence = {"largest": largest, "typical": typical, "smallest": min(sizes)}
        if largest >= self.large and (largest > self.apart * typical or typical >= self.large):
            name = f"{what[:-1]} {number} has a root mean square of {largest:.3g}"
            rest = f", the typical {what[:-1]} {typical:.3g}" if len(sizes) > 1 else ""
            return f"{name}{rest}, where 1 is expected", evidence
        off = [
            c
            for c in columns
            if c[0] >= self.centre_size and abs(c[1]) > self.off_centre * c[2] > 0
        ]
        if off:
            _, mean, std, _ = off[0]
            words = f"{len(off)} of {len(columns)} {what} lie far from 0"
            return (
                f"{words} (mean {mean:.3g}, deviation {std:.3g})",
                evidence | {"off_centre": float(len(off))},
            )
        if 0 < features.example_norm < self.tiny:
            return f"a typical example has norm {features.example_norm:.1e}", evidence
        return None
