"""Loads a script with the remedies that change its source before Python reads it."""

from __future__ import annotations

__all__ = ["load_treated"]

from collections.abc import Sequence
from dataclasses import replace

from trainwell.errors import BadInputError
from trainwell.probes.script import Script, load
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.train_longer import TrainLonger


def load_treated(
    name: str,
    arguments: tuple[str, ...],
    remedies: Sequence[Remedy],
    *,
    is_module: bool = False,
) -> Script:
    """A script that is ready to run.

    Args:
        name: its path, or a module's dotted name.
        arguments: its own.
        remedies: those that change the source do it; the others act in the live run.
        is_module: run it as `python -m` does.

    Raises:
        BadInputError: if there is no such script, or it is not Python.
        UnsafeEditError: if its source cannot be changed safely.
    """
    script = load(name, arguments, is_module=is_module)
    for remedy in remedies:
        if isinstance(remedy, TrainLonger):
            if script.code is None:
                raise BadInputError("`train_longer` changes a script's source, not a module's")
            with open(name, encoding="utf-8") as file:
                source = remedy.rewrite(file.read())
            code = compile(source, script.code.co_filename, "exec", dont_inherit=True)
            script = replace(script, code=code)
    return script
