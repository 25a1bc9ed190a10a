"""DAT101, DAT102, DAT104 and DAT107 on invented runs."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.findings.invented import Invention, falling, mlp, only, sightings

from trainwell.findings.non_finite_input import NonFiniteInput
from trainwell.findings.unscaled_features import UnscaledFeatures
from trainwell.findings.unscaled_targets import UnscaledTargets
from trainwell.findings.unshuffled_batches import UnshuffledBatches

Columns = list[tuple[float, float]]

APART = UnscaledFeatures().apart

# DAT101 unscaled-features


def reading(columns: Columns, losses: list[float] | None = None, **fields) -> Invention:
    made = mlp(losses, depth=2)
    made.features(0, columns, **fields)
    return made


def test_a_column_in_the_thousands() -> None:
    seen = only(UnscaledFeatures(), reading([(0, 1), (0, 1), (0, 5000), (0, 1)]))
    assert (seen.where.layer, seen.severity) == ("fc1", "error")
    assert seen.evidence == {"largest": 5000, "typical": 1, "smallest": 1}
    assert "column 2 has a root mean square of 5e+03" in seen.message


def test_what_the_loss_made_of_it_decides_the_severity() -> None:
    columns = [(0, 1), (0, 5000)]
    assert only(UnscaledFeatures(), reading(columns, falling())).severity == "warning"
    assert only(UnscaledFeatures(), reading(columns, [1.0] * 10 + [0.51] * 90)).severity == "error"
    assert only(UnscaledFeatures(), reading(columns, [1.0] * 10 + [0.4] * 90)).severity == "warning"


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ([(0, 19.0), (0, 19.0)], 0),
        ([(0, 20.0), (0, 20.0)], 1),  # all of them large
        ([(0, APART - 1), (0, 1), (0, 1)], 0),  # large, not far apart
        ([(0, APART + 1), (0, 1), (0, 1)], 1),
        ([(127, 80.0)] * 3, 1),  # pixels from 0 to 255
        ([(5.1, 0.4), (0, 1)], 1),  # mean 5.1: 12.75 deviations from 0
        ([(4.9, 0.4), (0, 1)], 0),
        ([(5.1, 0.6), (0, 1)], 0),
        ([(-7.0, 0.1), (0, 1)], 1),
    ],
)
def test_both_sides_of_the_thresholds_of_columns(columns: Columns, found: int) -> None:
    assert len(sightings(UnscaledFeatures(), reading(columns))) == found


@pytest.mark.parametrize(
    "columns",
    [
        [(0.13, 0.31)],  # pixels in [0, 1]
        [(0.5, 0.3)] * 3,
        [(0.0, 1.0)] * 20 + [(0.0, 6.0)],  # z-scored, with a long tail
        [(0.001, 0.03)] * 30,  # counts, nearly always 0
        [(0.01, 0.1)] * 100,  # tf-idf: every example has norm 1
        [(0.0, 0.0)] * 5,
        [(3.0, 0.0), (0.0, 1.0)],  # a constant column of 1 digit
        [],
    ],
)
def test_healthy_data_are_left_alone(columns: Columns) -> None:
    assert not sightings(UnscaledFeatures(), reading(columns))


def test_a_column_that_is_nearly_always_zero_does_not_make_the_others_far_apart() -> None:
    # `apart` is the factor between the largest and the typical column.
    columns = [(0.0, 1.0)] * 8 + [(0.0, 25.0), (0.0, 0.05)]
    assert not sightings(UnscaledFeatures(), reading(columns))


def test_columns_are_named_by_their_own_number() -> None:
    seen = only(UnscaledFeatures(), reading([(math.nan, math.nan), (0, 1), (0, 5000)]))
    assert "column 2 " in seen.message


@pytest.mark.parametrize(("norm", "found"), [(0.0, 0), (9e-3, 1), (1.1e-2, 0)])
def test_both_sides_of_tiny(norm: float, found: int) -> None:
    made = reading([(0.0, 1e-3)] * 4, example_norm=norm)
    assert len(sightings(UnscaledFeatures(), made)) == found


def test_channels_of_pictures_are_called_so() -> None:
    seen = only(UnscaledFeatures(), reading([(127, 80)] * 3, is_pictures=True))
    assert "channel 0" in seen.message


def test_a_first_layer_that_normalises_is_not_looked_at() -> None:
    made = reading([(0, 1), (0, 5000)])
    made.run.operations[0] = replace(made.run.operations[0], kind="batch_norm")
    assert not sightings(UnscaledFeatures(), made)


@pytest.mark.parametrize(("rows", "found"), [(0, 0), (1, 0), (2, 1)])
def test_data_that_were_hardly_seen(rows: int, found: int) -> None:
    assert len(sightings(UnscaledFeatures(), reading([(0, 1), (0, 5000)], rows=rows))) == found


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_columns_without_numbers_are_left_out(value: float) -> None:
    assert not sightings(UnscaledFeatures(), reading([(value, value)] * 3))
    assert not sightings(UnscaledFeatures(), reading([(0.0, 1.0), (value, 1.0)]))


# DAT102 unscaled-targets


def regressing(
    target: float, prediction: float = 0.5, function: str = "mse_loss", losses=None, **fields
) -> Invention:
    made = mlp(losses, depth=2)
    first = {
        "target_rms": target,
        "target_mean": target,
        "target_std": 1.0,
        "prediction_rms": prediction,
    }
    made.call(function, **({"first": first} | fields))
    return made


@pytest.mark.parametrize("function", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_targets_in_the_thousands(function: str) -> None:
    seen = only(UnscaledTargets(), regressing(3000.0, function=function))
    assert (seen.where.line, seen.severity) == (70, "error")
    assert seen.evidence == {"target_rms": 3000.0, "first_prediction_rms": 0.5}


def test_a_loss_that_falls_makes_it_a_warning() -> None:
    losses = falling(9e6, 2.0)
    assert only(UnscaledTargets(), regressing(3000.0, losses=losses)).severity == "warning"


@pytest.mark.parametrize("function", ["mse_loss", "l1_loss"])
def test_a_network_that_has_learned_the_scale_is_left_alone(function: str) -> None:
    losses = falling(9e6, 0.02)
    assert not sightings(UnscaledTargets(), regressing(3000.0, function=function, losses=losses))


@pytest.mark.parametrize(
    ("target", "prediction", "found"),
    [
        (1.0, 0.1, 0),
        (9.9, 0.1, 0),
        (10.1, 0.1, 1),
        (100.0, 10.1, 0),
        (100.0, 9.9, 1),
        (300.0, 290.0, 0),  # a bias that was set to the targets' mean
        (0.9e-3, 1.0, 1),
        (1.1e-3, 1.0, 0),
        (0.9e-3, 1e-3, 0),
        (0.0, 1.0, 0),
        (math.nan, 1.0, 0),
        (math.inf, 1.0, 1),
        (300.0, math.nan, 0),
    ],
)
def test_both_sides_of_size_ratio_and_tiny(target: float, prediction: float, found: int) -> None:
    assert len(sightings(UnscaledTargets(), regressing(target, prediction))) == found


def test_tiny_targets_are_a_warning() -> None:
    assert only(UnscaledTargets(), regressing(1e-4)).severity == "warning"


@pytest.mark.parametrize(
    "fields",
    [
        {"function": "cross_entropy"},
        {"phase": "evaluation"},
        {"first": {}},
        {"looks": 0, "first": {}},
    ],
)
def test_other_losses_are_not_looked_at(fields: dict) -> None:
    assert not sightings(UnscaledTargets(), regressing(3000.0, **fields))


def test_targets_of_a_loss_without_objective() -> None:
    assert only(UnscaledTargets(), regressing(3000.0, objective=None)).harm == 0.5


def by_hand(difference: float, std: float = 0.1, **fields) -> Invention:
    """((prediction - target) ** 2).mean() behind a last layer of 64 inputs of size 1."""
    made = mlp(depth=1, shape=(1, 64), **({"start": {"std": std}} | fields))
    made.measure("operation", 0, input_rms=1.0)
    square = made.operation("power", made.operation("subtract", 0))
    made.measure("operation", square, operand_rms=[difference, 1.0])
    made.operation("mean", square, shape=())
    return made


def test_targets_of_a_loss_by_hand() -> None:
    seen = only(UnscaledTargets(), by_hand(400.0))
    assert seen.where.line == 12
    # 64 inputs of size 1 through weights of 0.1: sqrt(64) * 0.1.
    assert seen.evidence == {
        "first_difference_rms": 400.0,
        "expected_output_rms": pytest.approx(0.8),
    }


@pytest.mark.parametrize(
    ("difference", "std", "found"),
    [(9.9, 0.1, 0), (10.1, 0.1, 1), (100.0, 1.3, 0), (100.0, 1.2, 1), (math.nan, 0.1, 0)],
)
def test_both_sides_of_size_and_ratio_by_hand(difference: float, std: float, found: int) -> None:
    assert len(sightings(UnscaledTargets(), by_hand(difference, std))) == found


def test_a_difference_whose_network_is_not_known_is_silent() -> None:
    assert not sightings(UnscaledTargets(), by_hand(400.0, fresh=False))
    made = by_hand(400.0)
    del made.run.vitals["operation", 0, "input_rms"]
    assert not sightings(UnscaledTargets(), made)
    made = by_hand(400.0)
    made.run.operations[0] = replace(made.run.operations[0], kind="convolution")
    assert not sightings(UnscaledTargets(), made)


def test_a_difference_inside_the_network_is_no_loss() -> None:
    made = by_hand(400.0)
    made.layer(2, layer="head")
    assert not sightings(UnscaledTargets(), made)


# DAT104 non-finite-input


def test_nan_in_what_a_layer_reads() -> None:
    made = reading([(0.0, 1.0)] * 3, non_finite=4, non_finite_step=6)
    seen = only(NonFiniteInput(), made)
    assert (seen.where.layer, seen.step, seen.severity, seen.harm) == ("fc1", 6, "error", 1.0)
    assert seen.evidence == {"non_finite": 4, "rows": 192}


def test_finite_data_are_fine() -> None:
    assert not sightings(NonFiniteInput(), reading([(0.0, 1.0)] * 3))
    # A value that was masked before any layer read it leaves NaN in the column's numbers at most.
    assert not sightings(NonFiniteInput(), reading([(math.nan, math.nan)]))


def test_a_step_that_is_not_known_counts_as_the_first() -> None:
    made = reading([(0.0, 1.0)], non_finite=1, non_finite_step=None)
    assert only(NonFiniteInput(), made).step == 0


@pytest.mark.parametrize(
    ("finite", "phase", "found"),
    [(1.0, "training", 0), (0.99, "training", 1), (0.0, "training", 1), (0.5, "evaluation", 0)],
)
def test_nan_in_the_targets(finite: float, phase: str, found: int) -> None:
    made = mlp(depth=2)
    made.call("mse_loss", phase=phase, target={"finite": finite})
    seen = sightings(NonFiniteInput(), made)
    assert [s.evidence for s in seen] == [{"finite_share": finite}] * found


def lost(**fields) -> Invention:
    made = mlp(depth=2)
    broken = {"step": 9, "source": "data", "reason": "7 values are NaN", "operation": 0} | fields
    made.run.objectives[0] = replace(made.run.objectives[0], non_finite=broken)
    return made


def test_nan_in_the_batch_that_made_the_first_nan_loss() -> None:
    seen = only(NonFiniteInput(), lost())
    assert (seen.where.layer, seen.step) == ("fc1", 9)
    assert "7 values are NaN" in seen.message
    assert only(NonFiniteInput(), lost(operation=None)).where.line == 90
    assert only(NonFiniteInput(), lost(operation=77)).where.line == 90


@pytest.mark.parametrize("source", ["weights", "operation", None])
def test_nan_of_another_source_is_not_laid_to_the_data(source: str | None) -> None:
    assert not sightings(NonFiniteInput(), lost(source=source))


def test_the_same_nan_is_not_reported_twice() -> None:
    made = lost()
    made.features(0, [(0.0, 1.0)], non_finite=7, non_finite_step=9)
    only(NonFiniteInput(), made)


# DAT107 unshuffled-batches


def labelled(spread: float, rows: int = 50, looks: int = 20, function: str = "cross_entropy"):
    made = mlp(falling(), depth=2)
    made.call(
        function,
        target_values=tuple(float(n) for n in range(10)),
        target_integral=True,
        target_shape=(rows,),
        target_spread=spread,
        looks=looks,
    )
    return made


def test_batches_of_one_class_each() -> None:
    seen = only(UnshuffledBatches(), labelled(1.3))
    assert seen.severity == "error"
    assert "a batch of 50 holds 1.3 of the 10 classes on average" in seen.message
    assert seen.evidence["expected"] == pytest.approx(10 * (1 - 0.9**50))


@pytest.mark.parametrize(("spread", "found"), [(4.9, 1), (5.0, 0), (9.9, 0)])
def test_both_sides_of_the_share_of_classes(spread: float, found: int) -> None:
    assert len(sightings(UnshuffledBatches(), labelled(spread))) == found


def test_small_batches_few_looks_and_regression_are_silent() -> None:
    # Four of ten classes is what four examples can hold at most.
    assert not sightings(UnshuffledBatches(), labelled(3.4, rows=4))
    assert not sightings(UnshuffledBatches(), labelled(1.0, rows=2))
    assert not sightings(UnshuffledBatches(), labelled(1.3, looks=7))
    assert not sightings(UnshuffledBatches(), labelled(1.3, function="mse_loss"))
