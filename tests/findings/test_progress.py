"""How a run went: GEN102-GEN106, OPT107 and OPT108 on invented runs."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from tests.findings.invented import (
    Invention,
    falling,
    mlp,
    only,
    sightings,
    standing,
    swinging,
    undecided,
)

from trainwell.findings.no_validation import NoValidation
from trainwell.findings.noisy_batches import NoisyBatches
from trainwell.findings.oscillating_loss import OscillatingLoss
from trainwell.findings.overconfidence import Overconfidence
from trainwell.findings.too_few_epochs import TooFewEpochs
from trainwell.findings.trained_past_the_best import TrainedPastTheBest
from trainwell.findings.underfitting import Underfitting
from trainwell.record import Evaluation, Place


def trained(losses: list[float], update: float = 1e-3, **call: Any) -> Invention:
    """Layers whose weights move, with a cross-entropy over ten classes."""
    made = mlp(losses)
    for layer in (0, 2, 4, 6):
        made.measure("parameter", made.weight_of(layer), update_ratio=update, moved=1e-3)
    made.call("cross_entropy", **({"prediction_shape": (32, 10), "target_shape": (32,)} | call))
    return made


def line(start: float = 2.3, end: float = 1.6, count: int = 60) -> list[float]:
    return [start + (end - start) * i / (count - 1) for i in range(count)]


# GEN104 too-few-epochs


def test_a_straight_line_was_cut_off() -> None:
    seen = only(TooFewEpochs(), trained(line()))
    assert seen.severity == "warning"
    assert seen.evidence["share_of_fall"] == pytest.approx(0.286, abs=0.03)


@pytest.mark.parametrize(
    "losses",
    [
        falling(end=0.02),  # most of it is gone
        standing(),  # it does not fall
        line(2.3, 0.9, 160),
        [2.3 * math.exp(-i / 6) + 1.5 for i in range(60)],  # it has come to rest
        line(0.5, -0.4, 160),  # a loss without floor
        line()[:8],
        [math.nan, *line()[1:]],
    ],
)
def test_runs_that_were_long_enough_or_say_nothing(losses: list[float]) -> None:
    assert not sightings(TooFewEpochs(), trained(losses))


@pytest.mark.parametrize("losses", [line(2.3, 0.4), line(0.5, -0.4)])
def test_a_short_run_may_have_less_left(losses: list[float]) -> None:
    assert only(TooFewEpochs(), trained(losses)).severity == "warning"


def test_a_short_run_whose_evaluations_still_fall() -> None:
    made = trained(standing()).curve([1.0, 0.8, 0.7], [None] * 3)
    assert "1, 0.8, 0.7" in only(TooFewEpochs(), made).message
    for other in ([1.0, 0.8, 0.79], [1.0, 1.1, 0.7], [1.0, 0.7]):
        assert not sightings(TooFewEpochs(), trained(standing()).curve(other, [None] * len(other)))
    longer = trained(standing(count=160)).curve([1.0, 0.8, 0.7], [None] * 3)
    assert not sightings(TooFewEpochs(), longer)


def test_tiny_steps_are_the_rates_fault() -> None:
    assert not sightings(TooFewEpochs(), trained(line(), update=1e-5))


def test_an_evaluation_that_rises_wants_no_more_epochs() -> None:
    made = trained(line()).curve([1.0, 1.2, 1.4, 1.6, 1.8], [None] * 5)
    assert not sightings(TooFewEpochs(), made)
    made = trained(line()).curve([1.8, 1.6, 1.4, 1.2, 1.0], [None] * 5)
    assert sightings(TooFewEpochs(), made)


def test_rival_losses_are_not_judged() -> None:
    made = trained(line())
    made.objective(line())
    assert not sightings(TooFewEpochs(), made)
    assert undecided(TooFewEpochs(), made)


@pytest.mark.parametrize(("agreement", "seen"), [(0.8, True), (0.0, False)])
def test_a_run_that_hardly_began(agreement: float, seen: bool) -> None:
    made = trained(standing(count=25))
    made.measure("objective", 0, gradient_agreement=agreement)
    made.loss(standing(count=25))
    assert bool(sightings(TooFewEpochs(), made)) is seen


# GEN102 underfitting


@pytest.mark.parametrize(
    ("level", "severity"),
    [(1.0, None), (1.8, "info"), (2.25, "warning"), (4.0, None)],
)
def test_where_a_loss_comes_to_rest(level: float, severity: str | None) -> None:
    made = trained(standing(level, 300))
    seen = sightings(Underfitting(), made)
    assert [s.severity for s in seen] == ([] if severity is None else [severity])


def test_a_loss_that_falls_or_a_short_run_has_not_come_to_rest() -> None:
    assert not sightings(Underfitting(), trained(line(2.3, 1.8, 300)))
    assert not sightings(Underfitting(), trained(standing(2.25, 100)))
    assert not sightings(Underfitting(), trained(standing(2.25, 300), update=1e-6))
    assert not sightings(Underfitting(), trained(standing(2.25, 300), reduction="sum"))


# GEN103 overconfidence


def answers(
    sure: float, right: float, losses: list[float] | None = None, n: int = 500
) -> Invention:
    made = Invention()
    for at, loss in enumerate(losses or [0.9, 0.8, 0.8, 0.8]):
        made.run.evaluations[at] = Evaluation(
            at,
            100 * (at + 1),
            "test",
            loss,
            0.5,
            n,
            "cross_entropy",
            Place(None, "train.py", 60),
            accuracy=right,
            confidence=sure,
        )
    return made


@pytest.mark.parametrize(
    ("sure", "right", "severity"),
    [(0.9, 0.88, None), (0.9, 0.74, "warning"), (0.95, 0.6, "error"), (0.6, 0.9, None)],
)
def test_both_sides_of_the_gap(sure: float, right: float, severity: str | None) -> None:
    seen = sightings(Overconfidence(), answers(sure, right))
    assert [s.severity for s in seen] == ([] if severity is None else [severity])


def test_overfitting_and_few_examples_are_left_alone() -> None:
    assert not sightings(Overconfidence(), answers(0.95, 0.6, [0.9, 0.5, 0.8, 1.2]))
    assert not sightings(Overconfidence(), answers(0.95, 0.6, n=40))


# GEN105 trained-past-the-best

UP = [1.0, 0.6, 0.4, 0.9, 0.9, 0.9]


@pytest.mark.parametrize(
    ("losses", "training", "severity"),
    [
        (UP, [1.0, 0.6, 0.4, 0.8, 0.8, 0.8], "error"),
        ([1.0, 0.6, 0.4, 0.6, 0.6, 0.6], [1.0, 0.6, 0.4, 0.5, 0.5, 0.5], "warning"),
        (UP, [1.0, 0.6, 0.4, 0.3, 0.2, 0.1], None),  # that is overfitting
        ([1.0, 0.6, 0.4, 0.9, 0.9, 0.4], [1.0, 0.6, 0.4, 0.8, 0.8, 0.4], None),  # restored
        ([1.0, 0.6, 0.5, 0.4, 0.4, 0.9], [1.0, 0.6, 0.5, 0.4, 0.4, 0.8], None),  # one bad epoch
        (UP, [None] * 6, None),
        ([1.0, -0.6, -0.9, 0.9, 0.9, 0.9], [1.0, 0.6, 0.4, 0.8, 0.8, 0.8], None),
    ],
)
def test_weights_that_were_better_before(
    losses: list[float], training: list[float | None], severity: str | None
) -> None:
    seen = sightings(TrainedPastTheBest(), Invention().curve(losses, training))
    assert [s.severity for s in seen] == ([] if severity is None else [severity])


# GEN106 no-validation


def test_a_run_without_evaluation_gets_a_remark() -> None:
    made = trained(falling(count=300), target={"low": 0.0, "high": 9.0})
    made.run.steps = 300
    assert only(NoValidation(), made).severity == "info"


def test_what_counts_as_an_evaluation() -> None:
    made = trained(falling(count=300), target={"low": 0.0, "high": 9.0})
    made.run.steps = 300
    made.network("other", evaluation_forwards={"eval": 3})
    assert not sightings(NoValidation(), made)
    made = trained(falling(count=300), target={"low": 0.0, "high": 9.0}).curve([1.0], [None])
    made.run.steps = 300
    assert not sightings(NoValidation(), made)
    made = trained(falling(count=300))
    made.run.steps = 300
    assert not sightings(NoValidation(), made), "a loss without targets"


# OPT107 oscillating-loss


def waves(level: float = 2.0, height: float = 0.8, count: int = 200) -> list[float]:
    return [level * (1 + height * math.sin(i / 4)) for i in range(count)]


def test_waves_and_zigzags_swing() -> None:
    for losses in (waves(), swinging(count=200)):
        seen = only(OscillatingLoss(), trained(losses))
        assert seen.severity == "error"
        assert seen.evidence["turns"] >= 5


def test_noise_and_progress_do_not() -> None:
    draw = random.Random(0)
    noise = [2.0 * (1 + 0.5 * draw.uniform(-1, 1)) for _ in range(200)]
    jump = [2.0 if i < 150 else 5.0 for i in range(200)]
    for losses in (noise, jump, standing(count=200), falling(count=200), line(count=200)):
        assert not sightings(OscillatingLoss(), trained(losses))
    small = [2.0] * 20 + waves(0.2)
    assert not sightings(OscillatingLoss(), trained(small)), "it has fallen far"


# OPT108 noisy-batches


def noisy(rows: int = 1, agreement: float = 0.02, update: float = 0.01) -> Invention:
    made = trained(standing(2.0, 200), update, prediction_shape=(rows, 10))
    made.measure("objective", 0, gradient_agreement=[agreement] * 12)
    return made.loss(standing(2.0, 200))


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({}, True),
        ({"rows": 4}, True),
        ({"rows": 5}, False),
        ({"agreement": 0.3}, False),
        ({"update": 1e-3}, False),
    ],
)
def test_what_makes_batches_noisy(change: dict[str, Any], seen: bool) -> None:
    assert bool(sightings(NoisyBatches(), noisy(**change))) is seen


def test_noise_that_learns_is_no_fault() -> None:
    assert not sightings(NoisyBatches(), noisy().loss(falling(count=200)))
    assert not sightings(NoisyBatches(), noisy().loss(line(count=200)))
