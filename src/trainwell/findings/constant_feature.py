"""DAT103 constant-feature."""

from __future__ import annotations

__all__ = ["ConstantFeature"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Features, Run, Sighting, Undecided
from trainwell.record.reading import label


@frozen
class ConstantFeature(Finding):
    """A column of the data that never varies.

    What it looks for:
        Columns that had one and the same value, other than 0, in every row that was looked at; or
        data in which no column varies at all.

    Why it hurts:
        The column says nothing: usually something went wrong on the way that read it. A large
        constant also acts as a second bias with a rate of its own, which drowns the other weights.

    When it is not a fault:
        Columns that are always 0 (the corners of pictures, rare words) cost nothing, and a small
        constant such as a column of ones next to little: a remark only.

    Thresholds:
        rows: rows that must have been seen.
        size: magnitude of the constant, in deviations of the typical column that varies, from which
            it is a warning.
        background: share of the varying columns whose lowest or highest value is the constant, from
            which it counts as the background of a drawing.
        hardly: largest deviation of any column, relative to the typical mean, under which all rows
            count as the same.

    Sources:
        Breck et al. 2019, "Data validation for machine learning", section 3; TheDeepChecker (Ben
        Braiek & Khomh 2023) has the rule for features of deviation 0.
    """

    code: ClassVar[str] = "DAT103"
    slug: ClassVar[str] = "constant-feature"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "collapsed-activations",
        "saturated-activation",
        "dying-relu",
        "zero-gradients",
        "unused-parameter",
        "foreign-statistics",
        "overfitting",
        "learning-rate-too-low",
        "underfitting",
    )
    remedies: ClassVar[tuple[str, ...]] = ("drop_feature",)

    rows: int = 200
    size: float = 2.0
    background: float = 0.5
    hardly: float = 1e-3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the data with constant columns, and networks that are always given the same."""
        yield from self._never_varies(run)
        for features in run.features.values():
            operation = run.operations.get(features.operation)
            if operation is None or operation.kind == "batch_norm" or features.is_pictures:
                continue
            if features.rows < self.rows or features.columns < 1:
                if features.rows:
                    yield Undecided(f"only {features.rows} rows of the data were seen")
                continue
            sighting = self._judge(features)
            if sighting is not None:
                yield sighting

    def _never_varies(self, run: Run) -> Iterator[Sighting]:
        for inputs in run.inputs_seen.values():
            low, high = inputs.values.get("low", 0.0), inputs.values.get("high", 1.0)
            if inputs.phase != "training" or inputs.rows < self.rows or low != high:
                continue
            yield Sighting(
                inputs.place,
                f"the network is always given the same: every number of {inputs.rows} examples is "
                f"{low:.4g}",
                0,
                "error",
                {"value": low, "rows": inputs.rows},
                1.0,
            )

    def _judge(self, features: Features) -> Sighting | None:
        stride = -(-features.columns // max(len(features.mean), 1))
        pairs = list(zip(features.low, features.high, features.std, strict=True))
        still = [i for i, (low, high, _) in enumerate(pairs) if low == high]
        varying = sorted(std for low, high, std in pairs if high > low and math.isfinite(std))
        what = f"the data that {label(features.place)} reads"
        if not varying:
            return None
        means = sorted(abs(m) for m in features.mean if math.isfinite(m))
        if features.columns > 1 and varying[-1] < self.hardly * means[len(means) // 2]:
            return Sighting(
                features.place,
                f"{what} are nearly the same in all {features.rows} rows: no column deviates by "
                f"more than {varying[-1]:.1e}, around {means[len(means) // 2]:.3g}",
                0,
                "error",
                {"largest_deviation": varying[-1], "mean": means[len(means) // 2]},
                1.0,
            )
        set_values = [i for i in still if pairs[i][0] != 0]
        if not set_values:
            return None
        typical = varying[len(varying) // 2]
        ends = [(low, high) for low, high, _ in pairs if high > low]
        value = pairs[set_values[0]][0]
        edge = sum(math.isclose(value, e, rel_tol=1e-4) for pair in ends for e in pair)
        same = all(math.isclose(pairs[i][0], value, rel_tol=1e-4) for i in set_values)
        if same and edge >= self.background * len(ends):
            # The paper around a drawing, as it is or scaled: most other pixels show it, too.
            return None
        worst = max(set_values, key=lambda i: abs(pairs[i][0]))
        value = pairs[worst][0]
        many = f"{len(set_values)} columns" if len(set_values) > 1 else "one column"
        return Sighting(
            features.place,
            f"{many} of {what} never varied in {features.rows} rows: column {worst * stride} is "
            f"always {value:.4g}",
            0,
            "warning" if abs(value) >= self.size * typical else "info",
            {
                "columns": [i * stride for i in set_values],
                "value": value,
                "typical_deviation": typical,
            },
            0.2,
        )
