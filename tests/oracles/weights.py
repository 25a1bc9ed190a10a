"""Measures of weights, one number after the other."""

from __future__ import annotations

import math


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    if len(shape) < 2:
        return 0, 0
    out, into, *kernel = shape
    field = 1
    for size in kernel:
        field *= size
    # Each output unit reads `into` channels over the kernel; each input feeds `out` of them.
    return into * field, out * field


def moments(values: list[float]) -> dict[str, float]:
    if not values:
        return dict.fromkeys(("mean", "std", "peak", "kurtosis"), math.nan)
    count = len(values)
    mean = math.fsum(values) / count
    second = math.fsum((v - mean) ** 2 for v in values) / count
    fourth = math.fsum((v - mean) ** 4 for v in values) / count
    same = max(values) == min(values)
    return {
        "mean": mean,
        "std": math.sqrt(second),
        "peak": max(abs(v) for v in values),
        "kurtosis": math.nan if same else fourth / second**2,
    }


def distinct_row_share(rows: list[list[float]]) -> float:
    """Every row beside every row before it."""
    if len(rows) < 2:
        return 1.0
    tolerance = 1e-6 * max(abs(v) for row in rows for v in row)
    distinct = 0
    for position, row in enumerate(rows):
        distinct += not any(
            all(abs(a - b) <= tolerance for a, b in zip(row, other, strict=True))
            for other in rows[:position]
        )
    return distinct / len(rows)
