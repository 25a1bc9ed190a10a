"""The table of arms, from outcomes that are made up."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from trainwell.remedies.catalogue import parse
from trainwell.trials.arms import AS_IT_IS, Arm
from trainwell.trials.confirming_race import ConfirmingRace
from trainwell.trials.exact_race import ExactRace
from trainwell.trials.job import Outcome
from trainwell.trials.measure import Measure
from trainwell.trials.results import leader, results

LOSS = Measure("loss", "judge#0")
ACCURACY = Measure("accuracy", "judge#0", maximize=True)


def ended(loss: float, accuracy: float = 0.5, **given: Any) -> Outcome:
    curves: dict[str, Any] = {"judge#0": [[9, loss, accuracy, 32]]}
    return Outcome(**{"status": 0, "curves": curves, "seconds": 0.5, **given})


def arms(*names: str) -> dict[str, Arm]:
    made = [Arm(tuple(parse(text))) for text in names]
    return {arm.label: arm for arm in made}


def outcomes(
    seeds: dict[str, int], loss: Callable[[str, int], float]
) -> dict[tuple[str, int], Outcome]:
    return {(arm, s): ended(loss(arm, s)) for arm, n in seeds.items() for s in range(n)}


def table(
    known: dict[str, Arm],
    found: dict[tuple[str, int], Outcome],
    measure: Measure = LOSS,
    other: Measure | None = None,
    races: list[list[str]] | None = None,
    *,
    exact: bool = False,
) -> Any:
    made = []
    for labels in [list(known)] if races is None else races:
        race = (ExactRace if exact else ConfirmingRace)(AS_IT_IS, labels)
        while wanted := race.wanted():
            left = [pair for pair in wanted if pair in found]
            if not left:
                break
            race.values |= {pair: measure.cost(found[pair]) for pair in left}
        made.append(race)
    return results(known, made, found, measure, other)


def test_every_arm_beside_the_script_as_it_is() -> None:
    known = arms("use_relu", "l1_penalty")
    found = outcomes(
        {AS_IT_IS: 8, "use_relu": 8, "l1_penalty": 3},
        lambda arm, seed: seed + {AS_IT_IS: 1.0, "use_relu": 0.5, "l1_penalty": 1.5}[arm],
    )
    better, worse = table(known, found, other=ACCURACY)
    assert (better.label, better.remedies) == ("use_relu", ("use_relu",))
    assert (better.comparison.seeds, better.comparison.verdict) == (8, "helps")
    assert better.comparison.effect == pytest.approx(-0.5)
    assert better.mean == pytest.approx(4.0)
    assert (better.seconds, better.other) == (4.0, 0.0)
    assert (worse.comparison.seeds, worse.comparison.verdict) == (3, "no evidence")
    assert leader([better, worse]) == "use_relu"
    assert leader([worse]) is None


def test_an_arm_that_was_never_run_has_no_numbers() -> None:
    [only] = table(arms("use_relu"), {(AS_IT_IS, 0): ended(1.0)})
    assert (only.comparison.seeds, only.comparison.verdict) == (0, "no evidence")
    assert math.isnan(only.mean)
    assert math.isnan(only.other)


def test_accuracies_are_shown_in_their_own_unit() -> None:
    found = {
        (arm, s): ended(1.0, accuracy)
        for arm, accuracy in ((AS_IT_IS, 0.5), ("use_relu", 0.75))
        for s in range(6)
    }
    [only] = table(arms("use_relu"), found, ACCURACY, LOSS)
    assert only.mean == 0.75
    assert only.comparison.effect == -0.25  # a cost
    assert only.comparison.verdict == "helps"


def test_failures_and_what_did_nothing_are_told() -> None:
    found = {
        (AS_IT_IS, 0): ended(1.0),
        ("use_relu", 0): ended(0.9, unused={"use_relu": "why"}),
        (AS_IT_IS, 1): ended(1.0),
        ("use_relu", 1): ended(0.9, status=1, error="ValueError: no"),
    }
    [only] = table(arms("use_relu"), found)
    assert only.unused == {"use_relu": "why"}
    assert (only.error, only.comparison.failed) == ("ValueError: no", 1)
    assert only.mean == 0.9


def test_arms_that_came_later_take_nothing_from_what_was_decided_before() -> None:
    # One arm of three was decided with seven seeds; two more were tried on top of it.
    known = arms("use_relu", "l1_penalty", "dropout", "use_relu,l1_penalty", "use_relu,dropout")
    sizes = dict.fromkeys(known, 3) | {AS_IT_IS: 7, "use_relu": 7}
    found = outcomes(sizes, lambda arm, seed: seed - ("use_relu" in arm))
    families = [[label for label in known if ("+" in label) == later] for later in (False, True)]
    first = table(known, found, races=families, exact=True)[0]
    assert first.comparison.p == pytest.approx(3 * 2 / 2**7)
    assert first.comparison.verdict == "helps"


def test_an_arm_that_was_run_for_another_reason_is_not_proven_by_chance() -> None:
    known = arms("use_relu", "dropout")
    found = outcomes(
        {AS_IT_IS: 9, "use_relu": 9, "dropout": 9}, lambda arm, seed: seed - (arm != AS_IT_IS)
    )
    raced, other = table(known, found, races=[["use_relu"]], exact=True)
    assert (raced.comparison.verdict, other.comparison.verdict) == ("helps", "no evidence")
