"""Findings about rows, labels and columns on invented runs: thresholds and words."""

from __future__ import annotations

from typing import Any

import pytest
from tests.findings.invented import (
    FILE,
    Invention,
    falling,
    mlp,
    only,
    sightings,
    standing,
    undecided,
)

from trainwell.findings.constant_feature import ConstantFeature
from trainwell.findings.excessive_weight_decay import ExcessiveWeightDecay
from trainwell.findings.few_examples_drawn import FewExamplesDrawn
from trainwell.findings.foreign_statistics import ForeignStatistics
from trainwell.findings.mismatched_columns import MismatchedColumns
from trainwell.findings.mismatched_labels import MismatchedLabels
from trainwell.findings.missing_value_code import MissingValueCode
from trainwell.findings.no_validation import NoValidation
from trainwell.findings.padding_in_loss import PaddingInLoss
from trainwell.findings.unrelated_labels import UnrelatedLabels
from trainwell.record import Examples, Loader, Network, Place

LINE = Place(None, FILE, 20, "for x, y in loader:")


# DAT111 few-examples-drawn


def loading(**fields: Any) -> Invention:
    made = mlp(falling())
    given: dict[str, Any] = {"length": 1000, "draws": 9000, "drawn": 1000}
    given |= {"read": 90, "trained": 90, "iterators": 9, "batch_size": 100, "in_order": False}
    made.run.loaders[0] = Loader(0, LINE, **(given | fields))
    return made


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"drawn": 2, "weights": 2}, "was given 2 weights"),
        ({"drawn": 30, "sampler": "Own"}, "drew 30 of 1,000 examples in 9,000 draws"),
        ({"drawn": 100, "iterators": 90}, "each of which made one batch"),
        ({"drawn": 12, "choices": 400}, "drew 12 of 400 examples"),
        ({"read": 0, "trained": 0, "drawn": 0, "draws": 0}, "gave no batch in 9 passes"),
        ({"drawn": 700, "drop_last": True, "in_order": True}, "the same 30% of 1,000 examples"),
    ],
)
def test_rows_that_are_never_drawn(fields: dict[str, Any], words: str) -> None:
    assert words in only(FewExamplesDrawn(), loading(**fields)).message


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"drawn": 90, "draws": 100},  # a short run
        {"drawn": 200, "elsewhere": 800},  # a validation split has the others
        {"drawn": 200, "choices": 200},  # a list of rows, all of them drawn
        {"drawn": 20, "trained": 0},  # an evaluation
        {"drawn": 20, "length": None},  # the data set does not tell its length
        {"drawn": 600},  # imbalance: the others will come
        {"drawn": 990, "drop_last": True, "in_order": True},
    ],
)
def test_rows_that_are_drawn_well_enough(fields: dict[str, Any]) -> None:
    assert not sightings(FewExamplesDrawn(), loading(**fields))


def given(**fields: Any) -> Invention:
    """A run whose examples are these; `training` and `evaluation` are added to usual ones."""
    made = mlp(falling())
    usual: dict[str, Any] = {"rows": 400, "draws": 1500, "looks": 40, "different": 400}
    usual |= {"repeats": 0.8, "agreement": 0.9, "agreement_sigmas": 30.0, "linear_sigmas": 30.0}
    other: dict[str, Any] = {"rows": 200, "different": 200, "agreement": 0.9, "own_agreement": 0.9}
    fields["training"] = usual | fields.get("training", {})
    fields["evaluation"] = other | fields.get("evaluation", {})
    made.run.examples_seen[0] = Examples(0, 0, **({"labels": "classes", "shape": (8,)} | fields))
    return made


def test_the_same_few_examples_at_every_step() -> None:
    few = {"training": {"different": 30, "draws": 1200}}
    made = given(**few).curve([1.0, 1.5, 2.0], [0.5, 0.1, 0.01])
    assert "the same 30 examples again" in only(FewExamplesDrawn(), made).message
    assert not sightings(FewExamplesDrawn(), given(**few).curve([0.1, 0.1], [0.1, 0.1]))
    large = {"training": {"different": 300, "draws": 12000}}
    assert not sightings(FewExamplesDrawn(), given(**large).curve([2.0, 2.0], [0.1, 0.1]))


