"""Another function or class of the same module in a name's place: `Sigmoid` becomes `ReLU`."""

from __future__ import annotations

__all__ = ["rename_callee", "rename_everywhere"]

from collections.abc import Collection

import libcst as cst
from libcst.metadata import ImportAssignment

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits.elements import Element, Elements, added
from trainwell.remedies.edits.names import import_of, importable, is_own, module_of
from trainwell.remedies.edits.tree import Splice, Tree, parse, quoted


def rename_callee(
    source: str, line: int, callees: Collection[str], new: str, *, nth: int | None = None
) -> str:
    """Calls another function of the same module, or another method, on the line.

    A name that the script imports by itself needs the new one imported too; that is added.

    >>> rename_callee("y = torch.sigmoid(x)", 1, {"sigmoid"}, "relu")
    'y = torch.relu(x)'

    Args:
        source: the script.
        line: the call's line.
        callees: last names of what may be called.
        new: the name to call instead.
        nth: which of several such calls on the line, from 0, or from -1 backwards; None when there
            must be one only.

    Raises:
        UnsafeEditError: when the call is not found, or the script made what is called itself, or
            the new name cannot be imported from where the old one was.
    """
    tree = parse(source)
    func = tree.call(line, callees, nth).func
    if isinstance(func, cst.Attribute):
        if is_own(tree, func):
            raise UnsafeEditError(
                f"`{tree.source(func)}` in line {line} is an attribute that the script makes"
            )
        splices = [(*tree.bare(func.attr), new)]
    else:
        assert isinstance(func, cst.Name)
        splices = [(*tree.bare(func), new), *_imported(tree, func, new)]
    return tree.splice(splices, f"calling `{new}` in line {line}")


def rename_everywhere(source: str, callees: Collection[str], new: str) -> str:
    r"""Puts another name of the same module wherever a function or class is named.

    >>> rename_everywhere("act = nn.Sigmoid\nnet = act(), nn.Sigmoid()", {"Sigmoid"}, "ReLU")
    'act = nn.ReLU\nnet = act(), nn.ReLU()'

    Args:
        source: the script.
        callees: last names of what is renamed.
        new: the name instead.

    Raises:
        UnsafeEditError: when nothing is so named, or a name is bound by the script itself, or the
            new one cannot be imported from where the old one was.
    """
    tree = parse(source)
    splices: list[Splice] = []
    imports: set[Splice] = set()
    for attribute in tree.all(cst.Attribute):
        named = attribute.attr.value in callees and _in_code(tree, attribute)
        if named and not is_own(tree, attribute):
            splices.append((*tree.bare(attribute.attr), new))
    for name in tree.all(cst.Name):
        if name.value in callees and _is_reference(tree, name):
            imports.update(_imported(tree, name, new))
            splices.append((*tree.bare(name), new))
    for statement in tree.all(cst.ImportFrom):
        for alias in [] if isinstance(statement.names, cst.ImportStar) else statement.names:
            if alias.asname is not None and alias.name.value in callees:
                _require(statement, new)
                splices.append((*tree.bare(alias.name), new))
    if not splices:
        raise UnsafeEditError(f"the script names no {quoted(callees)}")
    return tree.splice([*splices, *imports], f"naming `{new}` for {quoted(callees)}")


def _imported(tree: Tree, name: cst.Name, new: str) -> list[Splice]:
    """What the import of a bare name needs for `new` to come from the same module."""
    statement = import_of(tree, name)
    if statement is None:
        raise UnsafeEditError(
            f"`{name.value}` in line {tree.lines(name)[0]} comes from no plain import"
        )
    _require(statement, new)
    for binding in tree.bindings(new, name):
        node = binding.node if isinstance(binding, ImportAssignment) else None
        if not isinstance(node, cst.ImportFrom) or module_of(node) != module_of(statement):
            raise UnsafeEditError(f"`{new}` is something else in the script")
    if tree.bindings(new, name) or isinstance(statement.names, cst.ImportStar):
        return []
    aliases = [Element.of(tree, alias, alias.comma) for alias in statement.names]
    end = tree.bare(statement)[1] - (1 if statement.rpar else 0)
    return added(Elements(tree, aliases, end), len(aliases) - 1, new)


def _require(statement: cst.ImportFrom, new: str) -> None:
    module = module_of(statement)
    if not importable(module, new):
        raise UnsafeEditError(
            f"whether `{module or 'the package'}` has `{new}` to import is not known"
        )


def _is_reference(tree: Tree, name: cst.Name) -> bool:
    """Whether a bare name means what it is bound to: no attribute, keyword or import."""
    parent = tree.parent(name)
    if isinstance(parent, cst.Attribute):
        return parent.value is name
    if isinstance(parent, cst.Arg):
        return parent.value is name
    return not isinstance(parent, cst.ImportAlias | cst.AsName) and _in_code(tree, name)


def _in_code(tree: Tree, node: cst.CSTNode) -> bool:
    return not any(isinstance(up, cst.Import | cst.ImportFrom) for up in tree.ancestors(node))
