"""An argument multiplied: `lr=0.1` by 0.1 is `lr=0.01`, `lr=base` is `lr=base * 0.1`."""

from __future__ import annotations

__all__ = ["scale_argument"]

from collections.abc import Collection

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits.arguments import find_argument, with_argument
from trainwell.remedies.edits.literals import multiplied, product
from trainwell.remedies.edits.tree import parse, quoted


def scale_argument(
    source: str,
    line: int,
    callees: Collection[str],
    name: str,
    factor: float,
    *,
    position: int | None = None,
    default: str | None = None,
) -> str:
    """Multiplies an argument of the call on the line by a factor.

    >>> scale_argument("SGD(w, lr=a + b)", 1, {"SGD"}, "lr", 0.1)
    'SGD(w, lr=(a + b) * 0.1)'

    Args:
        source: the script.
        line: the call's line.
        callees: last names of what may be called.
        name: the argument's name.
        factor: what it is multiplied by.
        position: its place when given without a name, from 0; None when it never is.
        default: the number, as text, that it is when it is not given; None when there is none.

    Raises:
        UnsafeEditError: when the call is not found, `*` or `**` in it may hold the argument, or
            it is not given and has no default.
    """
    tree = parse(source)
    call = tree.call(line, callees)
    found = find_argument(tree, call, name, position)
    if found is not None:
        splices = [(*tree.span(found.value), multiplied(tree, found.value, factor))]
    elif default is not None:
        splices = with_argument(tree, call, f"{name}={product(default, factor)}")
    else:
        raise UnsafeEditError(f"line {line} gives {quoted(callees)} no `{name}`")
    return tree.splice(splices, f"scaling `{name}` in line {line}")
