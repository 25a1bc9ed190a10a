"""The call at which a frame stands: what is called, and on which tensors, read off its source."""

from __future__ import annotations

__all__ = ["Call", "call_at", "last_assignment"]

import ast
import linecache
import textwrap
from dataclasses import dataclass, field
from itertools import islice
from types import FrameType
from typing import Any

import torch
from torch import nn

_SIGNS: dict[type[ast.operator], str] = {
    ast.MatMult: "@",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}


@dataclass(frozen=True)
class Call:
    """One call or operator in a line of source.

    Attributes:
        name: "torch.cat", "x.view", or the operator's whole text, "x @ weight".
        operands: the tensors among its operands that have a name, with that name.
    """

    name: str
    operands: list[tuple[str, torch.Tensor]] = field(default_factory=list)


def call_at(frame: FrameType, instruction: int) -> Call | None:
    """What a frame was doing at an instruction; None where its source is not known.

    Nothing of the user's is run for it: names and attributes are looked up, no property is read.

    Args:
        frame: of the traceback.
        instruction: `tb_lasti` of the traceback's entry.
    """
    node = _expression(frame, instruction)
    if isinstance(node, ast.BinOp):
        sign = _SIGNS.get(type(node.op))
        name = (
            None if sign is None else f"{ast.unparse(node.left)} {sign} {ast.unparse(node.right)}"
        )
        parts: list[ast.expr] = [node.left, node.right]
    elif isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        parts = [*node.args, *(k.value for k in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            parts.insert(0, node.func.value)
    else:
        return None
    flat = [e for p in parts for e in (p.elts if isinstance(p, ast.List | ast.Tuple) else [p])]
    found = [(ast.unparse(e), _value(e, frame)) for e in flat]
    tensors = [(n, v) for n, v in found if isinstance(v, torch.Tensor)]
    for name_, value in found:
        if isinstance(value, (list, tuple)):
            members = enumerate(islice(value, 64))
            tensors += [(f"{name_}[{i}]", v) for i, v in members if isinstance(v, torch.Tensor)]
    return Call(name or ast.unparse(node), tensors)


def last_assignment(frame: FrameType, name: str) -> tuple[int, str] | None:
    """The line of a frame's function that gave a name its value, and its text.

    It is the last one above the line at which the frame stands: of several branches the one that
    was taken is not known.

    Args:
        frame: of the user's code.
        name: a plain name; of anything else nothing is known.
    """
    if not name.isidentifier():
        return None
    found: tuple[int, str] | None = None
    for node in ast.walk(_function(frame)):
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.For):
            targets = [node.target]
        else:
            continue
        names = {t.id for target in targets for t in ast.walk(target) if isinstance(t, ast.Name)}
        line = node.lineno
        if name in names and line < frame.f_lineno and (found is None or line > found[0]):
            found = line, linecache.getline(frame.f_code.co_filename, line).strip()
    return found


def _expression(frame: FrameType, instruction: int) -> ast.expr | None:
    positions = next(islice(frame.f_code.co_positions(), instruction // 2, None), None)
    if positions is None or any(p is None for p in positions):
        return None
    first, last, begin, end = (int(p or 0) for p in positions)
    lines = [
        linecache.getline(frame.f_code.co_filename, n).encode() for n in range(first, last + 1)
    ]
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][begin:]
    text = b"".join(lines).decode(errors="replace")
    try:
        return ast.parse(f"({text})", mode="eval").body
    except SyntaxError:
        # The file has changed since it was read, or the position is that of a statement.
        return None


def _function(frame: FrameType) -> ast.AST:
    """The source of a frame's function, its line numbers as in the file."""
    code = frame.f_code
    lines = linecache.getlines(code.co_filename, frame.f_globals)
    try:
        whole = ast.parse(textwrap.dedent("".join(lines)))
    except SyntaxError:
        return ast.Module([], [])
    for node in ast.walk(whole):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == code.co_name:
            starts = {node.lineno, *(d.lineno for d in node.decorator_list)}
            if code.co_firstlineno in starts:
                return node
    return whole if code.co_name == "<module>" else ast.Module([], [])


def _value(node: ast.expr, frame: FrameType) -> Any:
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        owner = _value(node.value, frame)
        held = getattr(owner, "__dict__", None)
        if not isinstance(held, dict):
            return None
        if isinstance(owner, nn.Module):
            for table in (owner._parameters, owner._buffers, owner._modules):
                if node.attr in table:
                    return table[node.attr]
        return held.get(node.attr)
    return None
