"""NET101 to NET104 on invented runs."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
from tests.findings.invented import Invention, falling, mlp, only, sightings, undecided

from trainwell.findings.mis_scaled_init import MisScaledInit, looks_like
from trainwell.findings.stacked_linear import StackedLinear
from trainwell.findings.symmetric_weights import SymmetricWeights
from trainwell.findings.unused_parameter import UnusedParameter
from trainwell.record import Parameter

# NET101 stacked-linear


def stacked(
    *shapes: tuple[int, int], between: tuple[str, ...] = (), bent: bool = True
) -> Invention:
    """Linear layers of these (outputs, inputs) with operations between them."""
    made = Invention()
    made.objective()
    last: tuple[int, ...] = ()
    for number, shape in enumerate(shapes):
        last = (made.layer(*last, shape=shape, layer=f"fc{number + 1}"),)
        if number < len(shapes) - 1:
            for kind in between:
                last = (made.operation(kind, *last),)
    if bent:
        made.layer(made.operation("relu", *last), layer="head")
    return made


def test_two_linear_layers_in_a_row() -> None:
    seen = only(StackedLinear(), stacked((32, 16), (10, 32)))
    assert (seen.where.layer, seen.where.line, seen.severity) == ("fc1", 10, "warning")
    assert seen.evidence == {"first": [16, 32], "second": [32, 10], "amounts_to": [16, 10]}
    assert "`fc1` (16 to 32) and `fc2` (32 to 10)" in seen.message


def test_a_network_that_only_draws_straight_lines_is_an_error() -> None:
    seen = sightings(StackedLinear(), stacked((32, 16), (32, 32), (10, 32), bent=False))
    assert [(s.where.layer, s.severity) for s in seen] == [("fc1", "error"), ("fc2", "error")]


@pytest.mark.parametrize("between", [("dropout",), ("multiply", "dropout"), ("divide",), ("add",)])
def test_what_only_scales_is_looked_through(between: tuple[str, ...]) -> None:
    assert sightings(StackedLinear(), stacked((32, 16), (10, 32), between=between))


@pytest.mark.parametrize(
    "between", ["relu", "tanh", "layer_norm", "batch_norm", "softmax", "max_pool", "unknown"]
)
def test_what_bends_or_may_bend_is_not(between: str) -> None:
    assert not sightings(StackedLinear(), stacked((32, 16), (10, 32), between=(between,)))


@pytest.mark.parametrize(("width", "found"), [(1, 0), (9, 0), (10, 1), (64, 1)])
def test_both_sides_of_a_bottleneck(width: int, found: int) -> None:
    # Low rank: W2 W1 has at most rank `width`, which one layer of 16 to 10 has not.
    assert len(sightings(StackedLinear(), stacked((width, 16), (10, width)))) == found


def test_the_output_projection_of_attention_is_no_fault() -> None:
    made = Invention()
    made.objective()
    first = made.layer(shape=(16, 16), layer="block.attention.out_proj")
    made.layer(first, shape=(64, 16), layer="fc")
    assert not sightings(StackedLinear(), made)


def test_a_result_that_something_else_reads_too_is_no_fault() -> None:
    made = stacked((32, 16), (10, 32))
    made.operation("sum", 0)
    assert not sightings(StackedLinear(), made)


def test_a_layer_that_reads_two_results_is_no_fault() -> None:
    made = Invention()
    made.objective()
    one, two = made.layer(layer="a"), made.layer(layer="b")
    made.layer(one, two, layer="c")
    assert not sightings(StackedLinear(), made)


def test_matrices_by_hand_are_kept_the_other_way_round() -> None:
    made = Invention()
    made.objective()
    first = made.layer(shape=(16, 32), layer="w1", operation={"shape": (8, 32)})
    made.layer(first, shape=(32, 10), layer="w2", operation={"shape": (8, 10)})
    assert only(StackedLinear(), made).evidence["amounts_to"] == [16, 10]


@pytest.mark.parametrize("details", [{}, {"weight": None}, {"weight": [3]}, {"weight": "3x3"}])
def test_linear_layers_of_unknown_size(details: dict[str, Any]) -> None:
    made = Invention()
    made.objective()
    made.layer(made.layer(operation={"details": details}))
    assert not sightings(StackedLinear(), made)


def test_stacked_convolutions_and_loops_are_silent() -> None:
    made = Invention()
    made.objective()
    made.layer(made.layer(kind="convolution", shape=(8, 3, 3, 3)), kind="convolution")
    assert not sightings(StackedLinear(), made)


def test_a_graph_that_reads_itself_ends() -> None:
    # As a damaged record might hold.
    made = stacked((32, 16), (10, 32), between=("multiply",))
    made.run.operations[1] = replace(made.run.operations[1], inputs=(1,))
    assert not sightings(StackedLinear(), made)


# NET102 symmetric-weights


def symmetric(
    start: float = 1 / 8, now: float = 1 / 8, shape: tuple[int, ...] = (8, 8), **fields: Any
) -> Invention:
    made = mlp(depth=2, shape=shape, **({"start": {"distinct_rows": start}} | fields))
    for number in made.run.parameters:
        made.measure("parameter", number, distinct_rows=[start, now])
    return made


def test_units_that_are_copies_and_stay_so() -> None:
    seen = only(SymmetricWeights(), symmetric())
    assert (seen.where.layer, seen.severity) == ("fc1", "error"), "and the last layer is not named"
    assert seen.evidence == {"units": 8, "distinct_at_start": 1 / 8, "distinct_now": 1 / 8}


@pytest.mark.parametrize(("start", "now"), [(1.0, 1.0), (1 / 8, 1.0), (1.0, 1 / 8)])
def test_units_that_differ_or_come_to_differ(start: float, now: float) -> None:
    assert not sightings(SymmetricWeights(), symmetric(start, now))


@pytest.mark.parametrize(("share", "found"), [(0.25, 1), (0.26, 0), (0.5, 0)])
def test_both_sides_of_the_share_of_distinct_units(share: float, found: int) -> None:
    assert len(sightings(SymmetricWeights(), symmetric(share, share))) == found
    assert sightings(SymmetricWeights(distinct=0.5), symmetric(share, share))


@pytest.mark.parametrize("units", [2, 3])
def test_few_units_that_are_all_copies(units: int) -> None:
    made = symmetric(1 / units, 1 / units, (units, 8))
    assert only(SymmetricWeights(), made).evidence["units"] == units
    assert not sightings(SymmetricWeights(), symmetric(1.0, 1.0, (units, 8)))


def test_zeros_in_the_last_layer_and_layers_of_one_unit_are_no_fault() -> None:
    made = mlp(depth=1, start={"distinct_rows": 1 / 8})
    made.measure("parameter", 0, distinct_rows=[1 / 8, 1 / 8])
    assert not sightings(SymmetricWeights(), made)
    assert not sightings(SymmetricWeights(), symmetric(1.0, 1.0, (1, 8)))


def test_frozen_weights_and_weights_seen_once_are_not_looked_at() -> None:
    assert not sightings(SymmetricWeights(), symmetric(trainable=False))
    once = symmetric()
    for number in once.run.parameters:
        once.measure("parameter", number, distinct_rows=[1 / 8])
    assert not sightings(SymmetricWeights(), once)


def test_distinct_rows_that_are_nan_or_missing() -> None:
    assert not sightings(SymmetricWeights(), symmetric(math.nan, math.nan))
    made = mlp(depth=2)
    made.measure("parameter", 0, distinct_rows=[0.1, 0.1])
    assert not sightings(SymmetricWeights(), made)


# NET103 mis-scaled-init


def initialised(
    std: float,
    factor: float = 1.0,
    activation: str = "relu",
    losses: list[float] | None = None,
    pinned: float | None = None,
    fan: int = 64,
    **fields: Any,
) -> Invention:
    """Layers of one deviation, whose signal changes by `factor` a layer."""
    start = {"std": std, "mean": 0.0, "peak": 3 * std, "kurtosis": 3.0}
    made = mlp(losses, activation, shape=(fan, fan), **({"start": start} | fields))
    for position, number in enumerate(range(0, 8, 2)):
        made.measure("operation", number, input_rms=[factor**position, 1.0])
    if pinned is not None:
        for number in (1, 3, 5):
            made.measure("operation", number, saturated_share=[pinned, 0.0, 0.0])
    return made


HE = math.sqrt(2 / 64)
XAVIER = math.sqrt(2 / 128)


def test_weights_that_make_the_signal_grow() -> None:
    seen = sightings(MisScaledInit(), initialised(10 * HE, 5.0))
    assert [s.where.layer for s in seen] == ["fc1", "fc2", "fc3"], "the last layer is not looked at"
    first = seen[0]
    assert first.severity == "error"
    assert first.evidence == {
        "std": 10 * HE,
        "wanted": pytest.approx(HE),
        "wants": "He",
        "looks_like": looks_like(next(iter(initialised(10 * HE).run.parameters.values()))),
        "signal_factor": pytest.approx(5.0),
        "pinned_share": 0.0,
    }
    assert "the signal grows 5-fold a layer" in first.message


def test_weights_that_make_the_signal_shrink() -> None:
    seen = sightings(MisScaledInit(), initialised(HE / 10, 0.1, losses=falling()))
    assert len(seen) == 2 or len(seen) == 3
    assert {s.severity for s in seen} == {"warning"}, "the loss fell all the same"
    assert "shrinks 0.1-fold a layer" in seen[0].message


def test_weights_that_pin_their_units() -> None:
    seen = sightings(MisScaledInit(), initialised(10 * XAVIER, 1.0, "tanh", pinned=0.8))
    assert len(seen) == 3
    assert "80% of its tanh units are pinned from the start" in seen[0].message
    assert seen[0].evidence["wants"] == "Xavier"


@pytest.mark.parametrize(
    ("std", "factor", "found"),
    [
        (HE, 1.0, 0),
        (HE, 10.0, 0),  # the weights are right: something else grows
        (10 * HE, 1.0, 0),  # normalised or residual: the signal does not grow
        (10 * HE, 0.01, 0),
        (HE / 10, 10.0, 0),
        (2.9 * HE, 5.0, 0),
        (3.1 * HE, 5.0, 3),
        (10 * HE, 2.9, 0),
        (10 * HE, 3.1, 3),
        (HE / 2.9, 0.1, 0),
        (HE / 3.1, 0.1, 3),
        (HE / 10, 0.16, 0),
        (HE / 10, 0.14, 3),
        (HE / math.sqrt(6), 0.4, 0),  # PyTorch's default
        (math.nan, 10.0, 0),
        (0.0, 0.0, 0),
    ],
)
def test_both_sides_of_ratio_and_growth(std: float, factor: float, found: int) -> None:
    assert len(sightings(MisScaledInit(), initialised(std, factor))) == found


@pytest.mark.parametrize(("pinned", "found"), [(0.29, 0), (0.31, 3), (math.nan, 0)])
def test_both_sides_of_pinned(pinned: float, found: int) -> None:
    made = initialised(10 * XAVIER, 1.0, "sigmoid", pinned=pinned)
    assert len(sightings(MisScaledInit(), made)) == found
    assert not sightings(MisScaledInit(), initialised(XAVIER, 1.0, "sigmoid", pinned=0.9))


def test_small_weights_in_the_last_layer_are_good_practice() -> None:
    made = mlp(depth=1, start={"std": 1e-4}, shape=(64, 64))
    assert not sightings(MisScaledInit(), made)


def test_weights_first_seen_after_an_update_are_not_judged() -> None:
    made = initialised(10 * HE, 5.0, fresh=False)
    assert not sightings(MisScaledInit(), made)
    (remark,) = undecided(MisScaledInit(), made)
    assert remark.reason == "the weights were not seen before their first update"


def test_recurrent_layers_and_unmeasured_signals_are_silent() -> None:
    made = mlp(depth=3, kind="recurrent", start={"std": 50.0})
    assert not sightings(MisScaledInit(), made)
    made = initialised(10 * HE, 5.0)
    made.run.vitals = {k: v for k, v in made.run.vitals.items() if k[2] != "input_rms"}
    assert not sightings(MisScaledInit(), made)


def test_the_signal_is_read_off_what_came_before_where_the_input_is_unknown() -> None:
    made = initialised(10 * HE, 5.0)
    for number in (2, 4, 6):
        size = made.run.vitals.pop(("operation", number, "input_rms")).values[0]
        made.measure("operation", number - 1, rms=[size])
    assert len(sightings(MisScaledInit(), made)) == 3


@pytest.mark.parametrize(
    ("std", "kurtosis", "name"),
    [
        (HE, 3.0, "He (normal)"),
        (HE, 1.8, "He (uniform)"),
        (math.sqrt(1 / 64), 3.0, "LeCun (normal)"),
        (math.sqrt(1 / 192), 1.8, "PyTorch's default (uniform)"),
        (math.sqrt(2 / (64 + 16)), 1.8, "Xavier (uniform)"),
        (HE, 9.0, "He (unknown shape)"),
        (HE, math.nan, "He (unknown shape)"),
    ],
)
def test_schemes_are_told_by_deviation_and_shape(std: float, kurtosis: float, name: str) -> None:
    assert looks_like(measured(std, kurtosis)) == name


def measured(std: float, kurtosis: float) -> Parameter:
    start = {"std": std, "kurtosis": kurtosis}
    return Parameter(0, "fc.weight", shape=(16, 64), fan_in=64, fan_out=16, start=start)


@pytest.mark.parametrize("std", [1.0, 1e-4, 1.15 * HE, 0.0, math.nan])
def test_other_deviations_belong_to_no_scheme(std: float) -> None:
    assert not re.match(r"(LeCun|Xavier|He|PyTorch's default) \(", looks_like(measured(std, 3.0)))


def test_a_scheme_of_a_weight_that_was_never_measured() -> None:
    assert "constant" in looks_like(Parameter(0, "fc.weight"))


# NET104 unused-parameter


def _with_unused(names: tuple[str, ...], looks: int = 6, empty: int = 0) -> Invention:
    made = mlp(falling(), depth=3)
    optimizer = replace(made.run.optimizers[0], never_graded=names, looks=looks, empty_looks=empty)
    made.run.optimizers[0] = optimizer
    return made


def test_tensors_that_never_get_a_gradient_are_named() -> None:
    seen = only(UnusedParameter(), _with_unused(("body.weight", "body.bias")))
    assert seen.severity == "warning"
    assert "`body.weight`, `body.bias`" in seen.message
    assert seen.evidence["never"] == ["body.weight", "body.bias"]


@pytest.mark.parametrize(("names", "looks", "empty"), [((), 6, 0), (("a",), 4, 0), (("a",), 6, 6)])
def test_unused_parameters_that_are_not_reported(
    names: tuple[str, ...], looks: int, empty: int
) -> None:
    # None, too few looks, and an optimizer without any gradient, which is another finding.
    assert not sightings(UnusedParameter(), _with_unused(names, looks, empty))
