"""Somebody's own cure, judged beside the script as it is; and what is no cure though it wins."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import trainwell
from trainwell.errors import BadInputError
from trainwell.report.treatment import render_treatment
from trainwell.report.treatment_json import render_treatment_json
from trainwell.trials import treatment
from trainwell.trials.applying import apply_patch
from trainwell.trials.candidates import Candidate, from_command, from_patch
from trainwell.trials.fairness import doubts
from trainwell.trials.job import Outcome
from trainwell.trials.measure import Measure
from trainwell.trials.pool import Pool

SCRIPT = """\
import sys
import torch
from torch import nn

torch.manual_seed(0)
rate = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0001
x = torch.randn(200, 6)
y = (x[:, 0] + 0.5 * torch.randn(200) > 0).long()
train_x, train_y, test_x, test_y = x[:100], y[:100], x[100:], y[100:]
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=rate)
for epoch in range(6):
    for a, b in zip(train_x.split(20), train_y.split(20)):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(a), b).backward()
        optimizer.step()
    with torch.no_grad():
        loss = nn.functional.cross_entropy(model(test_x), test_y)
        accuracy = (model(test_x).argmax(1) == test_y).float().mean()
    print(f"epoch {epoch}: test loss {loss:.4f}, test accuracy {accuracy:.4f}")
