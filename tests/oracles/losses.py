"""Measures of a loss function's arguments, one number after the other."""

from __future__ import annotations

import math

import numpy as np


def describe(values: list[float]) -> dict[str, float]:
    good = [v for v in values if math.isfinite(v)]
    if not good:
        result = dict.fromkeys(("low", "high", "mean", "std", "rms"), math.nan)
        return result | {"finite": 0.0 if values else 1.0}
    mean = math.fsum(good) / len(good)
    return {
        "low": min(good),
        "high": max(good),
        "mean": mean,
        "std": math.sqrt(math.fsum((v - mean) ** 2 for v in good) / len(good)),
        "rms": math.sqrt(math.fsum(v * v for v in good) / len(good)),
        "finite": len(good) / len(values),
    }


def row_sum_error(rows: list[list[float]]) -> float:
    worst = -math.inf
    for row in rows:
        if any(v < 0 for v in row):
            return math.inf
        worst = max(worst, abs(math.fsum(row) - 1))
    return worst if rows else math.inf


def log_sum_error(rows: list[list[float]]) -> float:
    worst = -math.inf
    for row in rows:
        top = max(row)
        worst = max(worst, abs(top + math.log(math.fsum(math.exp(v - top) for v in row))))
    return worst if rows else math.inf


def is_one_hot(rows: list[list[float]]) -> bool:
    if not rows or len(rows[0]) < 2:
        return False
    return all(sorted(row) == [0.0] * (len(row) - 1) + [1.0] for row in rows)


def distinct_values(values: list[float], limit: int) -> list[float]:
    found: list[float] = []
    for value in values:
        if not any(value == other for other in found):
            found.append(value)
    return sorted(found) if len(found) <= limit else []


def class_rows(values: list, dim: int) -> list[list[float]]:
    """The vectors along the class dimension of a nested list of one to three dimensions more."""
    array = np.array(values, dtype=np.float64)
    others = [range(n) for axis, n in enumerate(array.shape) if axis != dim]
    found = []

    def walk(index: tuple[int, ...]) -> None:
        if len(index) == len(others):
            at = list(index)
            at.insert(dim, slice(None))
            found.append([float(v) for v in array[tuple(at)]])
            return
        for n in others[len(index)]:
            walk((*index, n))

    walk(())
    return found
