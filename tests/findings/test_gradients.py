"""GRD101 to GRD103 on invented runs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.findings.invented import Invention, falling, mlp, only, sightings, standing

from trainwell.findings.exploding_gradient import ExplodingGradient
from trainwell.findings.non_finite_gradient import NonFiniteGradient
from trainwell.findings.vanishing_gradient import VanishingGradient


def graded(
    sizes: list[float], losses: list[float] | None = None, kind: str = "linear"
) -> Invention:
    """Layers whose gradients have these root mean squares."""
    made = mlp(losses, "sigmoid", len(sizes), kind=kind)
    for number, size in enumerate(sizes):
        made.measure("parameter", number, gradient_rms=size, gradient_norm=8 * size, weight_rms=0.3)
    return made


# GRD101 vanishing-gradient

FADING = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2]


def test_gradients_that_fade_while_the_loss_stands() -> None:
    seen = only(VanishingGradient(), graded(FADING))
    assert (seen.where.layer, seen.where.line, seen.severity) == ("fc1", 10, "error")
    assert seen.evidence["ratio"] == pytest.approx(1e-4)
    assert "fades from 1.0e-02 at `fc5` to 1.0e-06 at `fc1`" in seen.message


def test_a_loss_that_falls_shows_that_enough_arrives() -> None:
    assert not sightings(VanishingGradient(), graded(FADING, falling()))


@pytest.mark.parametrize(("end", "found"), [(0.88, 0), (0.92, 1), (1.5, 1)])
def test_both_sides_of_the_fall(end: float, found: int) -> None:
    losses = [1.0] * 10 + [end] * 90
    assert len(sightings(VanishingGradient(), graded(FADING, losses))) == found


@pytest.mark.parametrize(("ratio", "found"), [(0.011, 0), (0.009, 1), (1.0, 0), (0.0, 1)])
def test_both_sides_of_the_ratio(ratio: float, found: int) -> None:
    sizes = [ratio, ratio, 1.0, 1.0]
    assert len(sightings(VanishingGradient(), graded(sizes))) == found


@pytest.mark.parametrize(("depth", "found"), [(1, 0), (3, 0), (4, 1)])
def test_both_sides_of_the_depth(depth: int, found: int) -> None:
    assert (
        len(sightings(VanishingGradient(), graded(FADING[-depth:][:1] + [9.0] * (depth - 1))))
        == found
    )


def test_small_gradients_alone_are_no_sign() -> None:
    assert not sightings(VanishingGradient(), graded([1e-12] * 5))
    assert not sightings(VanishingGradient(), graded([0.0] * 5))


def test_wide_networks_of_many_heads_are_not_deep() -> None:
    made = Invention()
    made.objective()
    for number, size in enumerate(FADING):
        made.layer(layer=f"head{number}")
        made.measure("parameter", number, gradient_rms=size)
    assert not sightings(VanishingGradient(), made)


def test_frozen_recurrent_and_unmeasured_layers_are_not_looked_at() -> None:
    made = graded(FADING)
    for number in (0, 1):
        del made.run.vitals["parameter", number, "gradient_rms"]
    assert not sightings(VanishingGradient(), made), "three layers remain"
    assert not sightings(VanishingGradient(), graded(FADING, kind="recurrent"))
    assert not sightings(VanishingGradient(), graded([math.nan] * 5))
    assert not sightings(VanishingGradient(), graded([math.inf] * 5))


def test_biases_and_embeddings_are_not_looked_at() -> None:
    made = graded([1.0] * 4)
    for position, number in enumerate(made.run.operations):
        bias = made.parameter(f"fc{position}.bias", (8,))
        operation = made.run.operations[number]
        made.run.operations[number] = replace(operation, parameters=(*operation.parameters, bias))
        owner = made.run.objectives[0]
        made.run.objectives[0] = replace(owner, parameters=(*owner.parameters, bias))
        made.measure("parameter", bias, gradient_rms=1e-12 * (number + 1) ** 9)
    assert not sightings(VanishingGradient(), made)
    assert not sightings(VanishingGradient(), graded(FADING, kind="embedding"))


@pytest.mark.parametrize("losses", [[], [2.3]])
def test_a_loss_that_was_not_seen_is_not_said_to_stand(losses: list[float]) -> None:
    made = graded(FADING).loss(losses)
    assert not sightings(VanishingGradient(), made)


# GRD102 exploding-gradient


def norms(values: list[float], weight: float = 0.3, losses: list[float] | None = None) -> Invention:
    made = mlp(losses, depth=3)
    for number in range(3):
        made.measure("parameter", number, gradient_norm=0.01, weight_rms=weight, gradient_rms=1e-3)
    made.measure("parameter", 1, gradient_norm=values)
    return made


def test_a_burst_is_named_with_layer_and_step() -> None:
    seen = only(ExplodingGradient(), norms([0.5, 0.5, 400.0, 0.5, 0.5, 0.5]))
    assert (seen.where.layer, seen.step, seen.severity) == ("fc2", 10, "error")
    assert seen.evidence["largest_norm"] == pytest.approx(400.0)
    assert seen.evidence["typical_norm"] == pytest.approx(0.5, rel=1e-2)
    assert "reaches 4.0e+02 at step 10" in seen.message


def test_a_norm_far_above_the_weights_is_named() -> None:
    seen = only(ExplodingGradient(), norms([9e3] * 6))
    weights = 0.3 * math.sqrt(3 * 64)
    assert seen.evidence["weight_norm"] == pytest.approx(weights)
    assert seen.evidence["typical_norm"] == pytest.approx(9e3, rel=1e-3)


def test_gradients_that_grow_towards_the_data() -> None:
    seen = only(ExplodingGradient(), graded([1.0, 1e-1, 1e-2, 1e-4]))
    assert seen.where.layer == "fc1"
    assert seen.evidence == {"first": 1.0, "last": 1e-4}
    assert not sightings(ExplodingGradient(), graded([1.0, 0.1, 0.01, 1.1e-3])), "under a thousand"
    assert not sightings(ExplodingGradient(), graded([1.0, 0.1, 1e-4])), "three layers only"


@pytest.mark.parametrize(("peak", "found"), [(49.0, 0), (52.0, 1)])
def test_both_sides_of_a_burst(peak: float, found: int) -> None:
    assert len(sightings(ExplodingGradient(), norms([0.5, 0.5, peak, 0.5, 0.5, 0.5]))) == found


@pytest.mark.parametrize(("norm", "found"), [(410.0, 0), (420.0, 1)])
def test_both_sides_of_the_norm(norm: float, found: int) -> None:
    assert 100 * 0.3 * math.sqrt(3 * 64) == pytest.approx(415.7, abs=0.1)
    assert len(sightings(ExplodingGradient(), norms([norm] * 6))) == found


def test_a_burst_smaller_than_the_weights_throws_nothing_away() -> None:
    assert not sightings(ExplodingGradient(), norms([1e-5] * 2 + [1e-2] + [1e-5] * 3))


def test_bursts_that_are_clipped_or_absorbed_are_no_fault() -> None:
    assert not sightings(ExplodingGradient(), norms([0.5, 0.5, 400.0, 0.5], losses=falling()))
    assert not sightings(ExplodingGradient(), norms([9e3] * 6, losses=falling()))


@pytest.mark.parametrize(("end", "found"), [(0.88, 0), (0.92, 1)])
def test_both_sides_of_the_fall_of_exploding(end: float, found: int) -> None:
    made = norms([9e3] * 6, losses=[1.0] * 10 + [end] * 90)
    assert len(sightings(ExplodingGradient(), made)) == found


def test_too_few_looks_and_none() -> None:
    assert not sightings(ExplodingGradient(), mlp())
    made = mlp(depth=1)
    made.measure("parameter", 0, gradient_norm=[0.1, 0.1, 900.0], weight_rms=0.1)
    assert not sightings(ExplodingGradient(), made)


def test_norms_that_are_nan_or_infinite_are_left_out() -> None:
    assert not sightings(ExplodingGradient(), norms([math.nan, 0.5, math.inf, 0.5, 0.5, 0.5]))
    seen = only(ExplodingGradient(), norms([math.nan, 0.5, 400.0, 0.5, 0.5, 0.5]))
    assert seen.step == 10


def test_weights_of_zero_have_no_norm_to_compare_with() -> None:
    # A linear model that starts at 0, at a rate that moves nothing.
    sightings(ExplodingGradient(), norms([0.5] * 6, weight=0.0))


def test_weights_whose_size_was_not_measured() -> None:
    made = norms([9e3] * 6)
    made.run.vitals = {k: v for k, v in made.run.vitals.items() if k[2] != "weight_rms"}
    assert not sightings(ExplodingGradient(), made)


@pytest.mark.parametrize("losses", [[], [2.3]])
def test_an_unseen_loss_is_not_said_to_stand(losses: list[float]) -> None:
    assert not sightings(ExplodingGradient(), norms([9e3] * 6).loss(losses))


# GRD103 non-finite-gradient


def broken(kind: str = "square_root", lost: dict | None = None, **fields) -> Invention:
    made = mlp(standing(), depth=2)
    made.operation(kind, 2, layer="distance")
    first = {"step": 9, "parameters": ["fc1.weight", "fc2.weight"]}
    made.run.objectives[0] = replace(
        made.run.objectives[0], non_finite_gradient=first | fields, non_finite=lost
    )
    return made


@pytest.mark.parametrize("kind", ["square_root", "power", "divide", "logarithm", "norm", "arc"])
def test_an_operation_of_infinite_slope_is_suspected(kind: str) -> None:
    seen = only(NonFiniteGradient(), broken(kind))
    assert (seen.where.layer, seen.step, seen.severity, seen.harm) == ("distance", 9, "error", 1.0)
    assert "`distance`" in seen.message
    assert "`fc1.weight` and 1 more" in seen.message
    assert seen.evidence["parameters"] == ["fc1.weight", "fc2.weight"]


def test_the_operation_that_was_watched_is_named() -> None:
    seen = only(NonFiniteGradient(), broken(operation=0, reason="a root of 0"))
    assert seen.where.layer == "fc1"
    assert "`fc1`: a root of 0" in seen.message


@pytest.mark.parametrize(
    "fields", [{"operation": 77}, {}, {"parameters": []}, {"parameters": None}]
)
def test_no_operation_stands_out(fields: dict) -> None:
    seen = only(NonFiniteGradient(), broken("gelu", **fields))
    assert seen.where.line == 90
    assert "no single operation stands out" in seen.message


@pytest.mark.parametrize(("step", "found"), [(8, 0), (9, 0), (10, 1)])
def test_a_loss_that_was_lost_first_explains_its_gradient(step: int, found: int) -> None:
    made = broken(lost={"step": step, "value": "nan"})
    assert len(sightings(NonFiniteGradient(), made)) == found


def test_finite_gradients_are_fine() -> None:
    assert not sightings(NonFiniteGradient(), mlp())
    # A step that a gradient scaler skips leaves infinities in the series, and no fact.
    made = mlp()
    made.measure("parameter", 0, gradient_norm=[math.inf, 1.0, 1.0])
    assert not sightings(NonFiniteGradient(), made)
