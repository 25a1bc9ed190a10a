"""Numbers and curves in a line of text."""

from __future__ import annotations

__all__ = ["count", "figure", "sparkline"]

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

_BLOCKS = "▁▂▃▄▅▆▇█"


def figure(value: float) -> str:
    """A number in at most three significant digits, as a person would write it.

    Example:
        >>> [figure(x) for x in (0, 1234.5, 0.25, 1e-9, float("nan"))]
        ['0', '1,234', '0.25', '1e-09', 'NaN']
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    if 1000 <= abs(value) < 1e6:
        return f"{int(value):,}"
    return f"{value:.3g}"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """A number of things.

    Example:
        >>> count(1, "step"), count(1240, "step"), count(2, "loss", "losses")
        ('1 step', '1,240 steps', '2 losses')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def sparkline(values: Sequence[float], width: int = 24, *, floor: float | None = None) -> str:
    """A curve as one character a point; NaN and infinities are crosses.

    The lowest value is the lowest block, the highest the highest. Positive values that span
    more than two decades are drawn on a logarithmic scale.

    Args:
        values: in order; more than `width` are averaged in blocks.
        width: longest result, characters.
        floor: drawn as the lowest block where all values lie above it, on a linear scale: a curve
            that hardly falls then looks so.

    Example:
        >>> sparkline([1, 2, 3, 4, float("nan")])
        '▁▃▆█×'
    """
    points = _blocks(values, width)
    finite = [p for p in points if math.isfinite(p)]
    if not finite:
        return "×" * len(points)
    low, high = min(finite), max(finite)
    if floor is not None and floor < low:
        low = floor
    elif low > 0 and high / low > 100:
        points = [math.log(p) if math.isfinite(p) else p for p in points]
        low, high = math.log(low), math.log(high)
    # A flat curve is drawn in the middle: neither low nor high.
    span = high - low
    scaled = [(p - low) / span if span > 0 else 0.4 for p in points]
    return "".join(_BLOCKS[min(7, int(s * 7 + 0.5))] if math.isfinite(s) else "×" for s in scaled)


def _blocks(values: Sequence[float], width: int) -> list[float]:
    if len(values) <= width:
        return list(values)
    edges = [round(i * len(values) / width) for i in range(width + 1)]
    blocks = [list(values[a:b]) for a, b in pairwise(edges)]
    # One NaN in a block must not vanish in a mean, nor hide behind one.
    return [fmean(b) if all(map(math.isfinite, b)) else math.nan for b in blocks]
