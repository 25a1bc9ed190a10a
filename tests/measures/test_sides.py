"""Two sides of data side by side, against slow oracles; labels beside their neighbours."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp, rankdata

from trainwell.measures import sides


def clusters(
    seed: int, rows: int, kinds: int = 3, columns: int = 6
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(kinds, size=rows)
    centres = 3 * np.random.default_rng(99).normal(size=(kinds, columns))
    return centres[labels] + rng.normal(size=(rows, columns)), labels.astype(float)


# Labels beside neighbours


def test_neighbours_agree_as_a_slow_search_finds() -> None:
    rows, labels = clusters(0, 120)
    rows += 4 * np.random.default_rng(1).normal(size=rows.shape)
    votes = []
    for at in range(len(rows)):
        distance = ((rows - rows[at]) ** 2).sum(1)
        distance[at] = np.inf
        near = [labels[i] for i in np.argsort(distance)[:5]]
        votes.append(max(near, key=near.count))
    found = sides.agreement(rows, labels, classes=True)
    assert found is not None
    assert list(found.votes) == votes
    assert found.share == pytest.approx(np.mean(np.array(votes) == labels))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("classes", [True, False])
def test_labels_of_other_rows_are_at_chance(seed: int, classes: bool) -> None:
    rows, labels = clusters(seed, 300)
    values = labels if classes else rows[:, 0] + rows[:, 1]
    good = sides.agreement(rows, values, classes=classes)
    line = sides.linear_agreement(sides.standardised(rows), values, classes=classes)
    assert good is not None
    assert line is not None
    assert min(good.sigmas, line.sigmas) > 10
    mixed = np.random.default_rng(seed).permutation(values)
    bad = sides.agreement(rows, mixed, classes=classes)
    line = sides.linear_agreement(sides.standardised(rows), mixed, classes=classes)
    assert bad is not None
    assert line is not None
    assert max(bad.sigmas, line.sigmas) < 3.5


def test_the_linear_fit_leaves_each_row_out_as_a_refit_does() -> None:
    rng = np.random.default_rng(3)
    rows = sides.standardised(rng.normal(size=(60, 4)))
    labels = rows @ np.array([1.0, -2.0, 0.0, 0.5]) + 0.5 * rng.normal(size=60)
    found = sides.linear_agreement(rows, labels, classes=False)
    assert found is not None
    guesses = []
    for at in range(60):
        kept = np.arange(60) != at
        design = np.c_[rows[kept], np.ones(59)]
        weights = np.linalg.lstsq(design, labels[kept], rcond=None)[0]
        guesses.append(np.r_[rows[at], 1.0] @ weights)
    slow = 1 - ((labels - guesses) ** 2).mean() / labels.var()
    assert found.share == pytest.approx(slow, abs=0.03)


def test_few_rows_are_not_judged() -> None:
    rows, labels = clusters(0, 39)
    assert sides.agreement(rows, labels, classes=True) is None
    assert sides.linear_agreement(rows, labels, classes=True) is None
    assert sides.column_differences(rows, rows) == []
    assert sides.reordered(rows, rows) == []


def test_exchanged_classes_are_named_once() -> None:
    labels = np.repeat([0.0, 1.0, 2.0, 3.0], 20)
    votes = np.repeat([0.0, 3.0, 2.0, 1.0], 20)
    votes[20:24] = 0
    assert sides.swapped_labels(labels, votes) == [(1.0, 3.0, 0.8, 1.0)]
    assert sides.swapped_labels(labels, labels) == []
    # One that is taken for another, but not the other way round, is only hard.
    votes[60:] = 3
    assert sides.swapped_labels(labels, votes) == []


def test_parts_of_a_data_set_are_told_by_their_rows() -> None:
    index = np.random.default_rng(0).permutation(800).astype(float)
    parts = sides.block_agreement(index, index < 400)
    assert [share for _, _, share in parts] == [1.0] * 4 + [0.0] * 4
    assert parts[0][:2] == (0, 99)
    assert sides.block_agreement(index[:100], index[:100] < 50) == []


# Columns


@pytest.mark.parametrize("seed", range(4))
def test_distances_of_distributions_are_those_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, two = rng.normal(size=(90, 5)), rng.normal(0.9, 1.5, size=(70, 5))
    one[:, 4], two[:, 4] = rng.integers(3, size=90), rng.integers(5, size=70)
    found = {d["column"]: d["apart"] for d in sides.column_differences(one, two, least=0.0)}
    for column, apart in found.items():
        assert apart == pytest.approx(ks_2samp(one[:, column], two[:, column]).statistic)


@pytest.mark.parametrize("seed", range(20))
def test_halves_of_one_data_set_do_not_differ(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.c_[
        rng.normal(size=(400, 20)), rng.exponential(size=(400, 5)), rng.integers(2, size=(400, 5))
    ]
    assert sides.column_differences(rows[:250], rows[250:]) == []
    assert sides.reordered(rows[:250], rows[250:]) == []


def test_another_unit_is_alike_once_scaled() -> None:
    rows, _ = clusters(0, 400)
    other = rows[200:].copy()
    other[:, 2] = 30 + 25 * other[:, 2]
    (found,) = sides.column_differences(rows[:200], other)
    assert found["column"] == 2
    assert found["apart"] > 0.6
    assert found["apart_scaled"] < 0.2


def test_columns_in_another_order_are_assigned() -> None:
    rng = np.random.default_rng(0)
    rows = np.c_[
        rng.normal(0, 1, 600), rng.normal(8, 2, 600), rng.exponential(1, 600), rng.random(600)
    ]
    moved = rows[300:][:, [0, 2, 1, 3]]
    assert sides.reordered(rows[:300], moved) == [(1, 2), (2, 1)]
    # Columns that are alike may stand in any order: nobody can tell.
    alike = rng.normal(size=(600, 4))
    assert sides.reordered(alike[:300], alike[300:][:, ::-1]) == []


@pytest.mark.parametrize("classes", [True, False])
def test_a_column_that_tells_on_one_side_only(classes: bool) -> None:
    rows, labels = clusters(0, 400)
    rows = np.random.default_rng(1).normal(size=rows.shape)
    rows[:200, 4] = labels[:200] + 0.01 * rows[:200, 4]
    found = sides.one_sided_relations(
        rows[:200], labels[:200], rows[200:], labels[200:], classes=classes
    )
    assert [f["column"] for f in found] == [4]
    assert found[0]["training"] > 0.9
    assert found[0]["evaluation"] < 0.2


@pytest.mark.parametrize("value", [-999.0, 9999.0, -1e6])
def test_a_code_for_missing_values_stands_apart(value: float) -> None:
    rows = np.random.default_rng(0).normal(50, 10, size=(300, 4))
    rows[::9, 2] = value
    (found,) = sides.spikes(rows)
    assert (found["column"], found["value"]) == (2, value)
    assert found["share"] == pytest.approx(34 / 300)


def test_what_is_no_code() -> None:
    rng = np.random.default_rng(0)
    rows = np.c_[
        rng.integers(2, size=300),  # two values
        np.maximum(rng.normal(size=300), 0),  # a floor that the others touch
        rng.exponential(size=300) ** 3,  # a long tail
        np.r_[rng.normal(size=299), 1e4],  # one outlier
        np.zeros(300),
    ]
    assert sides.spikes(rows) == []


def test_ranks_share_the_places_of_equal_values() -> None:
    rows = np.random.default_rng(0).integers(6, size=(50, 3)).astype(float)
    wanted = np.stack([rankdata(column) for column in rows.T], 1)
    assert sides.ranked(rows) == pytest.approx(sides.standardised(wanted))


# Words


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_word_that_fills_rows_up(side: str) -> None:
    rng = np.random.default_rng(0)
    rows = np.full((60, 12), 7)
    for row in rows:
        length = rng.integers(3, 12)
        words = rng.integers(20, 90, length)
        if side == "left":
            row[-length:] = words
        else:
            row[:length] = words
    found = sides.padding(rows)
    assert (found["word"], found["side"]) == (7, side)
    assert found["share"] == pytest.approx((rows == 7).mean())
    assert sides.padding(rng.integers(20, 90, size=(60, 12))) == {}


def test_counts_of_words_leave_out_what_stands_everywhere() -> None:
    rows = np.array([[0, 0, 5, 6], [0, 0, 7, 8], [0, 0, 5, 6]])
    counts = sides.word_counts(rows)
    assert counts[0] == pytest.approx(counts[2])
    assert counts[0] @ counts[1] == pytest.approx(0.0)
