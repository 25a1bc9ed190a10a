"""DAT109 leaked-validation."""

from __future__ import annotations

__all__ = ["LeakedValidation"]

import math
from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Examples, Inputs, Place, Run, Sighting, Undecided
from trainwell.record.examples import number


@frozen
class LeakedValidation(Finding):
    """Evaluation data of which a part was trained on.

    What it looks for:
        Rows that a network is given in evaluation and was given in training before, value for
        value. Only a sample of the training rows is remembered: how many come again in training
        itself tells how many of them are known, and so how many repeats to expect.

    Why it hurts:
        The evaluation measures memory where it should measure learning, and overfitting looks like
        progress.

    When it is not a fault:
        An evaluation on the training data, all of it, which many scripts make beside the other one:
        a remark where it is the only one. Data of few different rows (bits, grids), whose rows are
        equal by nature.

    Thresholds:
        share: share of the evaluation rows that were trained on, from which it is reported.
        whole: share from which the evaluation counts as made on the training data itself.
        known: share of the training rows that must be known.
        duplicates: share of equal rows within one batch from which rows count as equal by nature.
        columns: numbers that make up a row, under which rows count as equal by chance.
        rows: evaluation rows that must have been seen.
        values: different values of each column up to which rows may be equal by chance; then they
            are compared with how many rows of a training batch are equal.
        beyond: share of the evaluation rows beyond what chance brings, from which it is reported
            then.

    Sources:
        Kaufman et al. 2012, "Leakage in data mining", section 3; Kapoor & Narayanan 2023, "Leakage
        and the reproducibility crisis", table 1 (duplicates in datasets).
    """

    code: ClassVar[str] = "DAT109"
    slug: ClassVar[str] = "leaked-validation"
    remedies: ClassVar[tuple[str, ...]] = ("split_first",)

    share: float = 0.1
    whole: float = 0.85
    known: float = 0.3
    duplicates: float = 0.3
    columns: int = 4
    rows: int = 50
    values: int = 24
    beyond: float = 0.2

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the evaluations that repeat training rows."""
        for network in run.networks:
            seen = [i for i in run.inputs_seen.values() if i.network == network]
            examples = [e for e in run.examples_seen.values() if e.network == network]
            if any(e.both is not None and e.known >= self.known for e in examples):
                for each in examples:
                    for found in self._of_examples(each):
                        if isinstance(found, Sighting) and not run.evaluations:
                            # Without a loss, training rows may be what answers are compared with.
                            yield replace(found, severity="info")
                        else:
                            yield found
                continue
            if any(self._is_discrete(e) for e in examples):
                yield Undecided("rows of few different values are equal by chance")
                continue
            known = self._known(run, [i for i in seen if i.phase == "training"])
            judged = [
                i
                for i in seen
                if i.phase == "evaluation" and i.rows >= self.rows and i.columns >= self.columns
            ]
            if not judged:
                continue
            if known < self.known:
                yield Undecided("too few of the training rows are known to recognise them")
                continue
            overlaps = [(self._last(run, i) / known, i) for i in judged]
            for overlap, inputs in overlaps:
                if inputs.duplicates > self.duplicates or overlap < self.share:
                    continue
                if overlap < self.whole:
                    yield self._sighting(inputs.place, inputs.rows, overlap, "warning")
                elif len(judged) == 1:
                    yield self._sighting(inputs.place, inputs.rows, 1.0, "info")

    def _known(self, run: Run, training: list[Inputs]) -> float:
        """Share of the training rows that were remembered by the end of the run."""
        if any(i.duplicates > self.duplicates for i in training):
            return 0.0
        return max((self._last(run, i) for i in training), default=0.0)

    def _is_discrete(self, examples: Examples) -> bool:
        most = number(examples.training, "distinct_values")
        return examples.kind == "tokens" or 0 < most <= self.values

    def _of_examples(self, examples: Examples) -> Iterator[Sighting | Undecided]:
        """Judge by the examples that were remembered of both sides."""
        rows = int(number(examples.evaluation, "rows"))
        if examples.both is None or rows < self.rows or math.prod(examples.shape) < self.columns:
            return
        overlap = min(1.0, examples.both / examples.known)
        place = examples.evaluation_place or examples.place
        if self._is_discrete(examples):
            # Rows of few different values are equal by chance: only more of them count.
            chance = examples.expected_both
            if overlap - chance < self.beyond or overlap < 2 * chance:
                return
        elif overlap < self.share or number(examples.training, "duplicates") > self.duplicates:
            return
        if overlap < self.whole:
            yield self._sighting(place, rows, overlap, "warning")
        elif examples.labels:
            # Without labels for all rows, a part of them is masked: nodes of a graph.
            yield self._sighting(place, rows, 1.0, "info")

    def _last(self, run: Run, inputs: Inputs) -> float:
        values = run.series("inputs", inputs.number, "repeats").last(5)
        return median(values) if values else 0.0

    def _sighting(self, place: Place, rows: int, overlap: float, severity: str) -> Sighting:
        if severity == "info":
            words = "the only evaluation is made on the rows that were trained on"
        else:
            words = f"about {min(overlap, 1.0):.0%} of the rows evaluated here were trained on"
        return Sighting(
            place,
            words,
            0,
            "info" if severity == "info" else "warning",
            {"share": min(overlap, 1.0), "rows": rows},
            min(overlap, 1.0),
        )
