"""How a batch is classified, one example after the other."""

from __future__ import annotations

import math


def softmax(row: list[float]) -> list[float]:
    top = max(row)
    sizes = [math.exp(v - top) for v in row]
    return [s / math.fsum(sizes) for s in sizes]


def many(rows: list[list[float]], labels: list[int]) -> tuple[float, float, int]:
    """Accuracy, mean confidence and number of the examples whose label is not negative."""
    judged = [(softmax(r), y) for r, y in zip(rows, labels, strict=True) if y >= 0]
    right = [p.index(max(p)) == y for p, y in judged]
    return sum(right) / len(judged), math.fsum(max(p) for p, _ in judged) / len(judged), len(judged)


def two(probabilities: list[float], labels: list[int]) -> tuple[float, float]:
    """Accuracy and mean confidence where one number a row is the second class's probability."""
    right = [(p > 0.5) == bool(y) for p, y in zip(probabilities, labels, strict=True)]
    sure = [max(p, 1 - p) for p in probabilities]
    return sum(right) / len(right), math.fsum(sure) / len(sure)