"""

HELPS = {"lr=rate": "lr=0.2"}
IDLE = {"lr=rate)": "lr=rate)  # as before"}
HURTS = {"lr=rate": "lr=1e-9, weight_decay=0.0"}
CHEATS = {
    "it changes what evaluates": {
        "model(test_x), test_y)": "model(test_x), model(test_x).argmax(1))"
    },
    "it changes a seed": {"manual_seed(0)": "manual_seed(12)", "lr=rate": "lr=0.2"},
    "it is judged by 50 examples, the script by 100": {
        "x[:100], y[:100], x[100:], y[100:]": "x[:150], y[:150], x[150:], y[150:]",
        "lr=rate": "lr=0.2",
    },
    "it trains on examples that it is judged by": {
        "x[:100], y[:100], x[100:]": "x, y, x[100:]",
        "split(20)": "split(40)",
        "lr=rate": "lr=0.2",
    },
    "it trains 300 steps, the script 30": {"range(6)": "range(60)", "lr=rate": "lr=0.01"},
}


def changed(edits: dict[str, str]) -> str:
    source = SCRIPT
    for old, new in edits.items():
        assert old in source
        source = source.replace(old, new)
    return source


def diff(edits: dict[str, str], name: str = "train.py") -> str:
    lines = difflib.unified_diff(
        SCRIPT.splitlines(keepends=True),
        changed(edits).splitlines(keepends=True),
        f"a/{name}",
        f"b/{name}",
    )
    return "".join(lines)


@pytest.fixture(scope="module")
def shared() -> Iterator[Pool]:
    with Pool(2) as pool:
        yield pool


@pytest.fixture
def folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared: Pool
) -> Callable[[dict[str, dict[str, str]]], Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(treatment, "Pool", lambda *_: shared)
    monkeypatch.setattr(Pool, "__exit__", lambda *_: None)

    def make(patches: dict[str, dict[str, str]]) -> Path:
        (tmp_path / "train.py").write_text(SCRIPT)
        for name, edits in patches.items():
            (tmp_path / name).write_text(diff(edits))
        return tmp_path

    return make


def test_patches_that_help_do_nothing_and_hurt(
    folder: Callable[[dict[str, dict[str, str]]], Path],
) -> None:
    patches = {"helps.diff": HELPS, "idle.diff": IDLE, "hurts.diff": HURTS}
    where = folder(patches)
    answer = trainwell.treat("train.py", patches=list(patches), keep=False)
    by_label = {r.label: r for r in answer.arms}
    verdicts = {name: r.comparison.verdict for name, r in by_label.items()}
    assert verdicts["helps.diff"] == "helps"
    assert verdicts["idle.diff"] == "no evidence"
    assert verdicts["hurts.diff"] in ("hurts", "no evidence")
    assert all(r.doubts == () for r in answer.arms)
    assert answer.winner is not None
    assert answer.winner.label == "helps.diff"
    assert answer.runs <= 30
    assert answer.patch is not None
    assert answer.patch.checked is not None
    assert answer.patch.checked.agrees
    assert "applied to" in apply_patch(answer)
    assert (where / "train.py").read_text() == changed(HELPS)
    # What stood beside the script while it ran is gone.
    left = sorted(p.name for p in where.iterdir() if p.name[0] != ".")
    assert left == sorted(["train.py", *patches])
    assert not list(where.glob(".trainwell-*"))


@pytest.mark.parametrize("reason", CHEATS)
def test_what_changes_how_it_is_judged_is_no_cure(
    folder: Callable[[dict[str, dict[str, str]]], Path], reason: str
) -> None:
    folder({"fix.diff": CHEATS[reason]})
    answer = trainwell.treat("train.py", patches=["fix.diff"], keep=False)
    [found] = answer.arms
    assert answer.winner is None
    assert found.comparison.verdict != "helps"
    assert any(doubt.startswith(reason) for doubt in found.doubts), found.doubts
    assert reason in render_treatment(answer, width=200)
    [body] = json.loads(render_treatment_json(answer))["arms"]
    assert body["doubts"] == list(found.doubts)


def test_other_arguments_and_another_script(
    folder: Callable[[dict[str, dict[str, str]]], Path],
) -> None:
    where = folder({})
    (where / "other.py").write_text(changed(HELPS))
    answer = trainwell.treat(
        "train.py", candidates=["train.py 0.2", "other.py", "train.py 0.00011"], keep=False
    )
    verdicts = [r.comparison.verdict for r in answer.arms]
    assert verdicts[:2] == ["helps", "helps"]
    assert verdicts[2] == "no evidence"
    assert all(r.doubts == () for r in answer.arms)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n", "is no unified diff"),
        (diff(HELPS, "model.py"), "changes b/model.py; only changes of `train.py`"),
        (diff(HELPS).replace("-optimizer = ", "-optimiser = "), "does not fit `train.py`"),
        (diff({"rate = float": "rate == = float"}), "gives no Python"),
    ],
)
def test_patches_that_cannot_be_judged(
    folder: Callable[[dict[str, dict[str, str]]], Path], text: str, message: str
) -> None:
    where = folder({})
    (where / "fix.diff").write_text(text)
    with pytest.raises(BadInputError, match=message):
        from_patch("fix.diff", "train.py", ())


def test_a_diff_of_two_files_by_other_names(
    folder: Callable[[dict[str, dict[str, str]]], Path],
) -> None:
    where = folder({})
    text = diff(HELPS).replace("+++ b/train.py", "+++ new.py").replace("--- a/", "--- ")
    (where / "fix.diff").write_text(text)
    assert from_patch("fix.diff", "train.py", ()).source == changed(HELPS)


def test_commands_that_cannot_be_judged(
    folder: Callable[[dict[str, dict[str, str]]], Path],
) -> None:
    folder({})
    for command, message in (
        ("", "takes a script"),
        ("none.py", "no such file: `none.py`"),
        ("train.py", "is the script itself"),
    ):
        with pytest.raises(BadInputError, match=message):
            from_command(command, "train.py", ())


def test_a_mode_before_evaluation_is_no_doubt() -> None:
    candidate = Candidate(
        "x",
        (),
        SCRIPT.replace(
            "    with torch.no_grad():\n", "    with torch.no_grad():\n        model.eval()\n"
        ),
    )
    outcome = Outcome(0, steps=30, curves={"cross_entropy#0": [[30, 0.5, 0.5, 100]]})
    measure = Measure("loss", "cross_entropy#0")
    assert doubts(candidate, SCRIPT, outcome, outcome, measure, []) == []


def test_another_loss_function_is_doubted() -> None:
    candidate = Candidate("x", (), SCRIPT)
    before = Outcome(0, steps=30, curves={"cross_entropy#0": [[30, 0.5, 0.5, 100]]})
    after = Outcome(0, steps=30, curves={"mse_loss#0": [[30, 0.1, None, 100]]})
    measure = Measure("loss", "cross_entropy#0")
    found = doubts(candidate, SCRIPT, before, after, measure, [])
    assert found == ["it is judged by another loss function"]


def test_the_printed_number_must_stay_as_it_is() -> None:
    source = "acc = right / total\nprint(f'val acc {acc}')\n"
    candidate = Candidate("x", (), source.replace("{acc}", "{acc + 0.1}"))
    measure = Measure("pattern", pattern="val acc (.*)", label="val acc", maximize=True)
    outcome = Outcome(0, steps=30)
    found = doubts(candidate, source, outcome, outcome, measure, [])
    assert found == ["it changes how `val acc` is computed or printed"]


METRIC = """\
def right(answers, labels):
    return (answers.argmax(1) == labels).float()

def accuracy(answers, labels):
    return right(answers, labels).mean()

def build(width):
    return nn.Linear(6, width)

with torch.no_grad():
    acc = accuracy(model(x), y)
print(f"val acc {acc}")
"""


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [(".mean()", ".max()", 5), (".argmax(1) == labels", ".argmax(1) >= 0", 2), ("6, w", "7, w", 0)],
)
def test_functions_that_evaluation_calls_are_a_part_of_it(old: str, new: str, line: int) -> None:
    measure = Measure("pattern", pattern="val acc (.*)", label="val acc", maximize=True)
    outcome = Outcome(0, steps=30)
    candidate = Candidate("x", (), METRIC.replace(old, new))
    found = doubts(candidate, METRIC, outcome, outcome, measure, [])
    assert found == ([f"it changes what evaluates (line {line})"] if line else [])