# DAT112 unrelated-labels

CHANCE = {"agreement_sigmas": 0.5, "linear_sigmas": 1.0, "agreement": 0.1, "agreement_chance": 0.1}
NO_BETTER = {"accuracy": 0.12, "classes": {"1": 0.11, "2": 0.1}}


def test_labels_that_nothing_predicts() -> None:
    seen = only(UnrelatedLabels(), given(training=CHANCE, evaluation=NO_BETTER))
    assert seen.severity == "error"
    assert "chance gives 10%" in seen.message
    pictures = given(training=CHANCE, evaluation=NO_BETTER, kind="pictures", shape=(3, 8, 8))
    assert only(UnrelatedLabels(), pictures).severity == "warning"


@pytest.mark.parametrize(
    ("training", "evaluation"),
    [
        (CHANCE | {"linear_sigmas": 4.0}, NO_BETTER),
        (CHANCE | {"agreement_sigmas": 9.0}, NO_BETTER),
        (CHANCE, NO_BETTER | {"accuracy": 0.5}),  # the network has found the rule
        (CHANCE, {}),  # nothing is known of the evaluation
    ],
)
def test_labels_that_something_predicts(
    training: dict[str, Any], evaluation: dict[str, Any]
) -> None:
    assert not sightings(UnrelatedLabels(), given(training=training, evaluation=evaluation))


def test_few_labels_are_not_judged() -> None:
    assert undecided(UnrelatedLabels(), given(training=CHANCE | {"rows": 80}))


# DAT113 mismatched-labels


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"swapped": ({"one": 1.0, "other": 3.0, "share": 0.9, "returned": 0.8},)},
            "the labels 1 and 3 are exchanged",
        ),
        ({"evaluation": {"agreement": 0.2}}, "do not go with the inputs as training labels do"),
        ({"training": {"agreement": 0.55}}, "45% of the training labels contradict"),
        (
            {"evaluation": {"agreement": 0.6, "own_agreement": 0.6}},
            "40% of the evaluation labels contradict",
        ),
        ({"unseen": {"4": 0.2}}, "label 4 makes up 20%"),
        (
            {
                "labels": "numbers",
                "evaluation": {"together": 0.9, "factor": 12.0, "agreement": 0.0},
            },
            "vary 12 times as much as training targets do",
        ),
        (
            {
                "blocks": (
                    {"first": 0, "last": 99, "agreement": 0.9},
                    {"first": 100, "last": 199, "agreement": 0.2},
                )
            },
            "rows 100 to 199",
        ),
    ],
)
def test_labels_that_do_not_fit(fields: dict[str, Any], words: str) -> None:
    assert words in only(MismatchedLabels(), given(**fields)).message


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"training": {"agreement": 0.8}},  # a little noise
        # a hard problem
        {"training": {"agreement": 0.4}, "evaluation": {"agreement": 0.4, "own_agreement": 0.4}},
        {"training": {"agreement": 0.55}, "spread": 1.4},  # noise in the inputs
        {"training": {"agreement": 0.55, "repeats": 0.0}},  # augmented anew every time
        {"evaluation": {"agreement": 0.2}, "order": ([0, 1], [1, 0])},  # other columns
        {"unseen": {"4": 0.02}},
        {"evaluation": {"rows": 20, "agreement": 0.2}},
    ],
)
def test_labels_that_fit(fields: dict[str, Any]) -> None:
    assert not sightings(MismatchedLabels(), given(**fields))


# DAT114 padding-in-loss


def tagging(embedding: tuple[int, int] = (20, 0), **fields: Any) -> Invention:
    made = mlp(falling())
    made.run.networks[0] = Network(0, "Net", embeddings={"embedding": list(embedding)})
    objective = made.run.objectives[0]
    made.run.objectives[0] = type(objective)(**(vars(objective) | {"networks": (0,)}))
    usual = {"target_mode": 0.0, "target_mode_share": 0.7, "prediction_shape": (640, 20)}
    made.call("cross_entropy", **(usual | fields))
    return made


