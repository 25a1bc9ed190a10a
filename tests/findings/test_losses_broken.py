"""LOS108 and LOS109 on invented runs: losses of the wrong shape, and losses that are no numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.findings.invented import Invention, mlp, only, sightings, standing

from trainwell.findings.broadcast_loss import BroadcastLoss
from trainwell.findings.non_finite_loss import NonFiniteLoss

REGRESSION = ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"]

# LOS108 broadcast-loss


def shapes(prediction: tuple, target: tuple, function: str = "mse_loss", **fields) -> Invention:
    made = mlp(depth=2)
    made.call(function, prediction_shape=prediction, target_shape=target, **fields)
    return made


@pytest.mark.parametrize("function", [*REGRESSION, "poisson_nll_loss"])
@pytest.mark.parametrize(
    ("prediction", "target"), [((32, 1), (32,)), ((32,), (32, 1)), ((8, 1, 3), (8, 3))]
)
def test_shapes_that_make_a_table(prediction: tuple, target: tuple, function: str) -> None:
    seen = only(BroadcastLoss(), shapes(prediction, target, function))
    assert (seen.where.line, seen.severity) == (70, "error")
    assert seen.evidence == {"prediction": list(prediction), "target": list(target)}


@pytest.mark.parametrize(
    ("prediction", "target"),
    [
        ((32, 1), (32, 1)),
        ((32,), (32,)),
        ((1, 1), (1,)),
        ((32, 5), (5,)),  # one target for all examples: larger than neither
        ((32, 5), (32, 1)),
        ((32, 1), (1,)),
        ((), (32,)),
        ((32, 1), ()),
        ((), ()),
    ],
)
def test_shapes_that_make_no_table(prediction: tuple, target: tuple) -> None:
    assert not sightings(BroadcastLoss(), shapes(prediction, target))


@pytest.mark.parametrize("function", ["cross_entropy", "nll_loss", "kl_div"])
def test_losses_whose_shapes_differ_by_design(function: str) -> None:
    assert not sightings(BroadcastLoss(), shapes((32, 1), (32,), function))


def test_broadcasts_at_evaluation_and_without_objective() -> None:
    assert not sightings(BroadcastLoss(), shapes((32, 1), (32,), phase="evaluation"))
    assert only(BroadcastLoss(), shapes((32, 1), (32,), objective=None)).harm == 0.5
    assert only(BroadcastLoss(), shapes((32, 1), (32,), objective=77)).harm == 0.5


def by_hand(
    table: tuple[int, ...] = (32, 32), *after: str, prediction: tuple[int, ...] = (32, 1)
) -> Invention:
    """((prediction - target) ** 2).mean(), in operations."""
    made = mlp(depth=1, operation={"shape": prediction})
    last = made.operation("subtract", 0, layer="after fc1", shape=table)
    for kind in after or ("power", "mean"):
        last = made.operation(kind, last, shape=() if kind in ("mean", "sum") else table)
    return made


def test_a_table_in_a_loss_by_hand() -> None:
    seen = only(BroadcastLoss(), by_hand())
    assert (seen.where.line, seen.severity) == (11, "error")
    assert seen.evidence == {"prediction": [32, 1], "result": [32, 32]}
    assert sightings(BroadcastLoss(), by_hand((32, 32), "absolute", "sum"))


def test_shapes_by_hand_that_make_no_table() -> None:
    assert not sightings(BroadcastLoss(), by_hand((32, 1)))
    assert not sightings(BroadcastLoss(), by_hand((32, 32), prediction=(32, 32)))
    assert not sightings(BroadcastLoss(), by_hand((1, 1), prediction=(1, 1)))
    assert not sightings(BroadcastLoss(), by_hand((32, 16)))


def test_pairwise_losses_on_purpose_are_no_fault() -> None:
    made = mlp(depth=1, operation={"shape": (32, 1)})
    made.operation("mean", made.operation("subtract", 0, 0, shape=(32, 32)), shape=())
    assert not sightings(BroadcastLoss(), made)
    # Something else than arithmetic on the table: it is meant as one.
    assert not sightings(BroadcastLoss(), by_hand((32, 32), "softmax", "mean"))


def test_a_table_inside_the_network_is_no_loss() -> None:
    made = mlp(depth=1, operation={"shape": (32, 1)})
    made.layer(made.operation("subtract", 0, shape=(32, 32)), layer="fc2")
    assert not sightings(BroadcastLoss(), made)


def test_a_table_that_is_not_reduced_to_a_loss() -> None:
    assert not sightings(BroadcastLoss(), by_hand((32, 32), "power"))


# LOS109 non-finite-loss


def broken(**lost) -> Invention:
    made = mlp(depth=2)
    made.operation("logarithm", 2, layer="out")
    made.run.objectives[0] = _with(made, {"step": 7, "value": "nan", "operation": 3} | lost)
    return made


def _with(made: Invention, lost: dict | None, **fields):
    return replace(made.run.objectives[0], non_finite=lost, **fields)


def test_the_operation_that_made_the_loss_nan_is_named() -> None:
    seen = only(NonFiniteLoss(), broken(reason="the logarithm of 0"))
    assert (seen.where.layer, seen.step, seen.severity, seen.harm) == ("out", 7, "error", 1.0)
    assert "`out`: the logarithm of 0" in seen.message
    assert seen.evidence["value"] == "nan"


@pytest.mark.parametrize("operation", [None, 77])
def test_a_nan_loss_of_unknown_origin_is_seen_at_backward(operation: int | None) -> None:
    seen = only(NonFiniteLoss(), broken(operation=operation, reason=None))
    assert seen.where.line == 90
    assert "no single operation stands out" in seen.message


def test_nan_from_the_data_belongs_to_another_finding() -> None:
    assert not sightings(NonFiniteLoss(), broken(source="data", reason="NaN in the batch"))


def test_nan_from_the_backward_pass_belongs_to_another_finding() -> None:
    made = broken(source="weights", reason="a weight is NaN")
    assert sightings(NonFiniteLoss(), made)
    lost = made.run.objectives[0].non_finite
    made.run.objectives[0] = _with(made, lost, non_finite_gradient={"step": 6})
    assert not sightings(NonFiniteLoss(), made)


def test_a_finite_loss_is_fine() -> None:
    assert not sightings(NonFiniteLoss(), mlp(standing()))
    # A loss that is infinite in the series alone: nothing was blamed, nothing is said.
    assert not sightings(NonFiniteLoss(), mlp([1.0, math.inf, 1.0]))
