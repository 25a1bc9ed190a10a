"""What a report is written as, and where it goes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainwell.cli.options import choose_format
from trainwell.configuration.options import Format

Command = Callable[..., Any]

FORMATS = ["text", "json", "sarif", "github", "facts", "facts-json"]
ONE_LINE = ("json", "sarif", "facts-json")


def _format_of(text: str) -> str:
    if text.startswith("trainwell · "):
        return "text"
    if text.startswith("facts of "):
        return "facts"
    if text.lstrip("\n").startswith("::"):
        return "github"
    body = json.loads(text)
    return "sarif" if "$schema" in body else "facts-json" if "facts" in body else "json"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_goes_to_stdout_or_to_a_file(call: Command, sick: Path, name: str) -> None:
    shown = call("show", "--format", name)
    assert (shown.status, shown.err) == (0, "")
    assert _format_of(shown.out) == name
    assert shown.out.endswith("\n")
    if name in ONE_LINE:
        assert shown.out.count("\n") == 1
    ended = call("show", "--format", name, "-o", "report.out")
    assert (ended.status, ended.out, ended.err) == (0, "", "")
    text = (sick / "report.out").read_text()
    assert _format_of(text) == name
    if name in ONE_LINE:
        assert json.loads(text) == json.loads(shown.out)
        assert text.startswith('{\n  "')


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (["-o", "a.json"], "json"),
        (["-o", "a.sarif"], "sarif"),
        (["-o", "a.SARIF"], "sarif"),
        (["-o", "a.sarif.json"], "sarif"),
        (["-o", "a.txt"], "text"),
        (["-o", "a"], "text"),
        (["--format", "text", "-o", "a.json"], "text"),
        (["--format", "sarif", "-o", "a.json"], "sarif"),
        (["--json", "-o", "a.txt"], "json"),
        (["--json", "--format", "json", "-o", "a.txt"], "json"),
    ],
)
def test_the_suffix_picks_the_format_unless_one_is_given(
    call: Command, sick: Path, options: list[str], name: str
) -> None:
    assert call("show", *options).status == 0
    (file,) = sick.glob("a*")
    assert _format_of(file.read_text()) == name


def test_a_settled_format_stands_behind_options_and_suffix() -> None:
    settled = Format.GITHUB
    assert choose_format(None, False, None, settled) is Format.GITHUB
    assert choose_format(None, False, "a.txt", settled) is Format.GITHUB
    assert choose_format(None, False, "a.sarif", settled) is Format.SARIF
    assert choose_format(None, True, None, settled) is Format.JSON
    assert choose_format(Format.TEXT, False, None, settled) is Format.TEXT


@pytest.mark.parametrize("command", [["run", "train.py"], ["show"]])
@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            ["--json", "--format", "sarif"],
            "`--json` is short for `--format json`: it does not go with `--format sarif`",
        ),
        (["--format", "xml"], "invalid value for '--format'"),
    ],
)
def test_contradictions_are_told(
    call: Command, folder: Path, command: list[str], options: list[str], line: str
) -> None:
    ended = call(command[0], *options, *command[1:])
    assert (ended.status, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert line in ended.err
    assert not (folder / ".trainwell").exists()


def test_quiet_goes_with_no_format(call: Command, folder: Path) -> None:
    ended = call("run", "--quiet", "--format", "github", "train.py")
    assert (ended.status, ended.out) == (2, "")
    assert "`--quiet` prints no report: it goes with none of `--format`" in ended.err


@pytest.mark.parametrize("made", ["folder", "file"])
def test_files_are_named_from_the_repository(
    call: Command, sick: Path, monkeypatch: pytest.MonkeyPatch, made: str
) -> None:
    work = sick / "work"
    work.mkdir()
    (sick / ".trainwell").rename(work / ".trainwell")
    monkeypatch.chdir(work)
    shown = call("show", "--format", "github").out
    assert shown.startswith(f"\n::error file={sick}/sick.py,line=12,")
    # A worktree and a submodule have a file of that name.
    git = sick / ".git"
    git.mkdir() if made == "folder" else git.write_text("gitdir: elsewhere")
    shown = call("show", "--format", "github").out
    assert shown.startswith("\n::error file=sick.py,line=12,")
    run = json.loads(call("show", "--format", "sarif").out)["runs"][0]
    location = run["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"] == {"uri": "sick.py", "uriBaseId": "SRCROOT"}
    assert run["originalUriBaseIds"]["SRCROOT"]["uri"] == f"{sick.as_uri()}/"


@pytest.mark.parametrize("name", ["github", "sarif"])
def test_a_report_follows_the_scripts_own_output(spawn: Command, folder: Path, name: str) -> None:
    source = (
        (folder / "train.py")
        .read_text()
        .replace("mse_loss(model(x), y)", "mse_loss(model(x), y.squeeze(1))")
    )
    source = source.replace(
        'print("ended")', 'print("ended", end="\\n" * (sys.argv[1] == "sarif"))'
    )
    (folder / "train.py").write_text("import warnings\nwarnings.simplefilter('ignore')\n" + source)
    ended = spawn("run", "--format", name, "--fail-on", "error", "train.py", name)
    assert (ended.status, ended.err) == (1, "")
    own, _, report = ended.out.partition("ended\n")
    assert own == f"started {name}\n"
    assert _format_of(report) == name
    assert "LOS108" in report
