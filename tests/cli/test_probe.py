"""`trainwell run --probe` from end to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainwell.record import Run
from trainwell.record.store import RECORD, Store

Command = Callable[..., Any]

SLOW = """
import atexit
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(8, 2)

    def forward(self, x):
        if not self.training:
            print("evaluated", flush=True)
        return self.layer(x)

def main():
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    for step in range(24):
        x = torch.randn(16, 8)
        loss = nn.functional.cross_entropy(model(x), (x[:, 0] > 0).long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()(x)

atexit.register(print, "over")
main()
"""


def _latest() -> Run:
    store = Store(RECORD, create=False)
    name = store.latest()
    assert name is not None
    run = store.load(name)
    store.close()
    return run


@pytest.fixture
def slow(folder: Path) -> Path:
    """A script with a rate too low; its network is gone when it ends, and it prints."""
    script = folder / "slow.py"
    script.write_text(SLOW)
    return script


def test_other_settings_are_tried_kept_and_quoted(spawn: Command, slow: Path) -> None:
    ended = spawn("run", "--probe", "slow.py")
    assert (ended.status, ended.err) == (0, "")
    # The copy of the process prints nothing and has no handlers.
    assert ended.out.startswith("evaluated\nover\ntrainwell · slow.py ")
    assert "SGD at 0.1" in ended.out
    run = _latest()
    assert run.notes == []
    assert len(run.counterfactuals) >= 6
    body = json.loads(spawn("show", "--json").out)
    (found,) = (f for f in body["findings"] if f["code"] == "OPT102")
    assert "times the rate bring the loss to" in found["message"]
    assert found["evidence"]["loss_then"]["SGD at 0.001"] == run.counterfactuals[0].after


def test_a_project_may_ask_for_it_and_the_command_line_may_not(
    spawn: Command, slow: Path, folder: Path
) -> None:
    (folder / "pyproject.toml").write_text("[tool.trainwell]\nprobe = true\n")
    spawn("run", "--quiet", "slow.py")
    assert _latest().counterfactuals
    spawn("run", "--quiet", "--no-probe", "slow.py")
    assert _latest().counterfactuals == {}


@pytest.mark.parametrize(
    ("line", "status"),
    [("raise ValueError", 1), ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -15)],
)
def test_nothing_is_tried_after_a_crash_or_a_signal(
    spawn: Command, slow: Path, line: str, status: int
) -> None:
    slow.write_text(SLOW + line + "\n")
    assert spawn("run", "--probe", "slow.py").status == status
    run = _latest()
    assert (run.counterfactuals, run.steps) == ({}, 24)
