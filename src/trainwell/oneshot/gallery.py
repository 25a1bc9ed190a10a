"""Which examples are enrolled, under which labels, at which places."""

from __future__ import annotations

__all__ = ["Gallery", "as_label"]

import heapq
from collections.abc import Iterable, Sequence

import numpy as np

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.oneshot.answers import Label
from trainwell.oneshot.slots import Places, Slots, Vectors


def as_label(label: object) -> Label:
    """A label as it is kept: a text or a whole number.

    Raises:
        BadInputError: if it is neither.
    """
    if isinstance(label, np.generic):
        label = label.item()
    if isinstance(label, float) and label.is_integer():
        return int(label)
    if isinstance(label, str | int) and not isinstance(label, bool):
        if label == "":
            raise BadInputError("a label must not be an empty text")
        return label
    raise BadInputError(
        f"a label must be a text or a whole number, got {type(label).__name__} `{label}`"
    )


class Gallery:
    """Examples' vectors as the embedder gave them, with labels; nothing ever moves.

    Attributes:
        examples: the vectors.
        owner: (places,) the seat of each example's label; -1 where there is none.
        number: (places,) each example's number, never given twice.
        sources: what examples were enrolled from, by number.
        seats: labels by seat; None where a label was.
        following: the number that the next example gets.
    """

    def __init__(self, width: int) -> None:
        self.examples = Slots(width)
        self.owner: Places = np.zeros(0, np.int64)
        self.number: Places = np.zeros(0, np.int64)
        self.sources: dict[int, str] = {}
        self.seats: list[Label | None] = []
        self._seat_of: dict[Label, int] = {}
        self._places: dict[int, list[int]] = {}
        self._empty: list[int] = []
        self.following = 0

    @classmethod
    def restored(
        cls,
        examples: Vectors,
        owner: Places,
        number: Places,
        sources: dict[int, str],
        seats: list[Label | None],
        order: list[int],
        following: int,
    ) -> Gallery:
        """The gallery that had these attributes; `order` are the seats in the order of labels."""
        self = cls(examples.shape[1])
        self.examples = Slots(examples.shape[1], examples, owner >= 0)
        self.owner, self.number, self.sources, self.seats = owner, number, sources, seats
        named = {seat: label for seat, label in enumerate(seats) if label is not None}
        self._seat_of = {named[seat]: seat for seat in order}
        self._empty = [seat for seat, label in enumerate(seats) if label is None]
        self._places = {seat: [] for seat in self._seat_of.values()}
        held = np.flatnonzero(owner >= 0)
        # In the order of enrolment, whatever holes were filled.
        held = held[np.argsort(number[held])]
        for place, seat in zip(held.tolist(), owner[held].tolist(), strict=True):
            self._places[seat].append(place)
        self.following = following
        return self

    def __len__(self) -> int:
        return len(self._seat_of)

    def __contains__(self, label: object) -> bool:
        return label in self._seat_of

    @property
    def labels(self) -> list[Label]:
        """Labels in the order of their enrolment."""
        return list(self._seat_of)

    def seat(self, label: Label) -> int:
        """Where a label sits.

        Raises:
            UnknownNameError: if it is not enrolled; the text names the nearest.
        """
        if label not in self._seat_of:
            raise UnknownNameError("label", str(label), map(str, self._seat_of))
        return self._seat_of[label]

    def places(self, seat: int) -> Places:
        """Places of a label's examples, in the order of their enrolment."""
        return np.array(self._places[seat], np.int64)

    def add(
        self, labels: Sequence[Label], vectors: Vectors, sources: Sequence[str | None]
    ) -> tuple[Places, list[int]]:
        """Enrol examples.

        Args:
            labels: of each example.
            vectors: (examples, width).
            sources: what each came from.

        Returns:
            Their places, and the seats of their labels, each once.
        """
        places = self.examples.free(len(vectors))
        grown = self.examples.capacity - len(self.owner)
        if grown:
            self.owner = np.concatenate([self.owner, np.full(grown, -1, np.int64)])
            self.number = np.concatenate([self.number, np.full(grown, -1, np.int64)])
        self.examples.put(places, vectors)
        touched: dict[int, None] = {}
        for place, label, source in zip(places.tolist(), labels, sources, strict=True):
            seat = self._seat_of.get(label)
            if seat is None:
                seat = self._sit(label)
            touched[seat] = None
            self.owner[place] = seat
            self.number[place] = self.following
            if source is not None:
                self.sources[self.following] = source
            self._places[seat].append(place)
            self.following += 1
        return places, list(touched)

    def _sit(self, label: Label) -> int:
        if self._empty:
            seat = heapq.heappop(self._empty)
            self.seats[seat] = label
        else:
            seat = len(self.seats)
            self.seats.append(label)
        self._seat_of[label] = seat
        self._places[seat] = []
        return seat

    def place_of(self, example: int) -> int:
        """Where an example is.

        Raises:
            BadInputError: if there is none of this number.
        """
        found = np.flatnonzero((self.number == example) & (self.owner >= 0))
        if not len(found):
            raise BadInputError(f"there is no example {example}")
        return int(found[0])

    def drop(self, places: Iterable[int]) -> None:
        """Take examples away; a label that has none left goes with the last."""
        gone = np.array(list(places), np.int64)
        for place in gone.tolist():
            seat = int(self.owner[place])
            self._places[seat].remove(place)
            if not self._places[seat]:
                self._stand(seat)
            self.sources.pop(int(self.number[place]), None)
        self.examples.drop(gone)
        self.owner[gone] = -1
        self.number[gone] = -1

    def _stand(self, seat: int) -> None:
        label = self.seats[seat]
        assert label is not None
        del self._seat_of[label], self._places[seat]
        self.seats[seat] = None
        heapq.heappush(self._empty, seat)

    def rename(self, old: Label, new: Label) -> None:
        """Give a label another name; it keeps its place among the labels.

        Raises:
            UnknownNameError: if the old is not enrolled.
            BadInputError: if the new one is enrolled already.
        """
        seat = self.seat(old)
        if new == old:
            return
        if new in self._seat_of:
            raise BadInputError(f"the label `{new}` is enrolled already: `merge` joins two labels")
        self.seats[seat] = new
        self._seat_of = {new if k == old else k: v for k, v in self._seat_of.items()}

    def merge(self, label: Label, into: Label) -> tuple[Places, int, int]:
        """Give a label's examples to another label, and take it away.

        Returns:
            The places of the examples, the seat that they leave, the seat that they come to.

        Raises:
            UnknownNameError: if one of them is not enrolled.
            BadInputError: if they are the same.
        """
        source, target = self.seat(label), self.seat(into)
        if source == target:
            raise BadInputError(f"the label `{label}` cannot be merged into itself")
        places = self.places(source)
        self.owner[places] = target
        self._places[target] = self._places[target] + places.tolist()
        self._places[source] = []
        self._stand(source)
        return places, source, target