def test_padding_counts_in_the_loss() -> None:
    seen = only(PaddingInLoss(), tagging())
    assert (seen.severity, seen.where.line) == ("error", 70)
    assert "the padding_idx of `embedding`" in seen.message
    assert only(PaddingInLoss(), tagging(target_mode_share=0.4)).severity == "warning"


@pytest.mark.parametrize(
    "fields",
    [
        {"target_mode": 3.0},  # a frequent word
        {"target_mode_share": 0.1},
        {"reduction": "none"},
        {"prediction_shape": (64, 2)},  # classes of texts
        {"target_mode": None},
        {"embedding": (20, -1)},  # no padding that anybody knows of
    ],
)
def test_frequent_targets_that_are_no_padding(fields: dict[str, Any]) -> None:
    assert not sightings(PaddingInLoss(), tagging(**fields))


def test_padding_is_known_by_the_rows_that_it_fills_up() -> None:
    made = tagging(embedding=(20, -1))
    pad = {"word": 0, "side": "right", "rows": 0.9, "share": 0.6}
    made.run.examples_seen[0] = Examples(0, 0, kind="tokens", training={"padding": pad})
    assert "90% of the rows are filled up" in only(PaddingInLoss(), made).message


# DAT115 missing-value-code


@pytest.mark.parametrize(
    ("spike", "found"),
    [
        ({}, True),
        ({"share": 0.01}, False),
        ({"value": 0.0}, False),
        ({"side": "evaluation"}, False),
    ],
)
def test_a_code_for_missing_values(spike: dict[str, Any], found: bool) -> None:
    usual = {"column": 3, "value": -999.0, "share": 0.1, "side": "training"}
    made = given(spikes=(usual | spike,))
    assert bool(sightings(MissingValueCode(), made)) is found


# DAT116 mismatched-columns

UNIT = {"column": 2, "apart": 0.5, "apart_scaled": 0.05, "training_mean": 1.0}
UNIT |= {"training_std": 1.0, "evaluation_mean": 5.0, "evaluation_std": 5.0}
WORSE = {"training": {"accuracy": 0.9}, "evaluation": {"accuracy": 0.4}}
PADS = (
    {"padding": {"word": 0, "side": "left", "rows": 0.9}},
    {"padding": {"word": 0, "side": "right", "rows": 0.9}},
)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"columns": (UNIT,)}, "5 times as much"),
        (
            {"columns": (UNIT | {"apart": 0.9, "apart_scaled": 0.6, "evaluation_mean": 9.0},)},
            "mean 9",
        ),
        ({"order": ([1, 2], [2, 1])}, "column 1 like 2, 2 like 1 of training"),
        ({"relations": ({"column": 3, "training": 0.98, "evaluation": 0.01},)}, "explains 98%"),
        ({"kind": "tokens", "training": PADS[0], "evaluation": PADS[1]}, "0 on the right in eval"),
        ({"kind": "tokens", "unknown": 0.6}, "60% of the words"),
        ({"kind": "pictures", "shape": (3, 9, 9), "order": ([0, 2], [2, 0])}, "channel 0 like 2"),
    ],
)
def test_columns_that_do_not_fit(fields: dict[str, Any], words: str) -> None:
    seen = only(MismatchedColumns(), given(**fields))
    assert words in seen.message
    harmed = {k: dict(v) for k, v in WORSE.items()}
    for side in harmed:
        harmed[side] |= fields.get(side, {})
    assert only(MismatchedColumns(), given(**(fields | harmed))).severity == "error"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"columns": (UNIT | {"apart_scaled": 0.6},)},  # another shape: drift
        {"columns": (UNIT | {"evaluation_std": 1.5},)},
        {"relations": ({"column": 3, "training": 0.98, "evaluation": 0.6},)},
        {"kind": "tokens", "unknown": 0.2},
        {"kind": "tokens", "training": PADS[0], "evaluation": PADS[0]},
        {"columns": (UNIT,), "evaluation": {"rows": 30}},
        {"constant": ({"column": 1, "side": "evaluation", "value": 0.0, "other_std": 1.0},)},
    ],
)
def test_columns_that_fit(fields: dict[str, Any]) -> None:
    assert not sightings(MismatchedColumns(), given(**fields))


