"""Measures of weights, beside the slow oracle."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import samples
from tests.oracles import weights as oracle
from torch import nn

from trainwell.measures.weights import distinct_row_share, fans, is_default_uniform, moments

NUMBERS = st.floats(-100, 100).map(lambda v: round(v, 3))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((10, 64), (64, 10)),
        ((16, 3, 5, 5), (75, 400)),
        ((8, 4, 3), (12, 24)),
        ((4, 2, 3, 3, 3), (54, 108)),
        ((1, 1), (1, 1)),
        ((7,), (0, 0)),
        ((), (0, 0)),
    ],
)
def test_fans_by_hand(shape: tuple[int, ...], expected: tuple[int, int]) -> None:
    assert fans(shape) == oracle.fans(shape) == expected


@pytest.mark.parametrize("shape", [(10, 64), (16, 3, 5, 5), (8, 4, 3)])
def test_fans_agree_with_pytorch(shape: tuple[int, ...]) -> None:
    got = torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape))
    assert fans(shape) == got


@given(st.lists(st.integers(0, 5), max_size=5).map(tuple))
def test_fans_of_any_shape(shape: tuple[int, ...]) -> None:
    assert fans(shape) == oracle.fans(shape)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("shape", [(1,), (2, 3), (32, 5, 3, 3)])
def test_moments_agree_with_the_oracle(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(4), dtype=dtype)
    expected = oracle.moments(weight.double().reshape(-1).tolist())
    assert moments(weight) == pytest.approx(expected, rel=1e-9, nan_ok=True)


def test_kurtosis_tells_uniform_from_normal() -> None:
    generator = torch.Generator().manual_seed(5)
    assert moments(torch.rand(50_000, generator=generator))["kurtosis"] == pytest.approx(
        1.8, abs=0.02
    )
    assert moments(torch.randn(50_000, generator=generator))["kurtosis"] == pytest.approx(
        3.0, abs=0.1
    )


@given(
    st.lists(NUMBERS, min_size=1, max_size=20),
    st.sampled_from([1e-3, 0.5, 100.0]),
    st.randoms(use_true_random=False),
)
def test_laws_of_moments(values: list[float], scale: float, random) -> None:
    first = moments(torch.tensor(values, dtype=torch.float64))
    size = max(map(abs, values)) + 1
    mixed = list(values)
    random.shuffle(mixed)
    again = moments(torch.tensor(mixed, dtype=torch.float64))
    assert again == pytest.approx(first, rel=1e-6, abs=1e-9 * size, nan_ok=True)
    larger = moments(-scale * torch.tensor(values, dtype=torch.float64))
    assert larger["mean"] == pytest.approx(-scale * first["mean"], abs=1e-9 * scale * size)
    assert larger["std"] == pytest.approx(scale * first["std"], abs=1e-9 * scale * size)
    assert larger["peak"] == pytest.approx(scale * first["peak"])
    if first["std"] > 1e-4:
        assert larger["kurtosis"] == pytest.approx(first["kurtosis"], rel=1e-6)
        assert first["kurtosis"] >= 1 - 1e-9, "no distribution has less"


@given(st.floats(-1e3, 1e3), st.integers(1, 50))
def test_equal_elements_have_no_kurtosis(value: float, count: int) -> None:
    got = moments(torch.full((count,), value, dtype=torch.float64))
    assert math.isnan(got["kurtosis"])
    assert got["std"] == pytest.approx(0, abs=1e-9)


def test_moments_of_nothing_and_of_nan() -> None:
    assert all(math.isnan(v) for v in moments(torch.zeros(0)).values())
    assert all(math.isnan(v) for v in moments(torch.tensor([1.0, math.nan])).values())


def test_moments_read_evenly_spaced_elements() -> None:
    weight = torch.arange(1000.0)
    expected = oracle.moments(samples.every_nth(weight.tolist(), 100))
    assert moments(weight, count=100) == pytest.approx(expected)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("shape", [(2, 1), (16, 8), (64, 20)])
def test_units_of_a_random_weight_all_differ(shape: tuple[int, int], dtype: torch.dtype) -> None:
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(6), dtype=dtype)
    assert distinct_row_share(weight) == oracle.distinct_row_share(weight.tolist()) == 1


@given(
    st.lists(
        st.lists(st.integers(-3, 3).map(float), min_size=3, max_size=3), min_size=2, max_size=12
    ),
    st.randoms(use_true_random=False),
    st.sampled_from([1e-12, 0.1, 1e12]),
)
def test_copies_agree_with_the_oracle_in_any_order_and_scale(
    rows: list[list[float]], random, scale: float
) -> None:
    expected = oracle.distinct_row_share(rows)
    assert distinct_row_share(torch.tensor(rows)) == pytest.approx(expected)
    mixed = list(rows)
    random.shuffle(mixed)
    assert distinct_row_share(torch.tensor(mixed)) == pytest.approx(expected)
    assert distinct_row_share(scale * torch.tensor(rows)) == pytest.approx(expected)


@given(st.integers(1, 8), st.integers(1, 40), st.integers(0, 2**16))
def test_repeated_units_are_counted_once(distinct: int, copies: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    units = torch.randn(distinct, 33, generator=generator)
    weight = units.repeat(copies, 1)[: 64 // distinct * distinct]
    weight = weight[torch.randperm(len(weight), generator=generator)]
    expected = oracle.distinct_row_share(weight.tolist())
    assert distinct_row_share(weight) == pytest.approx(expected)


def test_rounding_does_not_tell_copies_apart() -> None:
    row = torch.randn(1, 50, generator=torch.Generator().manual_seed(7))
    noise = 1e-8 * torch.randn(32, 50, generator=torch.Generator().manual_seed(8))
    assert distinct_row_share(row + noise) == 1 / 32
    assert distinct_row_share(row + 1e4 * noise) == 1


def test_constant_and_zero_weights_are_copies() -> None:
    assert distinct_row_share(torch.full((4, 3), 0.05)) == 0.25
    assert distinct_row_share(torch.zeros(4, 3)) == 0.25


def test_convolutions_are_read_by_unit_and_biases_not_at_all() -> None:
    weight = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(9))
    assert distinct_row_share(weight.repeat(3, 1, 1, 1)) == pytest.approx(2 / 6)
    assert distinct_row_share(torch.tensor([1.0, 1.0, 2.0, 2.0])) == 1


def test_wide_weights_are_thinned() -> None:
    assert distinct_row_share(torch.ones(1000, 4)) == pytest.approx(1 / 63)


def test_fewer_than_two_units_and_nan() -> None:
    assert distinct_row_share(torch.zeros(1, 5)) == 1
    assert distinct_row_share(torch.tensor([[math.nan], [math.nan]])) == 1
    assert distinct_row_share(torch.tensor([[math.inf], [1.0]])) == 1


@pytest.mark.parametrize("shape", [(0, 5), (0,), (3, 0)])
def test_weights_without_elements(shape: tuple[int, ...]) -> None:
    assert distinct_row_share(torch.zeros(shape)) == 1


@pytest.mark.parametrize("layer", [nn.Linear(9, 64), nn.Conv2d(3, 8, 3), nn.Linear(300, 300)])
def test_a_fresh_layer_is_at_its_default_initialisation(layer: nn.Module) -> None:
    for seed in range(20):
        torch.manual_seed(seed)
        layer.reset_parameters()  # type: ignore[operator]
        assert is_default_uniform(layer.weight)  # type: ignore[arg-type]


@pytest.mark.parametrize("change", [1.01, 0.9])
def test_a_scaled_weight_is_not(change: float) -> None:
    torch.manual_seed(0)
    weight = nn.Linear(40, 50).weight.detach()
    assert is_default_uniform(weight)
    assert not is_default_uniform(weight * change)
    assert not is_default_uniform(torch.randn(50, 40) / 40**0.5 / 3**0.5)
    assert not is_default_uniform(torch.zeros(50, 40))
    assert not is_default_uniform(torch.zeros(50))
