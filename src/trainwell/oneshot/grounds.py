"""What decisions are made on: a space, a scoring, a cohort, and the rule for labels."""

from __future__ import annotations

__all__ = ["RULES", "SCORINGS", "Grounds"]

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.oneshot.calibration import Calibration, calibrate_with
from trainwell.oneshot.cohort import Cohort
from trainwell.oneshot.ratio import Ratio
from trainwell.oneshot.scoring import Plain, Scoring, Standing
from trainwell.oneshot.space import METRICS, Space, Vectors

RULES = ("nearest", "prototype")

SCORINGS = ("auto", "plain", "ratio", "standing")

_WIDE = 4096
"""Wider vectors are parts side by side, as those of a picture's turns: a cohort says too little of
how they vary together. Measured with `characters(turns=8)`, width 12,288: by the standing 49 % of
strangers pass where 5 % are asked, by the similarity 5.7 % (docs/oneshot.md)."""


@dataclass(frozen=True)
class Grounds:
    """Everything but the enrolled labels.

    Attributes:
        space: how vectors are compared.
        scoring: how a query is scored against a label.
        rule: "prototype" or "nearest".
        cohort: other labels, or None.
    """

    space: Space
    scoring: Scoring
    rule: str
    cohort: Cohort | None

    @classmethod
    def of(
        cls, cohort: Cohort | None, *, rule: str, metric: str, scoring: str, centre: bool
    ) -> Self:
        """The grounds that settings ask for.

        Raises:
            UnknownNameError: if one of the names is none.
            BadInputError: if the scoring needs another cohort than there is.
        """
        for what, name, known in (
            ("rule", rule, RULES),
            ("metric", metric, METRICS),
            ("scoring", scoring, SCORINGS),
        ):
            if name not in known:
                raise UnknownNameError(what, str(name), known)
        space = Space(metric, cohort.centre if cohort is not None and centre else None)
        ratio = cohort is not None and metric == "cosine" and Ratio.fits(cohort)
        if scoring == "auto":
            scoring = "plain" if cohort is None else "ratio" if ratio else "standing"
            if cohort is not None and cohort.vectors.shape[1] > _WIDE:
                scoring = "plain"
        if scoring == "plain":
            return cls(space, Plain(space), rule, cohort)
        if cohort is None:
            raise BadInputError(f"`scoring` {scoring} needs a cohort: examples of other labels")
        if scoring == "standing":
            return cls(space, Standing(space, space.place(cohort.vectors)), rule, cohort)
        if not ratio:
            raise BadInputError(
                "`scoring` ratio needs the metric cosine and a cohort of ten labels with two "
                "examples each"
            )
        return cls(space, Ratio.of(cohort, space), rule, cohort)

    def check(self, vectors: Vectors) -> None:
        """Refuse vectors of another width than the cohort's.

        Raises:
            BadInputError: if they are.
        """
        if self.cohort is not None and self.cohort.vectors.shape[1] != vectors.shape[1]:
            raise BadInputError(
                f"the embedder gave vectors of width {vectors.shape[1]}, and the cohort has width "
                f"{self.cohort.vectors.shape[1]}"
            )

    def stand_for(
        self, placed: Vectors, groups: NDArray[np.int64], count: int
    ) -> tuple[Vectors, NDArray[np.int64]]:
        """What stands for labels: their examples' mean, or each example.

        Args:
            placed: (examples, width), the examples of one group side by side.
            groups: (examples,) numbers from 0 on.
            count: groups.

        Returns:
            Rows, and how many examples each is the mean of.
        """
        if self.rule == "nearest":
            return placed, np.ones(len(placed), np.int64)
        sizes = np.bincount(groups, minlength=count)
        if len(placed) == count:
            return placed, sizes
        starts = np.cumsum(sizes) - sizes
        sums = np.add.reduceat(placed, starts, axis=0, dtype=np.float64)
        return (sums / sizes[:, None]).astype(np.float32), sizes

    def calibration(self, *, ways: int, shots: int, seed: int) -> Calibration | None:
        """What scores mean, from rehearsals with the cohort; None where it is too small.

        Each half of the cohort is rehearsed with what the other half teaches, so that no label is
        judged by what was learned from itself.
        """
        if self.cohort is None:
            return None
        if isinstance(self.scoring, Plain):
            return self._rehearse([(self.cohort, self.scoring)], ways, shots, "cohort", seed)
        if len(np.unique(self.cohort.labels)) < 8:
            return None
        one, other = self.cohort.split(np.random.default_rng(seed))
        halves = [(one, self._taught_by(other)), (other, self._taught_by(one))]
        return self._rehearse(halves, ways, shots, "cohort", seed)

    def _taught_by(self, half: Cohort) -> Scoring:
        """The same scoring, from half of the cohort."""
        assert self.cohort is not None
        if not isinstance(self.scoring, Standing):
            return Ratio.of(half, self.space)
        share = len(half.vectors) / len(self.cohort.vectors)
        nearest = max(2, round(self.scoring.nearest * share))
        return Standing(self.space, self.space.place(half.vectors), nearest)

    def calibration_by(
        self, scoring: Plain, *, ways: int, shots: int, seed: int
    ) -> Calibration | None:
        """The same for another scoring, one that learns nothing of the cohort."""
        if self.cohort is None:
            return None
        return self._rehearse([(self.cohort, scoring)], ways, shots, "cohort", seed)

    def calibration_of(
        self, examples: Cohort, *, ways: int, shots: int, seed: int
    ) -> Calibration | None:
        """The same from rehearsals with the enrolled examples; None where they are too few."""
        return self._rehearse([(examples, self.scoring)], ways, shots, "examples", seed)

    def _rehearse(
        self,
        rehearsed: list[tuple[Cohort, Scoring]],
        ways: int,
        shots: int,
        source: str,
        seed: int,
    ) -> Calibration | None:
        # A cohort has as many examples of a label as it has: fewer shots are better than none.
        sizes = [np.sort(np.bincount(cohort.labels))[::-1] for cohort, _ in rehearsed]
        largest = min(int(each[:4].min(initial=0)) for each in sizes)
        return calibrate_with(
            rehearsed,
            ways=ways,
            shots=max(1, min(shots, largest - 1)),
            rule=self.stand_for,
            source=source,
            seed=seed,
        )
