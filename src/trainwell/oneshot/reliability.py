"""Whether answers given with some confidence are right as often as that."""

from __future__ import annotations

__all__ = ["Reliability"]

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Doubles: TypeAlias = "NDArray[np.float64]"


@dataclass(frozen=True)
class Reliability:
    """Confidence beside accuracy, by bins of confidence of equal width.

    Attributes:
        confidence: (bins,) mean in each; NaN where a bin is empty.
        accuracy: (bins,) share of right answers in each.
        counts: (bins,) answers in each.

    Sources:
        Guo, Pleiss, Sun & Weinberger 2017, "On calibration of modern neural networks", section 2.
    """

    confidence: Doubles
    accuracy: Doubles
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, confidences: Doubles, hits: NDArray[np.bool_], bins: int = 15) -> Reliability:
        """Of answers.

        Args:
            confidences: (answers,) in [0, 1].
            hits: (answers,) whether each is right.
            bins: how many.
        """
        at = np.clip((confidences * bins).astype(int), 0, bins - 1)
        counts = np.bincount(at, minlength=bins)
        with np.errstate(invalid="ignore"):
            confidence = np.bincount(at, confidences, bins) / counts
            accuracy = np.bincount(at, hits.astype(float), bins) / counts
        return cls(confidence, accuracy, counts)

    @property
    def error(self) -> float:
        """The expected calibration error: the mean gap, weighed by the answers in a bin."""
        gaps = np.abs(self.confidence - self.accuracy)
        return float(np.nansum(gaps * self.counts) / max(1, self.counts.sum()))
