"""Which line of the source cuts a loss off from the network that computed it.

That nothing is reached is measured (`Severed`). An operation that carries no gradient leaves no
trace in the graph, so its line is read from the source: from the call of `backward()` back, along
the last assignments of the names that stand there, into the functions and modules that are called.
"""

from __future__ import annotations

__all__ = ["Cut", "find_cut"]

import ast
import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FrameType, FunctionType, MethodType
from typing import Any

import torch
from torch import nn

from trainwell.probes.places import function_of, place_of
from trainwell.record import Place

_METHODS = frozenset(
    [
        "argmax",
        "argmin",
        "argsort",
        "detach",
        "detach_",
        "item",
        "tolist",
        "numpy",
        "long",
        "int",
        "short",
        "byte",
        "bool",
        "__array__",
        "new_tensor",
        "eq",
        "ne",
        "gt",
        "lt",
        "ge",
        "le",
    ]
)
"""Methods of a tensor whose result carries no gradient."""

_MAKERS = frozenset(
    [
        "tensor",
        "as_tensor",
        "from_numpy",
        "asarray",
        "Tensor",
        "FloatTensor",
        "DoubleTensor",
        "LongTensor",
        "argmax",
        "argmin",
        "argsort",
        "multinomial",
        "bucketize",
        "one_hot",
        "array",
        "eq",
        "gt",
        "lt",
        "ge",
        "le",
        "ne",
    ]
)
"""Functions whose result carries no gradient, by the last part of their name."""

_WHOLE = ("long", "int", "int64", "int32", "int16", "int8", "uint8", "bool")
"""How the names of types without gradients end."""

_DEPTH = 12
_NODES = 4096
"""Nodes of an autograd graph that are looked through, at most."""


@dataclass(frozen=True)
class Cut:
    """Where a graph ends.

    Attributes:
        place: the line.
        operation: what stands there: "argmax()", ".detach()", "torch.tensor()".
        hidden: the line that sets `requires_grad`, which hides it; unknown where there is none.
    """

    place: Place
    operation: str
    hidden: Place


@dataclass(frozen=True)
class _Scope:
    """A function's source, and how to look its names up."""

    file: str
    body: ast.AST
    look_up: Callable[[str], Any]
    frame: FrameType | None = None


def find_cut(frame: FrameType, is_own: Callable[[str], bool]) -> Cut:
    """Read the source from a call of `backward()` back to what carries no gradient.

    Args:
        frame: the user's, at the line that calls `backward()`.
        is_own: whether a file is the user's own code.

    Returns:
        What was found; with unknown places where nothing was.
    """
    scope = _scope_of(frame)
    found = _Search(is_own)
    calls = [n for n in ast.walk(scope.body) if _is_backward(n, frame.f_lineno)]
    for call in calls:
        found.follow(call, scope, frame.f_lineno + 1, 0)
    return Cut(found.place, found.operation, found.hidden)


def _scope_of(frame: FrameType) -> _Scope:
    def look_up(name: str) -> Any:
        return frame.f_locals.get(name, frame.f_globals.get(name))

    return _Scope(frame.f_code.co_filename, function_of(frame), look_up, frame)


def _is_backward(node: ast.AST, line: int) -> bool:
    if not isinstance(node, ast.Call) or not node.lineno <= line <= (node.end_lineno or line):
        return False
    return _name(node.func).rpartition(".")[2] in ("backward", "grad", "manual_backward")


