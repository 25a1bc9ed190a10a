"""`trainwell run` from end to end, on a script that really trains."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainwell.hooks.frames import is_own
from trainwell.record import Run
from trainwell.record.store import RECORD, Store

Command = Callable[..., Any]

SICK = """
import torch
from torch import nn
torch.manual_seed(0)
x = torch.randn(256, 8)
y = x[:, :3].argmax(1)
model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(dim=1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for step in range(60):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
"""


def _latest() -> Run:
    store = Store(RECORD, create=False)
    name = store.latest()
    assert name is not None
    run = store.load(name)
    store.close()
    return run


def test_the_script_runs_and_the_report_follows(spawn: Command) -> None:
    ended = spawn("run", "train.py", "--lr", "0.1")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("started --lr 0.1\nended\ntrainwell · train.py ")
    assert "\x1b" not in ended.out
    assert "30 steps" in ended.out
    run = _latest()
    assert (run.script, run.arguments, run.steps) == ("train.py", ["--lr", "0.1"], 30)
    assert (run.exit_status, run.error) == (0, None)
    assert run.ended is not None
    assert run.ended >= run.started
    assert len(run.loss(0)) > 0
    assert spawn("show").out == ended.out.removeprefix("started --lr 0.1\nended\n")


def test_findings_name_the_line(spawn: Command, folder: Path) -> None:
    (folder / "sick.py").write_text(SICK)
    ended = spawn("run", "--json", "--fail-on", "error", "sick.py")
    assert (ended.status, ended.err) == (1, "")
    body = json.loads(ended.out)
    assert ended.out.count("\n") == 1
    assert (body["schema"], body["script"], body["exit_status"]) == (1, "sick.py", 0)
    found = body["findings"][0]
    assert (found["code"], found["severity"], found["step"]) == ("LOS101", "error", 0)
    assert (found["where"]["file"], found["where"]["line"]) == ("sick.py", 7)
    again = spawn("show", "--json", "--fail-on", "error")
    assert (again.status, json.loads(again.out)) == (1, body)
    assert spawn("show", "--fail-on", "never").status == 0


def test_a_report_may_go_to_a_file(spawn: Command, folder: Path) -> None:
    ended = spawn("run", "--json", "-o", "report.json", "train.py")
    assert (ended.status, ended.out) == (0, "started\nended\n")
    text = (folder / "report.json").read_text()
    assert json.loads(text)["steps"] == 30
    assert text.startswith('{\n  "schema": 1,')
    spawn("show", "-o", "report.txt")
    assert (folder / "report.txt").read_text().startswith("trainwell · train.py")
    spawn("show", "-o", "again.json")
    assert (folder / "again.json").read_text() == text


def test_a_probe_that_cannot_attach_leaves_the_script_alone(spawn: Command, folder: Path) -> None:
    # A torch of the user's own that is not PyTorch.
    (folder / "torch.py").write_text("value = 3\n")
    (folder / "train.py").write_text("import torch\nprint(torch.value)\n")
    ended = spawn("run", "train.py")
    assert (ended.status, ended.out) == (0, "3\n")
    assert ended.err.startswith("trainwell: cannot watch this run: ")
    assert ended.err.count("\n") == 1
    assert _latest().notes == [ended.err.removeprefix("trainwell: ").rstrip()]


def test_quiet_keeps_the_record_only(spawn: Command) -> None:
    ended = spawn("run", "--quiet", "--every", "3", "--budget", "0.5%", "train.py")
    assert (ended.status, ended.out, ended.err) == (0, "started\nended\n", "")
    assert _latest().steps == 30


def test_no_record_keeps_nothing(spawn: Command, folder: Path) -> None:
    (folder / ".trainwell").write_text("in the way")
    ended = spawn("run", "--no-record", "train.py")
    assert (ended.status, ended.err) == (0, "")
    assert "30 steps" in ended.out


def test_a_crash_keeps_its_status_and_its_traceback(spawn: Command, folder: Path) -> None:
    source = (folder / "train.py").read_text() + "model(x[:, :3])\n"
    (folder / "train.py").write_text(source)
    ended = spawn("run", "--fail-on", "warning", "train.py")
    line = source.count("\n")
    assert ended.status == 1
    assert ended.err.startswith("Traceback (most recent call last):\n")
    frames = re.findall(r'^  File "(.+?)", line', ended.err, re.MULTILINE)
    assert frames
    assert not [file for file in frames if is_own(file)], "told by the package's location"
    assert f"crashed at train.py:{line}: RuntimeError: mat1 and mat2 shapes" in ended.out
    error = _latest().error
    assert error is not None
    assert (error["type"], error["line"]) == ("RuntimeError", line)
    assert str(error["file"]).endswith("train.py")


def test_a_death_in_the_first_forward_is_diagnosed(spawn: Command, folder: Path) -> None:
    (folder / "dies.py").write_text("import torch\ntorch.nn.Linear(64, 10)(torch.ones(3, 128))\n")
    done = spawn("run", "dies.py")
    assert done.status == 1
    assert "RuntimeError: mat1 and mat2" in done.err
    assert "saw no backward" not in done.err
    assert "dies.py:2  error  shape-mismatch  RES104" in done.out
    assert "in_features=128" in done.out
    assert "shape-mismatch" in spawn("show").out


def test_a_failing_loss_shows_no_frame_of_trainwell(spawn: Command, folder: Path) -> None:
    source = (folder / "train.py").read_text()
    (folder / "train.py").write_text(
        source + "torch.nn.functional.nll_loss(model(x), torch.full((3,), 5.5)).backward()\n"
    )
    plain = subprocess.run(
        [sys.executable, "train.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    ended = spawn("run", "train.py")
    assert ended.err == plain.stderr
    assert ended.status == plain.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_keep_the_record_and_show_the_diagnosis(folder: Path, number: int) -> None:
    source = (folder / "train.py").read_text().replace("range(30)", "range(10**9)")
    source = source.replace("    optimizer.step()", "    optimizer.step()\n    print(step)")
    (folder / "train.py").write_text(source)
    with subprocess.Popen(
        [str(Path(sys.executable).with_name("trainwell")), "run", "train.py"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "200\n":
            pass
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    name = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}[signal.Signals(number)]
    assert process.returncode == -number
    assert f"ended by {name}" in out
    assert ("KeyboardInterrupt" in err) is (number == signal.SIGINT)
    run = _latest()
    assert (run.exit_status, run.error) == (-number, None)
    assert run.steps > 200


def test_workers_and_forks_leave_the_record_alone(spawn: Command, folder: Path) -> None:
    source = (folder / "train.py").read_text()
    loader = (
        "loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), 16,"
        " num_workers=2)\nprint(sum(len(a) for a, b in loader))\n"
        "import os\nchild = os.fork()\nif not child:\n    model(x).sum().backward()\n"
        "    sys.exit(0)\nprint(os.waitpid(child, 0)[1])\n"
    )
    (folder / "train.py").write_text(source + loader)
    ended = spawn("run", "train.py")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.count("trainwell · train.py") == 1
    assert "64\n0\n" in ended.out
    assert _latest().steps == 30


def test_colour_and_width_follow_the_terminal(folder: Path, recorded: list[str]) -> None:
    def on_terminal(environment: dict[str, str]) -> str:
        leader, follower = pty.openpty()
        with subprocess.Popen(
            [str(Path(sys.executable).with_name("trainwell")), "show", recorded[0]],
            cwd=folder,
            stdout=follower,
            stderr=follower,
            env={**os.environ, "TERM": "xterm", **environment},
        ) as process:
            os.close(follower)
            text = b""
            while chunk := _read(leader):
                text += chunk
        os.close(leader)
        assert process.returncode == 0
        return text.decode()

    assert "\x1b[" in on_terminal({})
    assert "\x1b[" not in on_terminal({"NO_COLOR": "1"})


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        # Linux's way to say that the other end was closed.
        return b""
