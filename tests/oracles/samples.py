"""Even samples by counting."""

from __future__ import annotations

import itertools
import math


def every_nth(values: list[float], count: int) -> list[float]:
    """A step that shares no factor with the length reads all columns of a table by turns."""
    step = max(1, math.ceil(len(values) / count))
    while step > 1 and any(len(values) % d == 0 and step % d == 0 for d in range(2, step + 1)):
        step += 1
    return [value for position, value in enumerate(values) if position % step == 0]


def chosen_units(width: int, units: int) -> list[int]:
    step = max(1, math.ceil(width / units))
    return [unit for unit in range(width) if unit % step == 0]


def examples(shape: tuple[int, ...], unit_dim: int) -> list[tuple[int, ...]]:
    """The indices of all examples, in the order of memory, without the unit's."""
    unit_dim %= len(shape)
    return list(itertools.product(*(range(n) for axis, n in enumerate(shape) if axis != unit_dim)))


def example_row(
    values, example: tuple[int, ...], unit_dim: int, units: list[int]
) -> tuple[float, ...]:
    """One example's chosen units, read singly off a tensor or array."""
    unit_dim %= values.ndim
    return tuple(float(values[(*example[:unit_dim], unit, *example[unit_dim:])]) for unit in units)
