"""NET105-NET107, LOS110 and LOS111 on invented runs."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from tests.findings.invented import Invention, falling, mlp, only, sightings, standing, undecided

from trainwell.findings.batch_of_one_batchnorm import BatchOfOneBatchnorm
from trainwell.findings.excessive_dropout import ExcessiveDropout
from trainwell.findings.implausible_initial_loss import ImplausibleInitialLoss
from trainwell.findings.learning_rate_too_high import LearningRateTooHigh
from trainwell.findings.off_centre_activation import OffCentreActivation
from trainwell.findings.sum_reduced_loss import SumReducedLoss

# NET105 excessive-dropout


def dropped(share: float, losses: list[float] | None = None, width: int = 64) -> Invention:
    made = mlp(losses or standing(), depth=2)
    drop = made.operation("dropout", 1, shape=(32, width))
    made.measure("operation", drop, dropped_share=share)
    return made


@pytest.mark.parametrize(
    ("share", "evaluation", "seen"),
    [(0.8, 0.5, True), (0.5, 0.8, True), (0.4, 0.5, False), (0.8, 0.95, False), (0.8, 1.5, False)],
)
def test_dropout_that_starves(share: float, evaluation: float, seen: bool) -> None:
    made = dropped(share).curve([evaluation] * 6, [1.0] * 6)
    assert bool(sightings(ExcessiveDropout(), made)) is seen


def test_a_network_that_fits_its_data_is_not_starved() -> None:
    made = dropped(0.8, falling()).curve([0.5] * 6, [1.0] * 6)
    assert not sightings(ExcessiveDropout(), made)


def test_without_evaluation_only_a_handful_of_units_tells() -> None:
    assert only(ExcessiveDropout(), dropped(0.9, width=20)).evidence["units"] == 20
    assert not sightings(ExcessiveDropout(), dropped(0.9, width=64))
    assert undecided(ExcessiveDropout(), dropped(0.9, width=64))


# NET106 batch-of-one-batchnorm


@pytest.mark.parametrize(
    ("values", "severity"), [(2, "error"), (4, "warning"), (5, None), (512, None)]
)
def test_how_many_values_a_norm_needs(values: int, severity: str | None) -> None:
    made = mlp()
    norm = made.operation("batch_norm", 0, details={"training": True})
    made.measure("operation", norm, norm_values=float(values))
    seen = sightings(BatchOfOneBatchnorm(), made)
    assert [s.severity for s in seen] == ([] if severity is None else [severity])


def test_a_norm_that_takes_nothing_from_the_batch() -> None:
    made = mlp()
    norm = made.operation("batch_norm", 0, details={"training": False})
    made.measure("operation", norm, norm_values=1.0)
    assert not sightings(BatchOfOneBatchnorm(), made)


# NET107 off-centre-activation


def sigmoids(mean: float, spread: float, losses: list[float] | None = None) -> Invention:
    made = mlp(losses or standing(count=300), "sigmoid", 3)
    for number in (1, 3):
        made.measure("operation", number, mean=mean, spread=spread)
    for layer in (0, 2, 4):
        made.measure(
            "parameter", made.weight_of(layer), update_ratio=1e-3, moved=1e-3, gradient_rms=0.1
        )
    return made


def test_sigmoids_that_hardly_vary() -> None:
    assert len(sightings(OffCentreActivation(), sigmoids(0.5, 0.02))) == 2


@pytest.mark.parametrize(
    "made",
    [
        sigmoids(0.5, 0.2),  # they vary
        sigmoids(0.95, 0.02),  # saturated: another finding
        sigmoids(0.5, 0.02, falling(count=300)),  # it learns
        sigmoids(0.5, 0.02, standing(count=50)),  # too early to tell
    ],
)
def test_sigmoids_that_do_no_harm(made: Invention) -> None:
    assert not sightings(OffCentreActivation(), made)


# LOS110 sum-reduced-loss


def summed(optimizer: str = "SGD", update: float = 0.2, **fields: Any) -> Invention:
    made = Invention()
    made.optimizer(optimizer)
    made.objective(standing())
    made.measure("parameter", made.weight_of(made.layer()), update_ratio=update)
    given = {"prediction_shape": (64, 10), "target_shape": (64,), "reduction": "sum"}
    made.call("cross_entropy", **(given | fields))
    return made


def test_a_sum_that_throws_the_weights_about() -> None:
    seen = only(SumReducedLoss(), summed())
    assert "64 times those of the mean" in seen.message
    assert not sightings(LearningRateTooHigh(), summed()), "one fault has one name"


@pytest.mark.parametrize(
    "made",
    [
        summed(reduction="mean"),
        summed("Adam"),
        summed(update=1e-3),
        summed(prediction_shape=(2, 10)),
        summed(phase="evaluation"),
        summed().loss(falling()),
    ],
)
def test_sums_that_do_no_harm(made: Invention) -> None:
    assert not sightings(SumReducedLoss(), made)


def test_a_sum_that_left_the_numbers() -> None:
    made = summed(update=math.nan)
    broken = replace(made.run.objectives[0], non_finite={"step": 3})
    made.run.objectives[0] = broken
    assert only(SumReducedLoss(), made.loss([1.0, 5.0, 1e30, math.nan])).harm == 1.0


# LOS111 implausible-initial-loss


def begun(
    first: float, deviation: float, read: float = 1.0, function: str = "cross_entropy"
) -> Invention:
    made = mlp(depth=2)
    made.measure("operation", 2, input_rms=read)
    made.call(
        function,
        prediction_shape=(32, 10) if function == "cross_entropy" else (32, 1),
        prediction_operation=2,
        first={"loss": first, "prediction_std": deviation},
    )
    return made


@pytest.mark.parametrize(
    ("first", "deviation", "seen"),
    [(2.4, 0.5, False), (4.5, 4.5, False), (9.0, 9.0, True), (9.0, 1.0, False)],
)
def test_a_first_loss_far_too_high(first: float, deviation: float, seen: bool) -> None:
    assert bool(sightings(ImplausibleInitialLoss(), begun(first, deviation))) is seen


def test_the_binary_loss_has_its_own_measure() -> None:
    function = "binary_cross_entropy_with_logits"
    assert sightings(ImplausibleInitialLoss(), begun(2.0, 5.0, function=function))
    assert not sightings(ImplausibleInitialLoss(), begun(1.0, 5.0, function=function))


def test_large_numbers_before_the_last_layer_are_another_fault() -> None:
    assert not sightings(ImplausibleInitialLoss(), begun(9.0, 9.0, read=40.0))
    assert undecided(ImplausibleInitialLoss(), begun(9.0, 9.0, read=40.0))
