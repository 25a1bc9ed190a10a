"""The list of runs."""

from __future__ import annotations

import json

import pytest

from trainwell.diagnosis import Diagnosis
from trainwell.record import Run
from trainwell.record.store import RunSummary
from trainwell.report.runs import render_runs, render_runs_json, status_of


def _summary(ended: float | None = 2.0, status: int | None = 0, alive: bool = False) -> RunSummary:
    return RunSummary(
        "20261122-104500-4f2a", "train.py", ("--lr", "1"), 1.0, ended, status, 1240, alive
    )


@pytest.mark.parametrize(
    ("summary", "status"),
    [
        (_summary(), "ok"),
        (_summary(status=3), "exit 3"),
        (_summary(status=-2), "interrupted"),
        (_summary(status=-15), "signal 15"),
        (_summary(None, None, alive=True), "running"),
        (_summary(None, None), "lost"),
    ],
)
def test_statuses(summary: RunSummary, status: str) -> None:
    assert status_of(summary) == status


@pytest.mark.parametrize("width", [80, 100, 160])
def test_the_table_keeps_what_is_needed_whole(diagnosis: Diagnosis, width: int) -> None:
    runs = [(_summary(), diagnosis), (_summary(status=1), Diagnosis(Run("b", "train.py")))]
    head, first, second, last = render_runs(runs, left_out=7, width=width).splitlines()
    assert head.split() == ["run", "script", "started", "steps", "status", "worst", "finding"]
    assert first.startswith("20261122-104500-4f2a  train.py")
    assert " 1,240  ok" in first
    assert "LOS101 double" in first
    assert second.endswith("exit 1  none")
    assert last == "and 7 older"
    assert max(map(len, (head, first, second))) <= width


def test_no_runs() -> None:
    assert render_runs([]) == "no runs yet\n"
    assert json.loads(render_runs_json([])) == {"schema": 1, "runs": []}


def test_json(diagnosis: Diagnosis) -> None:
    (run,) = json.loads(render_runs_json([(_summary(), diagnosis)]))["runs"]
    assert run["findings"] == ["LOS101", "GRD101", "ACT103", "GRD102"]
    assert (run["run"], run["status"], run["steps"]) == ("20261122-104500-4f2a", "ok", 1240)
