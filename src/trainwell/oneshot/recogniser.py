"""Enrolled labels and the search among them, on vectors."""

from __future__ import annotations

__all__ = ["Recogniser"]

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trainwell.errors import BadInputError
from trainwell.oneshot.acquaintance import Acquaintance
from trainwell.oneshot.answers import Label
from trainwell.oneshot.calibration import Calibration
from trainwell.oneshot.cohort import Cohort
from trainwell.oneshot.gallery import Gallery
from trainwell.oneshot.grounds import Grounds
from trainwell.oneshot.head import Head
from trainwell.oneshot.slots import Places, Vectors
from trainwell.oneshot.sought import Sought
from trainwell.oneshot.space import unit

_REHEARSED = 2000
"""Enrolled examples that a calibration without a cohort uses."""


class Recogniser:
    """What a classifier knows.

    Args:
        grounds: what it decides on.
        gallery: the examples.
        sought: the rows that queries are compared with; made from the examples when None.
    """

    def __init__(self, grounds: Grounds, gallery: Gallery, sought: Sought | None = None) -> None:
        self.grounds = grounds
        self.gallery = gallery
        self.calibration: Calibration | None = None
        self.calibrated_for: tuple[int, int] | None = None
        self._acquaintance: tuple[Head, Acquaintance] | None = None
        # The number of the example that came last, and `Acquaintance.nearer` after it.
        self.nearer: tuple[int, float] | None = None
        # Labels from which it is worth looking whether the cohort is of their kind.
        self.kin_from: float = 0
        if sought is None:
            sought = Sought.empty(gallery.examples.width)
            self.sought = sought
            self._seek([gallery.seat(label) for label in gallery.labels])
        self.sought = sought

    def enroll(
        self, labels: Sequence[Label], vectors: Vectors, sources: Sequence[str | None]
    ) -> None:
        """Add examples.

        Args:
            labels: of each.
            vectors: (examples, width).
            sources: what each came from.

        Raises:
            BadInputError: if the width is another than that of the examples before.
        """
        self.check(vectors)
        _, seats = self.gallery.add(labels, vectors, sources)
        self._seek(seats)

    def check(self, vectors: Vectors) -> None:
        """Refuse vectors of another width.

        Raises:
            BadInputError: if they are.
        """
        width = self.gallery.examples.width
        if vectors.shape[1] != width:
            raise BadInputError(
                f"the embedder gave vectors of width {vectors.shape[1]}, and the enrolled examples "
                f"have width {width}"
            )

    def drop(self, places: Places) -> None:
        """Take examples away."""
        seats = dict.fromkeys(self.gallery.owner[places].tolist())
        self.gallery.drop(places.tolist())
        if self.grounds.rule == "nearest":
            self.sought.drop(places)
            return
        gone = [seat for seat in seats if self.gallery.seats[seat] is None]
        self.sought.drop(np.array(gone, np.int64))
        self._seek([seat for seat in seats if self.gallery.seats[seat] is not None])

    def merge(self, label: Label, into: Label) -> None:
        """Give one label's examples to another, and take it away."""
        _, source, target = self.gallery.merge(label, into)
        if self.grounds.rule == "prototype":
            self.sought.drop(np.array([source], np.int64))
        self._seek([target])

    def _seek(self, seats: list[int]) -> None:
        """Write the rows of labels, new or changed."""
        if not seats:
            return
        parts = [self.gallery.places(seat) for seat in seats]
        places = np.concatenate(parts)
        groups = np.repeat(np.arange(len(seats)), [len(part) for part in parts])
        placed = self.grounds.space.place(np.asarray(self.gallery.examples.rows[places]))
        kept, sizes = self.grounds.stand_for(placed, groups, len(seats))
        rows, beside = self.grounds.scoring.rows(kept, sizes)
        owner = np.array(seats, np.int64)
        if self.grounds.rule == "nearest":
            self.sought.put(places, rows, beside, owner[groups])
        else:
            self.sought.put(owner, rows, beside, owner)

    def best(self, vectors: Vectors) -> tuple[Places, Vectors]:
        """The seat of the best label for each query, and its score."""
        queries, beside = self.grounds.scoring.queries(self.grounds.space.place(vectors))
        place, score = self.sought.best(queries, beside, self.grounds.scoring)
        return self.sought.owner[place], score

    def scores(self, vectors: Vectors) -> Vectors:
        """(queries, labels), in the order of `gallery.labels`."""
        queries, beside = self.grounds.scoring.queries(self.grounds.space.place(vectors))
        found = self.sought.of_seats(queries, beside, self.grounds.scoring, len(self.gallery.seats))
        return found[:, [self.gallery.seat(label) for label in self.gallery.labels]]

    def similarities(self, vectors: Vectors, seats: NDArray[np.int64]) -> Vectors:
        """The plain similarity of each query with what stands for one label, (queries,)."""
        space, found = self.grounds.space, np.zeros(len(vectors), np.float32)
        queries = space.place(vectors)
        for seat in np.unique(seats).tolist():
            places = self.gallery.places(seat)
            placed = space.place(np.asarray(self.gallery.examples.rows[places]))
            kept, _ = self.grounds.stand_for(placed, np.zeros(len(placed), np.int64), 1)
            if space.metric == "cosine":
                kept = unit(kept)
            asked = seats == seat
            found[asked] = space.similarities(queries[asked], kept).max(axis=1)
        return found

    def nearest(self, vector: Vectors, count: int) -> tuple[Places, Vectors]:
        """Places of the examples nearest to a query, (1, width), and their similarities."""
        held = np.flatnonzero(self.gallery.examples.used)
        space = self.grounds.space
        query = space.place(vector)
        found = np.concatenate(
            [
                space.similarities(
                    query, space.place(np.asarray(self.gallery.examples.rows[part]))
                )[0]
                for part in np.array_split(held, -(-len(held) // 65_536))
            ]
        )
        order = np.argsort(-found, kind="stable")[:count]
        return held[order], found[order]

    def acquaintance(self, head: Head, seed: int) -> Acquaintance:
        """What the cohort teaches of a head's labels; moved when examples came, not when they went.

        Raises:
            BadInputError: if it holds no examples of one of them.
        """
        if self._acquaintance is None or self._acquaintance[0] is not head:
            self._acquaintance = head, Acquaintance.of(head, self.grounds, seed)
        made = self._acquaintance[1]
        if self.nearer is None or self.nearer[0] != self.gallery.following:
            held = np.flatnonzero(self.gallery.examples.used)[:_REHEARSED]
            made = made.told_by(np.asarray(self.gallery.examples.rows[held]), seed)
            self.nearer = self.gallery.following, made.nearer
        return replace(made, nearer=self.nearer[1])

    def calibrate(self, seed: int) -> Calibration:
        """What scores mean now; found once for as many labels and examples a label.

        Taking labels away changes nothing of it, as the other answers have to stay.

        Raises:
            BadInputError: if there is nothing to calibrate with.
        """
        ways = len(self.gallery.seats)
        made, made_for = self.calibration, self.calibrated_for
        if made is not None and made_for is not None:
            grown = ways > made_for[0] or self.gallery.following != made_for[1]
            if not grown:
                return made
        sizes = np.bincount(self.gallery.owner[self.gallery.owner >= 0])
        shots = max(1, int(np.median(sizes[sizes > 0])))
        made = self.grounds.calibration(ways=ways, shots=shots, seed=seed)
        if made is None:
            held = np.flatnonzero(self.gallery.examples.used)[:_REHEARSED]
            examples = Cohort.of(self.gallery.examples.rows[held], self.gallery.owner[held])
            made = self.grounds.calibration_of(
                examples, ways=ways, shots=max(1, shots - 1), seed=seed
            )
        if made is None:
            raise BadInputError(
                "probabilities and unknowns need a cohort (`cohort=`: examples of eight other "
                "labels, two of each), or two examples of four enrolled labels"
            )
        self.calibration, self.calibrated_for = made, (ways, self.gallery.following)
        return made