class _Search:
    def __init__(self, is_own: Callable[[str], bool]) -> None:
        self._is_own = is_own
        self._seen: set[tuple[str, int, int]] = set()
        self.place = Place()
        self.operation = ""
        self.hidden = Place()

    def follow(self, node: ast.AST, scope: _Scope, before: int, depth: int) -> bool:
        """Look through an expression, its operands first to last; whether the cut was found."""
        key = (scope.file, getattr(node, "lineno", 0), getattr(node, "col_offset", 0))
        if depth > _DEPTH or (isinstance(node, ast.Name) and key in self._seen):
            return False
        if isinstance(node, ast.Name):
            self._seen.add(key)
            if _reaches_parameters(scope.look_up(node.id)):
                return False
            return self._name(node.id, scope, before, depth)
        if isinstance(node, ast.Call) and _learns(_resolve(node.func, scope)):
            # The graph begins inside: what it is given carries none anyway.
            return self._call(node, scope, depth)
        operation = _cutter(node)
        if operation is not None:
            if self._any_operand(node, scope, before, depth):
                # Another one stands nearer to the network.
                return True
            self.place = place_of(scope.file, getattr(node, "lineno", before))
            self.operation = operation
            if "requires_grad" in _keywords(node):
                self.hidden = self.place
            return True
        if isinstance(node, ast.Call) and _sets_gradient(node) and self.hidden.line is None:
            self.hidden = place_of(scope.file, node.lineno)
        if isinstance(node, ast.Call) and self._call(node, scope, depth):
            return True
        return self._any_operand(node, scope, before, depth)

    def _any_operand(self, node: ast.AST, scope: _Scope, before: int, depth: int) -> bool:
        """Look through operands up to the first that does carry the network's graph.

        What stands beside that one is what it is compared with: data, which carries no gradient
        anyway.
        """
        for child in _operands(node):
            if self.follow(child, scope, before, depth):
                return True
            if _carries(child, scope):
                return False
        return False

    def _name(self, name: str, scope: _Scope, before: int, depth: int) -> bool:
        for statement, _ in _statements(scope.body):
            if _hides(statement, name) and statement.lineno < before:
                self.hidden = place_of(scope.file, statement.lineno)
        last: tuple[ast.stmt, ast.expr, bool] | None = None
        for statement, held_off in _statements(scope.body):
            value = _assigned(statement, name)
            if value is None or not statement.lineno < before:
                continue
            if last is None or statement.lineno > last[0].lineno:
                last = statement, value, held_off
        if last is not None:
            statement, value, held_off = last
            if held_off:
                self.place = place_of(scope.file, statement.lineno)
                self.operation = "torch.no_grad()"
                return True
            augmented = isinstance(statement, ast.AugAssign)
            if self.follow(value, scope, statement.lineno, depth + 1):
                return True
            return augmented and self._name(name, scope, statement.lineno, depth + 1)
        return self._argument(name, scope, depth)

    def _argument(self, name: str, scope: _Scope, depth: int) -> bool:
        """A name that the function was given: go on where it was called."""
        frame = scope.frame
        if frame is None:
            return False
        code = frame.f_code
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        caller = frame.f_back
        while caller is not None and not self._is_own(caller.f_code.co_filename):
            caller = caller.f_back
        if name not in names or caller is None or frame.f_code.co_name == "<module>":
            return False
        outer = _scope_of(caller)
        line = caller.f_lineno
        for node in ast.walk(outer.body):
            if not isinstance(node, ast.Call) or not node.lineno <= line <= (node.end_lineno or 0):
                continue
            if _name(node.func).rpartition(".")[2] != code.co_name:
                continue
            own = [n for n in names if n != "self"]
            by_place = dict(zip(own, node.args, strict=False))
            value = by_place.get(name) or next(
                (k.value for k in node.keywords if k.arg == name), None
            )
            if value is not None:
                return self.follow(value, outer, line, depth + 1)
        return False

    def _call(self, node: ast.Call, scope: _Scope, depth: int) -> bool:
        """What is called may cut inside."""
        for function, owner in _functions(_resolve(node.func, scope)):
            inside = _source(function, owner)
            if inside is None or not self._is_own(inside.file):
                continue
            decorated = getattr(inside.body, "decorator_list", [])
            if any(_name(_callee(d)).endswith(("no_grad", "inference_mode")) for d in decorated):
                self.place = place_of(inside.file, decorated[0].lineno)
                self.operation = "torch.no_grad()"
                return True
            for statement, held_off in _statements(inside.body):
                if isinstance(statement, ast.Return) and statement.value is not None:
                    if held_off:
                        self.place = place_of(inside.file, statement.lineno)
                        self.operation = "torch.no_grad()"
                        return True
                    if self.follow(statement.value, inside, statement.lineno, depth + 1):
                        return True
        return False


def _learns(called: Any) -> bool:
    """Whether an object is a module with parameters of its own or of its parts."""
    if not isinstance(called, nn.Module):
        return False
    tables = vars(called)
    return any(p is not None for p in (tables.get("_parameters") or {}).values()) or any(
        _learns(m) for m in (tables.get("_modules") or {}).values()
    )


def _carries(node: ast.AST, scope: _Scope) -> bool:
    """Whether an expression holds a result of a network with its graph."""
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and _learns(_resolve(each.func, scope)):
            return True
        if isinstance(each, ast.Name) and _reaches_parameters(scope.look_up(each.id)):
            return True
    return False


def _reaches_parameters(value: Any) -> bool:
    """Whether a tensor's graph ends at a parameter of a module, among others."""
    if not isinstance(value, torch.Tensor) or value.grad_fn is None:
        return False
    waiting, seen = [value.grad_fn], {value.grad_fn}
    while waiting and len(seen) < _NODES:
        node = waiting.pop()
        if isinstance(getattr(node, "variable", None), nn.Parameter):
            return True
        for below, _ in node.next_functions:
            if below is not None and below not in seen:
                seen.add(below)
                waiting.append(below)
    return False


