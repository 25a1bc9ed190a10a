"""ACT101 to ACT103 on invented runs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.findings.invented import (
    Invention,
    falling,
    mlp,
    only,
    sightings,
    standing,
    undecided,
)

from trainwell.findings.collapsed_activations import CollapsedActivations
from trainwell.findings.dying_relu import DyingRelu
from trainwell.findings.saturated_activation import SaturatedActivation

# ACT101 dying-relu


def silent(*shares: float, losses: list[float] | None = None) -> Invention:
    made = mlp(losses)
    for number in (1, 3, 5):
        made.measure("operation", number, silent_share=0.1)
    made.measure("operation", 3, silent_share=list(shares))
    return made


def test_a_layer_that_is_silent() -> None:
    seen = only(DyingRelu(), silent(0.1, 0.3, 0.95, 0.95, 1.0, 1.0))
    assert (seen.where.layer, seen.where.line) == ("after fc2", 13)
    assert (seen.severity, seen.step) == ("error", 10)
    assert seen.evidence == {"silent_share": 0.95, "looks": 6}
    assert "95%" in seen.message
    assert "fc2" in seen.message


@pytest.mark.parametrize(
    ("share", "severity"),
    [
        (0.0, None),
        (0.59, None),
        (0.6, "warning"),
        (0.89, "warning"),
        (0.9, "error"),
        (1.0, "error"),
    ],
)
def test_both_sides_of_the_shares(share: float, severity: str | None) -> None:
    seen = sightings(DyingRelu(), silent(*[share] * 5, losses=falling(end=0.5)))
    assert [s.severity for s in seen] == ([] if severity is None else [severity])


def test_a_majority_is_a_remark_where_the_network_has_learned() -> None:
    assert only(DyingRelu(), silent(*[0.6] * 5, losses=falling())).severity == "info"


def test_a_majority_is_an_error_where_the_loss_stands() -> None:
    assert only(DyingRelu(), silent(*[0.6] * 5)).severity == "error"


def test_units_that_wake_again_are_not_dead() -> None:
    assert not sightings(DyingRelu(), silent(1.0, 1.0, 1.0, 0.2, 0.1, 0.2))


def test_too_few_looks_are_said() -> None:
    made = silent(1.0, 1.0)
    assert not sightings(DyingRelu(), made)
    (remark,) = undecided(DyingRelu(), made)
    assert "fc2" in remark.reason
    assert "was looked at too few times" in remark.reason
    assert sightings(DyingRelu(looks=2), made)


def test_nan_is_no_look() -> None:
    assert not sightings(DyingRelu(), silent(math.nan, math.nan, math.nan, 1.0, 1.0))
    assert only(DyingRelu(), silent(math.nan, 1.0, 1.0, 1.0)).step == 5


@pytest.mark.parametrize("kind", ["leaky_relu", "gelu", "elu"])
def test_other_activations_keep_a_gradient(kind: str) -> None:
    made = mlp(activation=kind)
    made.measure("operation", 3, silent_share=1.0)
    assert not sightings(DyingRelu(), made)


def test_a_relu_at_the_output_is_looked_at_where_the_loss_stands() -> None:
    made = mlp(falling(), depth=1)
    made.measure("operation", made.operation("relu", 0), silent_share=1.0)
    assert not sightings(DyingRelu(), made)
    assert only(DyingRelu(), made.loss(standing())).severity == "error"


# ACT102 saturated-activation


def pinned(*shares: float, kind: str = "sigmoid", losses: list[float] | None = None) -> Invention:
    made = mlp(losses, kind)
    made.measure("operation", 3, saturated_share=list(shares))
    return made


@pytest.mark.parametrize("kind", ["sigmoid", "tanh"])
def test_a_layer_that_is_pinned(kind: str) -> None:
    seen = only(SaturatedActivation(), pinned(0.1, 0.7, 0.8, 0.8, 0.9, kind=kind))
    assert (seen.where.layer, seen.step, seen.severity) == ("after fc2", 5, "error")
    assert seen.evidence == {"saturated_share": 0.8, "kind": kind}


@pytest.mark.parametrize(("share", "found"), [(0.0, 0), (0.49, 0), (0.5, 1), (1.0, 1)])
def test_both_sides_of_the_share(share: float, found: int) -> None:
    assert len(sightings(SaturatedActivation(), pinned(*[share] * 5))) == found


@pytest.mark.parametrize(("end", "severity"), [(0.4, "warning"), (0.6, "error")])
def test_both_sides_of_the_harm(end: float, severity: str) -> None:
    made = pinned(*[0.9] * 5, losses=[1.0] * 10 + [end] * 90)
    assert only(SaturatedActivation(), made).severity == severity


def test_looks_that_are_missing_or_nan() -> None:
    assert not sightings(SaturatedActivation(), pinned(1.0, 1.0))
    assert not sightings(SaturatedActivation(), pinned(1.0, 1.0, math.nan, math.inf))
    assert not sightings(SaturatedActivation(), mlp(activation="sigmoid"))
    assert sightings(SaturatedActivation(looks=2), pinned(1.0, 1.0))


def test_output_units_and_gates_are_no_fault() -> None:
    made = mlp(depth=2)
    made.measure("operation", made.operation("sigmoid", 2), saturated_share=1.0)
    assert not sightings(SaturatedActivation(), made)
    # A gate that opens and closes by example has a mean slope: its share is measured as low.
    assert not sightings(SaturatedActivation(), pinned(*[0.2] * 5))


def test_units_that_recover_are_not_pinned() -> None:
    assert not sightings(SaturatedActivation(), pinned(1.0, 1.0, 0.1, 0.1, 0.1, 0.1, 0.1))


# ACT103 collapsed-activations


def collapsed(before: float = 0.5, after: float = 1e-4, kind: str = "layer_norm") -> Invention:
    made = mlp(depth=1)
    first = made.operation("gelu", 0, layer="after fc1")
    made.measure("operation", first, spread=before)
    second = made.operation(kind, first, layer="norm")
    made.measure("operation", second, spread=after)
    made.layer(second, layer="head")
    return made


def test_an_operation_that_makes_all_examples_the_same() -> None:
    seen = only(CollapsedActivations(), collapsed())
    assert (seen.where.layer, seen.severity, seen.step) == ("norm", "error", 0)
    assert seen.evidence == {"spread": 1e-4, "spread_before": 0.5}


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        (0.5, 0.5, 0),
        (0.5, 5.1e-3, 0),
        (0.5, 4.9e-3, 1),
        (0.4, 4.1e-3, 0),  # it keeps a hundredth of what came in
        (1e-5, 1e-6, 0),  # a signal that faded before it
        (1e-4, 1e-4, 0),
        (0.5, 0.0, 1),
        (0.5, math.nan, 0),
        (math.nan, 1e-4, 0),
    ],
)
def test_both_sides_of_spread_and_kept(before: float, after: float, found: int) -> None:
    assert len(sightings(CollapsedActivations(), collapsed(before, after))) == found


def test_what_a_layer_reads_is_laid_to_what_made_it() -> None:
    made = mlp(depth=1)
    first = made.operation("gelu", 0, layer="after fc1")
    made.measure("operation", first, spread=0.5)
    mean = made.operation("mean", first, layer="pool")
    made.measure("operation", made.layer(mean, layer="head"), input_spread=1e-6)
    assert only(CollapsedActivations(), made).where.layer == "pool"


def test_one_maker_is_told_once() -> None:
    made = collapsed()
    head = max(made.run.operations)
    made.measure("operation", head, input_spread=1e-6)
    only(CollapsedActivations(), made)


@pytest.mark.parametrize("kind", ["relu", "sigmoid", "tanh"])
def test_dead_and_pinned_units_have_findings_of_their_own(kind: str) -> None:
    assert not sightings(CollapsedActivations(), collapsed(kind=kind))


def test_paths_that_do_not_depend_on_the_data_are_not_looked_at() -> None:
    made = collapsed()
    made.run.operations[0] = replace(made.run.operations[0], reads_data=False)
    assert not sightings(CollapsedActivations(), made)
    made.run.operations[0] = replace(made.run.operations[0], kind="embedding")
    assert sightings(CollapsedActivations(), made)


def test_looks_that_do_not_agree_or_are_too_few() -> None:
    made = collapsed()
    made.measure("operation", 2, spread=[1e-6, 1e-6])
    assert not sightings(CollapsedActivations(), made)
    assert sightings(CollapsedActivations(looks=2), made)
    made.measure("operation", 2, spread=[1e-6, 1e-6, 0.3, 0.3, 0.3])
    assert not sightings(CollapsedActivations(), made)


def test_nothing_was_measured_before() -> None:
    made = collapsed()
    del made.run.vitals["operation", 1, "spread"]
    assert not sightings(CollapsedActivations(), made)


def test_a_network_that_reads_itself_ends() -> None:
    made = collapsed()
    del made.run.vitals["operation", 1, "spread"]
    made.run.operations[1] = replace(made.run.operations[1], inputs=(0, 2))
    assert not sightings(CollapsedActivations(), made)
