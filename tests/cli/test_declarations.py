"""One declaration of options, two readers: what both read is the same."""

from __future__ import annotations

import inspect
from typing import Annotated, Any, get_type_hints

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from trainwell.cli.app import app
from trainwell.cli.declarations import Argument, Option, for_typer, read_plainly
from trainwell.cli.run import run
from trainwell.configuration.options import FailOn, Format


def _typer_reads(words: list[str]) -> dict[str, Any]:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return group.commands["run"].make_context("run", list(words)).params


def _plainly(words: list[str]) -> dict[str, Any] | None:
    given = read_plainly(run, words)
    if given is None:
        return None
    defaults = {n: p.default for n, p in inspect.signature(run).parameters.items()}
    return {**defaults, **given}


PLAIN: list[list[str]] = [
    ["train.py"],
    ["train.py", "--lr", "0.1", "--quiet", "-m", "--", "x"],
    ["-m", "package.train"],
    ["-m", "package.train", "--help", "a"],
    ["--quiet", "-m", "package.train", "a"],
    ["--every", "20", "train.py"],
    ["--budget", "3%", "--select", "ACT,GRD", "--select", "LOS101", "--ignore", "OPT", "t.py"],
    ["--probe", "t.py"],
    ["--no-probe", "t.py"],
    ["--with", "initialise_he,clip_gradients=1.0", "t.py"],
    ["--fail-on", "warning", "--format", "sarif", "-o", "report.sarif", "t.py"],
    ["--json", "--output", "a.json", "--verbose", "--isolated", "--no-record", "t.py", "--json"],
]


@pytest.mark.parametrize("words", PLAIN, ids=" ".join)
def test_plain_words_mean_what_typer_reads_in_them(words: list[str]) -> None:
    read, expected = _plainly(words), _typer_reads(words)
    assert read is not None
    assert {k: v or None for k, v in read.items()} == {k: v or None for k, v in expected.items()}
    assert {k: type(v) for k, v in read.items() if v} == {
        k: type(v) for k, v in expected.items() if v
    }


def test_enumerations_become_their_members() -> None:
    given = read_plainly(run, ["--fail-on", "error", "--format", "github", "t.py"])
    assert given == {"fail_on": FailOn.ERROR, "report_format": Format.GITHUB, "script": ["t.py"]}


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--help"],
        ["-h"],
        ["--quiet"],
        ["--quiet", "--help", "t.py"],
        ["--every", "0", "t.py"],
        ["--every", "x", "t.py"],
        ["--every", "-1", "t.py"],
        ["--every"],
        ["--fail-on", "info", "t.py"],
        ["--fail-on", "ERROR", "t.py"],
        ["--output=a.json", "t.py"],
        ["-oa.json", "t.py"],
        ["-mpackage", "a"],
        ["-m"],
        ["--", "t.py"],
        ["-m", "package", "--", "a"],
        ["--budget", "", "t.py"],
        ["--budget", "3%", "--budget", "4%", "t.py"],
        ["--probe", "--no-probe", "t.py"],
        ["--verb", "t.py"],
        ["-", "a"],
    ],
    ids=" ".join,
)
def test_everything_else_is_left_to_typer(words: list[str]) -> None:
    assert read_plainly(run, words) is None


def test_completion_is_left_to_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_TRAINWELL_COMPLETE", "complete_bash")
    assert read_plainly(run, ["t.py"]) is None


def test_every_option_of_the_command_is_read_plainly() -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    values = {"--every": "3", "--fail-on": "error", "--format": "json"}
    for parameter in group.commands["run"].params:
        for name in [*parameter.opts, *parameter.secondary_opts]:
            if not name.startswith("-") or parameter.name == "help":
                continue
            words = (
                [name] if getattr(parameter, "is_flag", False) else [name, values.get(name, "x")]
            )
            given = read_plainly(run, [*words, "t.py"])
            assert given is not None, name
            assert parameter.name in given


def test_declarations_reach_typer_with_their_settings() -> None:
    def command(
        words: Annotated[list[str] | None, Argument(metavar="WORDS")] = None,
        many: Annotated[int, Option("--many", min=2, help="How many.")] = 3,
        plain: int = 1,
    ) -> int:
        """Do it."""
        return many

    made = for_typer(command)
    hints = get_type_hints(made, include_extras=True)
    option, argument = hints["many"].__metadata__[0], hints["words"].__metadata__[0]
    assert (option.default, option.min, option.help) == ("--many", 2, "How many.")
    assert argument.metavar == "WORDS"
    assert hints["plain"] is int
    assert (made.__doc__, made(many=5)) == ("Do it.", 5)
    # The command itself stays as it was declared.
    assert isinstance(get_type_hints(command, include_extras=True)["many"].__metadata__[0], Option)
