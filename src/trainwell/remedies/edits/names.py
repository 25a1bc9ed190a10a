"""What a name in a script stands for, as far as its text tells."""

from __future__ import annotations

__all__ = ["import_of", "importable", "is_method", "is_own", "module_of"]

import importlib

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import ImportAssignment

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits.tree import Tree, last_name

_OWN = frozenset({"self", "cls"})


def module_of(statement: cst.ImportFrom) -> str | None:
    """The module of a `from ... import`; None when it is relative to the script's package."""
    if statement.relative or statement.module is None:
        return None
    return get_full_name_for_node(statement.module)


def importable(module: str | None, name: str) -> bool:
    """Whether `from module import name` works; only of torch's own modules is that known.

    Any other module might run the user's code when it is looked into.
    """
    if module is None or module.split(".")[0] != "torch":
        return False
    try:
        return hasattr(importlib.import_module(module), name)
    except ImportError:
        return False


def import_of(tree: Tree, name: cst.Name) -> cst.ImportFrom | None:
    """The one `from ... import` that a name comes from; None when it is not that plain."""
    bindings = tree.bindings(name.value, name)
    if len(bindings) != 1 or not isinstance(bindings[0], ImportAssignment):
        return None
    node = bindings[0].node
    return node if isinstance(node, cst.ImportFrom) else None


def _defines(tree: Tree, name: str) -> bool:
    """Whether the script itself makes an attribute of that name: a method, or `self.name = ...`."""
    for target in tree.all(cst.AssignTarget):
        if isinstance(target.target, cst.Attribute) and target.target.attr.value == name:
            return True
    for annotated in tree.all(cst.AnnAssign):
        if isinstance(annotated.target, cst.Attribute) and annotated.target.attr.value == name:
            return True
    return any(
        function.name.value == name
        and any(isinstance(up, cst.ClassDef) for up in tree.ancestors(function))
        for function in tree.all(cst.FunctionDef)
    )


def is_method(tree: Tree, called: cst.Attribute) -> bool:
    """Whether `x.name(...)` works on x, as a tensor's method does, and not on its arguments.

    Functions of modules (`F.softmax`) and what the script keeps in an attribute
    (`self.softmax = nn.Softmax(dim=1)`) work on their arguments.

    Raises:
        UnsafeEditError: when x is imported or bound nowhere, and may be either.
    """
    root: cst.BaseExpression = called.value
    while isinstance(root, cst.Attribute):
        root = root.value
    if not isinstance(root, cst.Name):
        return True
    if _defines(tree, called.attr.value):
        return False
    if root is called.value and root.value in _OWN:
        return False
    bindings = tree.bindings(root.value, root)
    imports = [b.node for b in bindings if isinstance(b, ImportAssignment)]
    if not bindings or 0 < len(imports) < len(bindings):
        raise UnsafeEditError(
            f"what `{root.value}` is in line {tree.lines(called)[0]} is not plain"
        )
    for node in imports:
        if isinstance(node, cst.ImportFrom):
            module = module_of(node)
            if module is None or module.split(".")[0] != "torch":
                raise UnsafeEditError(
                    f"`{root.value}` of `{tree.source(called)}` may be a module or a tensor, "
                    f"line {tree.lines(called)[0]} does not tell"
                )
    return not imports


def is_own(tree: Tree, called: cst.Attribute) -> bool:
    """Whether an attribute is one that the script itself makes."""
    return last_name(called.value) in _OWN or _defines(tree, called.attr.value)
