"""LOS101 to LOS107 on invented runs."""

from __future__ import annotations

import math

import pytest
from tests.findings.invented import (
    Invention,
    falling,
    mlp,
    only,
    sightings,
)

from trainwell.findings.bounded_regression_output import BoundedRegressionOutput
from trainwell.findings.double_sigmoid import DoubleSigmoid
from trainwell.findings.double_softmax import DoubleSoftmax
from trainwell.findings.nll_without_log_softmax import NllWithoutLogSoftmax
from trainwell.findings.regression_loss_on_classes import RegressionLossOnClasses
from trainwell.findings.sigmoid_with_cross_entropy import SigmoidWithCrossEntropy
from trainwell.findings.single_unit_softmax import SingleUnitSoftmax

REGRESSION = ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"]


def classifier(output: str | None, losses: list[float] | None = None, size: int = 10) -> Invention:
    """A network, an output activation, log-softmax and the loss of it."""
    made = mlp(losses, depth=2)
    last = 2
    if output is not None:
        last = made.operation(output, last, layer="out", details={"size": size, "dim": 1})
    last = made.operation("log_softmax", last, details={"size": size, "dim": 1})
    made.operation("nll_loss", last)
    return made


# LOS101 double-softmax


def test_double_softmax_is_seen_where_the_softmax_is() -> None:
    seen = only(DoubleSoftmax(), classifier("softmax"))
    assert (seen.where.layer, seen.where.line) == ("out", 13)
    assert seen.severity == "error"
    floor = math.log(1 + 9 / math.e)
    assert seen.evidence == {"classes": 10, "lowest_possible_loss": floor}
    # What the loss really is for a softmax of (1, 0, ..., 0).
    exact = -math.log(math.e / (math.e + 9))
    assert floor == pytest.approx(exact)
    assert "cannot fall below 1.46" in seen.message
    assert seen.harm == pytest.approx(1, abs=0.02)


def test_double_softmax_costs_less_where_the_loss_fell() -> None:
    assert only(DoubleSoftmax(), classifier("softmax", falling())).harm < 0.1


@pytest.mark.parametrize("output", [None, "sigmoid", "relu", "log_softmax", "multiply"])
def test_other_outputs_are_no_double_softmax(output: str | None) -> None:
    assert not sightings(DoubleSoftmax(), classifier(output))


def test_attention_is_no_double_softmax() -> None:
    made = mlp(depth=1)
    attention = made.operation("softmax", 0, details={"size": 10})
    value = made.layer(attention, layer="head")
    made.operation("log_softmax", value, details={"size": 10})
    assert not sightings(DoubleSoftmax(), made)


@pytest.mark.parametrize("size", [1, None, "ten"])
def test_a_softmax_of_unknown_size_or_one_unit_is_no_double_softmax(size: object) -> None:
    assert not sightings(DoubleSoftmax(), classifier("softmax", size=size))


CLOSED = {
    "objective": None,
    "prediction_shape": (32, 10),
    "row_sum_error": 1e-7,
    "prediction_operation": None,
}


def test_double_softmax_of_a_closed_graph_is_seen_at_the_loss() -> None:
    made = Invention()
    made.call("cross_entropy", **CLOSED)
    seen = only(DoubleSoftmax(), made)
    assert seen.where.line == 70
    assert seen.evidence == {"row_sum_error": 1e-7}


@pytest.mark.parametrize(
    "change",
    [
        {"row_sum_error": 0.02},
        {"row_sum_error": math.nan},
        {"row_sum_error": None},
        {"row_sum_error": math.inf},
        {"looks": 1},
        {"looks": 0},
        {"phase": "evaluation"},
        {"prediction_shape": (32, 1)},
        {"prediction_shape": (32,)},
    ],
)
def test_a_closed_graph_needs_every_sign(change: dict) -> None:
    made = Invention()
    made.call("cross_entropy", **(CLOSED | change))
    assert not sightings(DoubleSoftmax(), made)


