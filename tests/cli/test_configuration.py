"""`[tool.trainwell]`, `--select`, `--ignore` and comments, from end to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Command = Callable[..., Any]


def _settle(folder: Path, text: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.trainwell]\n{text}\n")


def _codes(call: Command, *options: str) -> list[str]:
    ended = call("show", "--json", *options)
    assert (ended.status, ended.err) == (0, "")
    return [finding["code"] for finding in json.loads(ended.out)["findings"]]


def test_a_comment_suppresses_and_is_counted(call: Command, sick: Path) -> None:
    shown = call("show").out
    assert "unscaled-features" not in shown
    assert "\n1 suppressed by comments (--verbose shows them)\n" in shown
    listed = call("show", "--verbose").out
    assert "\n1 suppressed by comments:\n  sick.py:11 (" in listed
    assert "unscaled-features  DAT101  the data" in listed
    assert "(raw on purpose)" in listed
    body = json.loads(call("show", "--json").out)
    assert [f["code"] for f in body["findings"]] == ["LOS101"]
    assert [(s["code"], s["where"]["line"]) for s in body["suppressed"]] == [("DAT101", 11)]


def test_what_is_suppressed_fails_nothing(call: Command, sick: Path) -> None:
    assert call("show", "--fail-on", "error").status == 1
    assert call("show", "--fail-on", "error", "--ignore", "LOS101").status == 0


def test_names_may_be_repeated_or_have_commas_between(call: Command, sick: Path) -> None:
    assert _codes(call) == ["LOS101"]
    assert _codes(call, "--ignore", "double-softmax") == []
    assert _codes(call, "--ignore", "ACT, LOS") == []
    assert _codes(call, "--ignore=ACT", "--ignore=los101,GRD") == []
    assert _codes(call, "--select", "LOS", "--select", "ACT") == ["LOS101"]
    assert _codes(call, "--select", "LOS", "--ignore", "ALL") == ["LOS101"]
    assert _codes(call, "--select", "ACT") == []


def test_the_command_line_replaces_the_project(call: Command, sick: Path) -> None:
    _settle(sick, 'ignore = ["LOS"]\nfail-on = "error"\nformat = "json"')
    shown = call("show")
    assert (shown.status, json.loads(shown.out)["findings"]) == (0, [])
    assert call("show", "--select", "LOS101").status == 1
    assert call("show", "--ignore", "ACT").status == 1
    assert call("show", "--ignore", "ACT", "--fail-on", "never").status == 0
    assert call("show", "--format", "text").out.startswith("trainwell · sick.py")
    isolated = call("show", "--isolated")
    assert isolated.status == 0
    assert "LOS101" in isolated.out


def test_runs_says_what_show_says(call: Command, sick: Path) -> None:
    assert "LOS101 double-softmax" in call("runs").out
    _settle(sick, 'ignore = ["LOS"]')
    assert "LOS101" not in call("runs").out


def test_what_was_not_looked_for_is_told(call: Command, sick: Path) -> None:
    shown = call("show", "--ignore", "LOS101,GRD101", "--verbose").out
    assert "; 2 not looked for)" in shown
    assert shown.endswith("\nnot looked for (select, ignore): LOS101, GRD101\n")


def test_thresholds_hold(call: Command, sick: Path) -> None:
    options = ("--select", "DAT101")
    assert len(json.loads(call("show", "--json", *options).out)["suppressed"]) == 1
    _settle(sick, "findings.unscaled-features.large = 1e9\nfindings.DAT101.off-centre = 1e9")
    assert call("show", *options).status == 2
    _settle(sick, "[tool.trainwell.findings.DAT101]\nlarge = 1e9\noff-centre = 1e9")
    assert json.loads(call("show", "--json", *options).out)["suppressed"] == []


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--select", "ACTT"], "`--select`: unknown finding `ACTT`; did you mean `ACT`?"),
        (["--ignore", "dying-rely"], "did you mean `dying-relu`?"),
        (["--ignore", ","], "`--ignore` names no finding, got `,`"),
        (["--select", "ACT101", "--ignore", "ACT101"], "leave no finding to look for"),
    ],
)
@pytest.mark.parametrize("command", ["run", "show"])
def test_names_that_name_nothing_are_told(
    call: Command, recorded: list[str], folder: Path, command: str, options: list[str], line: str
) -> None:
    words = ["train.py"] if command == "run" else []
    ended = call(command, *options, *words)
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert line in ended.err


@pytest.mark.parametrize("words", [["train.py"], ["-m", "train"]])
def test_a_bad_project_is_told_before_the_script_runs(
    call: Command, folder: Path, words: list[str]
) -> None:
    _settle(folder, "[tool.trainwell.findings.dying-relu]\nshar = 0.7")
    ended = call("run", *words)
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == (
        "trainwell: `pyproject.toml`, [tool.trainwell]: `findings.dying-relu`: unknown threshold"
        " `shar`; did you mean `share`?\n"
    )
    assert not (folder / ".trainwell").exists()


def test_a_run_is_as_the_project_says_and_torch_waits_for_the_script(
    spawn: Command, folder: Path
) -> None:
    (folder / "net").mkdir()
    source = (folder / "train.py").read_text()
    source = "import sys\nprint('torch' in sys.modules)\n" + source.replace("lr=0.1", "lr=9.0")
    (folder / "net" / "train.py").write_text(source)
    _settle(folder / "net", 'budget = "5%"\nselect = ["OPT", "LOS"]\nfail-on = "error"')
    ended = spawn("run", "--json", "net/train.py")
    assert (ended.status, ended.err) == (1, "")
    assert ended.out.startswith("False\nstarted\nended\n{")
    codes = {f["code"][:3] for f in json.loads(ended.out.splitlines()[-1])["findings"]}
    assert codes
    assert codes <= {"OPT", "LOS"}


def test_specimens_are_shown_whatever_the_project_ignores(
    call: Command, monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    # A virtual environment, and the specimens in it, may lie inside of such a project.
    seen: list[list[str]] = []

    class Done:
        returncode = 0

    def run(words: list[str], **_: Any) -> Done:
        seen.append(words)
        return Done()

    monkeypatch.setattr("trainwell.cli.explain.subprocess.run", run)
    assert call("explain", "LOS101", "--run").status == 0
    assert len(seen) == 2
    assert all("--isolated" in words for words in seen)
