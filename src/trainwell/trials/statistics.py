"""What paired differences say: exact test, interval, probability, detectable effect."""

from __future__ import annotations

__all__ = [
    "Estimate",
    "detectable_effect",
    "estimate",
    "holm",
    "interval",
    "pairs_needed",
    "probability_lower",
    "sign_flip",
]

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

_EXACT = 18
"""Differences up to which all sign patterns are counted; beyond, 2^18 of them are drawn."""

_RESAMPLES = 10_000


@dataclass(frozen=True)
class Estimate:
    """A mean difference, with the uncertainty that Student's t describes.

    Attributes:
        effect: the mean difference.
        error: its standard error.
        freedom: degrees of freedom of the error.
    """

    effect: float
    error: float
    freedom: float

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Low and high; infinite where the error is unknown."""
        if not math.isfinite(self.error):
            return -math.inf, math.inf
        half = float(stats.t.ppf((1 + level) / 2, self.freedom)) * self.error
        return self.effect - half, self.effect + half

    def beyond(self, above: bool) -> float:
        """One-sided p of the hypothesis that the effect is not above 0, or not below 0."""
        return Estimate(-self.effect, self.error, self.freedom).below if above else self.below

    @property
    def below(self) -> float:
        """One-sided p of the hypothesis that the effect is not below 0."""
        if not math.isfinite(self.error):
            return 1.0
        if self.error == 0:
            return 0.0 if self.effect < 0 else 1.0
        return float(special.stdtr(self.freedom, self.effect / self.error))


def estimate(
    reference: Sequence[float], arm: Sequence[float], screened: int, resolution: float = 0.0
) -> Estimate:
    """The effect of an arm that was chosen by its first values, from the others alone.

    The mean is that of the fresh pairs: what an arm was chosen by flatters it. The spread may come
    from all values, of both arms. Two errors are computed, and the smaller one holds: that of two
    independent means (where the seeds do not say much), and that of paired differences (where a
    good seed is good for both). Half a gap between neighbouring values is the least spread: that
    rounded numbers agree is no proof that they do not vary.

    Args:
        reference: values by seed; lower is better.
        arm: of the chosen one, on the same seeds.
        screened: how many of them, the first ones, it was chosen by.
        resolution: the smallest difference that values have.

    Returns:
        The estimate; of unknown error with fewer than two fresh pairs.

    Sources:
        Welch 1947, "The generalization of Student's problem when several different population
        variances are involved"; the choice between the two was calibrated by simulation
        (docs/treat.md).
    """
    base, tried = np.asarray(reference, float), np.asarray(arm, float)
    differences = tried - base
    fresh = differences[screened:]
    n, m = len(fresh), len(differences)
    if not n:
        return Estimate(math.nan, math.inf, 1.0)
    effect = float(fresh.mean())
    if n < 2:
        return Estimate(effect, math.inf, 1.0)
    least = (resolution / math.sqrt(12)) ** 2
    one, two = max(float(base.var(ddof=1)), least), max(float(tried.var(ddof=1)), least)
    total = one + two
    freedom = (m - 1) * total**2 / (one**2 + two**2) if total else float(m - 1)
    found = [Estimate(effect, math.sqrt(total / n), freedom)]
    if n > 2:
        # Two pairs that happen to agree would say more than they know.
        paired = max(float(differences.var(ddof=1)), least)
        found.append(Estimate(effect, math.sqrt(paired / n), float(m - 1)))
    return min(found, key=lambda e: e.error * float(special.stdtrit(e.freedom, 0.975)))


def sign_flip(differences: Sequence[float]) -> float:
    """Two-sided p of the hypothesis that the differences are symmetric around 0.

    The share of all patterns of signs whose mean is as far from 0 as the one seen.

    Args:
        differences: one a pair; finite.

    Returns:
        p in (0, 1]; 1 without differences.

    Sources:
        Fisher 1935, "The design of experiments", section 21.

    Example:
        >>> sign_flip([-1.0, -2.0, -1.5, -0.5, -1.0, -3.0])
        0.03125
    """
    values = np.asarray(differences, float)
    n = len(values)
    if n == 0 or not values.any():
        return 1.0
    if n <= _EXACT:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    else:
        signs = np.random.default_rng(0).choice([-1, 1], (2**_EXACT, n))
        signs[0] = 1
    sums = np.abs(signs @ values)
    # Rounding must not tell equal sums apart, not even sums of 0.
    return float(np.mean(sums >= abs(values.sum()) - 1e-12 * np.abs(values).sum()))


def holm(ps: Sequence[float]) -> list[float]:
    """Adjusted p values: what each would be if all hypotheses are tested together.

    Sources:
        Holm 1979, "A simple sequentially rejective multiple test procedure".

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    adjusted = [1.0] * len(ps)
    highest = 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[i]))
        adjusted[i] = highest
    return adjusted


def pairs_needed(arms: int, level: float = 0.05) -> int:
    """How many pairs it takes until the exact test can reach a level with so many arms.

    Example:
        >>> [pairs_needed(arms) for arms in (1, 2, 8)]
        [6, 7, 9]
    """
    return math.ceil(math.log2(2 * max(arms, 1) / level))


def interval(differences: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """An interval of the mean difference, from bootstrap samples.

    The percentiles are moved outwards, as a t interval is wider than a normal one: on few values
    the plain percentile interval is too narrow.

    Args:
        differences: one a pair; finite.
        level: of confidence.

    Returns:
        Low and high; infinite with fewer than two differences.

    Sources:
        Efron 1979, "Bootstrap methods"; Hesterberg 2015, "What teachers should know about the
        bootstrap", section 4.2 (the expanded percentile interval).
    """
    values = np.asarray(differences, float)
    n = len(values)
    if n < 2:
        return -math.inf, math.inf
    wide = stats.t.ppf((1 - level) / 2, n - 1) * math.sqrt(n / (n - 1))
    tail = float(stats.norm.cdf(wide))
    low, high = np.quantile(_means(values), [tail, 1 - tail])
    return float(low), float(high)


def probability_lower(differences: Sequence[float]) -> float:
    """How probable it is that the mean difference lies below 0: its share of bootstrap samples."""
    values = np.asarray(differences, float)
    if not len(values):
        return 0.5
    means = _means(values)
    return float(np.mean(means < 0) + 0.5 * np.mean(means == 0))


def detectable_effect(differences: Sequence[float], power: float = 0.8) -> float:
    """The mean difference that as many pairs, as noisy as these, show with a probability.

    Args:
        differences: one a pair; finite.
        power: that probability, at a two-sided level of 0.05.

    Returns:
        In the differences' unit; infinite with fewer than two.

    Sources:
        Cohen 1988, "Statistical power analysis for the behavioral sciences", section 2.
    """
    values = np.asarray(differences, float)
    n = len(values)
    if n < 2:
        return math.inf
    factor = stats.t.ppf(0.975, n - 1) + stats.t.ppf(power, n - 1)
    return float(factor * values.std(ddof=1) / math.sqrt(n))


def _means(values: np.ndarray) -> np.ndarray:
    # Seeded: one set of results has one answer.
    picks = np.random.default_rng(0).integers(0, len(values), (_RESAMPLES, len(values)))
    means: np.ndarray = values[picks].mean(axis=1)
    return means
