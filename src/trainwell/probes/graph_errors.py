"""Why autograd raises: which tensor carries an old graph, and which line made it."""

from __future__ import annotations

__all__ = ["Reason", "explain"]

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch import nn

from trainwell.probes.cuts import find_cut
from trainwell.probes.places import function_of, place_of
from trainwell.record import Place

_SECOND = "backward through the graph a second time"
_NO_GRAPH = "does not require grad and does not have a grad_fn"
_WIDE = 64


@dataclass(frozen=True)
class Reason:
    """What stands behind an error of autograd's.

    Attributes:
        kind: "carried" (a tensor of the step before still holds its graph), "cut" (an operation
            without a gradient).
        name: the tensor as the source names it, or the operation that cuts.
        place: the line.
    """

    kind: str
    name: str
    place: Place = field(default_factory=Place)


def explain(
    message: str,
    frames: list[FrameType],
    modules: Iterable[nn.Module],
    is_own: Callable[[str], bool],
) -> Reason | None:
    """Find the reason.

    Args:
        message: of the exception.
        frames: of the user's own code, outermost first; the last one calls `backward()`.
        modules: of the networks that are known.
        is_own: whether a file is the user's own code.
    """
    if not frames:
        return None
    if _NO_GRAPH in message:
        cut = find_cut(frames[-1], is_own)
        return None if cut.place.line is None else Reason("cut", cut.operation, cut.place)
    if _SECOND not in message:
        return None
    for frame in reversed(frames):
        for name, line in _carried_names(frame):
            if _has_graph(frame.f_locals.get(name, frame.f_globals.get(name))):
                return Reason("carried", name, place_of(frame.f_code.co_filename, line))
    return _carried_attribute(frames, modules, is_own)


def _carried_names(frame: FrameType) -> Iterator[tuple[str, int]]:
    """Names that the loop around a frame's line reads before it gives them a value anew."""
    line = frame.f_lineno
    loops = [
        node
        for node in ast.walk(function_of(frame))
        if isinstance(node, ast.For | ast.While | ast.AsyncFor)
        and node.lineno <= line <= (node.end_lineno or line)
    ]
    for loop in sorted(loops, key=lambda n: -n.lineno):
        read: dict[str, int] = {}
        written: dict[str, int] = {}
        for statement in loop.body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                    if node.id not in written:
                        read.setdefault(node.id, node.lineno)
                elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                    read.setdefault(node.target.id, node.lineno)
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    written.setdefault(node.id, node.lineno)
        carried = [n for n in written if n in read and read[n] <= written[n]]
        yield from ((n, written[n]) for n in sorted(carried, key=written.__getitem__))


def _carried_attribute(
    frames: list[FrameType], modules: Iterable[nn.Module], is_own: Callable[[str], bool]
) -> Reason | None:
    """A tensor with a graph that an object of the user's keeps from call to call."""
    owners = [frame.f_locals.get("self") for frame in frames]
    seen: set[int] = set()
    for owner in [*owners, *modules]:
        made = type(owner)
        file = getattr(sys.modules.get(made.__module__), "__file__", None) or ""
        main = made.__module__ == "__main__"
        if owner is None or id(owner) in seen or not (main or is_own(file)):
            continue
        seen.add(id(owner))
        for name, value in list(getattr(owner, "__dict__", {}).items()):
            if not name.startswith("__") and name not in _TABLES and _has_graph(value):
                place = _assignment(made, name, frames[-1].f_code.co_filename if main else file)
                return Reason("carried", f"self.{name}", place)
    return None


_TABLES = frozenset({"_parameters", "_buffers", "_modules"})


def _assignment(made: type, name: str, file: str) -> Place:
    """The line of a class that gives an attribute its value, `forward` before others."""
    lines: list[tuple[bool, int, str]] = []
    for method_name, method in list(vars(made).items()):
        code = getattr(inspect.unwrap(method), "__code__", None) if callable(method) else None
        if code is None or method_name == "__init__":
            continue
        try:
            source, first = inspect.getsourcelines(code)
            tree = ast.parse(textwrap.dedent("".join(source)))
        except (OSError, SyntaxError, TypeError):
            continue
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and node.attr == name
            ):
                line = first + node.lineno - 1
                lines.append((method_name != "forward", line, code.co_filename))
    if not lines:
        return Place(None, file)
    _, line, where = min(lines)
    return place_of(where, line)


def _has_graph(value: Any, depth: int = 0) -> bool:
    if isinstance(value, torch.Tensor):
        return value.grad_fn is not None
    if depth < 2 and isinstance(value, list | tuple) and len(value) <= _WIDE:
        return any(_has_graph(v, depth + 1) for v in value)
    if depth < 2 and isinstance(value, dict) and len(value) <= _WIDE:
        return any(_has_graph(v, depth + 1) for v in value.values())
    return False
