"""How a query is scored against enrolled labels, all by one matrix product."""

from __future__ import annotations

__all__ = ["Plain", "Scoring", "Standing"]

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trainwell.oneshot.space import Space, Vectors, unit

_CHUNK = 512
"""Rows that are compared with the cohort at once."""


class Scoring(Protocol):
    """A score is made of a product and a few numbers of the query and of the row."""

    @property
    def space(self) -> Space:
        """Where vectors are compared."""
        ...

    def rows(self, placed: Vectors, sizes: NDArray[np.int64]) -> tuple[Vectors, Vectors]:
        """What is kept of labels.

        Args:
            placed: (rows, width) mean of a label's placed vectors.
            sizes: (rows,) how many vectors each is the mean of.

        Returns:
            (rows, width) for the product, and (rows, 3) numbers beside it.
        """
        ...

    def queries(self, placed: Vectors) -> tuple[Vectors, Vectors]:
        """What is kept of placed queries: (queries, width), and (queries, any) numbers beside."""
        ...

    def join(self, products: Vectors, queries: Vectors, rows: Vectors) -> Vectors:
        """Scores, (queries, rows), from products and the numbers of both sides."""
        ...


@dataclass(frozen=True)
class Plain:
    """The similarity itself: a cosine, or minus a distance.

    Attributes:
        space: where.
    """

    space: Space

    def rows(self, placed: Vectors, sizes: NDArray[np.int64]) -> tuple[Vectors, Vectors]:
        """Means, of length 1 where angles are measured, and their squared lengths."""
        del sizes
        kept = unit(placed) if self.space.metric == "cosine" else placed
        beside = np.zeros((len(kept), 3), np.float32)
        beside[:, 0] = np.einsum("ij,ij->i", kept, kept)
        return kept, beside

    def queries(self, placed: Vectors) -> tuple[Vectors, Vectors]:
        """Queries and their squared lengths."""
        return placed, np.einsum("ij,ij->i", placed, placed)[:, None]

    def join(self, products: Vectors, queries: Vectors, rows: Vectors) -> Vectors:
        """The similarities."""
        if self.space.metric == "cosine":
            return products
        squares = queries[:, :1] + rows[:, 0] - 2 * products
        return np.asarray(-np.sqrt(np.maximum(squares, np.float32(0.0))), np.float32)


@dataclass(frozen=True)
class Standing:
    """How far a similarity stands out among those with the cohort, in standard deviations.

    The mean of two: among those of the query, and among those of the label.

    Attributes:
        space: where.
        cohort: (examples, width), placed.
        nearest: a row's mean and standard deviation come from its similarities with so many of the
            cohort. Chosen among 20 to 2,000 on half of the intents of CLINC150 (docs/oneshot.md).

    Sources:
        Matejka, Novotný, Plchot, Burget, Sánchez & Cernocký 2017, "Analysis of score normalization
        in multilingual speaker recognition", section 2 (adaptive s-norm).
    """

    space: Space
    cohort: Vectors
    nearest: int = 150

    def rows(self, placed: Vectors, sizes: NDArray[np.int64]) -> tuple[Vectors, Vectors]:
        """Means, with squared length, mean and inverse spread of their similarities."""
        kept, beside = Plain(self.space).rows(placed, sizes)
        beside[:, 1:] = self._against(kept)
        return kept, beside

    def queries(self, placed: Vectors) -> tuple[Vectors, Vectors]:
        """Queries, with the same three numbers."""
        _, squares = Plain(self.space).queries(placed)
        return placed, np.concatenate([squares, self._against(placed)], axis=1)

    def join(self, products: Vectors, queries: Vectors, rows: Vectors) -> Vectors:
        """The scores."""
        found = Plain(self.space).join(products, queries, rows)
        slope = queries[:, 2:3] + rows[:, 2]
        offset = queries[:, 1:2] * queries[:, 2:3] + rows[:, 1] * rows[:, 2]
        return np.float32(0.5) * (found * slope - offset)

    def _against(self, rows: Vectors) -> Vectors:
        """Mean and inverse standard deviation of similarities with the nearest of the cohort."""
        parts = []
        for first in range(0, len(rows), _CHUNK):
            found = self.space.similarities(rows[first : first + _CHUNK], self.cohort)
            count = min(self.nearest, found.shape[1])
            top = np.partition(found, found.shape[1] - count, axis=1)[:, -count:]
            spread = np.maximum(top.std(axis=1), 1e-6)
            parts.append(np.stack([top.mean(axis=1), 1 / spread], axis=1))
        if not parts:
            return np.zeros((0, 2), np.float32)
        return np.concatenate(parts).astype(np.float32)
