"""Vectors of labels that nobody asks for: what similarity means is measured against them."""

from __future__ import annotations

__all__ = ["Cohort"]

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainwell.errors import BadInputError
from trainwell.oneshot.space import Vectors


@dataclass(frozen=True)
class Cohort:
    """Vectors of examples whose labels are none of those that will be enrolled.

    Attributes:
        vectors: (examples, width), as the embedder gave them.
        labels: (examples,) numbers.
    """

    vectors: Vectors
    labels: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or self.labels.shape != self.vectors.shape[:1]:
            raise BadInputError(
                "a cohort needs (examples, width) vectors and as many labels, got "
                f"{self.vectors.shape} and {self.labels.shape}"
            )
        if len(self.vectors) < 2:
            raise BadInputError(f"a cohort needs two examples, got {len(self.vectors)}")
        if not np.isfinite(self.vectors).all():
            raise BadInputError("a cohort's vectors must be finite")

    @classmethod
    def of(cls, vectors: Vectors, labels: object = None) -> Cohort:
        """A cohort of labels of any kind; without labels, each example is one of its own."""
        table = np.ascontiguousarray(vectors, np.float32)
        if labels is None:
            return cls(table, np.arange(len(table)))
        names, numbers = np.unique(np.asarray(labels), return_inverse=True)
        del names
        return cls(table, numbers.astype(np.int64))

    @property
    def centre(self) -> Vectors:
        """The mean of the labels' means, (width,): each label counts alike."""
        names, groups = np.unique(self.labels, return_inverse=True)
        sums = np.zeros((len(names), self.vectors.shape[1]))
        np.add.at(sums, groups, self.vectors)
        means = sums / np.bincount(groups)[:, None]
        return np.asarray(means.mean(axis=0), np.float32)

    def split(self, random: np.random.Generator) -> tuple[Cohort, Cohort]:
        """Two cohorts that share no label.

        Raises:
            BadInputError: if there are fewer than four labels.
        """
        names = random.permutation(np.unique(self.labels))
        if len(names) < 4:
            raise BadInputError(f"a cohort needs four labels to calibrate with, got {len(names)}")
        chosen = np.isin(self.labels, names[: len(names) // 2])
        return (
            Cohort(self.vectors[chosen], self.labels[chosen]),
            Cohort(self.vectors[~chosen], self.labels[~chosen]),
        )
