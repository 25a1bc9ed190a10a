"""Loads a script with the remedies that change its source before Python reads it."""

from __future__ import annotations

__all__ = ["load_treated"]

import ast
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trainwell.errors import BadInputError
from trainwell.probes.script import Script, load
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.train_longer import TrainLonger
from trainwell.trials.importing import change_on_import
from trainwell.trials.tuning.constants import by_module, replace_constants, replace_on_import


def load_treated(
    name: str,
    arguments: tuple[str, ...],
    remedies: Sequence[Remedy],
    *,
    is_module: bool = False,
    constants: Mapping[str, Any] | None = None,
    home: str | None = None,
) -> Script:
    """A script that is ready to run.

    Args:
        name: its path, or a module's dotted name.
        arguments: its own.
        remedies: those that change the source do it; the others act in the live run.
        is_module: run it as `python -m` does.
        constants: what stands in the place of the script's own, by "module.NAME".
        home: where a module is looked for first; the working directory when None.

    Raises:
        BadInputError: if there is no such script or constant, or it is not Python.
        UnsafeEditError: if its source cannot be changed safely.
    """
    script = replace(load(name, arguments, is_module=is_module), home=home)
    for remedy in remedies:
        if isinstance(remedy, TrainLonger):
            if is_module:
                # A package's name stands for its `__main__`.
                change_on_import({name: remedy.rewrite, f"{name}.__main__": remedy.rewrite})
            elif script.code is None:
                raise BadInputError("`train_longer` changes a source, and archives have none")
            else:
                script = _compiled(script, remedy.rewrite(_source(name)))
    if constants:
        mine, others = by_module(constants, name, is_module=is_module)
        replace_on_import(others)
        if mine:
            script = _compiled(script, replace_constants(_source(name), mine, name))
    return script


def _source(name: str) -> str:
    with open(name, encoding="utf-8") as file:
        return file.read()


def _compiled(script: Script, source: str | ast.Module) -> Script:
    assert script.code is not None
    code = compile(source, script.code.co_filename, "exec", dont_inherit=True)
    return replace(script, code=code)
