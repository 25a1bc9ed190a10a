"""The race that chooses an arm on two seeds, and tests it on fresh ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from benchmarks.treat.power import KINDS, races
from hypothesis import given
from hypothesis import strategies as st

from trainwell.trials.confirming_race import ConfirmingRace
from trainwell.trials.race import Rules

Pairs = list[tuple[str, int]]


def run(race: ConfirmingRace, value: Callable[[str, int], float]) -> list[Pairs]:
    """Run it on a function of arm and seed; what it asked for, time by time."""
    asked = []
    while wanted := race.wanted():
        asked.append(wanted)
        race.values |= {pair: value(*pair) for pair in wanted}
    return asked


def test_the_best_third_gets_a_second_seed_and_the_best_fresh_ones() -> None:
    effects = {"base": 0.0, "a": -1.0, "b": -3.0, "c": -0.5, "d": -2.0}
    race = ConfirmingRace("base", list("abcd"))
    asked = run(race, lambda arm, seed: effects[arm] + 0.01 * seed * (-1) ** seed)
    assert asked[:2] == [[(a, 0) for a in effects], [(a, 1) for a in ("base", "b", "d")]]
    assert asked[2] == [(a, s) for s in (2, 3) for a in ("base", "b")]
    assert race.leader == "b"
    assert race.dropped == {
        "a": "behind b on 1 seed",
        "c": "behind b on 1 seed",
        "d": "behind b on 2 seeds",
    }
    winner = race.winner()
    assert winner is not None
    assert (winner.arm, winner.verdict) == ("b", "helps")
    assert winner.low <= winner.effect <= winner.high < 0
    assert len(race.values) == 5 + 3 + 4


def test_what_an_arm_was_chosen_by_does_not_count() -> None:
    lucky = {0: -9.0, 1: -9.0}
    race = ConfirmingRace("base", ["a"])
    noise = np.random.default_rng(0).normal(0, 0.1, (2, 20))
    run(
        race,
        lambda arm, seed: float(noise[int(arm == "a"), seed]) + lucky.get(seed, 0.0) * (arm == "a"),
    )
    [found] = race.comparisons()
    assert found.verdict == "no evidence"
    assert abs(found.effect) < 0.2


def test_a_leader_that_is_no_better_on_fresh_seeds_is_given_up() -> None:
    race = ConfirmingRace("base", ["a"])
    run(race, lambda arm, seed: 0.0 if arm == "base" else (-1.0 if seed < 2 else 0.1))
    assert race.dropped == {"a": "no better on 3 fresh seeds"}
    assert len(race.values) == 2 * 5


def test_of_arms_that_gain_the_same_the_simpler_one_leads() -> None:
    gains = {"base": 0.0, "a": 1.0, "a + b": 1.05, "c": 0.2}
    race = ConfirmingRace("base", ["a", "c", "a + b"])
    run(race, lambda arm, seed: seed - gains[arm])
    assert race.leader == "a"


def test_an_arm_whose_trials_all_fail_is_dropped() -> None:
    race = ConfirmingRace("base", ["broken", "worse", "better"])
    values = {"base": 1.0, "broken": math.inf, "worse": 1.1, "better": 0.5}
    run(race, lambda arm, _: values[arm])
    broken, worse, better = race.comparisons()
    assert race.dropped["broken"] == "every trial failed"
    assert race.dropped["worse"] == "no better on 1 seed"
    assert (broken.failed, broken.verdict, better.verdict) == (1, "no evidence", "helps")
    assert math.isnan(worse.p)


def test_a_cure_of_a_script_that_always_fails_is_found() -> None:
    race = ConfirmingRace("base", ["cure", "other"])
    run(race, lambda arm, _: 0.3 if arm == "cure" else math.inf)
    winner = race.winner()
    assert winner is not None
    assert winner.arm == "cure"


def test_losses_of_many_orders_of_magnitude_do_not_hide_a_cure() -> None:
    # As a training that diverges ends: 10 to the 3, 6, 9 ...; cured it ends near 1.
    race = ConfirmingRace("base", ["half", "cure"])
    run(
        race,
        lambda arm, seed: (
            10.0 ** (3 + 3 * (seed % 3)) / (1 if arm == "base" else 2)
            if arm != "cure"
            else 1.0 + 0.1 * (seed % 2)
        ),
    )
    winner = race.winner()
    assert winner is not None
    assert (race.leader, winner.arm) == ("cure", "cure")
    assert winner.seeds <= 6
    assert winner.low <= winner.effect <= winner.high < 0


def test_seeds_on_which_it_diverges_do_not_hide_what_helps_on_the_others() -> None:
    base = [0.692, 0.694, 485844.8, 7002498.0, 0.704, 0.689, 0.692, 0.696, 0.691, 0.684]
    cure = [0.347, 0.383, 0.610, 0.456, 0.440, 0.639, 0.465, 0.434, 0.418, 0.413]
    race = ConfirmingRace("base", ["cure"])
    run(race, lambda arm, seed: (base if arm == "base" else cure)[seed])
    winner = race.winner()
    assert winner is not None
    assert -1.0 < winner.low <= winner.effect <= winner.high < 0


def test_when_nothing_at_all_worked_nothing_is_said() -> None:
    race = ConfirmingRace("base", ["a"])
    run(race, lambda *_: math.inf)
    [found] = race.comparisons()
    assert (found.verdict, race.winner()) == ("no evidence", None)


def test_a_script_without_chance_is_decided_at_once() -> None:
    race = ConfirmingRace("base", ["a"])
    run(race, lambda arm, _: 1.0 if arm == "base" else 0.5)
    assert race.winner() is not None
    assert len(race.values) <= 2 * (2 + 3)


def test_effects_that_nobody_would_notice_are_none() -> None:
    race = ConfirmingRace("base", ["a"])
    run(race, lambda arm, seed: 1.0 + 1e-6 * seed - 1e-3 * (arm == "a"))
    [found] = race.comparisons()
    assert (found.verdict, found.p < 0.05) == ("no evidence", True)


def test_rounded_values_that_agree_by_chance_prove_nothing() -> None:
    # Four right answers of five or three of five: a step is a fifth.
    values = {"base": [0.4, 0.4, 0.4, 0.4], "a": [0.2, 0.4, 0.2, 0.4]}
    race = ConfirmingRace("base", ["a"], Rules(most=4))
    run(race, lambda arm, seed: values[arm][seed])
    assert [c.verdict for c in race.comparisons()] == ["no evidence"]


def test_more_seeds_are_looked_at_more_often_at_the_same_level() -> None:
    for most, looks in ((3, 1), (6, 3), (10, 5), (20, 7)):
        race = ConfirmingRace("base", ["a"], Rules(most=most))
        asked = run(race, lambda arm, seed: (seed % 2) - 0.4 * (arm == "a") * (seed % 3 < 2))
        assert max(s for wanted in asked for _, s in wanted) <= max(most, 4) - 1
        assert len(race.looks) == looks
        assert race._level * looks == pytest.approx(0.045)


@given(
    st.lists(st.floats(-2, 2), min_size=1, max_size=7),
    st.integers(0, 1000),
    st.sampled_from([3, 6, 12, 25]),
)
def test_a_race_ends_and_asks_for_no_trial_twice(
    effects: list[float], seed: int, most: int
) -> None:
    names = [f"a{i}" for i in range(len(effects))]
    generator = np.random.default_rng(seed)
    race = ConfirmingRace("base", names, Rules(most=most))
    asked = run(
        race,
        lambda arm, _: float(
            generator.normal(0 if arm == "base" else effects[names.index(arm)], 1.0)
        ),
    )
    pairs = [pair for wanted in asked for pair in wanted]
    assert len(pairs) == len(set(pairs))
    assert all(0 <= s < max(most, 4) for _, s in pairs)
    again = ConfirmingRace("base", names, Rules(most=most), dict(race.values))
    assert again.wanted() == []
    assert again.comparisons() == race.comparisons()
    for found in race.comparisons():
        assert found.low <= found.effect <= found.high
        assert found.arm == race.leader or found.verdict == "no evidence"


@pytest.mark.parametrize("kind", KINDS)
def test_null_races_find_a_cure_in_one_of_twenty_at_most(kind: str) -> None:
    found = races(kind, arms=6, effect=0.0, number=400)
    assert found.false <= 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_large_effects_are_proven_in_few_runs(kind: str) -> None:
    found = races(kind, arms=6, effect=3.0, number=60)
    assert found.right >= 0.85
    assert found.runs <= 17
    assert races(kind, arms=3, effect=5.0, number=60).runs <= 12
