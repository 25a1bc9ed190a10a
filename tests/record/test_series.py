"""Arithmetic of a quantity over the steps."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.record import Series

NUMBERS = st.floats(-1e6, 1e6)
ANY = st.one_of(NUMBERS, st.sampled_from([math.nan, math.inf, -math.inf]))


def series(*values: float) -> Series:
    return Series(list(range(len(values))), list(values))


def test_an_empty_series_has_no_numbers() -> None:
    empty = Series()
    assert len(empty) == 0
    assert list(empty) == empty.finite == empty.last(3) == []
    for number in (empty.start(), empty.end(), empty.fall(), empty.median()):
        assert math.isnan(number)


def test_values_come_with_their_steps() -> None:
    made = Series()
    made.append(3, 1.5)
    made.append(9, math.nan)
    assert made.steps == [3, 9]
    assert next(iter(made)) == (3, 1.5)
    assert len(made) == 2
    assert made.finite == [1.5]


def test_two_series_share_nothing() -> None:
    Series().append(0, 1.0)
    assert Series().values == []


def test_start_and_end_are_means_of_a_tenth() -> None:
    made = series(*map(float, range(30)))
    assert made.start() == 1.0
    assert made.end() == 28.0
    assert made.start(0.5) == 7.0
    assert made.end(1.0) == made.start(1.0) == 14.5


def test_few_values_give_one_at_least() -> None:
    assert series(4.0, 2.0).start() == 4.0
    assert series(4.0, 2.0).end() == 2.0
    assert series(7.0).start() == series(7.0).end() == 7.0


@pytest.mark.parametrize(
    ("values", "fall"),
    [
        ([2.0, 0.0], 1.0),
        ([2.0, 2.0], 0.0),
        ([2.0, 4.0], -1.0),
        ([2.0, 1.5], 0.25),
        ([-2.0, -4.0], 1.0),
        ([2.0, -2.0], 2.0),
        ([0.0, 0.0], 0.0),
        ([math.nan, 2.0, math.inf, 1.0], 0.5),
    ],
)
def test_fall_is_a_share_of_the_start(values: list[float], fall: float) -> None:
    assert series(*values).fall() == pytest.approx(fall)


def test_last_values_are_the_finite_ones() -> None:
    made = series(1.0, math.nan, 2.0, 3.0, math.inf)
    assert made.last(2) == [2.0, 3.0]
    assert made.last(9) == [1.0, 2.0, 3.0]


def test_the_last_none_are_none() -> None:
    assert series(1.0, 2.0).last(0) == []


def test_the_median_ignores_what_is_not_finite() -> None:
    assert series(3.0, math.nan, 1.0, math.inf, 2.0).median() == 2.0
    assert series(1.0, 2.0).median() == 1.5
    assert math.isnan(series(math.nan, math.inf).median())


def test_losses_near_the_largest_number_do_not_overflow() -> None:
    made = series(*[1.7e308] * 40)
    assert made.start() == made.end() == pytest.approx(1.7e308)


@given(st.lists(ANY, max_size=40), st.floats(0, 1))
def test_start_end_and_median_lie_between_the_extremes(values: list[float], share: float) -> None:
    made = series(*values)
    finite = [v for v in values if math.isfinite(v)]
    assert made.finite == finite
    for number in (made.start(share), made.end(share), made.median()):
        if finite:
            assert min(finite) - 1e-6 <= number <= max(finite) + 1e-6
        else:
            assert math.isnan(number)


@given(st.lists(NUMBERS, min_size=1, max_size=40), st.sampled_from([0.5, 2.0, 1024.0]))
def test_scale_and_direction(values: list[float], scale: float) -> None:
    made, larger = series(*values), series(*(scale * v for v in values))
    assert larger.start() == pytest.approx(scale * made.start())
    assert larger.median() == pytest.approx(scale * made.median())
    if abs(made.start()) > 1e-3:
        assert larger.fall() == pytest.approx(made.fall())
    assert series(*reversed(values)).start() == pytest.approx(made.end())


@given(st.lists(NUMBERS, min_size=2, max_size=30), st.integers(1, 9))
def test_parts_of_a_run_make_the_whole(values: list[float], parts: int) -> None:
    made = Series([3 * i * i for i in range(len(values))], values)
    pieces = [made.part(i / parts, (i + 1) / parts) for i in range(parts)]
    assert [v for piece in pieces for v in piece] == values


def test_a_part_is_chosen_by_steps_not_by_count() -> None:
    made = Series([0, 1, 2, 3, 50, 99, 100], [float(i) for i in range(7)])
    assert made.part(0, 0.5) == [0, 1, 2, 3]
    assert made.part(0.5, 1) == [4, 5, 6]
    assert Series().part(0, 1) == []
    assert Series([0, 10], [1.0, math.nan]).part(0, 1) == [1.0]