def _cutter(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute) and node.attr == "data":
        return ".data"
    if isinstance(node, ast.Compare) and not any(
        isinstance(o, ast.Is | ast.IsNot | ast.In | ast.NotIn) for o in node.ops
    ):
        return "a comparison"
    if not isinstance(node, ast.Call):
        return None
    whole = _name(node.func)
    last = whole.rpartition(".")[2]
    if last in ("to", "type") and any(_name(a).endswith(_WHOLE) for a in _values(node)):
        return f".{last}()"
    if isinstance(node.func, ast.Attribute) and last in _METHODS:
        functions = whole.startswith(("torch.", "F.", "np.", "numpy."))
        return f"{whole}()" if functions else f".{last}()"
    if last in _MAKERS and ("." in whole or last.endswith("Tensor")):
        return f"{whole}()"
    # A constant such as np.sqrt(2) cuts nothing.
    variable = any(isinstance(n, ast.Name) for a in node.args for n in ast.walk(a))
    return f"{whole}()" if variable and whole.startswith(("np.", "numpy.")) else None


def _values(node: ast.Call) -> list[ast.expr]:
    return [*node.args, *(k.value for k in node.keywords)]


def _operands(node: ast.AST) -> Iterator[ast.AST]:
    """What an expression is made from, what it is called on first; no function's own name."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute):
            yield node.func.value
        elif not isinstance(node.func, ast.Name):
            yield node.func
        yield from node.args
        yield from (k.value for k in node.keywords)
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.Subscript):
        yield node.value
    else:
        yield from ast.iter_child_nodes(node)


def _statements(body: ast.AST, held_off: bool = False) -> Iterator[tuple[ast.stmt, bool]]:
    """The statements of a function and its blocks, and whether gradients are off there."""
    for child in ast.iter_child_nodes(body):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(child, ast.stmt):
            yield child, held_off
        off = held_off
        if isinstance(child, ast.With):
            names = [_name(_callee(item.context_expr)) for item in child.items]
            off = off or any(n.endswith(("no_grad", "inference_mode")) for n in names)
        yield from _statements(child, off)


def _assigned(statement: ast.stmt, name: str) -> ast.expr | None:
    """The value that a statement gives to a name."""
    if isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign) and statement.value is not None:
        targets, value = [statement.target], statement.value
    else:
        return None
    for target in targets:
        if isinstance(target, ast.Name) and target.id == name:
            return value
        if isinstance(target, ast.Tuple):
            for index, each in enumerate(target.elts):
                if isinstance(each, ast.Name) and each.id == name:
                    same = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
                    return value.elts[index] if same and isinstance(value, ast.Tuple) else value
    return None


def _hides(statement: ast.stmt, name: str) -> bool:
    """Whether a statement sets `requires_grad` of a name."""
    if isinstance(statement, ast.Assign):
        return any(
            isinstance(t, ast.Attribute)
            and t.attr == "requires_grad"
            and isinstance(t.value, ast.Name)
            and t.value.id == name
            for t in statement.targets
        )
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and _name(call.func) == f"{name}.requires_grad_"


def _sets_gradient(node: ast.Call) -> bool:
    return _name(node.func).endswith("requires_grad_") or "requires_grad" in _keywords(node)


def _keywords(node: ast.AST) -> set[str]:
    return {k.arg for k in node.keywords if k.arg} if isinstance(node, ast.Call) else set()


def _callee(node: ast.expr) -> ast.expr:
    return node.func if isinstance(node, ast.Call) else node


def _name(node: ast.AST) -> str:
    """The dotted name of an expression; what it ends with where it begins otherwise."""
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _resolve(node: ast.expr, scope: _Scope) -> Any:
    """What a name stands for, looked up without running any of the user's code."""
    if isinstance(node, ast.Name):
        return scope.look_up(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolve(node.value, scope)
        if isinstance(owner, nn.Module):
            for table in ("_modules", "_buffers"):
                held = vars(owner).get(table) or {}
                if node.attr in held:
                    return held[node.attr]
        found = getattr(owner, "__dict__", {}).get(node.attr)
        if found is None and owner is not None:
            found = inspect.getattr_static(type(owner), node.attr, None)
            found = MethodType(found, owner) if isinstance(found, FunctionType) else found
        return found
    return None


def _functions(called: Any) -> Iterator[tuple[FunctionType, Any]]:
    """The Python functions that run when an object is called, and what they are bound to."""
    if isinstance(called, FunctionType):
        yield called, None
    elif isinstance(called, MethodType) and isinstance(called.__func__, FunctionType):
        yield called.__func__, called.__self__
    elif called is not None and not isinstance(called, type):
        name = "forward" if isinstance(called, nn.Module) else "__call__"
        method = inspect.getattr_static(type(called), name, None)
        if isinstance(method, FunctionType):
            yield method, called


def _source(function: FunctionType, owner: Any) -> _Scope | None:
    code: CodeType = function.__code__

    def look_up(name: str) -> Any:
        if owner is not None and name == next(iter(code.co_varnames), None):
            return owner
        return function.__globals__.get(name)

    lines = linecache.getlines(code.co_filename, function.__globals__)
    try:
        whole = ast.parse(textwrap.dedent("".join(lines)))
    except SyntaxError:
        return None
    for node in ast.walk(whole):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if code.co_firstlineno in {node.lineno, *(d.lineno for d in node.decorator_list)}:
            return _Scope(code.co_filename, node, look_up)
    return None
