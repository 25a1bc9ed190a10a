"""Sketches by hand, sign by sign."""

from __future__ import annotations

import random
from fractions import Fraction


def signs(count: int) -> list[int]:
    """The lowest bit comes first; a 1 is a plus."""
    bits = format(random.Random(20_240_229).getrandbits(1024), "b")[::-1].ljust(1024, "0")
    return [1 if bit == "1" else -1 for bit in bits[:count]]


def sketch(values: list[float]) -> float:
    """Exact, whatever the order."""
    return float(sum(s * Fraction(v) for s, v in zip(signs(len(values)), values, strict=True)))
