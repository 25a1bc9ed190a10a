"""Options and arguments as a command's signature declares them, for two readers.

`for_typer` hands them to Typer: help, completion and every error are Typer's. `read_plainly` reads
words that need none of that. Typer and pydantic take longer to import than everything that
`trainwell run` needs before a script begins.
"""

from __future__ import annotations

__all__ = ["Argument", "Option", "for_typer", "read_plainly"]

import os
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints


class Option:
    """An option, to stand in an `Annotated`.

    Args:
        names: as on the command line; made from the parameter's name when left out. A switch
            names both of its sides, as in "--probe/--no-probe", or its one side.
        settings: keyword arguments of `typer.Option`.
    """

    def __init__(self, *names: str, **settings: Any) -> None:
        self.names = names
        self.settings = settings


class Argument:
    """The words behind the options, to stand in an `Annotated`.

    Args:
        settings: keyword arguments of `typer.Argument`.
    """

    def __init__(self, **settings: Any) -> None:
        self.settings = settings


def for_typer(command: Callable[..., Any]) -> Callable[..., Any]:
    """The same command, declared with Typer's own options and arguments."""
    import functools
    import inspect

    hints = get_type_hints(command, include_extras=True)
    annotations = {name: _in_typer(hint) for name, hint in hints.items()}
    signature = inspect.signature(command)
    parameters = [
        parameter.replace(annotation=annotations[name])
        for name, parameter in signature.parameters.items()
    ]

    @functools.wraps(command)
    def call(**given: Any) -> Any:
        return command(**given)

    call.__annotations__ = annotations
    call.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=parameters, return_annotation=annotations["return"]
    )
    return call


def _in_typer(hint: Any) -> Any:
    import typer

    kind, declared = _split(hint)
    if isinstance(declared, Option):
        return Annotated[kind, typer.Option(*declared.names, **declared.settings)]
    if isinstance(declared, Argument):
        return Annotated[kind, typer.Argument(**declared.settings)]
    return hint


def read_plainly(command: Callable[..., Any], words: Sequence[str]) -> dict[str, Any] | None:
    """What a command that runs a script is called with.

    Args:
        command: one whose options stand before a script, or before `-m` and a module.
        words: of the command line, behind the command's name.

    Returns:
        Its keyword arguments. None for words that are left to Typer: whatever is not an option
        by its whole name, once, with a value that can mean one thing only.
    """
    if "_TRAINWELL_COMPLETE" in os.environ:
        return None
    known, script = _declared(command)
    given: dict[str, Any] = {}
    at = 0
    while at < len(words) and words[at][:1] == "-":
        word = words[at]
        if word not in known:
            return None
        name, kind, settings, switched_on = known[word]
        at += 1
        if switched_on is not None:
            value: Any = switched_on
        else:
            value = _value(words[at], kind, settings) if at < len(words) else None
            at += 1
        is_list = kind == list[str]
        if value is None or (name in given and not is_list):
            return None
        given[name] = [*given.get(name, ()), value] if is_list else value
        if word == "-m":
            break
    rest = list(words[at:])
    # `--` is Typer's to take away; a missing script is told of by the command.
    if (not rest and "module" not in given) or rest[:1] == ["--"]:
        return None
    return {**given, script: rest}


_Known = dict[str, tuple[str, Any, Mapping[str, Any], bool | None]]


def _declared(command: Callable[..., Any]) -> tuple[_Known, str]:
    """Options by their names: parameter, type, settings, and what a switch is switched to."""
    known: _Known = {}
    script = ""
    for name, hint in get_type_hints(command, include_extras=True).items():
        kind, declared = _split(hint)
        if isinstance(declared, Argument):
            script = name
        if not isinstance(declared, Option):
            continue
        kind = _bare(kind)
        for names in declared.names or (f"--{name.replace('_', '-')}",):
            on, _, off = names.partition("/")
            known[on] = name, kind, declared.settings, True if kind is bool else None
            if off:
                known[off] = name, kind, declared.settings, False
    return known, script


def _split(hint: Any) -> tuple[Any, Any]:
    """Type and declaration of an `Annotated`."""
    if get_origin(hint) is not Annotated:
        return hint, None
    kind, declared, *_ = get_args(hint)
    return kind, declared


def _bare(kind: Any) -> Any:
    """A type without its `| None`."""
    if not isinstance(kind, UnionType):
        return kind
    (bare,) = (each for each in get_args(kind) if each is not NoneType)
    return bare


def _value(word: str, kind: Any, settings: Mapping[str, Any]) -> Any:
    """What an option's word means; None where Typer has to say it, or what is wrong with it."""
    if not word or word.startswith("-"):
        return None
    if kind is str or kind == list[str]:
        return word
    if kind is int:
        if not (word.isascii() and word.isdecimal() and word[0] != "0"):
            return None
        number = int(word)
        return number if number >= settings.get("min", 1) and "max" not in settings else None
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next((each for each in kind if each.value == word), None)
    return None
