"""The commands that only read: `show`, `runs`, `explain`, and help."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from trainwell.findings.catalogue import FINDINGS
from trainwell.record import Run
from trainwell.record.store import RECORD, Store

Command = Callable[..., Any]


def test_show_prints_the_latest_run_or_the_one_named(call: Command, recorded: list[str]) -> None:
    latest = call("show")
    assert (latest.status, latest.err) == (0, "")
    assert latest.out.startswith("trainwell · train.py ")
    assert json.loads(call("show", "--json").out)["run"] == recorded[1]
    assert json.loads(call("show", "20261122-1045", "--json").out)["run"] == recorded[0]
    assert "\n" not in call("show", "--json").out.rstrip("\n")


def test_show_of_a_run_that_was_killed(call: Command, recorded: list[str]) -> None:
    store = Store(RECORD)
    store.begin(Run("20261123-killed", "train.py", started=1.0))
    store.close()
    ended = call("show", "20261123")
    assert ended.status == 0
    assert "did not end: it runs still, or was killed" in ended.out


def test_show_of_an_empty_record(call: Command, folder: Path) -> None:
    Store(RECORD).close()
    ended = call("show")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == f"trainwell: the record `{RECORD}` holds no runs yet\n"
    assert call("runs").out == "no runs yet\n"


def test_runs_lists_the_last_first(call: Command, recorded: list[str]) -> None:
    head, first, second = call("runs").out.splitlines()
    assert head.split()[0] == "run"
    assert first.startswith(recorded[1])
    assert second.startswith(recorded[0])
    assert "train.py --lr 0.1" in first
    assert call("runs", "--limit", "1").out.splitlines()[-1] == "and 1 older"
    body = json.loads(call("runs", "--json").out)
    assert [run["run"] for run in body["runs"]] == recorded[::-1]
    assert body["runs"][0]["arguments"] == ["--lr", "0.1"]


def test_explain_lists_the_catalogue(call: Command) -> None:
    ended = call("explain")
    assert (ended.status, ended.err) == (0, "")
    assert all(code in ended.out for code in FINDINGS)


@pytest.mark.parametrize("name", ["LOS101", "los101", "double-softmax", "Double-Softmax"])
def test_explain_takes_code_or_slug(call: Command, name: str) -> None:
    ended = call("explain", name)
    assert ended.out.startswith("LOS101 double-softmax\n")
    assert "Why it hurts" in ended.out
    assert "give the loss the raw outputs" in ended.out
    assert "--- sick.py" in ended.out


def test_explain_names_the_nearest(call: Command) -> None:
    ended = call("explain", "double-sofmax")
    assert (
        ended.err == "trainwell: unknown finding `double-sofmax`; did you mean `double-softmax`?\n"
    )


def test_explain_runs_the_specimens(spawn: Command) -> None:
    ended = spawn("explain", "double-softmax", "--run")
    assert (ended.status, ended.err) == (0, "")
    sick, cured = ended.out.split("trainwell run --no-record cured.py")
    assert "double-softmax  LOS101" in sick
    assert "no findings" in cured


def test_explain_runs_a_sick_specimen_that_dies_and_the_cured_one(spawn: Command) -> None:
    ended = spawn("explain", "shape-mismatch", "--run")
    assert ended.status == 0
    assert "RuntimeError: mat1 and mat2 shapes" in ended.err
    sick, cured = ended.out.split("trainwell run --no-record cured.py")
    assert "shape-mismatch  RES104" in sick
    assert "no findings" in cured


def test_help_teaches(call: Command) -> None:
    ended = call()
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == call("--help").out
    assert "trainwell run train.py --lr 0.1" in ended.out
    for command in ("run", "show", "runs", "explain"):
        assert f"  {command} " in ended.out
        assert call(command, "--help").status == 0
    assert max(map(len, ended.out.splitlines())) <= 80


def test_version(call: Command) -> None:
    assert call("--version").out == f"trainwell {version('trainwell')}\n"
