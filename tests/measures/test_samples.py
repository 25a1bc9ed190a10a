"""Even samples of large tensors: what is chosen, how much of it, and what stays put."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import samples as oracle

from trainwell.measures.samples import every_nth, unit_rows

SHAPES = st.lists(st.integers(1, 7), min_size=2, max_size=4).map(tuple)


def numbered(shape: tuple[int, ...], dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Every element another number: what was chosen can be told."""
    return torch.arange(torch.Size(shape).numel(), dtype=dtype).reshape(shape)


@given(st.integers(0, 200), st.integers(1, 60))
def test_every_nth_agrees_with_the_oracle(length: int, count: int) -> None:
    values = torch.arange(float(length))
    got = every_nth(values, count).tolist()
    assert got == oracle.every_nth(values.tolist(), count)
    assert len(got) <= count


def test_every_nth_of_tables_scalars_and_strided_views() -> None:
    assert every_nth(numbered((3, 4)), 100).tolist() == list(range(12))
    assert every_nth(numbered((3, 4)).T, 6).tolist() == [0, 9, 7]
    assert every_nth(torch.tensor(3.0), 1).tolist() == [3.0]


def test_every_nth_reads_all_columns_of_a_table_by_turns() -> None:
    # 512 units of 784 inputs: an even stride of 196 would read the same four inputs of all units.
    columns = torch.arange(784).repeat(512, 1)
    assert len(set(every_nth(columns, 2048).tolist())) > 500


def test_every_nth_is_a_view_where_it_can_be() -> None:
    values = numbered((1000,))
    assert every_nth(values, 10).data_ptr() == values.data_ptr()


def test_every_nth_of_a_sparse_tensor_reads_what_is_stored() -> None:
    values = torch.sparse_coo_tensor(
        torch.tensor([[0, 5]]), torch.tensor([1.0, 2.0]), (1000,), check_invariants=True
    )
    assert every_nth(values, 10).tolist() == [1.0, 2.0]


@given(SHAPES, st.data())
def test_unit_rows_are_examples_of_the_same_units(shape: tuple[int, ...], data) -> None:
    unit_dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    rows, units = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 8))
    turn = data.draw(st.integers(0, 9))
    values = numbered(shape)
    got = unit_rows(values, unit_dim, turn=turn, rows=rows, units=units)
    chosen = oracle.chosen_units(shape[unit_dim], units)
    every = [
        oracle.example_row(values, e, unit_dim, chosen) for e in oracle.examples(shape, unit_dim)
    ]
    assert got.dtype == torch.float32
    assert got.shape[1] == len(chosen) <= units
    assert 1 <= got.shape[0] <= rows
    listed = [tuple(row) for row in got.tolist()]
    assert len(set(listed)) == len(listed), "no example twice"
    assert [row for row in every if row in set(listed)] == listed, "in their order"
    if len(every) <= rows:
        assert listed == every, "all of them where they fit"


def test_turns_show_other_examples() -> None:
    values = numbered((640, 3))
    seen: set[float] = set()
    for turn in range(10):
        seen |= set(unit_rows(values, 1, turn=turn).flatten().tolist())
    assert len(seen) == 640 * 3, "ten turns of 64 rows show all 640"
    assert unit_rows(values, 1, turn=10).tolist() == unit_rows(values, 1, turn=0).tolist()


def test_pictures_give_channels_as_units() -> None:
    got = unit_rows(numbered((8, 5, 6, 6)), 1, rows=64)
    assert got.shape[1] == 5
    assert got.shape[0] <= 64


def test_wide_layers_keep_the_same_units_whatever_the_turn() -> None:
    values = numbered((100, 300))
    one, other = unit_rows(values, 1, turn=0) % 300, unit_rows(values, 1, turn=1) % 300
    assert one[0].tolist() == other[0].tolist() == oracle.chosen_units(300, 64)


def test_one_example_and_one_unit() -> None:
    assert unit_rows(torch.tensor([[7.0]]), 1).tolist() == [[7.0]]
    assert unit_rows(numbered((1, 4)), 1).tolist() == [[0, 1, 2, 3]]
    assert unit_rows(numbered((4, 1)), 1).tolist() == [[0], [1], [2], [3]]


def test_no_examples_and_no_units() -> None:
    assert unit_rows(torch.zeros(0, 5), 1).shape == (0, 5)
    assert unit_rows(torch.zeros(5, 0), 1).shape[1] == 0


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_the_result_is_float32(dtype: torch.dtype) -> None:
    got = unit_rows(numbered((3, 2), dtype), 1)
    assert got.dtype == torch.float32
    assert got.tolist() == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("shape", [(), (3,)])
def test_fewer_than_two_dimensions_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ValueError, match=rf"^`values` must have two or more dimensions, got {len(shape)}$"
    ):
        unit_rows(torch.zeros(shape), 0)
