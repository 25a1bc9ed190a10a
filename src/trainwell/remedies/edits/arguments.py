"""The arguments of a call: found by name or place, read, set, added."""

from __future__ import annotations

__all__ = ["argument", "find_argument", "set_argument", "with_argument"]

from collections.abc import Collection

import libcst as cst

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits.elements import Element, Elements, added
from trainwell.remedies.edits.tree import Splice, Tree, last_name, parse


def find_argument(
    tree: Tree, call: cst.Call, name: str, position: int | None = None
) -> cst.Arg | None:
    """The argument of that name or at that place (from 0); None when it is not given.

    Raises:
        UnsafeEditError: when a `*` or `**` in the call may hold it.
    """
    starred = False
    for index, arg in enumerate(call.args):
        if arg.keyword is not None and arg.keyword.value == name:
            return arg
        starred = starred or bool(arg.star)
        if arg.keyword is None and index == position and not starred:
            return arg
    if starred:
        called = last_name(call.func) or "the call"
        raise UnsafeEditError(
            f"line {tree.lines(call)[0]} gives `{called}` starred arguments, `{name}` may be "
            "among them"
        )
    return None


def argument(
    source: str, line: int, callees: Collection[str], name: str, position: int | None = None
) -> str | None:
    """The text of an argument of the call on the line, None when it is not given.

    >>> argument("SGD(w, lr=0.1)", 1, {"SGD"}, "lr")
    '0.1'

    Args:
        source: the script.
        line: the call's line.
        callees: last names of what may be called.
        name: the argument's name.
        position: its place when given without a name, from 0; None when it never is.

    Raises:
        UnsafeEditError: when the call is not found, or `*` or `**` in it may hold the argument.
    """
    tree = parse(source)
    found = find_argument(tree, tree.call(line, callees), name, position)
    return None if found is None else tree.source(found.value)


def with_argument(tree: Tree, call: cst.Call, code: str) -> list[Splice]:
    """The splices that add an argument at the call's end."""
    start, end = tree.bare(call)
    opening = tree.span(call.func)[1]
    if call.args:
        elements = [Element.of(tree, arg, arg.comma) for arg in call.args]
        only = call.args[0].value
        splices = added(Elements(tree, elements, end - 1), len(elements) - 1, code)
        if isinstance(only, cst.GeneratorExp) and not only.lpar:
            # A generator may go without parentheses only where it is alone.
            at, stop = tree.bare(only)
            splices = [(at, at, "("), *splices, (stop, stop, ")")]
        return splices
    opening = tree.text.index("(", max(start, opening))
    return [(opening + 1, opening + 1, code)]


def set_argument(
    source: str,
    line: int,
    callees: Collection[str],
    name: str,
    value: str,
    *,
    position: int | None = None,
) -> str:
    """Gives the call on the line the argument `name=value`, in place of the old value if any.

    >>> set_argument("SGD(w, 0.1)", 1, {"SGD"}, "momentum", "0.9", position=2)
    'SGD(w, 0.1, momentum=0.9)'

    Args:
        source: the script.
        line: the call's line.
        callees: last names of what may be called.
        name: the argument's name.
        value: the argument's new source text.
        position: its place when given without a name, from 0; None when it never is.

    Raises:
        UnsafeEditError: when the call is not found, or `*` or `**` in it may hold the argument.
    """
    tree = parse(source)
    call = tree.call(line, callees)
    found = find_argument(tree, call, name, position)
    if found is None:
        splices = with_argument(tree, call, f"{name}={value}")
    else:
        splices = [(*tree.span(found.value), value)]
    return tree.splice(splices, f"setting `{name}` in line {line}")