def test_rounding_of_half_precision_is_tolerated() -> None:
    made = Invention()
    made.call("cross_entropy", **(CLOSED | {"row_sum_error": 0.019}))
    assert sightings(DoubleSoftmax(), made)
    assert not sightings(DoubleSoftmax(row_error=0.01), made)


def test_an_open_graph_is_not_reported_twice() -> None:
    made = classifier("softmax")
    made.call("cross_entropy", **CLOSED)
    only(DoubleSoftmax(), made)


# LOS102 double-sigmoid


@pytest.mark.parametrize(
    ("output", "found"), [("sigmoid", 1), ("tanh", 0), (None, 0), ("clamp", 0)]
)
def test_double_sigmoid(output: str | None, found: int) -> None:
    made = mlp(depth=2)
    last = 2 if output is None else made.operation(output, 2, layer="out")
    made.operation("binary_cross_entropy_with_logits", last)
    seen = sightings(DoubleSigmoid(), made)
    assert len(seen) == found
    for one in seen:
        assert (one.where.layer, one.severity) == ("out", "error")
        # sigmoid(0) is one half: the lowest loss on a negative is log 2.
        assert one.evidence == {
            "lowest_possible_loss_on_negatives": pytest.approx(math.log(2), abs=1e-4)
        }


def test_the_plain_cross_entropy_wants_its_sigmoid() -> None:
    made = mlp(depth=2)
    made.operation("binary_cross_entropy", made.operation("sigmoid", 2))
    assert not sightings(DoubleSigmoid(), made)


# LOS103 single-unit-softmax


@pytest.mark.parametrize("kind", ["softmax", "log_softmax"])
def test_single_unit_softmax(kind: str) -> None:
    made = mlp(depth=2)
    made.operation(kind, 2, layer="out", details={"size": 1, "dim": 1}, shape=(32, 1))
    seen = only(SingleUnitSoftmax(), made)
    assert (seen.where.layer, seen.severity) == ("out", "error")
    assert seen.evidence == {"shape": [32, 1], "dim": 1}
    assert "32x1" in seen.message


@pytest.mark.parametrize("size", [2, 10, None])
def test_a_softmax_over_several_units_is_right(size: int | None) -> None:
    made = mlp(depth=2)
    made.operation("softmax", 2, details={"size": size})
    assert not sightings(SingleUnitSoftmax(), made)


def test_attention_over_a_single_key_is_no_fault() -> None:
    made = mlp(depth=1)
    attention = made.operation("softmax", 0, details={"size": 1}, shape=(32, 1))
    made.layer(made.operation("matmul", attention), layer="head")
    assert not sightings(SingleUnitSoftmax(), made)


# LOS104 regression-loss-on-classes


def labels(function: str = "mse_loss", **fields) -> Invention:
    made = mlp(depth=2)
    given = {
        "prediction_shape": (32,),
        "target_shape": (32,),
        "target_integral": True,
        "target_values": tuple(float(v) for v in range(10)),
        "prediction_operation": 2,
    }
    made.call(function, **(given | fields))
    return made


@pytest.mark.parametrize("function", REGRESSION)
def test_class_numbers_under_a_regression_loss(function: str) -> None:
    seen = only(RegressionLossOnClasses(), labels(function))
    assert (seen.where.line, seen.severity) == (70, "warning")
    assert seen.evidence == {"function": function, "values": [float(v) for v in range(10)]}
    assert "class numbers 0 to 9" in seen.message


def test_one_hot_rows_under_a_regression_loss() -> None:
    made = labels(target_one_hot=True, target_shape=(32, 5), target_values=(0.0, 1.0))
    assert "one-hot rows of 5 classes" in only(RegressionLossOnClasses(), made).message


@pytest.mark.parametrize("kind", ["sigmoid", "softmax"])
def test_zeros_and_ones_behind_a_sigmoid(kind: str) -> None:
    made = labels(target_values=(0.0, 1.0), prediction_operation=3)
    made.operation(kind, 2)
    assert kind in only(RegressionLossOnClasses(), made).message