def test_a_column_that_is_still_must_do_harm() -> None:
    still = {"constant": ({"column": 1, "side": "evaluation", "value": 0.0, "other_std": 1.0},)}
    made = given(**still, **WORSE)
    made.features(0, [(0.0, 1.0)] * 4)
    assert "column 1 is always 0 in evaluation" in only(MismatchedColumns(), made).message


def test_another_scale_of_all_inputs_is_left_to_the_other_finding() -> None:
    made = given(columns=(UNIT,))
    made.inputs("training")
    values = {"low": -99.0, "high": 99.0, "mean": 0.0, "std": 40.0, "rms": 40.0, "finite": 1.0}
    made.inputs("evaluation", values=values)
    assert not sightings(MismatchedColumns(), made)


# NET115 foreign-statistics


@pytest.mark.parametrize(
    ("shift", "ratio", "severity"),
    [
        (0.3, 1.1, None),
        (1.5, 0.6, None),
        (5.0, 1.0, "warning"),
        (1.0, 0.1, "warning"),
        (90.0, 1.0, "error"),
        (0.0, 100.0, "error"),
        (float("nan"), 1.0, None),
    ],
)
def test_running_statistics_of_other_data(shift: float, ratio: float, severity: str | None) -> None:
    made = mlp()
    norms = {"body.norm": {"shift": shift, "ratio": ratio, "looks": 3.0}}
    made.run.networks[0] = Network(0, "Net", norms=norms)
    assert [s.severity for s in sightings(ForeignStatistics(), made)] == [severity] * bool(severity)


# OPT115 excessive-weight-decay


@pytest.mark.parametrize(
    ("decay", "end", "loss", "found"),
    [
        (1.0, 0.1, 2.3, True),
        (1e-3, 0.1, 2.3, False),
        (1.0, 0.9, 2.3, False),  # the weights stay
        (1.0, 0.1, 0.3, False),  # and it learns
    ],
)
def test_weights_that_shrink_away(decay: float, end: float, loss: float, found: bool) -> None:
    made = mlp(standing(loss))
    optimizer = made.run.optimizers[0]
    settings = {"lr": 0.1, "weight_decay": decay}
    made.run.optimizers[0] = type(optimizer)(**(vars(optimizer) | {"settings": settings}))
    made.call("cross_entropy", prediction_shape=(32, 10))
    for number in made.run.parameters:
        made.measure("parameter", number, weight_rms=[1.0, 0.8, 0.5, end])
    assert bool(sightings(ExcessiveWeightDecay(), made)) is found


# False statements


def test_the_paper_around_drawings_is_no_constant_column() -> None:
    made = mlp()
    low, high = (-0.8,) * 6, (-0.8, 1.9, 1.9, 1.9, 1.9, -0.8)
    columns = [(-0.8, 0.0), *[(0.3, 0.7)] * 4, (-0.8, 0.0)]
    made.features(0, columns, rows=400, low=low, high=high)
    assert not sightings(ConstantFeature(), made)
    # Where the others never come near it, it is a column that says nothing.
    low = (-0.8, -2.0, -2.1, -2.2, -2.3, -0.8)
    made.features(0, columns, rows=400, low=low, high=high)
    assert sightings(ConstantFeature(), made)


def test_an_agent_is_not_told_to_hold_data_out() -> None:
    def supervised(rows: int) -> Invention:
        made = mlp(standing(count=150))
        made.run.steps = 150
        made.run.exit_status = 0
        made.call("mse_loss", target={"low": 0.0, "high": 1.0})
        made.inputs("training", rows=rows, looks=10)
        return made

    assert sightings(NoValidation(), supervised(320))
    assert not sightings(NoValidation(), supervised(10))
