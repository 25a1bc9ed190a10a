"""Whether a query that a head would name is really of one of the head's labels."""

from __future__ import annotations

__all__ = ["Acquaintance"]

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trainwell.errors import BadInputError
from trainwell.oneshot.calibration import EPISODES, Calibration
from trainwell.oneshot.grounds import Grounds
from trainwell.oneshot.head import Head
from trainwell.oneshot.scoring import Plain
from trainwell.oneshot.space import Vectors


@dataclass(frozen=True)
class Acquaintance:
    """What a head's labels look like, and how like them strangers are.

    A head gives each query one of its labels. Here the label is doubted: the query has to be as
    similar to the mean of the label's examples, which the cohort holds, as few strangers are. How
    similar those are comes from rehearsals: half of the labels, asked for with the others. A
    network has learned to tell these apart, and strangers lie nearer: by how much, the enrolled
    examples say, which it has not learned either.

    Attributes:
        plain: how similarity is measured.
        rows: (labels, width) the means of the head's labels, in its order.
        beside: (labels, 3) the numbers beside them.
        calibration: of similarities with so many labels' means.
        nearer: how much more similar strangers are than in the rehearsals.
    """

    plain: Plain
    rows: Vectors
    beside: Vectors
    calibration: Calibration
    nearer: float = 0.0

    @classmethod
    def of(cls, head: Head, grounds: Grounds, seed: int) -> Self:
        """What the cohort teaches of a head's labels.

        A label of the cohort is the one of the head that the head gives most of its examples.

        Raises:
            BadInputError: if the cohort holds no examples of one of the head's labels.
        """
        cohort, plain = grounds.cohort, Plain(grounds.space)
        numbers = np.zeros(0, np.int64)
        if cohort is not None:
            told = head.logs(cohort.vectors).argmax(axis=1)
            votes = np.zeros((int(cohort.labels.max()) + 1, len(head.labels)), np.int64)
            np.add.at(votes, (cohort.labels, told), 1)
            sure = 2 * votes.max(axis=1) > votes.sum(axis=1)
            numbers = np.where(sure, votes.argmax(axis=1), -1)[cohort.labels]
        sizes = np.bincount(numbers[numbers >= 0], minlength=len(head.labels))
        if cohort is None or not sizes.all():
            missing = head.labels[int(sizes.argmin())]
            raise BadInputError(
                "`unknown` beside `base` needs a cohort with examples of each of the base's "
                f"labels, and it has none that the head calls `{missing}`"
            )
        placed = plain.space.place(cohort.vectors)
        sums = np.zeros((len(head.labels), placed.shape[1]))
        np.add.at(sums, numbers[numbers >= 0], placed[numbers >= 0])
        rows, beside = plain.rows((sums / sizes[:, None]).astype(np.float32), sizes)
        shots = max(1, int(np.median(np.bincount(cohort.labels))) - 1)
        made = grounds.calibration_by(plain, ways=len(head.labels), shots=shots, seed=seed)
        if made is None:
            raise BadInputError(
                "`unknown` beside `base` needs a cohort of four labels with two examples each"
            )
        return cls(plain, rows, beside, made)

    def told_by(self, strangers: Vectors, seed: int) -> Self:
        """The same, moved to where examples of labels lie that the head does not know.

        Args:
            strangers: (examples, width).
            seed: of which of the head's labels they are compared with.
        """
        found, random = self.similarities(strangers), np.random.default_rng(seed)
        ways = self.calibration.ways
        best = [
            found[:, random.permutation(found.shape[1])[:ways]].max(axis=1).mean()
            for _ in range(EPISODES)
        ]
        return replace(self, nearer=float(np.mean(best) - self.calibration.strangers.mean()))

    def similarities(self, vectors: Vectors) -> Vectors:
        """Of queries with the means of the head's labels, (queries, labels)."""
        queries, numbers = self.plain.queries(self.plain.space.place(vectors))
        return self.plain.join(queries @ self.rows.T, numbers, self.beside)

    def threshold(self, false_accept: float, labels: int) -> float:
        """The similarity from which the head's label is believed.

        Args:
            false_accept: share of unknown queries that may get a label, an old or a new one.
            labels: old and new ones together.
        """
        return self.calibration.threshold(false_accept, labels) + self.nearer

    def strangeness(self, vectors: Vectors) -> NDArray[np.float64]:
        """The probability that a query is of none of the head's labels, (queries,)."""
        moved = self.similarities(vectors) - np.float32(self.nearer)
        return self.calibration.probabilities(moved, unknown=True)[:, -1]
