"""Ways to call the command line."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from trainwell.cli import main
from trainwell.record import Objective, Place, Run
from trainwell.record.store import RECORD, Store

TINY = """
import sys, torch
print("started", *sys.argv[1:])
torch.manual_seed(0)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x = torch.randn(64, 4)
y = x.sum(1, keepdim=True)
for step in range(30):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(x), y)
    loss.backward()
    optimizer.step()
print("ended")
"""


SICK = """
import torch
from torch import nn
torch.manual_seed(0)
x = 100 + 40 * torch.randn(256, 8)
y = x[:, :3].argmax(1)
first, last = nn.Linear(8, 16), nn.Linear(16, 3)
optimizer = torch.optim.Adam([*first.parameters(), *last.parameters()], lr=0.01)
for step in range(60):
    optimizer.zero_grad()
    hidden = first(x).relu()  # trainwell: ignore[DAT101] raw on purpose
    output = last(hidden).softmax(1)
    nn.functional.cross_entropy(output, y).backward()
    optimizer.step()
"""
"""DAT101 on line 11, suppressed, and LOS101 on line 12."""


@dataclass
class Ended:
    """What a command left."""

    status: int
    out: str
    err: str


Command = Callable[..., Ended]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, with a script that trains; the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "train.py").write_text(TINY)
    return tmp_path


@pytest.fixture
def call(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Calls `trainwell` in this process: for all commands that run no script."""

    def called(*words: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["trainwell", *words])
        status = main()
        return Ended(status, *capsys.readouterr())

    return called


@pytest.fixture
def spawn(folder: Path) -> Command:
    """Calls `trainwell` in a process of its own."""

    def spawned(*words: str, environment: dict[str, str] | None = None) -> Ended:
        done = subprocess.run(
            [str(Path(sys.executable).with_name("trainwell")), *words],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **(environment or {})},
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return spawned


@pytest.fixture(scope="session")
def _sick_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("sick")
    (project / "sick.py").write_text(SICK)
    done = subprocess.run(
        [str(Path(sys.executable).with_name("trainwell")), "run", "--quiet", "sick.py"],
        cwd=project,
        check=True,
        capture_output=True,
    )
    assert done.stderr == b""
    return project


@pytest.fixture
def sick(folder: Path, _sick_project: Path) -> Path:
    """A project whose last run was of a sick script, `sick.py`; the working directory."""
    shutil.copytree(_sick_project, folder, dirs_exist_ok=True)
    # The record has the paths of the folder in which the script ran.
    connection = sqlite3.connect(folder / RECORD)
    with connection:
        connection.execute(
            "UPDATE facts SET body = replace(body, ?, ?)", (str(_sick_project), str(folder))
        )
    connection.close()
    return folder


@pytest.fixture
def recorded(folder: Path) -> list[str]:
    """Two runs in the record; their ids."""
    store = Store(RECORD)
    names = ["20261122-104500-4f2a", "20261122-104700-9c1d"]
    for name in names:
        run = Run(name, "train.py", ["--lr", "0.1"], started=1_790_000_000.0)
        store.begin(run)
        run.steps = 40
        objective = Objective(0, Place(None, str(folder / "train.py"), 12), steps=40)
        rows = [("objective", 0, "loss", step, 1.0 / (1 + step)) for step in range(40)]
        store.write(run, [objective], rows)
        run.ended, run.exit_status = 1_790_000_009.0, 0
        store.finish(run)
    store.close()
    return names
