"""The rows that queries are compared with, and the search among them."""

from __future__ import annotations

__all__ = ["Sought"]

from collections.abc import Iterator

import numpy as np
import torch

from trainwell.oneshot.nearness import Nearness
from trainwell.oneshot.scoring import Scoring
from trainwell.oneshot.slots import Places, Slots, Vectors


class Sought:
    """One row for each label, or for each example, as `scoring` keeps it.

    Args:
        rows: for the products.
        beside: (places, 3) the numbers beside them.
        owner: (places,) the seat of a row's label; -1 at a hole.

    Attributes:
        index: what finds the best without looking at all; None: all are looked at.
    """

    def __init__(self, rows: Slots, beside: Vectors, owner: Places) -> None:
        self.rows, self.beside, self.owner = rows, beside, owner
        self.index: Nearness | None = None

    @classmethod
    def empty(cls, width: int) -> Sought:
        """Nothing yet."""
        return cls(Slots(width), np.zeros((0, 3), np.float32), np.zeros(0, np.int64))

    def put(self, places: Places, rows: Vectors, beside: Vectors, owner: Places) -> None:
        """Write rows at places of the caller's choice."""
        beyond = int(places.max(initial=-1)) + 1 - self.rows.capacity
        if beyond > 0:
            held = len(self.rows)
            self.rows.free(self.rows.capacity - held + beyond)
            grown = self.rows.capacity - len(self.owner)
            self.beside = np.concatenate([self.beside, np.zeros((grown, 3), np.float32)])
            self.owner = np.concatenate([self.owner, np.full(grown, -1, np.int64)])
        self.rows.put(places, rows)
        self.beside[places] = beside
        self.owner[places] = owner
        if self.index is not None:
            self.index.touch(places)

    def drop(self, places: Places) -> None:
        """Take rows away."""
        self.rows.drop(places)
        self.beside[places] = 0.0
        self.owner[places] = -1
        if self.index is not None:
            self.index.touch(places)

    def best(self, queries: Vectors, beside: Vectors, scoring: Scoring) -> tuple[Places, Vectors]:
        """The best place for each query and its score; the first of equals."""
        if self.index is not None:
            held = np.flatnonzero(self.owner >= 0)
            near = self.index.candidates(queries, self.rows.rows, self.beside, held)
            if near is not None:
                return self._best_of(near, queries, beside, scoring)
        place = np.zeros(len(queries), np.int64)
        score = np.full(len(queries), -np.inf, np.float32)
        every = np.arange(len(queries))
        for block, found in self._scores(queries, beside, scoring):
            at = found.argmax(axis=1)
            top = found[every, at]
            better = top > score
            score[better], place[better] = top[better], at[better] + block.start
        return place, score

    def _best_of(
        self, near: Places, queries: Vectors, beside: Vectors, scoring: Scoring
    ) -> tuple[Places, Vectors]:
        """The best of some places, (queries, so many), by their exact scores."""
        place = np.zeros(len(queries), np.int64)
        score = np.full(len(queries), -np.inf, np.float32)
        for number, some in enumerate(near):
            places = some[some >= 0]
            places = np.unique(places[self.owner[places] >= 0])
            if not len(places):
                continue
            one = slice(number, number + 1)
            products = queries[one] @ self.rows.rows[places].T
            found = scoring.join(products, beside[one], self.beside[places])[0]
            place[number], score[number] = places[found.argmax()], found.max()
        return place, score

    def of_seats(self, queries: Vectors, beside: Vectors, scoring: Scoring, seats: int) -> Vectors:
        """The score of each label: the best of its rows; (queries, seats), -inf where none is."""
        scores = np.full((seats, len(queries)), -np.inf, np.float32)
        for block, found in self._scores(queries, beside, scoring):
            owner = self.owner[block]
            held = owner >= 0
            if len(np.unique(owner[held])) == held.sum():
                scores[owner[held]] = np.maximum(scores[owner[held]], found.T[held])
            else:
                np.maximum.at(scores, owner[held], found.T[held])
        return np.ascontiguousarray(scores.T)

    def _scores(
        self, queries: Vectors, beside: Vectors, scoring: Scoring
    ) -> Iterator[tuple[slice, Vectors]]:
        for block, products in self.rows.products(torch.from_numpy(queries)):
            found = scoring.join(products.numpy(), beside, self.beside[block])
            holes = self.owner[block] < 0
            if holes.any():
                found = np.where(holes, np.float32(-np.inf), found)
            yield block, found
