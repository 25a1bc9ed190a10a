"""What units put out, beside the slow oracle, and the laws that hold for any of it."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import activations as oracle

from trainwell.measures.activations import (
    active_units,
    example_spread,
    root_mean_square,
    saturated_share,
)

DTYPES = [torch.float64, torch.float32]
SHAPES = [(1, 1), (1, 7), (9, 1), (2, 3), (33, 17)]


def normal(shape: tuple[int, ...], dtype: torch.dtype, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def tolerance(dtype: torch.dtype) -> float:
    return 1e-12 if dtype == torch.float64 else 1e-5


def matrices(low: float = -50.0, high: float = 50.0, rows: int = 1) -> st.SearchStrategy:
    """Matrices of numbers that are 0 or not tiny: no rounding to 0 on the way."""
    number = st.floats(low, high, allow_subnormal=False).map(lambda v: round(v, 3))
    return st.integers(1, 6).flatmap(
        lambda units: st.lists(
            st.lists(number, min_size=units, max_size=units), min_size=rows, max_size=8
        )
    )


def tensor(rows: list[list[float]]) -> torch.Tensor:
    return torch.tensor(rows, dtype=torch.float64)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_all_measures_agree_with_the_oracle(shape: tuple[int, int], dtype: torch.dtype) -> None:
    rows = normal(shape, dtype)
    listed = rows.double().tolist()
    flat = [v for row in listed for v in row]
    assert active_units(rows).tolist() == oracle.active_units(listed, shape[1])
    near = pytest.approx(oracle.root_mean_square(flat), rel=tolerance(dtype))
    assert root_mean_square(rows) == near
    spread = oracle.example_spread(listed)
    assert example_spread(rows) == pytest.approx(spread, rel=tolerance(dtype), nan_ok=True)
    for kind, squash in (("sigmoid", torch.sigmoid), ("tanh", torch.tanh)):
        outputs = squash(4 * rows)
        expected = oracle.saturated_share(outputs.double().tolist(), kind)
        assert saturated_share(outputs, kind) == pytest.approx(expected, abs=1e-7)


def test_the_bound_of_saturation_lies_where_the_docstring_says() -> None:
    for kind, squash, bound in (("sigmoid", torch.sigmoid, 4.4), ("tanh", torch.tanh, 2.2)):
        assert saturated_share(squash(torch.tensor([[bound - 0.1], [0.1 - bound]])), kind) == 0
        assert saturated_share(squash(torch.tensor([[bound + 0.1], [-0.1 - bound]])), kind) == 1


def test_a_gate_that_opens_and_closes_by_example_is_not_saturated() -> None:
    # Half of its examples in the middle: the mean slope is far from flat.
    assert saturated_share(torch.tensor([[0.0], [1.0], [0.5], [0.5]]), "sigmoid") == 0
    # Pinned to one end or the other on all of them: flat.
    assert saturated_share(torch.tensor([[0.0], [1.0], [0.0], [1.0]]), "sigmoid") == 1


@pytest.mark.parametrize("kind", ["relu", "", "Sigmoid"])
def test_another_kind_is_refused_with_what_was_got(kind: str) -> None:
    with pytest.raises(ValueError, match=f"^`kind` must be 'sigmoid' or 'tanh', got '{kind}'$"):
        saturated_share(torch.zeros(2, 2), kind)


@pytest.mark.parametrize("shape", [(0, 0), (0, 5), (5, 0)])
def test_empty_matrices_have_no_numbers(shape: tuple[int, int]) -> None:
    empty = torch.zeros(shape)
    assert math.isnan(root_mean_square(empty))
    assert math.isnan(example_spread(empty))
    assert math.isnan(saturated_share(empty, "sigmoid"))
    assert active_units(empty).tolist() == [False] * shape[1]


def test_one_example_has_no_spread_and_zeros_have_none() -> None:
    assert math.isnan(example_spread(torch.ones(1, 4)))
    assert math.isnan(example_spread(torch.zeros(4, 4)))
    assert example_spread(torch.full((4, 4), 0.1)) == pytest.approx(0, abs=1e-6)


def test_nan_is_never_active_and_never_a_finite_number() -> None:
    rows = torch.tensor([[math.nan, 1.0], [math.nan, -1.0]])
    assert active_units(rows).tolist() == [False, True]
    assert math.isnan(root_mean_square(rows))
    assert math.isnan(example_spread(rows))
    # A unit that is NaN is not said to be saturated: its slope is unknown.
    assert saturated_share(torch.tensor([[math.nan, 1.0]]), "tanh") == 0.5


@given(matrices(), st.permutations(range(8)), st.sampled_from([1e-6, 0.5, 2.0, 1e6]))
def test_laws_of_order_and_scale(listed: list[list[float]], order: list[int], scale: float) -> None:
    rows = tensor(listed)
    mixed = rows[[n for n in order if n < len(listed)]]
    assert active_units(mixed).tolist() == active_units(rows).tolist()
    assert active_units(rows * scale).tolist() == active_units(rows).tolist()
    size = root_mean_square(rows)
    assert root_mean_square(mixed) == pytest.approx(size, rel=1e-12)
    assert root_mean_square(-scale * rows) == pytest.approx(scale * size, rel=1e-12)
    spread = example_spread(rows)
    assert example_spread(mixed) == pytest.approx(spread, rel=1e-9, abs=1e-12, nan_ok=True)
    assert example_spread(rows * scale) == pytest.approx(spread, rel=1e-9, abs=1e-12, nan_ok=True)


@given(matrices(rows=2))
def test_the_spread_is_a_share_and_agrees_with_the_oracle(listed: list[list[float]]) -> None:
    spread = example_spread(tensor(listed))
    expected = oracle.example_spread(listed)
    assert spread == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)
    assert math.isnan(spread) or 0 <= spread <= 1 + 1e-12


@given(matrices(), st.permutations(range(8)), st.sampled_from(["sigmoid", "tanh"]))
def test_saturation_knows_no_order_and_no_sign(
    listed: list[list[float]], order: list[int], kind: str
) -> None:
    squash = torch.sigmoid if kind == "sigmoid" else torch.tanh
    share = saturated_share(squash(tensor(listed)), kind)
    mixed = tensor(listed)[[n for n in order if n < len(listed)]]
    assert saturated_share(squash(mixed), kind) == share
    assert saturated_share(squash(-tensor(listed)), kind) == share
    assert 0 <= share <= 1


@given(matrices())
def test_a_tanh_unit_is_pinned_where_the_sigmoid_of_twice_its_input_is(
    listed: list[list[float]],
) -> None:
    # tanh(x) = 2 sigmoid(2 x) - 1, so that both slopes are the same share of the steepest.
    rows = tensor(listed)
    one = oracle.saturated_share(torch.tanh(rows).tolist(), "tanh")
    assert saturated_share(torch.sigmoid(2 * rows), "sigmoid") == pytest.approx(one, abs=1e-7)
