"""Measures of what a loss function was given, beside the slow oracle."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import losses as oracle
from tests.oracles import samples

from trainwell.measures.losses import (
    describe,
    distinct_values,
    is_one_hot,
    log_sum_error,
    row_sum_error,
)

NUMBERS = st.floats(-1e4, 1e4).map(lambda v: round(v, 3))
WITH_OTHERS = st.one_of(NUMBERS, st.sampled_from([math.nan, math.inf, -math.inf]))


def near(expected: dict[str, float], rel: float = 1e-9) -> object:
    size = max((abs(v) for v in expected.values() if v == v), default=0.0)
    return pytest.approx(expected, rel=rel, abs=rel * size, nan_ok=True)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("shape", [(1,), (7,), (3, 5), (2, 3, 4), ()])
def test_describe_agrees_with_the_oracle(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    values = 3 + torch.randn(shape, generator=torch.Generator().manual_seed(2), dtype=dtype)
    assert describe(values) == near(oracle.describe(values.double().reshape(-1).tolist()))


@given(st.lists(WITH_OTHERS, max_size=12))
def test_describe_leaves_out_what_is_not_finite(values: list[float]) -> None:
    got = describe(torch.tensor(values, dtype=torch.float64))
    # std comes from squares: a spread far under the mean has fewer digits.
    assert got == near(oracle.describe(values), rel=1e-6)


@given(st.lists(NUMBERS, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_describe_knows_no_order(values: list[float], random) -> None:
    mixed = list(values)
    random.shuffle(mixed)
    first = describe(torch.tensor(values, dtype=torch.float64))
    assert describe(torch.tensor(mixed, dtype=torch.float64)) == near(first, rel=1e-7)


@given(st.lists(NUMBERS, min_size=1, max_size=12), st.sampled_from([1e-6, 4.0, 1e9]))
def test_describe_scales(values: list[float], scale: float) -> None:
    first = describe(torch.tensor(values, dtype=torch.float64))
    larger = describe(scale * torch.tensor(values, dtype=torch.float64))
    assert larger.pop("finite") == first.pop("finite") == 1
    assert larger == near({k: scale * v for k, v in first.items()}, rel=1e-7)


def test_describe_of_targets_far_from_zero() -> None:
    # Seconds since 1970, a minute apart: what a table of events holds.
    values = 1.7e9 + torch.tensor([-60.0, 0.0, 60.0], dtype=torch.float64)
    assert describe(values)["std"] == pytest.approx(60 * math.sqrt(2 / 3), rel=1e-3)
    values = 1e8 + torch.tensor([-1.0, 1.0], dtype=torch.float64)
    assert describe(values)["std"] == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.uint8, torch.bfloat16])
def test_describe_takes_other_number_types(dtype: torch.dtype) -> None:
    got = describe(torch.tensor([0, 1, 1, 1], dtype=dtype))
    assert got == near(oracle.describe([0.0, 1.0, 1.0, 1.0]))


def test_describe_reads_evenly_spaced_elements() -> None:
    values = torch.arange(100.0)
    got = describe(values, count=10)
    assert got == near(oracle.describe(samples.every_nth(values.tolist(), 10)))


def test_describe_does_not_touch_the_graph() -> None:
    values = torch.ones(3, requires_grad=True)
    describe(values * 2)
    assert values.grad is None


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("shape", "dim"), [((1, 1), 1), ((5, 3), 1), ((2, 4, 3), 1), ((4, 3), 0)])
def test_sums_agree_with_the_oracle(shape: tuple[int, ...], dim: int, dtype: torch.dtype) -> None:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(3), dtype=dtype)
    rel = 1e-9 if dtype == torch.float64 else 1e-5
    listed = oracle.class_rows(values.double().tolist(), dim)
    assert log_sum_error(values, dim) == pytest.approx(oracle.log_sum_error(listed), rel=rel)
    assert row_sum_error(values, dim) == oracle.row_sum_error(listed)
    positive = oracle.class_rows(values.abs().double().tolist(), dim)
    assert row_sum_error(values.abs(), dim) == pytest.approx(
        oracle.row_sum_error(positive), rel=rel
    )
    assert row_sum_error(values.softmax(dim), dim) == pytest.approx(0, abs=1e-6)
    assert log_sum_error(values.log_softmax(dim), dim) == pytest.approx(0, abs=1e-6)


@given(
    st.lists(st.lists(st.floats(-30, 30), min_size=3, max_size=3), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.floats(-20, 20),
)
def test_laws_of_log_sums(rows: list[list[float]], random, shift: float) -> None:
    values = torch.tensor(rows, dtype=torch.float64)
    assert log_sum_error(values) == pytest.approx(oracle.log_sum_error(rows), abs=1e-9)
    mixed = list(rows)
    random.shuffle(mixed)
    assert log_sum_error(torch.tensor(mixed, dtype=torch.float64)) == log_sum_error(values)
    # log-sum-exp moves with its operand, which log-softmax takes out.
    assert log_sum_error((values + shift).log_softmax(1)) == pytest.approx(0, abs=1e-9)
    one = torch.tensor(rows[:1], dtype=torch.float64).log_softmax(1) + shift
    assert log_sum_error(one) == pytest.approx(abs(shift), abs=1e-9)


def test_log_probabilities_of_minus_infinity_are_log_probabilities() -> None:
    assert log_sum_error(torch.tensor([[0.0, -math.inf]])) == 0
    assert log_sum_error(torch.tensor([[-math.inf, -math.inf]])) == math.inf


def test_sums_of_nothing_and_of_nan() -> None:
    assert row_sum_error(torch.zeros(0, 3)) == math.inf
    assert log_sum_error(torch.zeros(0, 3)) == math.inf
    assert math.isnan(row_sum_error(torch.tensor([[math.nan, 0.5]])))
    assert math.isnan(log_sum_error(torch.tensor([[math.nan, 0.5]])))


def test_one_class_is_always_sure() -> None:
    assert row_sum_error(torch.ones(4, 1)) == 0
    assert log_sum_error(torch.zeros(4, 1)) == 0


def test_one_row_out_of_many_is_read() -> None:
    values = torch.full((256, 2), 0.5)
    values[255, 0] = 0.75
    assert row_sum_error(values, rows=256) == 0.25
    assert row_sum_error(values, rows=128) == 0, "every second row, the last not among them"


@pytest.mark.parametrize(
    "rows",
    [
        [[1.0, 0.0], [0.0, 1.0]],
        [[1.0, 0.0], [1.0, 1.0]],
        [[0.0, 0.0], [0.0, 1.0]],
        [[0.5, 0.5]],
        [[2.0, -1.0]],
        [[0.0, 0.0, 1.0]],
        [[1.0]],
        [[math.nan, 1.0]],
        [[math.inf, 0.0]],
    ],
)
def test_one_hot_agrees_with_the_oracle(rows: list[list[float]]) -> None:
    assert is_one_hot(torch.tensor(rows)) == oracle.is_one_hot(rows)


@given(st.lists(st.lists(st.sampled_from([0.0, 1.0, 0.5]), min_size=2, max_size=2), max_size=5))
def test_one_hot_of_any_rows(rows: list[list[float]]) -> None:
    values = torch.tensor(rows, dtype=torch.float64).reshape(-1, 2)
    assert is_one_hot(values) == oracle.is_one_hot(rows)


@pytest.mark.parametrize("shape", [(), (4,), (0, 4), (4, 1), (2, 2, 2)])
def test_other_shapes_are_not_one_hot(shape: tuple[int, ...]) -> None:
    assert not is_one_hot(torch.ones(shape))


def test_one_hot_of_whole_numbers() -> None:
    assert is_one_hot(torch.eye(5, dtype=torch.int64))
    assert is_one_hot(torch.eye(5, dtype=torch.bool))


@given(st.lists(st.integers(-5, 5).map(float), max_size=30), st.integers(1, 6))
def test_distinct_values_agree_with_the_oracle(values: list[float], limit: int) -> None:
    got = distinct_values(torch.tensor(values, dtype=torch.float64), limit)
    assert got == oracle.distinct_values(values, limit)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.float32])
def test_distinct_values_of_other_number_types(dtype: torch.dtype) -> None:
    assert distinct_values(torch.tensor([[2, 0], [0, 1]], dtype=dtype)) == [0.0, 1.0, 2.0]
    assert distinct_values(torch.tensor([True, False])) == [0.0, 1.0]


def test_distinct_values_at_their_limit() -> None:
    assert len(distinct_values(torch.arange(32))) == 32
    assert distinct_values(torch.arange(33)) == []
    assert distinct_values(torch.zeros(0)) == []
