"""DAT116 mismatched-columns."""

from __future__ import annotations

__all__ = ["MismatchedColumns"]

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Detail, Examples, Run, Severity, Sighting, Undecided
from trainwell.record.examples import number
from trainwell.record.reading import on_another_scale


@frozen
class MismatchedColumns(Finding):
    """Columns, channels or words that mean something else in evaluation than in training.

    What it looks for:
        Some hundred examples of both sides, column by column (channel by channel for pictures):
        another order, a column that is constant on one side only, another unit, a column that tells
        the labels on one side only. For words, padding on the other side, and words that training
        does not have.

    Why it hurts:
        A column that holds something else in evaluation is read as what stood there in training.

    When it is not a fault:
        Data that drift differ a little in many columns: only distributions that hardly overlap are
        reported. Where many columns tell less of the labels, the labels are others.

    Thresholds:
        factor: ratio of the scales of all inputs from which `mismatched-preprocessing` tells it.
        scale_shift: distance of their means, in deviations, from which it does.
        rows: examples of either side that must be known to compare columns.
        varies: how much a column must vary on one side, in deviations of a typical column, to be
            missed on the other.
        apart: distance of a column's two distributions (Kolmogorov and Smirnov) from which they
            differ.
        alike: the same once both have mean 0 and deviation 1, under which only the unit differs.
        ratio: ratio of a column's deviations, either way, from which the unit differs.
        shift: distance of a column's means, in deviations of the training, from which it differs.
        tells: share of the labels' differences that a column must explain on one side.
        silent: share of them that it may explain on the other side.
        filled: share of the rows that must be filled up, on both sides, to compare padding.
        unknown: share of the evaluation's words that training does not have.
        lost: accuracy lost from training to evaluation from which it is an error.
        worse: evaluation loss over training loss from which it is; twice that with an accuracy.
        repeats: share of training examples that come again unchanged: they are not augmented.

    Sources:
        Sculley et al. 2015, "Hidden technical debt in machine learning systems" (training/serving
        skew); Breck et al. 2019, "Data validation for machine learning", section 4.
    """

    code: ClassVar[str] = "DAT116"
    slug: ClassVar[str] = "mismatched-columns"
    causes: ClassVar[tuple[str, ...]] = ("mismatched-labels", "overfitting", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("match_columns", "share_preprocessing")

    factor: float = 4.0
    scale_shift: float = 3.0
    rows: int = 60
    varies: float = 0.25
    apart: float = 0.6
    alike: float = 0.25
    ratio: float = 2.5
    shift: float = 3.0
    tells: float = 0.75
    silent: float = 0.25
    filled: float = 0.4
    unknown: float = 0.4
    lost: float = 0.1
    worse: float = 1.5
    repeats: float = 0.1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the networks that are evaluated on other columns."""
        for examples in run.examples_seen.values():
            if self._is_scaled(run, examples):
                continue
            words = self._words(examples) if examples.kind == "tokens" else self._order(examples)
            harmful = self._is_worse(run, examples)
            severity: Severity = "error" if harmful else "warning"
            if not words and (harmful or number(examples.training, "repeats") >= self.repeats):
                # Augmentation makes columns vary in training alone, and does no harm.
                words = self._constant(run, examples)
            if not words:
                # A column that counts the rows drifts, and does no harm.
                words = self._columns(examples)
                severity = "error" if harmful else "info"
            if words:
                yield self._apart(examples, words, severity)

    def _is_scaled(self, run: Run, examples: Examples) -> bool:
        seen = [i for i in run.inputs_seen.values() if i.network == examples.network]
        trained = [i for i in seen if i.phase == "training"]
        return any(
            on_another_scale(t, i, self.factor, self.scale_shift)
            for i in seen
            for t in trained
            if i.phase == "evaluation"
        )

    def _order(self, e: Examples) -> str:
        if not e.order:
            return ""
        one, pairs = _column(e), ", ".join(f"{a} like {b}" for a, b in e.order[:4])
        return f"{one}s come in another order in evaluation: {one} {pairs} of training"

    def _columns(self, e: Examples) -> str:
        """How columns of the two sides differ, in words; empty where they fit."""
        if min(number(e.training, "rows"), number(e.evaluation, "rows")) < self.rows:
            return ""
        one = _column(e)
        for each in e.columns:
            words = self._unit(one, each)
            if words:
                return words
        few = len(e.relations) <= max(2, min(math.prod(e.shape) // 4, 11))
        for each in e.relations if few else ():
            here, there = number(each, "training"), number(each, "evaluation")
            if max(here, there) >= self.tells and min(here, there) <= self.silent:
                return (
                    f"{one} {each['column']} explains {here:.0%} of the labels' differences in "
                    f"training and {there:.0%} in evaluation"
                )
        return ""

    def _constant(self, run: Run, e: Examples) -> str:
        spread = sorted(s for f in run.features.values() for s in f.std if 0 < s < math.inf)
        typical = spread[len(spread) // 2] if spread else 0.0
        for each in e.constant:
            if number(each, "other_std") > self.varies * typical > 0:
                return (
                    f"column {each['column']} is always {number(each, 'value'):.3g} in "
                    f"{each['side']} and varies by {number(each, 'other_std'):.3g} on the other"
                    " side"
                )
        return ""

    def _unit(self, one: str, column: Mapping[str, Detail]) -> str:
        before = number(column, "training_mean"), number(column, "training_std")
        after = number(column, "evaluation_mean"), number(column, "evaluation_std")
        ratio = after[1] / before[1] if before[1] > 0 else 1.0
        units = number(column, "apart_scaled") < self.alike
        units = units and not 1 / self.ratio < ratio < self.ratio
        moved = abs(after[0] - before[0]) >= self.shift * max(before[1], 1e-12)
        # Stretched about its mean, a column still covers its old place.
        if not units and not (moved and number(column, "apart") >= self.apart):
            return ""
        return (
            f"{one} {column['column']} has mean {before[0]:.3g} and deviation {before[1]:.3g} in "
            f"training, mean {after[0]:.3g} and deviation {after[1]:.3g} in evaluation"
            + (f", {ratio:.3g} times as much" if units else "")
        )

    def _words(self, e: Examples) -> str:
        pads = [side.get("padding") for side in (e.training, e.evaluation)]
        first, second = (p if isinstance(p, dict) else {} for p in pads)
        filled = min(number(first, "rows"), number(second, "rows")) >= self.filled
        ways = [(p.get("side"), p.get("word")) for p in (first, second)]
        if filled and ways[0] != ways[1]:
            return (
                f"rows are filled up with {ways[0][1]} on the {ways[0][0]} in training, and with "
                f"{ways[1][1]} on the {ways[1][0]} in evaluation"
            )
        if e.unknown is not None and e.unknown >= self.unknown:
            return f"{e.unknown:.0%} of the words of the evaluation stand in no training example"
        return ""

    def _apart(self, e: Examples, words: str, severity: Severity) -> Sighting:
        return Sighting(
            e.evaluation_place or e.place,
            f"the network is evaluated on other inputs than it is trained on: {words}",
            0,
            severity,
            {"columns": [c["column"] for c in e.columns[:8]]},
            0.95 if severity == "error" else 0.4,
        )

    def _is_worse(self, run: Run, e: Examples) -> bool:
        judged = "accuracy" in e.training and "accuracy" in e.evaluation
        if (
            judged
            and number(e.training, "accuracy") - number(e.evaluation, "accuracy") >= self.lost
        ):
            return True
        losses = [
            x.loss / x.training_loss
            for x in run.evaluations.values()
            if x.training_loss and math.isfinite(x.loss) and x.training_loss > 0
        ]
        return bool(losses) and min(losses[-3:]) >= (2 * self.worse if judged else self.worse)


def _column(e: Examples) -> str:
    return "channel" if e.kind == "pictures" and e.shape[:1] not in ((), (1,)) else "column"
