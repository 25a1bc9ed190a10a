"""Slow definitions of the tests that trials are decided by, independent of the package's."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations, product


def sign_flip(differences: Sequence[float]) -> float:
    """Every pattern of signs counted, in exact arithmetic."""
    values = [Fraction(d) for d in differences]
    seen = abs(sum(values))
    patterns = list(product((1, -1), repeat=len(values)))
    extreme = sum(
        abs(sum(s * v for s, v in zip(signs, values, strict=True))) >= seen for signs in patterns
    )
    return extreme / len(patterns)


def holm(ps: Sequence[float]) -> list[float]:
    """Closed testing: a hypothesis falls when every set of hypotheses with it falls.

    A set falls by Bonferroni's rule (Marcus, Peritz & Gabriel 1976; Holm 1979).
    """
    several = range(len(ps))
    return [
        max(
            min(1.0, len(chosen) * min(ps[j] for j in chosen))
            for size in range(1, len(ps) + 1)
            for chosen in combinations(several, size)
            if i in chosen
        )
        for i in several
    ]
