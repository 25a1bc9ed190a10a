"""The script's command line with other values on it."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from trainwell.trials.tuning.arguments import listen, with_values


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    # `listen` is for a process of its own; here it has to be undone.
    original = argparse.ArgumentParser.parse_known_args
    monkeypatch.setattr(argparse.ArgumentParser, "parse_known_args", original)
    found = listen()
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="*")
    parser.add_argument("--hidden", "-n", type=int, default=32)
    parser.add_argument("--rate", default=0.1)
    parser.add_argument("--kind", choices=["a", "b"], default="a")
    parser.add_argument("--bias", action="store_true")
    parser.add_argument("--no-norm", dest="norm", action="store_false")
    parser.add_argument("--pool", action=argparse.BooleanOptionalAction, default=True)
    parser.parse_args(["-n", "8"])
    return found


def test_options_are_noted_with_their_values(options: list[dict[str, Any]]) -> None:
    by_name = {o["names"][0]: o for o in options}
    assert "-h" not in by_name
    assert by_name["--hidden"] == {
        "names": ["--hidden", "-n"],
        "default": 32,
        "kind": "int",
        "choices": None,
        "help": "",
        "value": 8,
    }
    assert by_name["--rate"]["kind"] == "float"
    assert by_name["--kind"]["choices"] == ["a", "b"]
    assert by_name["--bias"]["kind"] == "flag"


@pytest.mark.parametrize(
    ("given", "values", "made"),
    [
        ([], {"--hidden": 64}, ["--hidden=64"]),
        (["--hidden", "16", "x"], {"--hidden": 64}, ["x", "--hidden=64"]),
        (["--hidden=16", "x"], {"--hidden": 64}, ["x", "--hidden=64"]),
        (["-n", "16"], {"--hidden": 64}, ["--hidden=64"]),
        ([], {"-n": 64}, ["-n", "64"]),
        ([], {"--rate": -0.5}, ["--rate=-0.5"]),
        (["--", "x"], {"--hidden": 4}, ["--hidden=4", "--", "x"]),
        (["--bias", "x"], {"--bias": False}, ["x"]),
        (["x"], {"--bias": True}, ["x", "--bias"]),
        ([], {"--no-norm": False}, ["--no-norm"]),
        (["--no-norm"], {"--no-norm": True}, []),
        ([], {"--pool": False}, ["--no-pool"]),
        ([], {"--pool": True}, ["--pool"]),
    ],
)
def test_values_are_put_onto_a_command_line(
    options: list[dict[str, Any]], given: list[str], values: dict[str, Any], made: list[str]
) -> None:
    assert list(with_values(given, values, options)) == made


def test_without_argparse_options_are_taken_at_their_word() -> None:
    assert with_values(["--lr", "1"], {"--lr": 0.5, "--fast": True}, []) == ("--lr=0.5", "--fast")
