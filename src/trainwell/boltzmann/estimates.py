"""What is known about a partition function and a likelihood, with how well it is known."""

from __future__ import annotations

__all__ = ["LogLikelihood", "LogPartition"]

import math
from dataclasses import dataclass

_NORMAL_95 = 1.959964
"""The 97.5 % quantile of the standard normal distribution."""


@dataclass(frozen=True)
class LogPartition:
    """log Z, nats.

    Attributes:
        value: the estimate.
        standard_error: of `value`, nats, by the delta method; 0 when exact.
        effective_sample_size: of the importance weights, in [1, chains]; far below the number of
            chains, the error is not to be believed. The number of states when exact.
        method: "exact", "ais" or "reverse_ais".
    """

    value: float
    standard_error: float
    effective_sample_size: float
    method: str

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval, nats."""
        half = _NORMAL_95 * self.standard_error
        return self.value - half, self.value + half

    def __float__(self) -> float:
        return self.value


@dataclass(frozen=True)
class LogLikelihood:
    """Mean log-likelihood of rows, nats.

    Attributes:
        value: the mean.
        rows_error: standard error of the mean over the rows.
        partition: the log Z that was subtracted.
    """

    value: float
    rows_error: float
    partition: LogPartition

    @property
    def standard_error(self) -> float:
        """Of `value`: both errors, which are independent, together."""
        return math.hypot(self.rows_error, self.partition.standard_error)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval for new rows of the same kind, nats."""
        half = _NORMAL_95 * self.standard_error
        return self.value - half, self.value + half

    def __float__(self) -> float:
        return self.value
