"""DAT105 outlier-squeezed-features."""

from __future__ import annotations

__all__ = ["OutlierSqueezedFeatures"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Features, Run, Sighting, Undecided
from trainwell.record.reading import harm, label


@frozen
class OutlierSqueezedFeatures(Finding):
    """Scaled columns whose bulk sits in a sliver of the range, because of a few outliers.

    What it looks for:
        Columns on a scale of about one, of which nine rows in ten lie within a few
        percent of the whole range: what is left of them for the network to read is tiny.

    Why it hurts:
        Min-max scaling (and the z-score, less) takes its scale from the outliers: the differences
        that matter are hundreds of times smaller than the other columns', and so are their
        gradients.

    When it is not a fault:
        Columns that are nearly always one value (rare words, rare categories), which have no bulk
        to squeeze; counts in many columns, of which most are small.

    Thresholds:
        sliver: distance from the 5th to the 95th percentile, as a share of the whole range, under
            which a column is squeezed.
        tiny: the same distance itself, on the scale that the network reads, under which it matters.
        core: distance between the quartiles, as a share of the one between the 5th and the 95th
            percentile, under which the column is nearly always one value.
        rows: rows that must have been seen.
        others: a squeezed column matters beside columns that are not: as many times wider must the
            widest column's bulk be.

    Sources:
        LeCun et al. 1998, "Efficient backprop", section 4.3; scikit-learn's user guide, section
        "Scaling data with outliers".
    """

    code: ClassVar[str] = "DAT105"
    slug: ClassVar[str] = "outlier-squeezed-features"
    causes: ClassVar[tuple[str, ...]] = ("learning-rate-too-low", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("scale_robustly", "clip_outliers")

    sliver: float = 0.04
    tiny: float = 0.1
    core: float = 0.1
    rows: int = 200
    others: float = 5.0

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the data with squeezed columns."""
        for features in run.features.values():
            operation = run.operations.get(features.operation)
            if operation is None or operation.kind == "batch_norm" or features.is_pictures:
                continue
            spans = {len(features.low), len(features.bulk), len(features.core)}
            if features.rows < self.rows or len(spans) > 1:
                continue
            sighting = self._judge(run, features)
            if sighting is not None:
                yield sighting

    def _judge(self, run: Run, features: Features) -> Sighting | None:
        stride = -(-features.columns // max(len(features.mean), 1))
        columns = [
            (bulk, core, high - low, i * stride)
            for i, (low, high, bulk, core) in enumerate(
                zip(features.low, features.high, features.bulk, features.core, strict=True)
            )
            if math.isfinite(high - low) and high > low
        ]
        squeezed = [
            (bulk / span, bulk, span, i)
            for bulk, core, span, i in columns
            if bulk < self.sliver * span and bulk < self.tiny and core > self.core * bulk
        ]
        widest = max((bulk for bulk, *_ in columns), default=0.0)
        squeezed = [s for s in squeezed if widest >= self.others * s[1]]
        if not squeezed:
            return None
        share, bulk, span, number = min(squeezed)
        operation = run.operations[features.operation]
        lost = harm(run, run.objectives.get(operation.objective))
        return Sighting(
            features.place,
            f"{len(squeezed)} of {len(columns)} columns of the data that {label(features.place)} "
            f"reads are squeezed by outliers: nine in ten rows of column {number} lie within "
            f"{bulk:.2g}, its outliers {span:.3g} apart",
            0,
            "warning",
            {"columns": [i for *_, i in squeezed], "bulk": bulk, "range": span, "share": share},
            lost,
        )
