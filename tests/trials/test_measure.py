"""The number that trials are compared by, chosen before they are."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from trainwell.errors import BadInputError
from trainwell.trials.job import Job, Outcome
from trainwell.trials.measure import Measure, choose_measure

Points = list[list[float | None]]
VALIDATION: Points = [[4, 0.9, 0.5, 32], [8, 0.7, 0.75, 32]]
TEST: Points = [[8, 0.8, 0.7, 20]]


def outcome(**given: Any) -> Outcome:
    return Outcome(**{"status": 0, "curves": {"judge#0": VALIDATION}, **given})


def chosen(
    of: Outcome, pattern: str | None = None, *, maximize: bool = False, by_accuracy: bool = False
) -> tuple[Measure, Measure | None]:
    return choose_measure(of, pattern, maximize=maximize, by_accuracy=by_accuracy)


def test_the_last_evaluation_loss_decides_and_accuracy_is_shown_beside_it() -> None:
    measure, other = chosen(outcome())
    assert measure == Measure("loss", "judge#0")
    assert other == Measure("accuracy", "judge#0", maximize=True)
    assert (measure.name, measure.value(outcome()), measure.cost(outcome())) == (
        "evaluation loss",
        0.7,
        0.7,
    )
    assert (other.name, other.value(outcome()), other.cost(outcome())) == (
        "evaluation accuracy",
        0.75,
        -0.75,
    )


def test_accuracy_decides_where_losses_cannot_be_compared() -> None:
    measure, other = chosen(outcome(), by_accuracy=True)
    assert (measure.kind, other and other.kind) == ("accuracy", "loss")


def test_without_accuracies_the_loss_decides_in_any_case() -> None:
    regression = outcome(curves={"judge#0": [[4, 0.9, None, 32]]})
    measure, other = chosen(regression, by_accuracy=True)
    assert (measure.kind, other) == ("loss", None)


def test_of_several_evaluations_the_one_made_most_often() -> None:
    assert chosen(outcome(curves={"judge#0": VALIDATION, "<module>#1": TEST}))[0].curve == "judge#0"


def test_of_equals_the_last_one() -> None:
    assert chosen(outcome(curves={"a#0": TEST, "b#1": TEST}))[0].curve == "b#1"


def test_a_pattern_reads_the_last_number_that_was_printed() -> None:
    printed = outcome(output="epoch 1 accuracy: 0.5\nepoch 2 accuracy: 0.625\n")
    measure, other = chosen(printed, r"accuracy: ([\d.]+)", maximize=True)
    assert measure.value(printed) == 0.625
    assert measure.cost(printed) == -0.625
    assert measure.shown(measure.cost(printed)) == 0.625
    assert measure.name == r"accuracy: ([\d.]+)"
    assert other == Measure("loss", "judge#0")


@pytest.mark.parametrize("text", ["loss=1e-3", "loss=+0.001", "loss=.001"])
def test_numbers_are_read_as_python_reads_them(text: str) -> None:
    assert Measure("pattern", pattern="loss=(.*)").value(outcome(output=text)) == 0.001


@pytest.mark.parametrize(
    "failed",
    [
        outcome(status=1),
        outcome(status=-9),
        outcome(curves={}),
        outcome(curves={"judge#0": []}),
        outcome(curves={"judge#0": [[1, math.nan, None, 3]]}),
        outcome(curves={"judge#0": [[1, math.inf, None, 3]]}),
        outcome(curves={"judge#0": [[1, None, None, 3]]}),
    ],
)
def test_a_trial_without_a_number_costs_more_than_any(failed: Outcome) -> None:
    measure = Measure("loss", "judge#0")
    assert measure.cost(failed) == math.inf
    assert not math.isfinite(measure.value(failed))
    assert Measure("accuracy", "judge#0", maximize=True).cost(outcome(curves={})) == math.inf


@pytest.mark.parametrize("text", ["", "loss=", "loss=abc", "loss=nan"])
def test_a_pattern_without_a_number_costs_more_than_any(text: str) -> None:
    assert Measure("pattern", pattern="loss=(.*)").cost(outcome(output=text)) == math.inf


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("loss=([0-9", "`--metric` takes a regular expression: "),
        (r"loss=[\d.]+", "`--metric` needs one group around the number"),
        (r"(loss)=([\d.]+)", "needs one group around the number"),
        (r"accuracy=([\d.]+)", r"`--metric`: `accuracy=([\d.]+)` matches no number"),
        ("(loss)=", "matches no number in what the script printed"),
    ],
)
def test_patterns_that_do_not_fit(pattern: str, message: str) -> None:
    with pytest.raises(BadInputError, match=re.escape(message)):
        chosen(outcome(output="loss=0.5"), pattern)


def test_without_evaluations_there_is_nothing_to_judge_by() -> None:
    with pytest.raises(BadInputError, match=r"nothing to judge by: .*--metric 'accuracy"):
        chosen(outcome(curves={}))


def test_jobs_and_outcomes_go_through_text() -> None:
    job = Job(
        "train.py",
        ("--lr", "1"),
        seed=3,
        remedies=({"name": "use_relu"},),
        evaluates_at=(("train.py", 4),),
        environment={"A": "b"},
    )
    assert Job.from_text(job.to_text()) == job
    assert "\n" not in job.to_text()
    ended = outcome(notes=("one",), unused={"dropout": "why"}, steps=4, seconds=1.5)
    assert Outcome.from_json(ended.to_json()) == ended
    assert not ended.failed
    assert outcome(status=-9).failed
