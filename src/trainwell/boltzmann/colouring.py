"""Blocks of units of which no two are linked: a block can be drawn at once."""

from __future__ import annotations

__all__ = ["coloured"]

from typing import Any

import numpy as np


def coloured(linked: np.ndarray[Any, Any]) -> list[list[int]]:
    """The units in blocks without links inside, few blocks where links are sparse.

    Args:
        linked: (units, units) of bool, symmetric, False on the diagonal.

    Returns:
        Blocks of unit numbers, each rising. A fully linked machine has as many as units.

    Sources:
        Brélaz 1979, "New methods to color the vertices of a graph" (DSATUR), exact on bipartite
        graphs; Gonzalez, Low, Gretton & Guestrin 2011, "Parallel Gibbs sampling: from colored
        fields to thin junction trees", for why drawing a colour at once is still Gibbs sampling.
    """
    count = len(linked)
    colour = np.full(count, -1)
    taken = np.zeros((count, count + 1), dtype=bool)
    degree = linked.sum(1)
    for _ in range(count):
        open_units = np.flatnonzero(colour < 0)
        # The unit whose neighbours have the most colours; of those the one with the most links.
        order = np.lexsort((-degree[open_units], -taken[open_units].sum(1)))
        unit = open_units[order[0]]
        colour[unit] = int(np.argmin(taken[unit]))
        taken[linked[unit], colour[unit]] = True
    return [np.flatnonzero(colour == c).tolist() for c in range(int(colour.max(initial=-1)) + 1)]
