"""How like the cohort something is, and whether the cohort is of the kind that is enrolled."""

from __future__ import annotations

__all__ = ["Kinship", "foreign_cohort"]

from dataclasses import dataclass
from typing import Self

import numpy as np

from trainwell.oneshot.cohort import Cohort
from trainwell.oneshot.recogniser import Recogniser
from trainwell.oneshot.scoring import Plain
from trainwell.oneshot.space import Space, Vectors

_LOOKED_AT = 500
"""Examples, of the cohort and of the enrolled ones, whose similarities are looked at."""

_UNLIKE = 0.05
"""An enrolled example is unlike the cohort below what all but this share of it have."""

_SHARE = 0.5
"""Share of enrolled examples unlike the cohort from which it is of another kind. Measured: 0.01 to
0.04 on halves of CLINC150 and BANKING77 and on fifteen labels of them, 0.03 where the cohort is of
a wider kind (BANKING77 enrolled, CLINC150 the cohort), 0.67 where it is of a narrower (the other
way round), which costs five points of accuracy (docs/oneshot.md)."""

_LABELS = 5
"""With fewer the share says nothing; three of five are unlike by chance once in 900 times."""


@dataclass(frozen=True)
class Kinship:
    """The similarities of a cohort's examples with its other labels, to compare others' with.

    Attributes:
        space: cosines, centred as the classifier centres.
        placed: (examples, width) the cohort.
        own: similarity of each of some examples with the nearest of another label, sorted.
    """

    space: Space
    placed: Vectors
    own: Vectors

    @classmethod
    def of(cls, cohort: Cohort, centre: Vectors | None) -> Self:
        """The kinship inside of a cohort."""
        space = Space("cosine", centre)
        placed = space.place(cohort.vectors)
        picked = _spread(len(placed))
        # A query's label is none of the cohort's: nor may an example's own label count here.
        same = cohort.labels[picked][:, None] == cohort.labels
        found = np.where(same, np.float32(-np.inf), placed[picked] @ placed.T)
        return cls(space, placed, np.sort(found.max(axis=1)))

    def best(self, vectors: Vectors) -> Vectors:
        """The similarity of each vector with the nearest of the cohort."""
        found: Vectors = (self.space.place(vectors) @ self.placed.T).max(axis=1)
        return found

    def limit(self, share: float) -> float:
        """What all but this share of the cohort have; -inf where it has one label only."""
        return float(np.quantile(self.own, share)) if np.isfinite(self.own).all() else -np.inf


def foreign_cohort(known: Recogniser) -> str | None:
    """What to tell where the cohort is of another kind than what is enrolled.

    Looked at when there are five labels, and whenever there are twice as many; told once.

    Args:
        known: what is enrolled.

    Returns:
        None where there is nothing to tell, or decisions are not made by the cohort.
    """
    cohort, labels = known.grounds.cohort, len(known.gallery)
    if cohort is None or isinstance(known.grounds.scoring, Plain) or labels < known.kin_from:
        return None
    if labels < _LABELS:
        return None
    known.kin_from = 2 * labels
    held = np.flatnonzero(known.gallery.examples.used)
    held = held[_spread(len(held))]
    kinship = Kinship.of(cohort, known.grounds.space.centre)
    best = kinship.best(np.asarray(known.gallery.examples.rows[held]))
    unlike = int((best < kinship.limit(_UNLIKE)).sum())
    if unlike < _SHARE * len(held):
        return None
    known.kin_from = np.inf
    return (
        f"the cohort is of another kind than what is enrolled: {unlike} of {len(held)} enrolled "
        f"examples ({unlike / len(held):.0%}, where {_UNLIKE:.0%} are expected) are less like it "
        f"than {1 - _UNLIKE:.0%} of its own examples are like its other labels. Give `cohort=` "
        "examples of the same kind, of other labels; or leave it out (`cohort=False`), or decide "
        'by the similarity alone (`scoring="plain"`)'
    )


def _spread(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """So many numbers below `count` as are looked at, evenly spread."""
    return np.linspace(0, count - 1, min(count, _LOOKED_AT)).astype(np.int64)
