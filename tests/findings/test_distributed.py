"""DST101 and DST102 on invented ranks."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.findings.invented import Invention, falling, only, sightings, undecided

from trainwell.findings.diverging_replicas import DivergingReplicas
from trainwell.findings.repeated_shards import RepeatedShards
from trainwell.record import Place, Rank, Run, Series

STEPS = [0, 1, 2, 4, 5, 8, 10, 16, 20, 25]
NAMES = ("fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias")
Weights = Callable[[int, str], float]
Rows = Callable[[int], list[float]]


def weights(step: int, name: str) -> float:
    """A number of each parameter that moves with the steps."""
    return 1.0 + NAMES.index(name) + 0.01 * step * (1 + NAMES.index(name))


def own_rows(rank: int) -> Rows:
    return lambda step: [float(100_000 * rank + 100 * step + at) for at in range(8)]


def rank(
    number: int, weigh: Weights = weights, rows: Rows | None = None, **fields: object
) -> Invention:
    made = Invention()
    made.network()
    made.optimizer()
    made.objective([v + 0.001 * number for v in falling(count=30)])
    for name in NAMES:
        at = made.parameter(name, place=Place(name.partition(".")[0], "train.py", 7))
        values = [weigh(step, name) for step in STEPS]
        made.run.vitals["parameter", at, "sketch"] = Series(list(STEPS), values)
    given = {"rank": number, "world": 2, "group": "g", "columns": 12} | fields
    made.run.ranks[0] = Rank(0, **given)  # type: ignore[arg-type]
    made.run.vitals["rank", 0, "weight_norm"] = Series(list(STEPS), [5.0] * len(STEPS))
    marks = Series()
    for step in STEPS:
        for mark in (rows or own_rows(number))(step):
            marks.append(step, mark)
    made.run.vitals["rank", 0, "row"] = marks
    return made


def together(*ranks: Invention) -> Run:
    first, *others = [made.run for made in ranks]
    first.siblings = others
    return first


def test_equal_copies_with_rows_of_their_own_are_fine() -> None:
    run = together(rank(0), rank(1))
    for finding in (DivergingReplicas(), RepeatedShards()):
        assert not sightings(finding, run)
        assert not undecided(finding, run)


def test_a_process_that_trains_alone_is_not_judged() -> None:
    run = rank(0).run
    run.ranks.clear()
    for finding in (DivergingReplicas(), RepeatedShards()):
        assert not sightings(finding, run)
        assert not undecided(finding, run)


def test_copies_that_start_apart_and_move_alike_lack_a_broadcast() -> None:
    run = together(rank(0), rank(1, lambda s, n: weights(s, n) + 3))
    seen = only(DivergingReplicas(), run)
    assert seen.severity == "error"
    assert "the first weights were not" in seen.message
    assert "differ by 1.2 of their size" in seen.message  # 3 in each of 4, over 5
    assert (seen.where.line, seen.step) == (5, 0)


def test_copies_that_start_and_move_apart_are_networks_of_their_own() -> None:
    seen = only(DivergingReplicas(), together(rank(0), rank(1, lambda s, n: -weights(s, n))))
    assert seen.severity == "warning"
    assert "a network of its own" in seen.message


def test_copies_that_come_apart_do_not_share_gradients() -> None:
    seen = only(
        DivergingReplicas(), together(rank(0), rank(1, lambda s, n: weights(s, n) + 0.01 * s))
    )
    assert seen.severity == "error"
    assert "alike until step 0" in seen.message
    assert (seen.where.code, seen.step) == ("loss.backward()", 1)


def test_a_forgotten_parameter_is_named() -> None:
    def forgets(step: int, name: str) -> float:
        return weights(step, name) + 0.02 * step * (name == "fc2.bias")

    seen = only(DivergingReplicas(), together(rank(0), rank(1, forgets)))
    assert "`fc2.bias` of 4 parameters came apart" in seen.message
    assert (seen.where.layer, seen.where.line) == ("fc2", 7)


def test_copies_that_are_averaged_at_times_are_a_remark() -> None:
    local = rank(1, lambda s, n: weights(s, n) + 0.01 * (s % 10))
    seen = only(DivergingReplicas(), together(rank(0), local))
    assert seen.severity == "info"
    assert "differ from step 1 on, and are alike again at step 10" in seen.message


def test_rounding_is_no_difference() -> None:
    assert not sightings(
        DivergingReplicas(), together(rank(0), rank(1, lambda s, n: weights(s, n) + 1e-9))
    )


def test_weights_that_are_lost_are_not_compared() -> None:
    lost = rank(1, lambda s, n: math.nan if s else weights(s, n))
    assert not sightings(DivergingReplicas(), together(rank(0), lost))


@pytest.mark.parametrize("finding", [DivergingReplicas(), RepeatedShards()])
def test_what_keeps_from_judging_is_said(finding: DivergingReplicas | RepeatedShards) -> None:
    (alone,) = undecided(finding, rank(0))
    assert "no other of the 2 ranks was found" in alone.reason
    (spread,) = undecided(finding, together(rank(0, spread=True), rank(1, spread=True)))
    assert "spread over the ranks" in spread.reason
    stage = rank(1, lambda s, n: -weights(s, n), own_rows(0))
    parameter = stage.run.parameters[0]
    stage.run.parameters[0] = replace(parameter, shape=(4, 4))
    (other,) = undecided(finding, together(rank(0), stage))
    assert "no " in other.reason


@pytest.mark.parametrize("finding", [DivergingReplicas(), RepeatedShards()])
def test_parts_of_one_model_have_one_loss(finding: DivergingReplicas | RepeatedShards) -> None:
    part = rank(1, lambda s, n: -weights(s, n), own_rows(0))
    run = together(rank(0), part)
    assert sightings(finding, run)
    part.run.vitals["objective", 0, "loss"] = run.vitals["objective", 0, "loss"]
    assert not sightings(finding, run)
    assert undecided(finding, run)


def test_the_same_rows_at_the_same_steps_are_wasted_work() -> None:
    seen = only(RepeatedShards(), together(rank(0), rank(1, rows=own_rows(0))))
    assert seen.severity == "error"
    assert "rank 0 and rank 1 read the same rows at the same step: 100%" in seen.message


def test_the_place_is_where_the_network_is_called_or_rows_are_read() -> None:
    place = Place(None, "train.py", 31, "loss = model(x).sum()")
    seen = only(RepeatedShards(), together(rank(0, place=place), rank(1, rows=own_rows(0))))
    assert seen.where == place


def shuffled(seed: int, pool: range) -> Rows:
    order = random.Random(seed).sample(pool, len(pool))
    return lambda step: [float(v) for v in order[8 * STEPS.index(step) :][:8]]


def test_the_same_data_in_another_order_is_a_warning() -> None:
    pool = range(100)
    run = together(rank(0, rows=shuffled(1, pool)), rank(1, rows=shuffled(2, pool)))
    seen = only(RepeatedShards(), run)
    assert seen.severity == "warning"
    assert "in different orders" in seen.message


def test_rows_drawn_with_replacement_are_fine() -> None:
    def drawn(seed: int) -> Rows:
        draw = random.Random(seed)
        return lambda step: [float(draw.randrange(100)) for _ in range(8)]

    assert not sightings(RepeatedShards(), together(rank(0, rows=drawn(1)), rank(1, rows=drawn(2))))


def test_rows_of_later_epochs_may_have_been_on_the_other_rank() -> None:
    # The sampler deals out 80 rows anew every two steps.
    def epoch(number: int) -> Rows:
        def rows(step: int) -> list[float]:
            turn, half = divmod(STEPS.index(step), 2)
            order = random.Random(turn).sample(range(32), 32)
            return [float(v) for v in order[number::2][8 * half :][:8]]

        return rows

    assert not sightings(RepeatedShards(), together(rank(0, rows=epoch(0)), rank(1, rows=epoch(1))))


@pytest.mark.parametrize(
    "fields", [{"columns": 2}, {"rows": lambda s: [1.0] * 8}, {"rows": lambda s: [1.0, 2.0, 3.0]}]
)
def test_rows_that_are_equal_by_nature_are_not_judged(fields: dict[str, object]) -> None:
    given = {"rows": own_rows(0)} | fields
    run = together(rank(0, **given), rank(1, **given))  # type: ignore[arg-type]
    assert not sightings(RepeatedShards(), run)
    (why,) = undecided(RepeatedShards(), run)
    assert "equal by nature" in why.reason
