"""Statistics of columns, from all rows at once."""

from __future__ import annotations

import math


def column_statistics(rows: list[list[float]], columns: int) -> dict[str, list[float]]:
    """Two passes over the finite values of each column."""
    result: dict[str, list[float]] = {"mean": [], "std": [], "low": [], "high": []}
    for column in range(columns):
        values = [row[column] for row in rows if math.isfinite(row[column])]
        if not values:
            for name in result:
                result[name].append(math.nan)
            continue
        mean = math.fsum(values) / len(values)
        square = math.fsum((v - mean) ** 2 for v in values) / len(values)
        result["mean"].append(mean)
        result["std"].append(math.sqrt(square))
        result["low"].append(min(values))
        result["high"].append(max(values))
    return result


def example_norm(rows: list[list[float]]) -> float:
    if not rows:
        return 0.0
    squares = [math.fsum(v * v for v in row if math.isfinite(v)) for row in rows]
    return math.sqrt(math.fsum(squares) / len(rows))


def non_finite(rows: list[list[float]]) -> int:
    return sum(not math.isfinite(v) for row in rows for v in row)


def percentile(ordered: list[float], share: float) -> float:
    """Between the two nearest of the ordered values, in proportion."""
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])
