"""How much likelier a query is of a label than of one nobody knows, in nats."""

from __future__ import annotations

__all__ = ["Ratio"]

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from trainwell.oneshot.cohort import Cohort
from trainwell.oneshot.space import Space, Vectors

Doubles: TypeAlias = "NDArray[np.float64]"

_INNER = 1.0
"""Share of the mean variance that is added to each direction's inside of labels."""

_BETWEEN = 0.3
"""The same for the variance between labels."""


@dataclass(frozen=True)
class Ratio:
    """Log-likelihood ratio under Gaussians inside of labels and between them.

    Directions in which the cohort's labels differ count more than those in which examples of one
    label do. It knows how sure a mean of several examples is. Both variances are shrunk towards
    equal ones, as a cohort has fewer examples than they have entries; by how much was chosen on
    half of the intents of CLINC150.

    Attributes:
        space: where.
        turn: (width, width) to directions in which the variance inside of labels is 1.
        between: (width,) the variance between labels there.

    Sources:
        Ioffe 2006, "Probabilistic linear discriminant analysis", section 3; Brümmer & de Villiers
        2010, "The speaker partitioning problem", section 2 (two-covariance model).
    """

    space: Space
    turn: Doubles
    between: Doubles

    @classmethod
    def of(cls, cohort: Cohort, space: Space) -> Self:
        """The ratio that a cohort teaches; its labels need two examples on average."""
        placed = space.place(cohort.vectors).astype(np.float64)
        names, groups = np.unique(cohort.labels, return_inverse=True)
        sizes = np.bincount(groups)
        means = np.zeros((len(names), placed.shape[1]))
        np.add.at(means, groups, placed)
        means /= sizes[:, None]
        rest = placed - means[groups]
        width = placed.shape[1]
        inner = rest.T @ rest / max(1, len(placed) - len(names))
        inner += _INNER * max(np.trace(inner) / width, 1e-12) * np.eye(width)
        apart = means - means.mean(axis=0)
        outer = apart.T @ apart / max(1, len(names) - 1)
        outer += _BETWEEN * max(np.trace(outer) / width, 1e-12) * np.eye(width)
        values, vectors = np.linalg.eigh(inner)
        whiten = vectors / np.sqrt(values)
        between, turn = np.linalg.eigh(whiten.T @ outer @ whiten)
        return cls(space, whiten @ turn, np.maximum(between, 1e-9))

    @staticmethod
    def fits(cohort: Cohort) -> bool:
        """Whether a cohort says enough about both variances: ten labels with two examples each."""
        sizes = np.bincount(cohort.labels)
        return int((sizes >= 2).sum()) >= 10

    def rows(self, placed: Vectors, sizes: NDArray[np.int64]) -> tuple[Vectors, Vectors]:
        """Predicted means over predicted variances; constants; sizes."""
        # In double precision: the last bits must not depend on how many are enrolled at once.
        rows = (placed.astype(np.float64) @ self.turn).astype(np.float32)
        beside = np.zeros((len(placed), 3), np.float32)
        beside[:, 1] = sizes
        for size in np.unique(sizes).tolist():
            share = size * self.between / (size * self.between + 1)
            variance = 1 + self.between / (size * self.between + 1)
            chosen = sizes == size
            mean = rows[chosen] * share.astype(np.float32)
            rows[chosen] = mean / variance.astype(np.float32)
            constant = 0.5 * (np.log1p(self.between) - np.log(variance)).sum()
            squares = np.einsum("ij,ij->i", mean, rows[chosen], dtype=np.float64)
            beside[chosen, 0] = constant - 0.5 * squares
        return rows, beside

    def queries(self, placed: Vectors) -> tuple[Vectors, Vectors]:
        """Turned queries; the numbers beside them are the same vectors again."""
        turned = (placed.astype(np.float64) @ self.turn).astype(np.float32)
        return turned, turned

    def join(self, products: Vectors, queries: Vectors, rows: Vectors) -> Vectors:
        """The ratios."""
        scores = products + rows[:, 0]
        squares = queries.astype(np.float64) ** 2
        # What depends on the query alone differs with the number of examples of a label.
        for size in np.unique(rows[:, 1]).tolist():
            variance = 1 + self.between / (size * self.between + 1)
            own = 0.5 * squares @ (1 / (1 + self.between) - 1 / variance)
            chosen = rows[:, 1] == size
            scores[:, chosen] += own.astype(np.float32)[:, None]
        return scores
