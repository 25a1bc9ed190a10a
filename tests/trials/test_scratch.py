"""Trials of a script that writes files do not write over what the script itself wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.treated import trial

from trainwell.trials.scratch import mirror

SCRIPT = """\
import os
import torch

with open("data/rows.txt") as file:
    rows = file.read()
os.makedirs("runs/one", exist_ok=True)
torch.save({"a": torch.ones(2)}, "runs/one/model.pt")
with open("log.txt", "a") as file:
    file.write("ran\\n")
with open(os.path.abspath("whole.txt"), "w") as file:
    file.write(rows)
w = torch.nn.Parameter(torch.ones(3))
optimizer = torch.optim.SGD([w], lr=0.1)
w.square().sum().backward()
optimizer.step()
print(sorted(os.listdir(".")), os.path.exists("log.txt"))
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.txt").write_text("1 2 3")
    path = tmp_path / "train.py"
    path.write_text(SCRIPT)
    return path


def test_what_a_script_writes_is_noted(script: Path) -> None:
    outcome = trial(script, survey=True)
    assert outcome.status == 0, outcome.output
    assert outcome.written == ("log.txt", "runs/one/model.pt")
    assert outcome.written_whole == ("whole.txt",)


def test_without_a_survey_nothing_is_noted(script: Path) -> None:
    outcome = trial(script)
    assert (outcome.written, outcome.written_whole) == ((), ())


def test_later_trials_write_into_a_mirror(script: Path) -> None:
    first = trial(script, survey=True)
    saved = script.parent / "runs" / "one" / "model.pt"
    before = saved.stat().st_mtime_ns
    second = trial(script, scratch=first.written)
    assert second.status == 0, second.output
    assert (script.parent / "log.txt").read_text() == "ran\n"
    assert saved.stat().st_mtime_ns == before


def test_a_mirror_looks_alike_but_for_what_is_written(tmp_path: Path) -> None:
    folder, target = tmp_path / "folder", tmp_path / "mirror"
    for name in ("data/rows.txt", "runs/one/model.pt", "runs/old.pt", "log.txt", ".git/HEAD"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    target.mkdir()
    mirror(str(folder), str(target), ("log.txt", "runs/one/model.pt"))
    found = {str(p.relative_to(target)) for p in target.rglob("*")}
    assert found == {"data", "runs", "runs/old.pt", "runs/one"}
    assert (target / "data").is_symlink()
    assert not (target / "runs").is_symlink()
    assert (target / "data" / "rows.txt").read_text() == "data/rows.txt"
    (target / "runs" / "one" / "model.pt").write_text("new")
    assert (folder / "runs" / "one" / "model.pt").read_text() == "runs/one/model.pt"