@pytest.mark.parametrize(
    "fields",
    [
        {"target_values": (0.0, 1.0)},  # least squares of a GAN
        {"target_values": (1.0,)},  # its generator
        {"target_values": (1.0, 2.0, 3.0, 4.0, 5.0)},  # ratings
        {"target_values": (0.0, 2.0, 3.0, 7.0)},  # counts
        {"target_values": ()},  # many values
        {"target_integral": False},
        {"prediction_shape": (32, 64), "target_values": (0.0, 1.0)},  # pictures of 0 and 1
        {"prediction_shape": (32, 3)},
        {"phase": "evaluation"},
    ],
)
def test_quantities_are_no_classes(fields: dict) -> None:
    assert not sightings(RegressionLossOnClasses(), labels(**fields))


@pytest.mark.parametrize("function", ["cross_entropy", "nll_loss", "binary_cross_entropy"])
def test_losses_for_classes_are_right(function: str) -> None:
    assert not sightings(RegressionLossOnClasses(), labels(function, target_one_hot=True))


def test_both_sides_of_the_thresholds_of_regression_loss_on_classes() -> None:
    many = labels(target_values=tuple(float(v) for v in range(32)))
    assert sightings(RegressionLossOnClasses(), many)
    assert not sightings(RegressionLossOnClasses(classes=31), many)
    assert sightings(RegressionLossOnClasses(), labels(looks=2))
    few = labels(looks=1)
    assert not sightings(RegressionLossOnClasses(), few)
    (remark,) = RegressionLossOnClasses().detect(few.run)
    assert remark.reason == "mse_loss was looked at on 1 batches only"


def test_a_loss_call_without_objective_or_operation() -> None:
    made = labels(objective=None, prediction_operation=None)
    assert only(RegressionLossOnClasses(), made).harm == 0.5
    assert sightings(RegressionLossOnClasses(), labels(objective=77, prediction_operation=77))


# LOS105 bounded-regression-output


def bounded(
    kind: str, low: float, high: float, std: float = 1.0, function: str = "mse_loss", **fields
) -> Invention:
    made = mlp(depth=2)
    last = made.operation(kind, 2, layer="out")
    target = {"low": low, "high": high, "mean": 0.0, "std": std, "rms": 1.0, "finite": 1.0}
    made.call(function, **({"prediction_operation": last, "target": target} | fields))
    return made


@pytest.mark.parametrize("function", REGRESSION)
@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("sigmoid", 0, 5), ("sigmoid", -1, 1), ("softmax", 0, 2), ("tanh", -3, 0), ("relu", -2, 9)],
)
def test_targets_beyond_the_output(kind: str, low: float, high: float, function: str) -> None:
    seen = only(BoundedRegressionOutput(), bounded(kind, low, high, function=function))
    assert (seen.where.layer, seen.severity) == ("out", "error")
    assert seen.evidence == {"low": low, "high": high, "kind": kind}


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("sigmoid", 0, 1),
        ("sigmoid", -0.1, 1.1),  # grazes the ends
        ("tanh", -1, 1),
        ("relu", 0, 1e9),
        ("relu", -0.1, 3),
        ("linear", -5, 5),
        ("leaky_relu", -5, 5),
        ("multiply", 0, 5),  # 5 * sigmoid(x)
    ],
)
def test_targets_within_reach(kind: str, low: float, high: float) -> None:
    assert not sightings(BoundedRegressionOutput(), bounded(kind, low, high))


def test_both_sides_of_the_margin() -> None:
    assert sightings(BoundedRegressionOutput(), bounded("sigmoid", 0, 1.21, std=2.0))
    assert not sightings(BoundedRegressionOutput(), bounded("sigmoid", 0, 1.19, std=2.0))
    assert sightings(BoundedRegressionOutput(margin=0.05), bounded("sigmoid", 0, 1.19, std=2.0))


