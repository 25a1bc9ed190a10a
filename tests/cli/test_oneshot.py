"""`trainwell oneshot`: from files to labels."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Command = Callable[..., Any]


@pytest.fixture
def files(folder: Path) -> Path:
    """Ten folders of arrays, one for each label, and a cohort of twelve others."""
    random = np.random.default_rng(0)
    for name, labels in (("known", 10), ("cohort", 12)):
        for label in range(labels):
            place = folder / name / f"{name}{label}"
            place.mkdir(parents=True)
            centre = random.normal(size=12)
            for number in range(4):
                row = (centre + 0.3 * random.normal(size=12)).astype(np.float32)
                np.save(place / f"{number}.npy", row)
    return folder


def test_from_enrolment_to_answers(call: Command, files: Path) -> None:
    first = call("oneshot", "enroll", "m", "--embedder", "vectors", "--cohort", "cohort",
                 "--label", "bolt", "known/known0/0.npy")  # fmt: skip
    assert (first.status, first.err) == (0, "")
    assert first.out == "m: 1 example added, 1 labels in all\n"
    assert call("oneshot", "enroll", "m", "known").out == "m: 40 examples added, 11 labels in all\n"
    assert call("oneshot", "labels", "m", "--merge", "bolt=known0").out.startswith(
        "label,examples\nknown0,5\nknown1,4\n"
    )
    listed = json.loads(
        call(
            "oneshot",
            "labels",
            "m",
            "--forget",
            "known9",
            "--rename",
            "known1=nut",
            "--format",
            "json",
        ).out
    )
    assert listed["embedder"] == "vectors"
    assert [row["label"] for row in listed["rows"]][:3] == ["known0", "nut", "known2"]
    assert len(listed["rows"]) == 9
    told = call("oneshot", "predict", "m", "known/known1", "known/known2/3.npy")
    head, *rows = told.out.splitlines()
    assert head == "example,label,similarity,score,probability"
    assert [row.split(",")[-4] for row in rows] == ["nut"] * 4 + ["known2"]
    asked = call("oneshot", "predict", "m", "cohort", "known/known3", "--unknown",
                 "--format", "json")  # fmt: skip
    assert asked.status == 2
    assert "`cohort` holds no files of arrays (.npy)" in asked.err
    asked = call("oneshot", "predict", "m", "known/known9", "known/known3", "--unknown",
                 "--format", "json")  # fmt: skip
    body = json.loads(asked.out)
    assert (body["assume"], body["calibrated"]) == ("independent", "cohort")
    assert [row["label"] for row in body["rows"]][4:] == ["known3"] * 4
    why = call("oneshot", "predict", "m", "known/known3/0.npy", "--explain").out
    assert "`known3`: score" in why


def test_the_embedder_may_be_named_again(call: Command, files: Path) -> None:
    for number in range(2):
        ended = call("oneshot", "enroll", "m", "--embedder", "vectors", "--label", "bolt",
                     f"known/known0/{number}.npy")  # fmt: skip
        assert (ended.status, ended.err) == (0, "")
    assert call("oneshot", "labels", "m").out == "label,examples\nbolt,2\n"


def test_enrolling_tells_labels_alike_and_stray_examples(call: Command, files: Path) -> None:
    ended = call("oneshot", "enroll", "m", "--embedder", "vectors", "known")
    assert (ended.status, ended.err) == (0, "")
    # Nearer to `known5` than the rest of `known4` is to itself.
    ended = call("oneshot", "enroll", "m", "--label", "known4", "known/known5/1.npy")
    assert ended.status == 0
    (line,) = ended.err.splitlines()
    assert line.startswith("trainwell: ONE102 the example 40 of `known4` is more similar")
    ended = call("oneshot", "enroll", "m", "--label", "twin", "known/known2")
    first, second = ended.err.splitlines()
    assert "ONE101 the labels `known2` and `twin` have a similarity of 1.00" in first
    assert "ONE102" in second
    (files / "pyproject.toml").write_text('[tool.trainwell]\nignore = ["ONE"]\n')
    assert call("oneshot", "enroll", "m", "--label", "one", "known/known1/0.npy").err == ""


def test_enrolling_tells_a_cohort_of_another_kind(call: Command, files: Path) -> None:
    # What is enrolled fills six directions, the cohort the six others.
    for kind, where in (("known", slice(0, 6)), ("cohort", slice(6, 12))):
        for file in (files / kind).rglob("*.npy"):
            row = np.load(file)
            row[where] *= 0.05
            np.save(file, row)
    ended = call("oneshot", "enroll", "m", "--embedder", "vectors", "--cohort", "cohort", "known")
    assert ended.status == 0
    assert ended.err.startswith("trainwell: the cohort is of another kind than what is enrolled: ")
    assert ended.err.count("\n") == 1


def test_evaluate(call: Command, files: Path) -> None:
    call("oneshot", "enroll", "m", "--embedder", "vectors", "--cohort", "cohort", "cohort")
    ended = call("oneshot", "evaluate", "m", "known", "--queries", "2", "--episodes", "20",
                 "--plots", "pictures")  # fmt: skip
    assert ended.out.startswith("5-way 1-shot, 20 episodes\n  accuracy")
    names = sorted(p.name for p in (files / "pictures").iterdir())
    assert names == ["confusion.png", "map.png", "reliability.png"]
    body = json.loads(
        call("oneshot", "evaluate", "m", "known", "--episodes", "5", "--format", "json").out
    )
    assert body["accuracy"]["mean"] > 0.7
    assert body["calibration_error"] is not None


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("labels", "nothing"), "`nothing` holds no classifier: No such file or directory"),
        (("enroll", "m", "known"), "`m` is new: `--embedder` says what its examples are"),
        (("enroll", "m", "known", "--embedder", "minilmm"), "did you mean `minilm`?"),
        (("enroll", "k", "x.npy", "--label", "a"), "`x.npy` cannot be read: No such file"),
        (("enroll", "k", "bad.npy", "--label", "a"), "`bad.npy` cannot be read"),
        (("enroll", "k", "wide.npy", "--label", "a"), "width 5, and the enrolled examples have"),
        (("enroll", "k", "known", "--new"), "the label `known0` is enrolled already"),
        (("enroll", "k", "known", "--embedder", "characters"), "with another embedder than the"),
        (("enroll", "k", "known", "--cohort", "cohort"), "`k` has its cohort already"),
        (("enroll", "k", "known/known0"), "holds no labels: a folder for each is needed"),
        (("labels", "k", "--forget", "known77"), "unknown label `known77`; did you mean `known7`?"),
        (("labels", "k", "--rename", "known7"), "takes two labels with = between"),
        (("labels", "k", "--format", "xml"), "must be csv or json, got `xml`"),
        (("predict", "k", "empty"), "`empty` holds no files of arrays (.npy)"),
        (("evaluate", "k", "known", "--ways", "30"), "30 ways need as many labels"),
        (("evaluate", "k", "known", "--format", "csv"), "must be text or json, got `csv`"),
    ],
)
def test_misuse_is_one_line(call: Command, files: Path, arguments: Any, text: str) -> None:
    call("oneshot", "enroll", "k", "--embedder", "vectors", "known")
    (files / "empty").mkdir()
    (files / "bad.npy").write_text("no array")
    np.save(files / "wide.npy", np.ones(5))
    before = (files / "k" / "classifier.json").read_text()
    ended = call("oneshot", *arguments)
    assert ended.status == 2
    assert text in ended.err
    assert ended.err.count("\n") == 1
    assert (files / "k" / "classifier.json").read_text() == before


def test_help_fits_a_terminal(call: Command) -> None:
    for arguments in ((), ("enroll",), ("predict",), ("labels",), ("evaluate",)):
        ended = call("oneshot", *arguments, "--help")
        assert ended.status == 0
        assert max(map(len, ended.out.splitlines())) <= 100
    assert "one example is enough" in call("oneshot", "--help").out
