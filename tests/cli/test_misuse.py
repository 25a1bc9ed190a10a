"""Bad input: one clear line on standard error, exit status 2, and nothing lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["foo"], "no such command 'foo'"),
        (["run", "--foo", "train.py"], "no such option: --foo"),
        (["show", "--foo"], "no such option: --foo"),
        (["run"], "give the script to run: trainwell run SCRIPT [ARGS]"),
        (["run", "absent.py"], "no such script: `absent.py`"),
        (["run", "bad.py"], "bad.py:2 is not valid Python (invalid syntax): x = = 3"),
        (["run", "nul.py"], "source code string cannot contain null bytes"),
        (
            ["run", "--json", "out.json", "train.py"],
            "to write the JSON into it, give `--json -o out.json`",
        ),
        (
            ["run", "--budget", "lots", "train.py"],
            "`--budget` takes a share of the run's time, such as 3% or 0.03; got `lots`",
        ),
        (["run", "--budget", "0", "train.py"], "got `0`"),
        (["run", "--budget", "200%", "train.py"], "got `200%`"),
        (["run", "--budget", "nan", "train.py"], "got `nan`"),
        (["run", "--every", "0", "train.py"], "invalid value for '--every'"),
        (["run", "--fail-on", "info", "train.py"], "invalid value for '--fail-on'"),
        (["run", "--quiet", "--json", "train.py"], "`--quiet` prints no report"),
        (
            ["run", "-o", "absent/report.txt", "train.py"],
            "cannot write the report to `absent/report.txt`: its folder does not exist",
        ),
        (["run", "-o", ".", "train.py"], "cannot write the report to `.`: it is a folder"),
        (["runs"], "no record at `.trainwell/runs.db`: nothing was run here with trainwell yet"),
        (["show"], "no record at `.trainwell/runs.db`"),
        (["explain", "XYZ999"], "unknown finding `XYZ999`"),
        (["explain", "--run"], "`--run` needs a finding"),
    ],
)
def test_one_line_and_status_2(call: Command, folder: Path, words: list[str], line: str) -> None:
    (folder / "bad.py").write_text("y = 1\nx = = 3\n")
    (folder / "nul.py").write_bytes(b"x = 1\0")
    ended = call(*words)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.startswith("trainwell: ")
    assert line in ended.err
    assert ended.err.count("\n") == 1
    assert not (folder / ".trainwell").exists()


def test_an_unknown_run_names_the_nearest(call: Command, recorded: list[str]) -> None:
    ended = call("show", "20261122-104501-4f2a")
    assert ended.status == 2
    assert ended.err == (
        f"trainwell: unknown run `20261122-104501-4f2a`; did you mean `{recorded[0]}`?\n"
    )
    assert "begins the ids of 2 runs" in call("show", "2026").err


@pytest.mark.parametrize("command", [["run", "train.py"], ["show"], ["runs"]])
@pytest.mark.parametrize("fault", ["damaged", "newer", "foreign"])
def test_a_bad_record_is_refused_before_anything_runs(
    call: Command, folder: Path, command: list[str], fault: str
) -> None:
    path = folder / ".trainwell" / "runs.db"
    path.parent.mkdir()
    if fault == "damaged":
        path.write_bytes(b"no database" * 99)
    else:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE t (x)")
        if fault == "newer":
            connection.execute("PRAGMA user_version = 99")
            connection.execute(f"PRAGMA application_id = {int.from_bytes(b'trwl', 'big')}")
        connection.close()
    before = path.read_bytes()
    ended = call(*command)
    expected = {
        "damaged": "is damaged (file is not a database): move it away",
        "newer": "was written by a newer trainwell (schema 99",
        "foreign": "is a database of another program: move it away",
    }
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert expected[fault] in ended.err
    assert path.read_bytes() == before


def test_an_unwritable_record_is_told_before_the_script_runs(call: Command, folder: Path) -> None:
    (folder / ".trainwell").write_text("in the way")
    ended = call("run", "train.py")
    assert (ended.status, ended.out) == (2, "")
    assert "cannot make the folder of the record" in ended.err


@pytest.mark.parametrize(
    ("files", "words", "line"),
    [
        ({}, ["-m", "absent"], "cannot run the module `absent`: No module named absent"),
        ({"p/__init__.py": ""}, ["-m", "p"], "'p' is a package and cannot be directly executed"),
        ({"m.py": "x = = 3"}, ["-m", "m"], "m.py:1 is not valid Python (invalid syntax): x = = 3"),
        ({"f/x.py": ""}, ["f"], "cannot run the script `f`: can't find '__main__' module"),
    ],
)
def test_modules_that_cannot_start(
    spawn: Command, folder: Path, files: dict[str, str], words: list[str], line: str
) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    ended = spawn("run", *words)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert line in ended.err


def test_a_script_that_trains_nothing(spawn: Command, folder: Path) -> None:
    (folder / "train.py").write_text("print('hello')\n")
    ended = spawn("run", "train.py")
    assert (ended.status, ended.out) == (0, "hello\n")
    assert ended.err == (
        "trainwell: saw no backward(): nothing was trained, so there is nothing to diagnose\n"
    )
    (folder / "train.py").write_text("import sys; sys.exit(7)\n")
    assert spawn("run", "train.py").status == 7
