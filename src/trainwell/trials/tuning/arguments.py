"""The script's own command line: which options it has, and how values are put onto it."""

from __future__ import annotations

__all__ = ["listen", "with_values"]

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from trainwell.trials.tuning.domain import Value


def listen() -> list[dict[str, Any]]:
    """Note the options of the parsers that the script uses.

    It is never undone: a trial is a process of its own.

    Returns:
        A list that fills: {"names", "default", "kind" ("int", "float", "text", "flag"), "choices",
        "help", "value": what it had in this run} for each option.
    """
    found: list[dict[str, Any]] = []
    original = argparse.ArgumentParser.parse_known_args

    def parse_known_args(self: Any, args: Any = None, namespace: Any = None) -> Any:
        result = original(self, args, namespace)
        found.extend(
            _described(action, getattr(result[0], action.dest, None))
            for action in self._actions
            if action.option_strings
            and not isinstance(action, argparse._HelpAction | argparse._VersionAction)
        )
        return result

    argparse.ArgumentParser.parse_known_args = parse_known_args  # type: ignore[method-assign]
    return found


def _described(action: argparse.Action, value: Any) -> dict[str, Any]:
    kind = "text"
    if action.nargs == 0:
        kind = "flag"
    elif action.type in (int, float) or isinstance(action.default, int | float):
        whole = action.type is int or (action.type is None and isinstance(action.default, int))
        kind = "int" if whole else "float"
    return {
        "names": list(action.option_strings),
        "default": _plain(action.default),
        "kind": kind,
        "choices": None if action.choices is None else [_plain(c) for c in action.choices],
        "help": action.help or "",
        "value": _plain(value),
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def with_values(
    arguments: Sequence[str], values: Mapping[str, Value], options: Sequence[Mapping[str, Any]]
) -> tuple[str, ...]:
    """A command line with other values.

    Args:
        arguments: as the user gave them; what they say of an option that is set is taken out.
        values: by the option's name; true and false switch a flag.
        options: what `listen` noted; empty where the script does not use argparse.
    """
    kinds = {name: o for o in options for name in o["names"]}
    kept = list(arguments)
    for name in values:
        same = kinds.get(name, {}).get("names", [name])
        is_flag = kinds.get(name, {}).get("kind") == "flag"
        kept = _without(kept, same, takes_value=not is_flag)
    more: list[str] = []
    for name, value in values.items():
        option = kinds.get(name)
        if isinstance(value, bool) and (option is None or option["kind"] == "flag"):
            more += _flag(name, value, option)
        elif name.startswith("--"):
            # In one word, since a negative number would be taken for an option.
            more.append(f"{name}={value}")
        else:
            more += [name, str(value)]
    # Behind `--` nothing is an option any more.
    at = kept.index("--") if "--" in kept else len(kept)
    return (*kept[:at], *more, *kept[at:])


def _flag(name: str, value: bool, option: Mapping[str, Any] | None) -> list[str]:
    negated = "--no-" + name.removeprefix("--")
    if option is not None and negated in option["names"]:
        return [name if value else negated]
    if option is not None and option["default"] is True:
        # An action that switches off: its name stands for false.
        return [] if value else [name]
    return [name] if value else []


def _without(arguments: list[str], names: Sequence[str], *, takes_value: bool) -> list[str]:
    kept: list[str] = []
    at = 0
    while at < len(arguments):
        word = arguments[at]
        if word == "--":
            return kept + arguments[at:]
        if word in names:
            at += 2 if takes_value else 1
            continue
        if word.startswith("--") and word.partition("=")[0] in names:
            at += 1
            continue
        kept.append(word)
        at += 1
    return kept
