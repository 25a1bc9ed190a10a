"""A quantity over the steps of a run."""

from __future__ import annotations

__all__ = ["Series", "finite_or", "mean"]

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median


def mean(values: list[float]) -> float:
    """The mean of finite numbers, which does not overflow; NaN of none."""
    count = len(values)
    return math.fsum(v / count for v in values) if count else math.nan


def finite_or(value: float, instead: float) -> float:
    """The value, or another one where it is NaN or infinite."""
    return value if math.isfinite(value) else instead


@dataclass
class Series:
    """Values at steps, in the order in which they were measured.

    A step is a backward pass, counted from 0. Values may be NaN or infinite.
    """

    steps: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def append(self, step: int, value: float) -> None:
        """Add one measurement."""
        self.steps.append(step)
        self.values.append(value)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return iter(zip(self.steps, self.values, strict=True))

    @property
    def finite(self) -> list[float]:
        """The values that are neither NaN nor infinite."""
        return [v for v in self.values if math.isfinite(v)]

    def start(self, share: float = 0.1) -> float:
        """Mean of the first `share` of the finite values (one value at least); NaN when empty."""
        values = self.finite
        return mean(values[: max(1, round(len(values) * share))])

    def end(self, share: float = 0.1) -> float:
        """Mean of the last `share` of the finite values (one value at least); NaN when empty."""
        values = self.finite
        return mean(values[-max(1, round(len(values) * share)) :])

    def fall(self, share: float = 0.1) -> float:
        """How far the end lies below the start, as a share of the start's magnitude.

        1 means that it fell to 0, 0 that it did not move, negative that it rose. NaN when empty.
        """
        start, end = self.start(share), self.end(share)
        return (start - end) / max(abs(start), 1e-12)

    def part(self, begin: float, end: float) -> list[float]:
        """The finite values whose steps lie in a part of the run.

        Values are not evenly spaced over the steps: the first are single ones, later ones stand for
        ever longer blocks.

        Args:
            begin: share of the way from the first step to the last, in [0, 1].
            end: the same; a value at `end` itself belongs to the part only where `end` is 1.
        """
        if not self.steps:
            return []
        first, span = self.steps[0], max(self.steps[-1] - self.steps[0], 1)
        return [
            v
            for s, v in self
            if begin <= (share := (s - first) / span) and (share < end or end >= 1)
            if math.isfinite(v)
        ]

    def last(self, count: int) -> list[float]:
        """The last `count` finite values."""
        return self.finite[-count:] if count > 0 else []

    def median(self) -> float:
        """Median of the finite values; NaN when there are none."""
        values = self.finite
        return median(values) if values else math.nan