@pytest.mark.parametrize(
    "fields",
    [
        {"function": "cross_entropy"},
        {"phase": "evaluation"},
        {"target": {}},
        {"prediction_operation": None},
        {"prediction_operation": 77},
        {"target": dict.fromkeys(("low", "high", "mean", "std", "rms"), math.nan) | {"finite": 0}},
    ],
)
def test_what_cannot_be_compared_is_silent(fields: dict) -> None:
    assert not sightings(BoundedRegressionOutput(), bounded("sigmoid", 0, 5, **fields))


# LOS106 nll-without-log-softmax


def nll(error: float | None = 2.0, **fields) -> Invention:
    made = mlp(depth=2)
    prediction = {"low": -4.0, "high": 3.0}
    made.call("nll_loss", **({"log_sum_error": error, "prediction": prediction} | fields))
    return made


def test_nll_of_raw_outputs() -> None:
    seen = only(NllWithoutLogSoftmax(), nll())
    assert (seen.where.line, seen.severity) == (70, "error")
    assert seen.evidence == {"log_sum_error": 2.0}
    assert "numbers from -4 to 3" in seen.message


def test_nll_of_probabilities() -> None:
    made = nll(prediction_operation=3)
    made.operation("softmax", 2)
    assert "probabilities (the result of a softmax)" in only(NllWithoutLogSoftmax(), made).message


@pytest.mark.parametrize("error", [0.0, 1e-7, 0.05, None])
def test_log_probabilities_are_right(error: float | None) -> None:
    assert not sightings(NllWithoutLogSoftmax(), nll(error))


def test_both_sides_of_the_tolerance() -> None:
    assert sightings(NllWithoutLogSoftmax(), nll(0.051))
    assert not sightings(NllWithoutLogSoftmax(tolerance=0.06), nll(0.051))


def test_a_network_that_left_the_numbers_is_not_blamed_for_its_loss() -> None:
    # Logits that became NaN make log-softmax NaN too: no sign of a missing log-softmax.
    assert not sightings(NllWithoutLogSoftmax(), nll(math.nan))


def test_nll_at_evaluation_is_not_looked_at() -> None:
    assert not sightings(NllWithoutLogSoftmax(), nll(phase="evaluation"))
    assert not sightings(NllWithoutLogSoftmax(), nll(None, looks=0, prediction={}))


def test_cross_entropy_takes_raw_outputs() -> None:
    made = mlp(depth=2)
    made.call("cross_entropy", log_sum_error=9.0, prediction={"low": -4.0, "high": 3.0})
    assert not sightings(NllWithoutLogSoftmax(), made)


# LOS107 sigmoid-with-cross-entropy


def test_sigmoid_with_cross_entropy() -> None:
    seen = only(SigmoidWithCrossEntropy(), classifier("sigmoid", size=5))
    assert (seen.where.layer, seen.severity) == ("out", "error")
    floor = -math.log(math.e / (math.e + 4))
    assert seen.evidence == {"classes": 5, "lowest_possible_loss": pytest.approx(floor)}


@pytest.mark.parametrize("output", [None, "softmax", "tanh", "relu"])
def test_other_outputs_are_no_sigmoids(output: str | None) -> None:
    assert not sightings(SigmoidWithCrossEntropy(), classifier(output))


def test_hidden_sigmoids_and_several_labels_are_right() -> None:
    made = mlp(activation="sigmoid")
    made.operation("log_softmax", 6, details={"size": 10})
    made.operation("binary_cross_entropy", made.operation("sigmoid", 6))
    assert not sightings(SigmoidWithCrossEntropy(), made)


def test_sigmoid_with_cross_entropy_and_double_softmax_exclude_each_other() -> None:
    assert not sightings(DoubleSoftmax(), classifier("sigmoid"))
    assert not sightings(SigmoidWithCrossEntropy(), classifier("softmax"))
