"""Exact tests and intervals beside slow definitions of them, and on data whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from tests.oracles import statistics as oracle

from trainwell.trials.statistics import (
    detectable_effect,
    holm,
    interval,
    pairs_needed,
    probability_lower,
    sign_flip,
)

EIGHTHS = st.integers(-80, 80).map(lambda k: k / 8)
"""Numbers whose sums are exact, with many ties."""

PS = st.lists(st.sampled_from([0.001, 0.004, 0.01, 0.03, 0.05, 0.2, 0.6, 1.0]), max_size=7)


@given(st.lists(EIGHTHS, min_size=1, max_size=9))
def test_sign_flip_counts_every_pattern(values: list[float]) -> None:
    assert sign_flip(values) == oracle.sign_flip(values)


@given(st.lists(EIGHTHS, min_size=1, max_size=9), st.sampled_from([-3.0, 0.1, 1e-9, 1e9]))
def test_sign_flip_does_not_depend_on_unit_order_or_direction(
    values: list[float], unit: float
) -> None:
    p = sign_flip(values)
    assert 0 < p <= 1
    assert sign_flip([v * unit for v in values]) == p
    assert sign_flip(values[::-1]) == p


def test_rounding_tells_no_equal_sums_apart() -> None:
    # The sum is 0 but for rounding, so every pattern is as extreme.
    assert sign_flip([0.1, 0.2, -0.3, 0.3, -0.2, -0.1]) == 1.0
    assert sign_flip([0.1, 0.2, 0.3, 0.3, 0.2, -0.1]) == pytest.approx(
        oracle.sign_flip([1, 2, 3, 3, 2, -1])
    )


def test_without_differences_nothing_is_shown() -> None:
    assert sign_flip([]) == 1.0
    assert sign_flip([0.0, 0.0, 0.0]) == 1.0


@pytest.mark.parametrize("negative", [2, 5, 7])
def test_many_differences_are_sampled(negative: int) -> None:
    # Of equal sizes, the test is the sign test.
    values = [1.0] * (24 - negative) + [-1.0] * negative
    assert sign_flip(values) == pytest.approx(stats.binomtest(negative, 24).pvalue, abs=2e-3)


@given(PS)
def test_holm_is_closed_testing(ps: list[float]) -> None:
    assert holm(ps) == pytest.approx(oracle.holm(ps))


@given(PS)
def test_holm_only_raises_and_keeps_the_order(ps: list[float]) -> None:
    adjusted = holm(ps)
    assert all(p <= a <= 1 for p, a in zip(ps, adjusted, strict=True))
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    assert [adjusted[i] for i in order] == sorted(adjusted)


@pytest.mark.parametrize("arms", range(1, 13))
@pytest.mark.parametrize("level", [0.05, 0.01])
def test_pairs_needed_is_the_least_number_that_can_reach_the_level(arms: int, level: float) -> None:
    n = pairs_needed(arms, level)
    if n <= 12:
        assert min(holm([sign_flip([-1.0] * n)] * arms)) <= level
    assert arms * 2 / 2**n <= level < arms * 2 / 2 ** (n - 1)


@pytest.mark.parametrize("n", [6, 8, 10])
def test_the_interval_covers_the_mean_as_often_as_it_says(n: int) -> None:
    generator = np.random.default_rng(n)
    samples = generator.normal(0.3, 1.0, (400, n))
    covered = np.mean([low <= 0.3 <= high for low, high in map(interval, samples)])
    assert 0.90 <= covered <= 0.98


@given(st.lists(EIGHTHS, min_size=2, max_size=10), st.sampled_from([0.5, 4.0]), EIGHTHS)
def test_the_interval_moves_with_the_differences(
    values: list[float], unit: float, shift: float
) -> None:
    low, high = interval(values)
    assert low <= np.mean(values) + 1e-9
    assert high >= np.mean(values) - 1e-9
    moved = interval([v * unit + shift for v in values])
    assert moved == pytest.approx((low * unit + shift, high * unit + shift), abs=1e-9)


def test_two_differences_are_the_least_for_an_interval() -> None:
    assert interval([]) == interval([1.0]) == (-math.inf, math.inf)
    assert interval([2.0, 2.0]) == (2.0, 2.0)
    assert detectable_effect([1.0]) == math.inf


def test_a_higher_level_is_wider() -> None:
    values = np.random.default_rng(0).normal(0, 1, 10)
    (low, high), (lowest, highest) = interval(values, 0.9), interval(values, 0.99)
    assert lowest < low < high < highest


def test_the_probability_of_being_lower() -> None:
    assert probability_lower([]) == 0.5
    assert probability_lower([0.0, 0.0]) == 0.5
    assert probability_lower([-1.0, -2.0, -1.5]) == 1.0
    assert probability_lower([1.0, 2.0, 1.5]) == 0.0
    values = np.random.default_rng(1).normal(-0.2, 1, 10)
    assert probability_lower(values) + probability_lower(-values) == pytest.approx(1.0)
    # The t distribution says how probable it is, were the differences normal.
    t = values.mean() / (values.std(ddof=1) / math.sqrt(10))
    assert probability_lower(values) == pytest.approx(stats.t.cdf(-t, 9), abs=0.05)


@pytest.mark.parametrize("n", [6, 10, 20])
def test_the_detectable_effect_is_detected_in_four_of_five_trials(n: int) -> None:
    generator = np.random.default_rng(0)
    spread = generator.normal(0, 1, n)
    spread = (spread - spread.mean()) / spread.std(ddof=1)
    effect = detectable_effect(spread)
    found = stats.ttest_1samp(generator.normal(effect, 1, (20_000, n)), 0, axis=1).pvalue < 0.05
    assert np.mean(found) == pytest.approx(0.8, abs=0.04)
