"""DAT115 missing-value-code."""

from __future__ import annotations

__all__ = ["MissingValueCode"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.examples import number


@frozen
class MissingValueCode(Finding):
    """A column in which one value far from all others stands for what is missing.

    What it looks for:
        Columns of the inputs in which a part of the examples has exactly one and the same lowest or
        highest value, several times as far from all others as these are from each other: -999, -1
        or 9999 for "not known", as it is or after scaling.

    Why it hurts:
        The code is read as a quantity. Statistics for scaling are pulled towards it, the true
        values are squeezed into a sliver, and a linear layer follows the code.

    When it is not a fault:
        A quantity that is 0 or far from it by nature; a remark only where the distance is small.

    Thresholds:
        share: share of the examples that must have the value.
        rows: examples that must be known.

    Sources:
        Little & Rubin 2019, "Statistical analysis with missing data", section 1.2; Hynes, Sculley &
        Terry 2017, "The data linter", section 3 (uncommon numbers as codes).
    """

    code: ClassVar[str] = "DAT115"
    slug: ClassVar[str] = "missing-value-code"
    causes: ClassVar[tuple[str, ...]] = (
        "unrelated-labels",
        "unscaled-features",
        "outlier-squeezed-features",
        "mismatched-preprocessing",
        "mismatched-columns",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("impute_missing",)

    share: float = 0.02
    rows: int = 100

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the network that reads such a column."""
        for examples in run.examples_seen.values():
            if number(examples.training, "rows") < self.rows:
                continue
            found = [
                s
                for s in examples.spikes
                if s.get("side") == "training"
                and number(s, "share") >= self.share
                and number(s, "value") != 0
            ]
            if not found:
                continue
            worst = found[0]
            columns = ", ".join(str(s["column"]) for s in found[:6])
            yield Sighting(
                examples.place,
                f"{number(worst, 'share'):.0%} of the examples have exactly "
                f"{number(worst, 'value'):.4g} in column {worst['column']}, far from all its other "
                f"values: a code for what is missing is read as a quantity (columns {columns})",
                0,
                "warning",
                {"column": worst["column"], "value": worst["value"], "share": worst["share"]},
                min(1.0, 0.4 + number(worst, "share")),
            )
