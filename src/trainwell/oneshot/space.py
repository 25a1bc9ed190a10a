"""Where similarity is measured: centred, then by angle or by distance."""

from __future__ import annotations

__all__ = ["METRICS", "Space", "Vectors", "unit"]

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = "NDArray[np.float32]"

METRICS = ("cosine", "euclidean")


def unit(vectors: Vectors) -> Vectors:
    """Rows of length 1; a row of zeros stays one."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64))[:, None]
    lengths[lengths == 0] = 1.0
    return np.asarray(vectors / lengths, np.float32)


@dataclass(frozen=True)
class Space:
    """How vectors are compared.

    The mean of known vectors is taken away before angles are measured: vectors of most networks
    share a direction that says nothing about the label.

    Attributes:
        metric: "cosine", or "euclidean".
        centre: (width,), or None.

    Sources:
        Wang, Chao, Weinberger & van der Maaten 2019, "SimpleShot: revisiting nearest-neighbor
        classification for few-shot learning", section 3.
    """

    metric: str = "cosine"
    centre: Vectors | None = None

    def place(self, vectors: Vectors) -> Vectors:
        """Vectors as they are compared: (rows, width)."""
        if self.centre is not None:
            vectors = vectors - self.centre
        return unit(vectors) if self.metric == "cosine" else vectors

    def similarities(self, queries: Vectors, rows: Vectors) -> Vectors:
        """Similarity of placed queries with placed rows, (queries, rows): cosine, or -distance."""
        products: Vectors = queries @ rows.T
        if self.metric == "cosine":
            return products
        squares = (queries**2).sum(axis=1)[:, None] + (rows**2).sum(axis=1) - 2 * products
        return np.asarray(-np.sqrt(np.maximum(squares, 0.0)), np.float32)
