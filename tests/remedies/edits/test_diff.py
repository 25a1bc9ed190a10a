"""Diffs, applied by git and patch themselves."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from trainwell.remedies.edits import insert_before, set_argument, unified_diff

LONG = "".join(f"line {n}\n" for n in range(40))
PAIRS = [
    ("a\nb\n", "a\nc\n"),
    ("a\nb", "a\nc"),
    ("a\nb", "a\nb\n"),
    ("a\nb\n", "a\nb"),
    ("a\r\nb\r\n", "a\r\nc\r\n"),
    ("a\x0c\nb\u2028c\n", "a\x0c\nd\u2028c\n"),
    ("a\rb\nc\n", "a\rd\nc\n"),
    ("", "a\n"),
    (LONG, LONG.replace("line 3\n", "").replace("line 30", "another")),
]


@pytest.mark.parametrize(("old", "new"), PAIRS)
@pytest.mark.parametrize("name", ["train.py", "my dir/my train.py"])
@pytest.mark.parametrize("tool", [["git", "apply"], ["patch", "-p1", "--binary"]])
def test_applies(tmp_path: Path, old: str, new: str, name: str, tool: list[str]) -> None:
    if shutil.which(tool[0]) is None:
        pytest.fail(f"{tool[0]} is not installed: the patches have to be tried with it")
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(old.encode())
    diff = unified_diff(old, new, name)
    assert diff.startswith(f"--- a/{name}")
    done = subprocess.run(tool, input=diff.encode(), cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr + diff.encode()
    assert path.read_bytes() == new.encode()


def test_nothing_where_nothing_changed() -> None:
    assert unified_diff("a\n", "a\n", "train.py") == ""


def test_the_diff_of_an_edit_applies(tmp_path: Path) -> None:
    old = "import torch\r\nopt = torch.optim.SGD(w, lr=0.1)\r\nfor e in range(3): opt.step()"
    new = insert_before(set_argument(old, 2, {"SGD"}, "lr", "0.5"), 3, "clip(w)", callees={"step"})
    (tmp_path / "train.py").write_bytes(old.encode())
    diff = unified_diff(old, new, "train.py").encode()
    subprocess.run(["git", "apply"], input=diff, cwd=tmp_path, check=True)
    assert (tmp_path / "train.py").read_bytes() == new.encode()
