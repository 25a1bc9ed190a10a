"""The report for a person."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion

from trainwell.diagnosis import Diagnosis, Entry, Suppressed
from trainwell.record import Operation, Place, Run, Series
from trainwell.report.text import render_text


@pytest.mark.parametrize("width", [80, 120])
def test_the_report(
    diagnosis: Diagnosis, folder: str, width: int, snapshot: SnapshotAssertion
) -> None:
    assert render_text(diagnosis, folder=folder, width=width) == snapshot


def test_the_verbose_report(diagnosis: Diagnosis, folder: str, snapshot: SnapshotAssertion) -> None:
    diagnosis.run.notes = [f"note {number}" for number in range(8)]
    assert render_text(diagnosis, folder=folder, verbose=True) == snapshot


def test_a_clean_run(run: Run, folder: str, snapshot: SnapshotAssertion) -> None:
    run.notes = ["a compiled graph: the inside of Net is not visible"]
    assert render_text(Diagnosis(run), folder=folder) == snapshot


def test_what_comments_suppress_is_counted(
    diagnosis: Diagnosis, folder: str, suppressed: Suppressed, snapshot: SnapshotAssertion
) -> None:
    noted = "`# trainwell: ignore` at train.py:24: unknown finding `LOS1O1`; did you mean `LOS101`?"
    hiding = dataclasses.replace(
        diagnosis,
        roots=(),
        suppressed=(suppressed, suppressed),
        notes=(noted,),
        left_out=("DAT101", "DAT102"),
    )
    assert render_text(hiding, folder=folder, width=80) == snapshot(name="counted")
    assert render_text(hiding, folder=folder, width=80, verbose=True) == snapshot(name="listed")


def test_colour_changes_no_character(diagnosis: Diagnosis, folder: str) -> None:
    plain = render_text(diagnosis, folder=folder)
    coloured = render_text(diagnosis, folder=folder, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[1;31m" in coloured
    bare = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [line.rstrip() for line in bare.splitlines()] == plain.splitlines()


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(diagnosis: Diagnosis, folder: str, width: int) -> None:
    lines = render_text(diagnosis, folder=folder, width=width).splitlines()
    assert max(map(len, lines)) <= max(width, 58)


def test_what_to_change_comes_first(diagnosis: Diagnosis, folder: str) -> None:
    lines = render_text(diagnosis, folder=folder).splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("✗"))
    assert lines[first] == "✗ train.py:24  error  double-softmax  LOS101"
    assert lines[first + 3] == "    24 │ return F.softmax(self.out(x), dim=1)"
    assert lines[first + 4].startswith("  → give the loss the raw outputs")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"exit_status": -2}, "ended by Ctrl-C"),
        ({"exit_status": -15}, "ended by SIGTERM"),
        ({"exit_status": -6}, "ended by signal 6"),
        ({"exit_status": 3}, "ended with exit status 3"),
        ({"ended": None, "exit_status": None}, "did not end: it runs still, or was killed"),
        (
            {
                "exit_status": 1,
                "error": {
                    "type": "RuntimeError",
                    "message": "mat1 and mat2\nshapes",
                    "file": "/home/ada/digits/train.py",
                    "line": 31,
                },
            },
            "crashed at train.py:31: RuntimeError: mat1 and mat2 shapes",
        ),
    ],
)
def test_how_the_run_ended(run: Run, folder: str, changes: dict, line: str) -> None:
    changed = dataclasses.replace(run, **changes)
    assert line in render_text(Diagnosis(changed), folder=folder).splitlines()


def test_many_places_are_counted(run: Run, folder: str, make_entry: Callable[..., Entry]) -> None:
    places = [Place(f"layers.{n}", f"{folder}/net.py", 10 + n) for n in range(9)]
    entry = make_entry("ACT101", "dying-relu", "warning", "all units are zero", *places)
    text = render_text(Diagnosis(run, (entry,)), folder=folder)
    assert (
        "also at net.py:11 (layers.1), net.py:12 (layers.2), net.py:13 (layers.3), and 5 more"
        in text
    )
    text = render_text(Diagnosis(run, (entry,)), folder=folder, verbose=True)
    assert "net.py:18 (layers.8)" in text
    assert "more:" in text


def test_an_entry_that_knows_no_place(
    run: Run, folder: str, make_entry: Callable[..., Entry]
) -> None:
    for places in ((), (Place(),), (Place(layer=""),)):
        entry = make_entry("GEN101", "overfitting", "info", "evaluation rises", *places)
        text = render_text(Diagnosis(run, (entry,)), folder=folder)
        assert "i info  overfitting  GEN101\n  evaluation rises\n  confidence 100% · more:" in text


def test_a_deep_network_is_cut_in_the_middle(
    run: Run, folder: str, make_entry: Callable[..., Entry]
) -> None:
    for number in range(40):
        place = Place(f"relu{number}", f"{folder}/net.py", number)
        run.operations[number] = Operation(number, "relu", "ReluBackward0", 0, place, depth=number)
        run.vitals["operation", number, "silent_share"] = Series([0, 1], [0.1, number / 40])
    entry = make_entry("ACT101", "dying-relu", "error", "units are zero", run.operations[39].place)
    text = render_text(Diagnosis(run, (entry,)), folder=folder)
    assert "relu5 " in text
    assert "relu6 " not in text
    assert "… 28 more" in text
    assert "relu39             98 %  ▁█" in text


def test_what_is_not_finite_is_shown(run: Run, folder: str) -> None:
    run.vitals["objective", 0, "loss"] = Series([0, 1, 2], [2.0, 4.0, math.nan])
    assert "loss        2 ▅█× NaN" in render_text(Diagnosis(run), folder=folder)


def test_what_looks_like_markup_is_text(
    run: Run, folder: str, make_entry: Callable[..., Entry]
) -> None:
    place = Place("net[0]", "/home/ada/digits/[bold]train.py", 3, "x = y[:bold] # :smile:")
    entry = make_entry("NET101", "stacked-linear", "error", "[red]a[/red] :tada:", place)
    text = render_text(Diagnosis(run, (entry,)), folder=folder)
    for part in ("[bold]train.py:3", "[red]a[/red] :tada:", "x = y[:bold] # :smile:"):
        assert part in text
