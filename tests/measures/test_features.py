"""Running statistics of columns, beside two passes over all rows at once."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles import features as oracle

from trainwell.measures.features import ColumnStatistics

NUMBERS = st.one_of(
    st.floats(-1e4, 1e4).map(lambda v: round(v, 4)),
    st.sampled_from([math.nan, math.inf, -math.inf]),
)


def fed(*batches: list[list[float]], columns: int = 3, dtype=torch.float64) -> ColumnStatistics:
    statistics = ColumnStatistics()
    for batch in batches:
        statistics.add(torch.tensor(batch, dtype=dtype).reshape(-1, columns))
    return statistics


def check(statistics: ColumnStatistics, rows: list[list[float]], columns: int, rel: float) -> None:
    expected = oracle.column_statistics(rows, columns)
    got = statistics.lists()
    assert set(got) == {"mean", "std", "low", "high"}
    for name, values in expected.items():
        size = max((abs(v) for v in expected["high"] + expected["low"] if v == v), default=0.0)
        assert list(got[name]) == pytest.approx(values, rel=rel, abs=rel * size, nan_ok=True), name
    assert statistics.example_norm() == pytest.approx(oracle.example_norm(rows), rel=1e-5)
    assert statistics.non_finite == oracle.non_finite(rows)
    assert statistics.rows == len(rows)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("splits", [(40,), (1, 39), (13, 13, 14), (1,) * 40])
def test_batches_add_up_to_the_whole(splits: tuple[int, ...], dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(1)
    rows = 5 + torch.randn(40, 3, generator=generator, dtype=dtype) * torch.tensor(
        [1e-3, 1.0, 1e3], dtype=dtype
    )
    statistics = ColumnStatistics()
    for part in rows.split(list(splits)):
        statistics.add(part)
    check(statistics, rows.double().tolist(), 3, 1e-9)


@given(
    st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=5), min_size=1, max_size=4)
)
def test_any_batches_agree_with_the_oracle(batches: list[list[tuple[float, float]]]) -> None:
    statistics = fed(*([list(r) for r in batch] for batch in batches), columns=2)
    check(statistics, [list(r) for batch in batches for r in batch], 2, 1e-9)


@given(
    st.lists(st.floats(-100, 100).map(lambda v: round(v, 3)), min_size=2, max_size=12),
    st.sampled_from([1e-3, 7.0, 1e5]),
    st.randoms(use_true_random=False),
)
def test_laws_of_order_scale_and_shift(values: list[float], scale: float, random) -> None:
    plain = fed([[v] for v in values], columns=1).lists()
    mixed = list(values)
    random.shuffle(mixed)
    size = max(abs(v) for v in values) + 1
    again = fed([[v] for v in mixed], columns=1).lists()
    for name, (value,) in plain.items():
        assert again[name][0] == pytest.approx(value, abs=1e-12 * size)
    larger = fed([[scale * v] for v in values], columns=1).lists()
    assert larger["std"][0] == pytest.approx(scale * plain["std"][0], abs=1e-9 * scale * size)
    assert larger["mean"][0] == pytest.approx(scale * plain["mean"][0], abs=1e-9 * scale * size)
    shifted = fed([[v + 1e6] for v in values], columns=1).lists()
    assert shifted["std"][0] == pytest.approx(plain["std"][0], abs=1e-6)


def test_a_large_offset_costs_no_digits() -> None:
    # The textbook formula, mean of squares less square of mean, gives 0 or NaN here.
    (std,) = fed([[1e9 - 1], [1e9 + 1]], [[1e9 - 1], [1e9 + 1]], columns=1).lists()["std"]
    assert std == pytest.approx(1.0, rel=1e-6)


def test_a_column_that_is_finite_only_later() -> None:
    statistics = fed([[math.nan, 1.0]], [[3.0, math.inf]], [[5.0, 3.0]], columns=2)
    assert statistics.lists()["mean"] == (4.0, 2.0)
    assert statistics.lists()["std"] == (1.0, 1.0)
    assert statistics.non_finite == 2


def test_nothing_added() -> None:
    statistics = ColumnStatistics()
    assert statistics.lists() == {"mean": (), "std": (), "low": (), "high": ()}
    assert statistics.example_norm() == 0
    assert (statistics.rows, statistics.total_columns, statistics.non_finite) == (0, 0, 0)


def test_one_row_deviates_by_nothing() -> None:
    assert fed([[2.0, -3.0, 0.0]]).lists()["std"] == (0.0, 0.0, 0.0)


def test_the_number_of_columns_may_not_change() -> None:
    statistics = fed([[1.0, 2.0, 3.0]])
    with pytest.raises(ValueError, match=r"^expected 3 columns, got 2$"):
        statistics.add(torch.zeros(1, 2))


def test_an_empty_batch_changes_nothing() -> None:
    statistics = fed([[1.0, 2.0, 3.0]])
    statistics.add(torch.zeros(0, 3))
    assert statistics.lists()["mean"] == (1.0, 2.0, 3.0)
    assert statistics.rows == 1


def test_an_empty_batch_at_first_changes_nothing() -> None:
    statistics = ColumnStatistics()
    statistics.add(torch.zeros(0, 3))
    statistics.add(torch.tensor([[1.0, 2.0, 3.0]]))
    assert statistics.lists()["mean"] == (1.0, 2.0, 3.0)


def test_many_columns_and_rows_are_thinned_evenly() -> None:
    batch = torch.arange(1000.0).repeat(600, 1)
    statistics = ColumnStatistics(columns=256, rows=256)
    statistics.add(batch)
    kept = statistics.lists()["mean"]
    assert len(kept) == 250
    assert kept == tuple(range(0, 1000, 4))
    assert statistics.total_columns == 1000
    assert statistics.rows == 256
    batch[599, 999] = math.nan
    statistics.add(batch)
    assert statistics.non_finite == 1, "values that are not sampled are searched for NaN too"


def test_the_rows_that_are_read_do_not_keep_step_with_a_pictures_width() -> None:
    # Positions of 64 pictures of 8 x 8, row by row: each column of a picture has its own value.
    columns = (torch.arange(64 * 64) % 8).float()[:, None]
    statistics = ColumnStatistics()
    statistics.add(columns)
    assert statistics.lists()["mean"][0] == pytest.approx(3.5, abs=0.15)


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool, torch.float16])
def test_other_number_types(dtype: torch.dtype) -> None:
    statistics = ColumnStatistics()
    statistics.add(torch.tensor([[0, 1], [1, 1]], dtype=dtype))
    assert statistics.lists()["mean"] == (0.5, 1.0)


@given(st.lists(st.lists(st.floats(-100, 100), min_size=2, max_size=2), min_size=1, max_size=40))
def test_spans_agree_with_sorted_columns(rows: list[list[float]]) -> None:
    got = fed(rows, columns=2).spans()
    for column in range(2):
        values = sorted(row[column] for row in rows)
        for name, low, high in (("bulk", 0.05, 0.95), ("core", 0.25, 0.75)):
            wanted = oracle.percentile(values, high) - oracle.percentile(values, low)
            assert got[name][column] == pytest.approx(wanted, abs=1e-9)


def test_spans_of_nothing_and_of_what_is_not_finite() -> None:
    assert ColumnStatistics().spans() == {"bulk": (), "core": ()}
    spans = fed([[1.0, math.nan], [1.0, 2.0], [1.0, math.inf]], columns=2).spans()
    assert spans == {"bulk": (0.0, 0.0), "core": (0.0, 0.0)}
