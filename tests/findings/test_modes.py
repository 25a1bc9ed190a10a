"""MOD101 and MOD102 on invented networks."""

from __future__ import annotations

from typing import Any

import pytest
from tests.findings.invented import Invention, only, sightings, undecided

from trainwell.findings.evaluation_mode_at_training import EvaluationModeAtTraining
from trainwell.findings.training_mode_at_evaluation import TrainingModeAtEvaluation
from trainwell.record import Place

DROPOUT: dict[str, Any] = {"dropout": {"drop": 0.5}}
BATCH_NORM: dict[str, Any] = {"batch_norm": ["bn1", "bn2"]}


def passes(training: dict[str, int], evaluation: dict[str, int], **fields: Any) -> Invention:
    made = Invention()
    made.network(training_forwards=training, evaluation_forwards=evaluation, **fields)
    return made


# MOD101 training-mode-at-evaluation


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (DROPOUT, ["`drop`", "p=0.5"]),
        (BATCH_NORM, ["2 batch norm layers"]),
        (DROPOUT | BATCH_NORM, ["`drop`", "2 batch norm layers"]),
    ],
)
def test_evaluation_in_training_mode(fields: dict, words: list[str]) -> None:
    place = Place(None, "train.py", 44, "logits = model(x_test)")
    made = passes({"train": 60}, {"train": 8}, evaluation_place=place, **fields)
    seen = only(TrainingModeAtEvaluation(), made)
    assert (seen.where.line, seen.severity, seen.step) == (44, "error", 0)
    assert seen.evidence == {"training_mode": 8, "passes": 8}
    assert all(word in seen.message for word in words)


def test_an_evaluation_whose_line_is_not_known_is_seen_at_the_network() -> None:
    assert only(TrainingModeAtEvaluation(), passes({}, {"train": 3}, **DROPOUT)).where.line == 5


@pytest.mark.parametrize(("wrong", "found"), [(0, 0), (4, 0), (5, 1), (10, 1)])
def test_both_sides_of_the_share_of_evaluation(wrong: int, found: int) -> None:
    counts = {"train": wrong, "eval": 10 - wrong}
    assert len(sightings(TrainingModeAtEvaluation(), passes({}, counts, **DROPOUT))) == found


@pytest.mark.parametrize(
    "made",
    [
        passes({"train": 60}, {"train": 9}),  # nothing in it depends on the mode
        passes({"train": 60}, {"eval": 9}, **DROPOUT),
        passes({"train": 60}, {}, **DROPOUT),
        # Monte Carlo dropout on purpose: the network in evaluation mode, its dropout not.
        passes({"train": 60}, {"mixed": 9}, **DROPOUT),
        # Data made by a generator in training mode count as training.
        passes({"train": 120}, {"eval": 1}, **BATCH_NORM),
        Invention(),
    ],
)
def test_evaluations_that_are_right(made: Invention) -> None:
    assert not sightings(TrainingModeAtEvaluation(), made)


# MOD102 evaluation-mode-at-training


@pytest.mark.parametrize(
    ("fields", "words"),
    [(DROPOUT, ["1 dropout"]), (BATCH_NORM, ["2 batch norm"]), (DROPOUT | BATCH_NORM, [" and "])],
)
def test_training_in_evaluation_mode(fields: dict, words: list[str]) -> None:
    place = Place(None, "train.py", 30, "logits = model(x)")
    made = passes({"eval": 50, "train": 10}, {"eval": 9}, training_place=place, **fields)
    seen = only(EvaluationModeAtTraining(), made)
    assert (seen.where.line, seen.severity) == (30, "error")
    assert seen.evidence == {"evaluation_mode": 50, "passes": 60}
    assert all(word in seen.message for word in words)


@pytest.mark.parametrize(("wrong", "found"), [(0, 0), (2, 0), (3, 1), (10, 1)])
def test_both_sides_of_the_share_of_training(wrong: int, found: int) -> None:
    counts = {"eval": wrong, "train": 10 - wrong}
    assert len(sightings(EvaluationModeAtTraining(), passes(counts, {}, **DROPOUT))) == found


@pytest.mark.parametrize(("looks", "found"), [(0, 0), (2, 0), (3, 1)])
def test_both_sides_of_the_looks(looks: int, found: int) -> None:
    made = passes({"eval": looks}, {}, **DROPOUT)
    assert len(sightings(EvaluationModeAtTraining(), made)) == found
    assert len(undecided(EvaluationModeAtTraining(), made)) == 1 - found


@pytest.mark.parametrize(
    "made",
    [
        passes({"eval": 60}, {}),
        passes({"train": 60}, {"eval": 9}, **DROPOUT),
        passes({"mixed": 60}, {}, **BATCH_NORM),  # fine-tuning with frozen batch norm
        Invention(),
    ],
)
def test_trainings_that_are_right(made: Invention) -> None:
    assert not sightings(EvaluationModeAtTraining(), made)
    assert not undecided(EvaluationModeAtTraining(), made)


def test_several_networks_are_judged_singly() -> None:
    made = passes({"train": 60}, {"eval": 9}, **DROPOUT)
    made.network("other", training_forwards={"eval": 60}, **DROPOUT)
    assert only(EvaluationModeAtTraining(), made).message.startswith("other")
