"""A whole call: what it calls, another in its place, or what it was called with alone."""

from __future__ import annotations

__all__ = ["callee", "replace_call", "unwrap_call"]

import re
from collections.abc import Collection, Sequence

import libcst as cst

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits.arguments import find_argument
from trainwell.remedies.edits.fitting import BOUND, binding, fitted
from trainwell.remedies.edits.names import is_method
from trainwell.remedies.edits.tree import Tree, last_name, parse, quoted

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\w+)\}")


def callee(source: str, line: int, callees: Collection[str]) -> str:
    """The text of what is called on the line.

    >>> callee("opt = torch.optim.SGD(w)", 1, {"SGD"})
    'torch.optim.SGD'

    Args:
        source: the script.
        line: the call's line.
        callees: last names of what may be called.

    Raises:
        UnsafeEditError: when the call is not found.
    """
    tree = parse(source)
    return tree.source(tree.call(line, callees).func)


def replace_call(
    source: str,
    line: int,
    callees: Collection[str],
    code: str,
    *,
    parameters: Sequence[str] = (),
    nth: int | None = None,
) -> str:
    """Puts an expression in the place of the call on the line.

    >>> call = "SGD(net.parameters(), lr=0.1)"
    >>> replace_call(call, 1, {"SGD"}, "Adam({params}, lr=1e-3)", parameters=["params"])
    'Adam(net.parameters(), lr=1e-3)'

    Args:
        source: the script.
        line: the call's line.
        callees: last names of what may be called.
        code: the expression; `{0}` and `{name}` stand for the call's arguments, `{{` for a brace.
        parameters: the names of the arguments that may be given without one, in their order, so
            that `{name}` finds them either way.
        nth: which of several such calls on the line, from 0, or from -1 backwards; None when there
            must be one only.

    Raises:
        UnsafeEditError: when the call is not found, lacks an argument that `code` names, or `*`
            or `**` in it may hold one.
    """
    tree = parse(source)
    call = tree.call(line, callees, nth)

    def given(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0][0]
        value = _given(tree, call, match[1], parameters)
        text = tree.source(value)
        broken, binds = binding(text)
        between = re.search(r"(?:^|[(\[,]|[^=<>!]=)\s*$", code[: match.start()])
        alone = between and re.match(r"\s*(?:$|[)\],])", code[match.end() :])
        if alone and binds:
            return text
        return f"({text})" if broken or binds < BOUND else text

    filled = _PLACEHOLDER.sub(given, code)
    return tree.splice([fitted(tree, call, filled)], f"replacing the call in line {line}")


def _given(tree: Tree, call: cst.Call, key: str, parameters: Sequence[str]) -> cst.BaseExpression:
    if key.isdigit():
        position: int | None = int(key)
        name = parameters[int(key)] if int(key) < len(parameters) else key
    else:
        name, position = key, parameters.index(key) if key in parameters else None
    found = find_argument(tree, call, name, position)
    if found is None:
        called, at = last_name(call.func), tree.lines(call)[0]
        raise UnsafeEditError(f"line {at} gives `{called}` no argument `{key}`")
    return found.value


def unwrap_call(
    source: str, line: int, callees: Collection[str], *, name: str = "input", nth: int | None = None
) -> str:
    r"""Puts what a call was given in the call's place.

    `softmax(x, dim=1)`, `x.softmax(dim=1)` and `Softmax(dim=1)(x)` all become `x`.

    >>> unwrap_call("import torch\ny = torch.softmax(a + b, dim=1)", 2, {"softmax"})
    'import torch\ny = a + b'

    Args:
        source: the script.
        line: the call's line.
        callees: last names of what may be called.
        name: the name of the argument that stays, when it has one.
        nth: which of several such calls on the line, from 0, or from -1 backwards; None when there
            must be one only.

    Raises:
        UnsafeEditError: when the call is not found, or what it was given is not plain.
    """
    tree = parse(source)
    call = tree.call(line, callees, nth)
    parent = tree.parent(call)
    if isinstance(parent, cst.Call) and parent.func is call:
        call = parent
    if isinstance(call.func, cst.Attribute) and is_method(tree, call.func):
        code = tree.source(call.func.value)
    else:
        found = find_argument(tree, call, name, 0)
        if found is None:
            raise UnsafeEditError(f"line {line} gives {quoted(callees)} nothing to keep")
        code = tree.source(found.value)
    return tree.splice([fitted(tree, call, code)], f"unwrapping the call in line {line}")
