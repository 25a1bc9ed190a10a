"""The race that the exact test ends: which trials it asks for, and what it says."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainwell.trials import statistics
from trainwell.trials.exact_race import ExactRace
from trainwell.trials.race import Race, Rules

Pairs = list[tuple[str, int]]


def run(race: Race, value: Callable[[str, int], float]) -> list[Pairs]:
    """Run it on a function of arm and seed; what it asked for, time by time."""
    asked = []
    while wanted := race.wanted():
        asked.append(wanted)
        race.values |= {pair: value(*pair) for pair in wanted}
    return asked


def noisy(effects: dict[str, float], noise: float, seed: int = 0) -> dict[tuple[str, int], float]:
    """A whole grid: a seed's own level, an arm's effect, and noise."""
    generator = np.random.default_rng(seed)
    level = generator.normal(0, 1, 10)
    return {
        (arm, s): float(level[s] + effect + generator.normal(0, noise))
        for arm, effect in effects.items()
        for s in range(10)
    }


def test_all_arms_get_the_first_seeds_together() -> None:
    race = ExactRace("base", ["a", "b"], Rules(glance=2, first=3))
    wanted = race.wanted()
    assert wanted == [(arm, seed) for seed in range(2) for arm in ("base", "a", "b")]
    race.values |= {(arm, s): -(arm != "base") for arm, s in wanted[:4]}
    assert race.wanted() == wanted[4:]
    race.values |= {(arm, s): -(arm != "base") for arm, s in wanted[4:]}
    assert race.wanted() == [(arm, 2) for arm in ("base", "a", "b")]


def test_an_arm_that_is_no_better_is_dropped_after_the_first_seeds() -> None:
    race = ExactRace("base", ["worse", "better"])
    asked = run(race, lambda arm, _: {"base": 1.0, "worse": 1.1, "better": 0.5}[arm])
    assert race.dropped == {"worse": "no better on any of 2 seeds"}
    assert all(arm != "worse" for wanted in asked[1:] for arm, _ in wanted)


def test_an_arm_that_is_better_once_gets_three_seeds() -> None:
    race = ExactRace("base", ["mixed", "better"])
    values = {"mixed": (0.9, 1.4, 1.4), "better": (0.5,) * 10}
    run(race, lambda arm, seed: 1.0 if arm == "base" else values[arm][seed])
    assert race.dropped == {"mixed": "no better than without it on 3 seeds"}


def test_only_the_best_few_get_more_seeds() -> None:
    race = ExactRace("base", list("abcde"), Rules(leaders=2))
    effects = dict(zip("abcde", (0.1, 0.5, 0.3, 0.4, 0.2), strict=True))
    run(race, lambda arm, seed: seed + 0.01 * (seed % 2) - effects.get(arm, 0.0))
    counts = {arm: sum(a == arm for a, _ in race.values) for arm in "abcde"}
    assert counts["b"] > 3
    assert [counts[arm] for arm in "ace"] == [3, 3, 3]


def test_the_reference_runs_on_every_seed_of_an_arm() -> None:
    race = ExactRace("base", ["a", "b"])
    run(race, lambda arm, seed: seed + {"base": 1.0, "a": 0.4, "b": 0.5 + 0.1 * seed}[arm])
    assert {s for a, s in race.values if a != "base"} == {s for a, s in race.values if a == "base"}


def test_an_arm_whose_trials_all_fail_is_dropped_and_does_not_hurt_the_others() -> None:
    race = ExactRace("base", ["broken", "better"])
    run(race, lambda arm, _: {"base": 1.0, "broken": math.inf, "better": 0.5}[arm])
    broken, better = race.comparisons()
    assert race.dropped["broken"] == "every trial failed"
    assert (broken.failed, broken.verdict, better.verdict) == (2, "no evidence", "helps")
    assert broken.effect > 0


def test_a_cure_of_a_script_that_always_fails_is_found() -> None:
    race = ExactRace("base", ["cure", "other"])
    run(race, lambda arm, _: 0.3 if arm == "cure" else math.inf)
    winner = race.winner()
    assert winner is not None
    assert winner.arm == "cure"
    assert winner.effect < 0


def test_a_failure_counts_as_worse_than_everything_seen() -> None:
    values = {("base", 0): 1.0, ("base", 1): 2.0, ("a", 0): math.inf, ("a", 1): 1.5}
    race = ExactRace("base", ["a"], values=values)
    first, second = race.differences("a")
    assert first == (2.0 + 2.0) - 1.0
    assert second == -0.5


def test_when_nothing_at_all_worked_nothing_is_said() -> None:
    race = ExactRace("base", ["a"])
    run(race, lambda *_: math.inf)
    [found] = race.comparisons()
    assert (found.effect, found.verdict, found.failed) == (0.0, "no evidence", 2)
    assert race.winner() is None


def test_an_arm_far_behind_the_leader_is_dropped() -> None:
    values = noisy({"base": 0.0, "good": -1.0, "best": -3.0}, 0.1)
    race = ExactRace("base", ["good", "best"])
    race.replay(values)
    assert race.dropped == {"good": "behind best on all of 3 seeds"}


def test_arms_that_are_close_stay_in_the_race() -> None:
    values = noisy({"base": 0.0, "a": -1.0, "b": -1.0}, 0.3)
    race = ExactRace("base", ["a", "b"])
    race.replay(values)
    assert race.dropped == {}
    assert [c.verdict for c in race.comparisons()] == ["helps", "helps"]


@pytest.mark.parametrize(("arms", "pairs"), [(1, 6), (2, 7), (8, 9)])
def test_it_decides_early_when_every_pair_agrees(arms: int, pairs: int) -> None:
    names = [f"a{i}" for i in range(arms)]
    race = ExactRace("base", names)
    # One arm is better on every seed, the others no better.
    run(race, lambda arm, seed: seed - (arm == "a0"))
    assert race.comparisons()[0].seeds == pairs
    assert race.comparisons()[0].verdict == "helps"


def test_one_pair_that_does_not_agree_takes_all_seeds() -> None:
    race = ExactRace("base", ["a"])
    run(race, lambda arm, seed: 0.0 if arm == "base" else (0.1 if seed == 4 else -1.0))
    [found] = race.comparisons()
    assert found.seeds == 10
    assert found.verdict == "helps"


def test_few_seeds_show_nothing() -> None:
    race = ExactRace("base", ["a", "b"], Rules(most=5))
    run(race, lambda arm, _: 0.0 if arm == "base" else -1.0)
    assert {c.verdict for c in race.comparisons()} == {"no evidence"}
    assert race.winner() is None


def test_null_data_give_a_false_cure_in_one_race_of_twenty_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The interval never decides against the test here, so a rough one will do.
    monkeypatch.setattr(statistics, "_RESAMPLES", 200)
    names = {"base": 0.0} | {f"a{i}": 0.0 for i in range(8)}
    false = 0
    for seed in range(400):
        race = ExactRace("base", list(names)[1:])
        race.replay(noisy(names, 1.0, seed))
        false += race.winner() is not None
    assert false <= 0.05 * 400


@pytest.mark.parametrize("seed", range(6))
def test_it_finds_the_winner_of_the_whole_grid_with_fewer_trials(seed: int) -> None:
    effects = {"base": 0.0, "best": -2.0, "good": -1.0, "bad": 1.0} | {
        f"a{i}": 0.0 for i in range(5)
    }
    grid = noisy(effects, 0.3, seed)
    race = ExactRace("base", list(effects)[1:])
    spent = race.replay(grid)
    whole = ExactRace("base", list(effects)[1:], values=dict(grid))
    found, expected = race.winner(), whole.winner()
    assert found is not None
    assert expected is not None
    assert found.arm == expected.arm == "best"
    assert spent <= 0.6 * len(grid)


@settings(max_examples=40)
@given(
    st.lists(st.floats(-2, 2), min_size=1, max_size=5),
    st.integers(0, 1000),
    st.sampled_from([3, 6, 12]),
)
def test_a_race_ends_and_asks_for_no_trial_twice(
    effects: list[float], seed: int, most: int
) -> None:
    names = [f"a{i}" for i in range(len(effects))]
    rules = Rules(most=most)
    generator = np.random.default_rng(seed)
    race = ExactRace("base", names, rules)
    asked = run(
        race,
        lambda arm, _: float(
            generator.normal(0 if arm == "base" else effects[names.index(arm)], 1.0)
        ),
    )
    pairs = [pair for wanted in asked for pair in wanted]
    assert len(pairs) == len(set(pairs))
    assert all(0 <= s < most for _, s in pairs)
    for found in race.comparisons():
        assert found.low <= found.effect + 1e-9
        assert found.effect - 1e-9 <= found.high
        # It ran to the end, or was dropped, or all agreed.
        assert found.dropped or found.seeds == most or abs(found.better - 0.5) == 0.5
