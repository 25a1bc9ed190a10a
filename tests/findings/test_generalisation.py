"""GEN101 on invented curves."""

from __future__ import annotations

import math

import pytest
from tests.findings.invented import Invention, only, sightings

from trainwell.findings.overfitting import Overfitting

TRAINING = [1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
RISING = [1.0, 0.8, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]


def curve(
    losses: list[float], training: list[float | None] | None = None, key: str = "test"
) -> Invention:
    return Invention().curve(losses, training or TRAINING[: len(losses)], key)


def test_a_curve_that_turns_while_training_goes_on() -> None:
    seen = only(Overfitting(), curve(RISING))
    assert (seen.where.line, seen.step, seen.severity) == (60, 300, "warning")
    end = (0.85 + 0.9 + 0.95) / 3
    assert seen.evidence == {
        "lowest": 0.7,
        "end": pytest.approx(end),
        "rise": pytest.approx(end / 0.7 - 1),
        "best_step": 300,
    }
    assert seen.harm == pytest.approx(end / 0.7 - 1)


@pytest.mark.parametrize(
    ("end", "severity"),
    [(1.09, None), (1.11, "warning"), (1.49, "warning"), (1.51, "error"), (9.0, "error")],
)
def test_both_sides_of_the_rise(end: float, severity: str | None) -> None:
    seen = sightings(Overfitting(), curve([2.0, 1.5, 1.0, (1 + end) / 2, end, end, end]))
    assert [s.severity for s in seen] == ([] if severity is None else [severity])
    assert all(0 <= s.harm <= 1 for s in seen)


@pytest.mark.parametrize(
    "losses",
    [
        [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3],  # it falls
        [1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.25, 0.9],  # one bad epoch at the end
        [1.0, 0.8, 0.5, 0.9, 0.5, 0.5, 0.5, 0.5],  # one bad epoch within
        [1.0, 0.5, 0.7, 0.52, 0.71, 0.51, 0.69, 0.52],  # noise
        [1.0, 0.7, 0.7, 0.705, 0.706, 0.707, 0.707, 0.707],  # a percent
        [0.5] * 8,
        [0.0] * 8,
    ],
)
def test_curves_that_do_not_overfit(losses: list[float]) -> None:
    assert not sightings(Overfitting(), curve(losses))


def test_evaluation_on_the_training_data_never_rises_alone() -> None:
    # Both rise: the training diverges.
    assert not sightings(Overfitting(), curve(RISING, RISING))
    assert not sightings(Overfitting(), curve(RISING, [0.6] * 8))


@pytest.mark.parametrize(("count", "found"), [(0, 0), (1, 0), (5, 0), (6, 1)])
def test_both_sides_of_the_number_of_evaluations(count: int, found: int) -> None:
    losses = [1.0, 0.5, 0.9, 1.0, 1.1, 1.2][:count]
    assert len(sightings(Overfitting(), curve(losses))) == found


@pytest.mark.parametrize(("after", "found"), [(2, 0), (3, 1)])
def test_both_sides_of_the_number_after_the_lowest(after: int, found: int) -> None:
    losses = [2.0 - 0.2 * i for i in range(8 - after)] + [5.0, 5.5, 6.0][:after]
    assert len(sightings(Overfitting(), curve(losses))) == found


@pytest.mark.parametrize("training", [[None] * 8, [1.0, 0.8, None, 0.5, 0.4, 0.3, 0.2, 0.1]])
def test_a_training_loss_that_is_not_known(training: list[float | None]) -> None:
    assert not sightings(Overfitting(), curve(RISING, training))


def test_curves_are_judged_by_key() -> None:
    made = curve(RISING)
    made.curve([1.0, 0.9, 0.8, 0.7, 0.6, 0.5], TRAINING[:6], "validation")
    only(Overfitting(), made)
    # Two curves of one evaluation each, mixed by number, make no curve of two.
    mixed = Invention()
    for at, loss in enumerate([*RISING, *RISING]):
        mixed.curve([loss], [1 - 0.05 * at], f"test {at}")
    assert not sightings(Overfitting(), mixed)


def test_losses_that_can_be_negative() -> None:
    assert only(Overfitting(), curve([v - 2 for v in RISING])).evidence["lowest"] == -1.3
    assert not sightings(Overfitting(), curve([-0.1 * i for i in range(8)]))


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("at", [0, 2, 4, 7])
def test_an_evaluation_that_is_no_number_is_no_overfitting(value: float, at: int) -> None:
    losses = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]
    losses[at] = value
    assert not sightings(Overfitting(), curve(losses))


def test_curves_of_nan_alone() -> None:
    assert not sightings(Overfitting(), curve([math.nan] * 8))
    assert not sightings(Overfitting(), curve(RISING, [math.nan] * 8))
