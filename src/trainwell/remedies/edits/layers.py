"""A layer taken out of a list of layers, or put into it."""

from __future__ import annotations

__all__ = ["insert_element", "remove_element"]

from collections.abc import Collection

import libcst as cst

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits.elements import Element, Elements, added, removed
from trainwell.remedies.edits.tree import Tree, last_name, parse, quoted

# What takes layers or steps one by one; the arguments of any other call have their fixed places.
_CONTAINERS = frozenset({"Compose", "Sequential"})


def remove_element(
    source: str, line: int, callees: Collection[str], *, nth: int | None = None
) -> str:
    """Takes the call on the line out of the list, tuple or `Sequential(...)` it stands in.

    Of `OrderedDict([("out", nn.Softmax())])` the whole pair goes.

    >>> remove_element("net = nn.Sequential(a, nn.Softmax(dim=1))", 1, {"Softmax"})
    'net = nn.Sequential(a)'

    Args:
        source: the script.
        line: the call's line.
        callees: last names of what may be called.
        nth: which of several such calls on the line, from 0, or from -1 backwards; None when there
            must be one only.

    Raises:
        UnsafeEditError: when the call is not found, or stands in no such list.
    """
    tree = parse(source)
    call = tree.call(line, callees, nth)
    elements, index, _ = _place(tree, call, line, callees)
    if len(elements.items) == 1 and tree.text[elements.closing : elements.closing + 1] not in (
        ")",
        "]",
    ):
        raise UnsafeEditError(f"{quoted(callees)} in line {line} is its tuple's only element")
    return tree.splice(removed(elements, index), f"removing the call in line {line}")


def insert_element(
    source: str, line: int, callees: Collection[str], code: str, *, nth: int | None = None
) -> str:
    """Puts `code` after the call on the line into the list, tuple or `Sequential(...)`.

    >>> insert_element("nn.Sequential(nn.Linear(4, 2), b)", 1, {"Linear"}, "nn.ReLU()")
    'nn.Sequential(nn.Linear(4, 2), nn.ReLU(), b)'

    Args:
        source: the script.
        line: the call's line.
        callees: last names of what may be called.
        code: the new element.
        nth: which of several such calls on the line, from 0, or from -1 backwards; None when there
            must be one only.

    Raises:
        UnsafeEditError: when the call is not found, or stands in no such list, or has a name in
            it that the new element would need too.
    """
    tree = parse(source)
    call = tree.call(line, callees, nth)
    elements, index, named = _place(tree, call, line, callees)
    if named:
        raise UnsafeEditError(f"the layers around line {line} have names, a new one needs its own")
    return tree.splice(added(elements, index, code), f"inserting after the call in line {line}")


def _place(
    tree: Tree, call: cst.Call, line: int, callees: Collection[str]
) -> tuple[Elements, int, bool]:
    """The list that the call stands in, its place there, and whether it has a name with it."""
    node: cst.BaseExpression = call
    pair = _pair(tree, call)
    if pair is not None:
        node = pair
    holder = tree.parent(node)
    home = None if holder is None else tree.parent(holder)
    items: list[cst.Arg] | list[cst.BaseElement]
    if isinstance(holder, cst.Element) and isinstance(home, cst.List | cst.Tuple):
        items = list(home.elements)
        bracketed = isinstance(home, cst.List) or bool(home.lpar)
    elif (
        isinstance(holder, cst.Arg)
        and not holder.star
        and holder.keyword is None
        and isinstance(home, cst.Call)
        and last_name(home.func) in _CONTAINERS
    ):
        items, bracketed = list(home.args), True
    else:
        raise UnsafeEditError(f"{quoted(callees)} in line {line} is no element of a list of layers")
    assert home is not None
    end = tree.span(home)[1] if isinstance(home, cst.Tuple) else tree.bare(home)[1]
    elements = [Element.of(tree, item, item.comma) for item in items]
    is_tuple = isinstance(home, cst.Tuple)
    index = next(i for i, item in enumerate(items) if item is holder)
    return Elements(tree, elements, end - bracketed, is_tuple), index, pair is not None


def _pair(tree: Tree, call: cst.Call) -> cst.Tuple | None:
    """The pair `("name", call)` in a list, as OrderedDict takes them."""
    element = tree.parent(call)
    pair = None if element is None else tree.parent(element)
    if not isinstance(pair, cst.Tuple) or len(pair.elements) != 2:
        return None
    named = isinstance(pair.elements[0].value, cst.SimpleString)
    return pair if named and isinstance(tree.parent(pair), cst.Element) else None
