"""Vectors at fixed places, in blocks of one shape."""

from __future__ import annotations

__all__ = ["BLOCK", "Slots"]

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"
Places: TypeAlias = "NDArray[np.int64]"

BLOCK = 1024
"""Rows of a block. Small enough that a block's products stay in a core's cache."""


class Slots:
    """A growing table of vectors in which no row ever moves.

    A matrix product sums in an order that depends on the shapes. Here every product is with a whole
    block, holes and all, and a row keeps its place in it: so the products of all other rows stay
    what they were, bit for bit, when a row is taken away.

    Args:
        width: of a row.
        rows: (places, width) to begin with, a whole number of blocks; may be memory-mapped.
        used: (places,) which of them hold a row.
    """

    def __init__(
        self, width: int, rows: Vectors | None = None, used: NDArray[np.bool_] | None = None
    ) -> None:
        self.rows: Vectors = np.zeros((0, width), np.float32) if rows is None else rows
        self.used: NDArray[np.bool_] = np.zeros(0, bool) if used is None else used

    def __len__(self) -> int:
        return int(self.used.sum())

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return int(self.rows.shape[1])

    @property
    def capacity(self) -> int:
        """Places, with the holes."""
        return len(self.used)

    def free(self, count: int) -> Places:
        """The first places that hold nothing; the table grows where it has too few."""
        holes = np.flatnonzero(~self.used)
        if len(holes) < count:
            missing = count - len(holes)
            # By a quarter at least, so that many small additions copy each row a few times only.
            wanted = self.capacity + max(missing, self.capacity // 4)
            capacity = -(-wanted // BLOCK) * BLOCK
            rows = np.zeros((capacity, self.width), np.float32)
            rows[: self.capacity] = self.rows
            used = np.zeros(capacity, bool)
            used[: self.capacity] = self.used
            self.rows, self.used = rows, used
            holes = np.flatnonzero(~self.used)
        return holes[:count].astype(np.int64)

    def put(self, places: Places, vectors: Vectors) -> None:
        """Write rows at places."""
        self.rows[places] = vectors
        self.used[places] = True

    def drop(self, places: Places) -> None:
        """Take rows away; their places become holes."""
        self.used[places] = False
        self.rows[places] = 0.0

    def products(self, queries: torch.Tensor) -> Iterator[tuple[slice, torch.Tensor]]:
        """The products of queries with all places, a block at a time.

        Args:
            queries: (queries, width), float32.

        Yields:
            The places of a block and their products, (queries, BLOCK); that of a hole is 0. The
            tensor is written over by the next block.
        """
        table = torch.from_numpy(self.rows)
        out = torch.empty(len(queries), BLOCK)
        for first in range(0, self.capacity, BLOCK):
            torch.mm(queries, table[first : first + BLOCK].t(), out=out)
            yield slice(first, first + BLOCK), out
