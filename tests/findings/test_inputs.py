"""DAT103, DAT105, DAT106, DAT109 and DAT110 on invented runs."""

from __future__ import annotations

from typing import Any

import pytest
from tests.findings.invented import Invention, falling, mlp, only, sightings, standing, undecided

from trainwell.findings.class_imbalance import ClassImbalance
from trainwell.findings.constant_feature import ConstantFeature
from trainwell.findings.leaked_validation import LeakedValidation
from trainwell.findings.mismatched_preprocessing import MismatchedPreprocessing
from trainwell.findings.outlier_squeezed_features import OutlierSqueezedFeatures

VALUES = {"low": -3.0, "high": 3.0, "mean": 0.0, "std": 1.0, "rms": 1.0, "finite": 1.0}


# DAT103 constant-feature


def columns(constant: float, rows: int = 400) -> Invention:
    made = mlp()
    made.features(0, [(0.0, 1.0), (constant, 0.0), (0.0, 2.0)], rows=rows)
    return made


@pytest.mark.parametrize(
    ("constant", "severity"),
    [(9.0, "warning"), (-9.0, "warning"), (1.0, "info"), (0.0, None)],
)
def test_a_constant_counts_by_its_size(constant: float, severity: str | None) -> None:
    seen = sightings(ConstantFeature(), columns(constant))
    assert [s.severity for s in seen] == ([] if severity is None else [severity])
    if seen:
        assert "column 1 is always" in seen[0].message


def test_few_rows_say_nothing_of_constants() -> None:
    assert not sightings(ConstantFeature(), columns(9.0, rows=50))
    assert undecided(ConstantFeature(), columns(9.0, rows=50))


def test_channels_and_normalised_data_are_left_alone() -> None:
    made = mlp()
    made.features(0, [(0.0, 1.0), (9.0, 0.0)], rows=400, is_pictures=True)
    norm = made.operation("batch_norm", 0)
    made.features(norm, [(0.0, 1.0), (9.0, 0.0)], rows=400)
    assert not sightings(ConstantFeature(), made)


def test_a_network_that_is_always_given_the_same() -> None:
    made = mlp()
    same = {"low": 0.0, "high": 0.0, "mean": 0.0, "std": 0.0, "rms": 0.0, "finite": 1.0}
    made.inputs("training", rows=500, values=same)
    assert only(ConstantFeature(), made).severity == "error"
    made = mlp()
    made.inputs("evaluation", rows=500, values=same)
    made.inputs("training", rows=50, values=same)
    assert not sightings(ConstantFeature(), made)


# DAT105 outlier-squeezed-features


def spread(second: float, third: float, span: float, **fields: Any) -> Invention:
    """Two columns, the second with this bulk, core and range."""
    made = mlp()
    given = {
        "rows": 1000,
        "low": (0.0, 0.0),
        "high": (1.0, span),
        "bulk": (0.9, second),
        "core": (0.5, third),
    }
    made.features(0, [(0.5, 0.3), (0.01, 0.03)], **(given | fields))
    return made


def test_a_column_in_a_sliver_of_its_range() -> None:
    seen = only(OutlierSqueezedFeatures(), spread(0.004, 0.002, 1.0))
    assert seen.evidence["columns"] == [1]
    assert seen.severity == "warning"


@pytest.mark.parametrize(
    ("bulk", "core", "span"),
    [
        (0.05, 0.02, 1.0),  # wide enough
        (0.0, 0.0, 1.0),  # nearly always one value
        (0.03, 0.0, 1.0),  # a few greys among zeros
        (0.5, 0.25, 30.0),  # a sliver, but of usual size
        (0.004, 0.002, 0.02),  # small altogether: no outliers
    ],
)
def test_columns_that_are_not_squeezed(bulk: float, core: float, span: float) -> None:
    assert not sightings(OutlierSqueezedFeatures(), spread(bulk, core, span))


def test_squeezed_columns_need_wider_neighbours_and_rows() -> None:
    narrow = {"bulk": (0.01, 0.004), "core": (0.005, 0.002)}
    assert not sightings(OutlierSqueezedFeatures(), spread(0, 0, 1.0, **narrow))
    assert not sightings(OutlierSqueezedFeatures(), spread(0.004, 0.002, 1.0, rows=100))
    assert not sightings(OutlierSqueezedFeatures(), spread(0.004, 0.002, 1.0, bulk=(), core=()))


# DAT106 class-imbalance


def classes(rows: dict[str, list[int]], outputs: int = 2, **fields: Any) -> Invention:
    made = mlp(standing())
    given = {"classes": rows, "prediction_shape": (32, outputs), "target_shape": (32,)}
    made.call("cross_entropy", **(given | fields))
    return made


RARE = {"0": [960, 480, 500, 479], "1": [40, 20, 0, 0]}


