"""An approximate index over very many rows, for who chooses it: faiss's inverted file."""

from __future__ import annotations

__all__ = ["INDEXES", "Nearness", "index_named"]

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainwell.errors import UnknownNameError
from trainwell.oneshot.guests import guest
from trainwell.oneshot.slots import Places, Vectors

INDEXES = ("approximate", "exact")

_COMMAND = "pip install 'trainwell[oneshot-index]'"

_FEW = 4096
"""Up to so many rows are compared one by one: it takes no longer."""

_CELLS = 2
"""Cells of the index, as a multiple of the root of the rows: with 4 it takes four times as long to
make (docs/oneshot.md)."""

_LOOKED_INTO = 16
"""Cells that are looked into for each query."""

_CANDIDATES = 32
"""Rows of these cells whose exact scores are compared."""

_STALE = 0.1
"""Share of rows that may come or go before the index is made again."""


def index_named(name: str, metric: str) -> Nearness | None:
    """An index of this name; None for the exact search.

    Args:
        name: one of `INDEXES`.
        metric: "cosine" or "euclidean".

    Raises:
        UnknownNameError: if there is none of this name.
        BadInputError: if faiss is missing.
    """
    if name not in INDEXES:
        raise UnknownNameError("index", str(name), INDEXES)
    return None if name == "exact" else Nearness(metric)


class Nearness:
    """Which rows are worth a look, for each query.

    Rows are grouped by k-means; a query is compared with the rows of the nearest groups only. It is
    made when it is asked first, and again when a tenth of the rows has changed; what has changed
    since is always looked at.

    Args:
        metric: "cosine" or "euclidean".

    Raises:
        BadInputError: if faiss is missing; the text has the command that installs it.

    Sources:
        Sivic & Zisserman 2003, "Video Google: a text retrieval approach to object matching in
        videos"; Douze et al. 2024, "The Faiss library", section 4.
    """

    def __init__(self, metric: str) -> None:
        self.faiss = guest("faiss", "an approximate index", _COMMAND)
        self.metric = metric
        self.index: Any = None
        self.changed: set[int] = set()

    def touch(self, places: Places) -> None:
        """Rows at these places came, went or changed."""
        if self.index is not None:
            self.changed.update(places.tolist())

    def candidates(
        self, queries: Vectors, rows: Vectors, beside: Vectors, held: Places
    ) -> NDArray[np.int64] | None:
        """Places to look at, (queries, so many), -1 where there are no more.

        Args:
            queries: (queries, width).
            rows: (places, width).
            beside: (places, 3) the numbers beside them; the first is added to the products
                of cosines.
            held: the places that hold a row.

        Returns:
            None where there are so few that all are to be looked at.
        """
        if len(held) <= _FEW:
            return None
        if self.index is None or len(self.changed) > _STALE * len(held):
            self._make(rows, beside, held)
        _, found = self.index.search(self._wide(queries, None), _CANDIDATES)
        fresh = np.array(sorted(self.changed), np.int64)
        return np.concatenate([found, np.broadcast_to(fresh, (len(found), len(fresh)))], axis=1)

    def _make(self, rows: Vectors, beside: Vectors, held: Places) -> None:
        wide = self._wide(rows[held], beside[held])
        cells, width = int(_CELLS * len(held) ** 0.5), wide.shape[1]
        apart = self.metric == "euclidean"
        flat = self.faiss.IndexFlatL2(width) if apart else self.faiss.IndexFlatIP(width)
        kind = self.faiss.METRIC_L2 if apart else self.faiss.METRIC_INNER_PRODUCT
        index = self.faiss.IndexIVFFlat(flat, width, cells, kind)
        index.nprobe = min(cells, _LOOKED_INTO)
        # Random numbers of its own: the same rows give the same index.
        index.cp.seed = 0
        index.cp.max_points_per_centroid = 39
        index.train(wide)
        index.add_with_ids(wide, held)
        self.index = index
        self.changed = set()

    def _wide(self, rows: Vectors, beside: Vectors | None) -> Vectors:
        """Vectors as the index compares them: for products one number wider, what is added."""
        if self.metric == "euclidean":
            return np.ascontiguousarray(rows)
        last = np.ones((len(rows), 1), np.float32) if beside is None else beside[:, :1]
        return np.concatenate([rows, last], axis=1)
