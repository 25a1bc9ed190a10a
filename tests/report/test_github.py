"""Workflow commands for GitHub Actions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from trainwell.diagnosis import Diagnosis, Entry, Suppressed
from trainwell.record import Place, Run, Sighting
from trainwell.report.github import render_github


def _parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A command as the runner reads it (ActionCommand.TryParseV2 of actions/runner)."""
    match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert match is not None, line

    def unescaped(text: str, *more: tuple[str, str]) -> str:
        for code, character in (*more, ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
            text = text.replace(code, character)
        return text

    properties = {}
    for pair in match[2].split(","):
        name, _, value = pair.partition("=")
        properties[name] = unescaped(value, ("%3A", ":"), ("%2C", ","))
    return match[1], properties, unescaped(match[3])


def test_the_commands(diagnosis: Diagnosis, folder: str, snapshot: SnapshotAssertion) -> None:
    assert render_github(diagnosis, folder=folder, root="/home/ada") == snapshot


def test_nothing_found_is_nothing_written(run: Run, folder: str, suppressed: Suppressed) -> None:
    assert render_github(Diagnosis(run), folder=folder, root=folder) == ""
    hidden = Diagnosis(run, suppressed=(suppressed,))
    assert render_github(hidden, folder=folder, root=folder) == ""


def test_layers_of_one_line_are_one_command(
    run: Run, folder: str, make_entry: Callable[..., Entry]
) -> None:
    places = [Place(f"fc{n}", "net.py", 7) for n in range(3)]
    entry = make_entry("ACT101", "dying-relu", "info", "units are zero", *places)
    (line,) = render_github(Diagnosis(run, (entry,)), folder=folder, root=folder).splitlines()
    command, properties, message = _parsed(line)
    assert command == "notice"
    assert properties == {"file": "net.py", "line": "7", "title": "dying-relu ACT101"}
    assert message == "units are zero\nalso in fc1, fc2\nmore: trainwell explain ACT101"


@pytest.mark.parametrize("file", [None, "<ipython-input-1>"])
def test_what_has_no_file_is_told_without(
    run: Run, folder: str, make_entry: Callable[..., Entry], file: str | None
) -> None:
    entry = make_entry("GEN101", "overfitting", "warning", "it rises", Place(file=file, line=3))
    text = render_github(Diagnosis(run, (entry,)), folder=folder, root=folder)
    assert text.startswith("::warning title=overfitting GEN101::it rises%0A")


_ODD = st.text(st.sampled_from("a%:,=\r\n·0A25"), max_size=12)


@settings(derandomize=True, deadline=None, database=None)
@given(_ODD, _ODD)
def test_whatever_stands_in_it_arrives(name: str, message: str) -> None:
    file = f"/repo/x{name}x.py"
    seen = Sighting(Place(None, file, 3), message, 0, "error")
    entry = Entry("A", "a", "error", message, 0, (seen.where,), {}, (), (), (seen,))
    text = render_github(Diagnosis(Run("r", "t.py"), (entry,)), folder="/repo", root="/repo")
    assert text.count("\n") == 1
    assert "\r" not in text
    command, properties, body = _parsed(text.removesuffix("\n"))
    assert command == "error"
    assert properties["file"] == f"x{name}x.py"
    assert body == f"{message}\nmore: trainwell explain A"


def test_every_line_of_every_entry_is_told(diagnosis: Diagnosis, folder: str) -> None:
    parsed: list[Any] = [
        _parsed(line) for line in render_github(diagnosis, folder=folder, root=folder).splitlines()
    ]
    assert [(c, p["file"], p["line"]) for c, p, _ in parsed] == [
        ("error", "train.py", "24"),
        ("error", "train.py", "20"),
        ("warning", "train.py", "22"),
        ("warning", "train.py", "22"),
        ("warning", "train.py", "21"),
        ("warning", "/opt/lib/layers.py", "7"),
    ]
