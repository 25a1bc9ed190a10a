"""Activations' measures, one number after the other."""

from __future__ import annotations

import math

Matrix = list[list[float]]


def columns(rows: Matrix) -> list[list[float]]:
    return [[row[unit] for row in rows] for unit in range(len(rows[0]))] if rows else []


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def active_units(rows: Matrix, units: int) -> list[bool]:
    result = [False] * units
    for row in rows:
        for unit, value in enumerate(row):
            if value > 0:
                result[unit] = True
    return result


def saturated_share(rows: Matrix, kind: str, pinned: float = 0.05) -> float:
    steepest = {"sigmoid": 0.25, "tanh": 1.0}[kind]
    slopes = {"sigmoid": lambda y: y * (1 - y), "tanh": lambda y: 1 - y * y}[kind]
    units = columns(rows)
    if not units:
        return math.nan
    flat = 0
    for unit in units:
        if mean([slopes(y) / steepest for y in unit]) < pinned:
            flat += 1
    return flat / len(units)


def root_mean_square(values: list[float]) -> float:
    return math.sqrt(mean([v * v for v in values])) if values else math.nan


def example_spread(rows: Matrix) -> float:
    if len(rows) < 2 or not rows[0]:
        return math.nan
    centres = [mean(unit) for unit in columns(rows)]
    size = root_mean_square([v for row in rows for v in row])
    if size == 0:
        return math.nan
    off = [v - c for row in rows for v, c in zip(row, centres, strict=True)]
    return root_mean_square(off) / size
