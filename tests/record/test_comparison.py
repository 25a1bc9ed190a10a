"""What tried settings say, on invented ones."""

from __future__ import annotations

import math
from typing import Any

import pytest

from trainwell.record import Counterfactual, Objective, Place, Run, Sighting
from trainwell.record.comparison import Tried, quoted, tried


def setting(after: float = 2.0, **fields: Any) -> Counterfactual:
    """A setting that began at 2.3, for a run that reached 2.0."""
    given: dict[str, Any] = {
        "number": 0,
        "objective": 0,
        "start": "initial",
        "optimizer": "SGD",
        "learning_rate": 0.1,
        "factor": 1.0,
        "batches": 1,
        "steps": 60,
        "run_steps": 60,
        "before": 2.3,
        "after": after,
        "spread": 0.0,
        "reached": 2.0,
        "is_baseline": False,
    }
    return Counterfactual(**(given | fields))


OWN = setting(is_baseline=True)


def rate(factor: float, after: float, **fields: Any) -> Counterfactual:
    return setting(after, factor=factor, learning_rate=0.1 * factor, **fields)


def test_a_run_without_them_has_none() -> None:
    run = Run("x", "train.py")
    assert tried(run, Objective(0)) is None
    run.counterfactuals[0] = setting(start="final", is_baseline=True)
    assert tried(run, Objective(0)) is None


def test_they_are_told_apart_by_what_they_answer() -> None:
    found = [
        OWN,
        rate(10, 1.0),
        setting(1.5, optimizer="Adam"),
        setting(1.9, start="final", is_baseline=True),
        setting(1.8, start="final", factor=10.0),
        setting(1.7, start="final", batches=8),
        setting(0.1, objective=1, is_baseline=True),
    ]
    run = Run("x", "train.py", counterfactuals=dict(enumerate(found)))
    seen = tried(run, Objective(0))
    assert seen == Tried(found[0], (found[1],), (found[2],), found[3], found[5])


@pytest.mark.parametrize(
    ("after", "spread", "better"),
    [
        (1.6, 0.0, True),  # fell by 0.7, the run by 0.3
        (1.8, 0.0, False),
        (1.6, 0.2, False),  # the orders of the batches do not agree
        (math.nan, math.nan, False),
        (math.inf, 0.0, False),
    ],
)
def test_far_better_is_twice_the_fall(after: float, spread: float, better: bool) -> None:
    seen = Tried(OWN, (rate(10, after, spread=spread),))
    assert (seen.higher is not None) == better
    assert seen.lower is None
    assert (Tried(OWN, (rate(0.1, after, spread=spread),)).lower is not None) == better


def test_twice_nothing_is_nothing() -> None:
    own = setting(2.2999, is_baseline=True, reached=2.2999)
    assert Tried(own, (rate(10, 2.29, reached=2.2999),)).higher is None


def test_a_quarter_of_what_was_left_is_far_better_where_much_was_left() -> None:
    own = setting(1.1, is_baseline=True, reached=1.1)
    assert Tried(own, (rate(10, 0.2, reached=1.1),)).higher is not None
    low = setting(0.2, is_baseline=True, reached=0.2)
    assert Tried(low, (rate(10, 0.01, reached=0.2),)).higher is None


def test_the_best_rate_decides_the_direction() -> None:
    seen = Tried(OWN, (rate(10, 1.5), rate(0.1, 0.5)))
    assert (seen.higher, seen.lower) == (None, seen.rates[1])


def test_a_run_that_left_the_numbers_gained_nothing() -> None:
    own = setting(math.nan, is_baseline=True, reached=math.nan, spread=math.nan)
    assert Tried(own, (rate(0.1, 1.9, reached=math.nan),)).lower is not None
    assert Tried(own, (rate(0.1, 2.29, reached=math.nan),)).lower is None


def test_other_rates_may_be_worse() -> None:
    learns = setting(0.5, is_baseline=True, reached=0.5)
    seen = Tried(learns, (rate(10, 0.9), rate(100, math.nan), rate(0.1, 1.5)))
    assert (seen.higher_is_worse, seen.lower_is_worse) == (True, True)
    assert not Tried(learns, (rate(10, 0.4), rate(100, 3.0))).higher_is_worse
    assert not Tried(learns).higher_is_worse
    # Where the script's own rate does not learn either, lower ones say nothing.
    assert not Tried(OWN, (rate(0.1, 2.2),)).lower_is_worse


def test_further_steps_tell_whether_the_loss_is_on_its_way() -> None:
    def more(after: float, **fields: Any) -> Tried:
        last = setting(after, start="final", before=2.0, is_baseline=True, **fields)
        return Tried(OWN, more=last)

    assert more(1.7).on_its_way is not None
    assert more(1.9).on_its_way is None  # a third of the run's own pace
    assert more(1.7, spread=0.2).on_its_way is None
    assert more(1.0, reached=0.5).on_its_way is None  # the run learned well
    assert (more(1.99).is_at_rest, more(1.9).is_at_rest) == (True, False)
    assert not more(1.99, run_steps=1000).is_at_rest  # too few steps to tell
    assert not Tried(OWN).is_at_rest


def test_larger_batches_are_compared_with_further_steps() -> None:
    more = setting(2.0, start="final", before=2.0, is_baseline=True)
    assert Tried(OWN, more=more, larger=setting(1.5, batches=8)).larger_is_better
    assert not Tried(OWN, more=more, larger=setting(1.7, batches=8)).larger_is_better
    assert not Tried(OWN, more=more).larger_is_better


def test_a_sighting_quotes_them() -> None:
    seen = Tried(OWN, (rate(10, 1.0),), (setting(0.5, optimizer="Adam", learning_rate=0.01),))
    sighting = Sighting(Place(), "too low", 0, "error", {"fall": 0.1}, 0.5)
    told = quoted(sighting, seen, seen.rates[0].told())
    assert told.message == "too low (60 steps at 10 times the rate bring the loss to 1)"
    losses = {"SGD at 0.1": 2.0, "SGD at 1": 1.0, "Adam at 0.01": 0.5}
    assert told.evidence == {"fall": 0.1, "steps_tried": 60, "loss_then": losses}
    assert quoted(sighting, seen).message == "too low"


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"factor": 0.1}, "60 steps at a 10th of the rate bring the loss to 2"),
        ({"optimizer": "Adam"}, "60 steps of Adam at 0.1 bring the loss to 2"),
        (
            {"start": "final", "is_baseline": True},
            "60 more steps of the same bring the loss to 2",
        ),
        (
            {"start": "final", "batches": 8},
            "60 more steps on 8 batches at once bring the loss to 2",
        ),
    ],
)
def test_each_has_its_words(fields: dict[str, Any], text: str) -> None:
    assert setting(**fields).told() == text
