"""Constants of a script: assignments at the top of a module, and what stands in their place."""

from __future__ import annotations

__all__ = [
    "by_module",
    "constants_of",
    "module_file",
    "replace_constants",
    "replace_on_import",
]

import ast
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.trials.importing import change_on_import

_PLAIN = (bool, int, float, str)


def constants_of(source: str) -> dict[str, Any]:
    """The constants of a module that can be set, by the names under which they are.

    Plain values at the top of it, those of classes ("Config.hidden") and those of dictionaries
    ("CONFIG.hidden").

    Args:
        source: text of the module.

    Raises:
        SyntaxError: if it is not Python.
    """
    found: dict[str, Any] = {}
    for path, node in _places(ast.parse(source).body, ()):
        value = _literal(node)
        if isinstance(value, _PLAIN):
            found[".".join(path)] = value
    return found


def replace_constants(source: str, values: Mapping[str, Any], what: str) -> ast.Module:
    """The module with other constants.

    Args:
        source: its text.
        values: by the names of `constants_of`.
        what: the module's name, for an error.

    Raises:
        UnknownNameError: if there is no such constant.
    """
    tree = ast.parse(source)
    places: dict[str, list[ast.expr]] = {}
    for path, node in _places(tree.body, ()):
        if isinstance(_literal(node), _PLAIN):
            places.setdefault(".".join(path), []).append(node)
    swap: dict[int, ast.expr] = {}
    for name, value in values.items():
        if name not in places:
            raise UnknownNameError(f"constant of {what}:", name, places)
        for node in places[name]:
            swap[id(node)] = ast.copy_location(ast.parse(repr(value), mode="eval").body, node)
    changed: ast.Module = _Swap(swap).visit(tree)
    return ast.fix_missing_locations(changed)


class _Swap(ast.NodeTransformer):
    def __init__(self, swap: dict[int, ast.expr]) -> None:
        self._swap = swap

    def visit(self, node: ast.AST) -> Any:
        if id(node) in self._swap:
            return self._swap[id(node)]
        return self.generic_visit(node)


def _places(body: list[ast.stmt], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield from _places(statement.body, (*above, statement.name))
            continue
        names: list[str] = []
        value: ast.expr | None = None
        if isinstance(statement, ast.Assign):
            names = [t.id for t in statement.targets if isinstance(t, ast.Name)]
            value = statement.value
            pairs = [t for t in statement.targets if isinstance(t, ast.Tuple)]
            if isinstance(value, ast.Tuple) and pairs:
                # HIDDEN, RATE = 64, 0.1
                for target, one in zip(pairs[0].elts, value.elts, strict=False):
                    if isinstance(target, ast.Name):
                        yield (*above, target.id), one
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            names, value = [statement.target.id], statement.value
        if value is None:
            continue
        for name in names:
            yield (*above, name), value
            if isinstance(value, ast.Dict):
                for key, one in zip(value.keys, value.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        yield (*above, name, key.value), one


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def replace_on_import(constants: Mapping[str, Mapping[str, Any]]) -> None:
    """Let modules have other constants when they are imported.

    Args:
        constants: by the module's name, then by the constant's.
    """

    def change(module: str, values: Mapping[str, Any]) -> Callable[[str], ast.Module]:
        return lambda source: replace_constants(source, values, module)

    change_on_import({module: change(module, values) for module, values in constants.items()})


def by_module(
    constants: Mapping[str, Any], script: str, *, is_module: bool
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The constants of the script itself, and those of other modules.

    Args:
        constants: by names such as "train.HIDDEN" and "package.config.HIDDEN".
        script: path of the script, or the dotted name of a module.
        is_module: the latter.

    Raises:
        BadInputError: if there is no such module beside the script.
    """
    own = script if is_module else os.path.splitext(os.path.basename(script))[0]
    folder = os.getcwd() if is_module else os.path.dirname(os.path.realpath(script))
    mine: dict[str, Any] = {}
    others: dict[str, dict[str, Any]] = {}
    for name, value in constants.items():
        for module, constant in _splits(name):
            if module == own and not is_module:
                mine[constant] = value
                break
            if os.path.exists(module_file(folder, module)):
                others.setdefault(module, {})[constant] = value
                break
        else:
            raise BadInputError(
                f"`{name}`: there is no module `{name.partition('.')[0]}` beside the script;"
                f" its own constants are {own}.NAME"
            )
    return mine, others


def module_file(folder: str, module: str) -> str:
    """Where a module of the user's would lie."""
    path = os.path.join(folder, *module.split("."))
    return path + ".py" if not os.path.isdir(path) else os.path.join(path, "__init__.py")


def _splits(name: str) -> Iterator[tuple[str, str]]:
    """All ways to read a dotted name as module and constant, the longest module first."""
    parts = name.split(".")
    for at in range(len(parts) - 1, 0, -1):
        yield ".".join(parts[:at]), ".".join(parts[at:])