def test_a_rare_class_that_is_never_found() -> None:
    seen = only(ClassImbalance(), classes(RARE))
    assert "96.0% of the labels are class 0" in seen.message
    assert seen.severity == "error"


@pytest.mark.parametrize(
    "rows",
    [
        {"0": [960, 480, 480, 470], "1": [40, 20, 20, 12]},  # found all the same
        {"0": [600, 300, 500, 300], "1": [400, 200, 0, 0]},  # not rare
        {"0": [96, 48, 50, 48], "1": [4, 2, 0, 0]},  # too few labels
    ],
)
def test_imbalance_that_is_none(rows: dict[str, list[int]]) -> None:
    assert not sightings(ClassImbalance(), classes(rows))


@pytest.mark.parametrize("option", ["weight", "pos_weight"])
def test_class_weights_are_something_done_about_it(option: str) -> None:
    assert not sightings(ClassImbalance(), classes(RARE, options={option: True}))


def test_only_one_class_at_all() -> None:
    seen = only(ClassImbalance(), classes({"3": [500, 250, 250, 250]}, outputs=10))
    assert "all 500 labels seen are class 3" in seen.message


def test_calls_from_several_lines_may_share_the_classes() -> None:
    made = classes({"1": [500, 250, 250, 250]})
    made.call("cross_entropy", classes={"0": [500, 250, 250, 250]}, prediction_shape=(32, 2))
    assert not sightings(ClassImbalance(), made)
    assert undecided(ClassImbalance(), made)


# DAT109 leaked-validation


def repeats(training: float, evaluation: float, **fields: Any) -> Invention:
    made = mlp(falling())
    number = made.inputs("training", rows=900)
    made.measure("inputs", number, repeats=training)
    number = made.inputs("evaluation", **({"rows": 300} | fields))
    made.measure("inputs", number, repeats=evaluation)
    return made


@pytest.mark.parametrize(
    ("training", "evaluation", "severity"),
    [
        (1.0, 0.0, None),
        (1.0, 0.05, None),
        (1.0, 0.3, "warning"),
        (0.5, 0.15, "warning"),  # half of the training rows are known: 30 % were trained on
        (1.0, 0.8, "warning"),
        (1.0, 1.0, "info"),  # the training data itself
        (0.2, 0.2, None),  # too few training rows are known
    ],
)
def test_rows_that_come_again(training: float, evaluation: float, severity: str | None) -> None:
    seen = sightings(LeakedValidation(), repeats(training, evaluation))
    assert [s.severity for s in seen] == ([] if severity is None else [severity])


def test_training_data_beside_other_data_is_no_leak() -> None:
    made = repeats(1.0, 1.0)
    number = made.inputs("evaluation", rows=300)
    made.measure("inputs", number, repeats=0.0)
    assert not sightings(LeakedValidation(), made)


def test_rows_that_are_equal_by_nature() -> None:
    assert not sightings(LeakedValidation(), repeats(1.0, 0.3, duplicates=0.5))
    assert not sightings(LeakedValidation(), repeats(1.0, 0.3, columns=2))
    assert not sightings(LeakedValidation(), repeats(1.0, 0.3, rows=20))


def test_little_knowledge_is_said() -> None:
    assert undecided(LeakedValidation(), repeats(0.2, 0.2))


# DAT110 mismatched-preprocessing


def scales(**evaluation: float) -> Invention:
    made = mlp(falling())
    made.inputs("training", values=VALUES)
    made.inputs("evaluation", values=VALUES | evaluation)
    return made


@pytest.mark.parametrize(
    ("evaluation", "differs"),
    [
        ({}, False),
        ({"rms": 2.0, "std": 2.0}, False),
        ({"rms": 5.0, "std": 5.0}, True),
        ({"rms": 0.1, "std": 0.1}, True),
        ({"rms": 3.5, "mean": 3.3, "std": 1.0}, True),
        ({"rms": 1.5, "mean": 1.1, "std": 1.0}, False),
        ({"rms": 0.0, "std": 0.0}, False),
    ],
)
def test_both_sides_of_the_scales(evaluation: dict[str, float], differs: bool) -> None:
    assert bool(sightings(MismatchedPreprocessing(), scales(**evaluation))) is differs


@pytest.mark.parametrize(("loss", "severity"), [(0.5, "warning"), (5.0, "error")])
def test_a_mismatch_is_as_bad_as_its_loss(loss: float, severity: str) -> None:
    made = scales(rms=50.0).curve([loss, loss], [0.5, 0.5])
    assert only(MismatchedPreprocessing(), made).severity == severity


def test_another_training_line_on_the_same_scale_excuses() -> None:
    made = scales(rms=50.0, mean=49.0)
    made.inputs("training", values=VALUES | {"rms": 50.0, "mean": 49.0})
    assert not sightings(MismatchedPreprocessing(), made)
