"""The loop of epochs around a line, made to run more rounds."""

from __future__ import annotations

__all__ = ["scale_loop"]

import re

import libcst as cst
from libcst.metadata import Assignment, GlobalScope

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits.fitting import SUM, precedence
from trainwell.remedies.edits.literals import multiplied
from trainwell.remedies.edits.tree import Splice, Tree, last_name, parse

# What hands on the rounds of a range unchanged.
_WRAPPERS = frozenset({"enumerate", "iter", "list", "reversed", "tqdm", "tqdm_notebook", "track"})
_RANGES = frozenset({"range", "trange"})
_ROUNDS = re.compile(r"epoch|iter|round|step", re.IGNORECASE)
# A range over these counts things that are there, and there are no more of them.
_SIZES = frozenset({"__len__", "len", "nelement", "numel", "shape", "size"})


def scale_loop(source: str, line: int, factor: int) -> str:
    r"""Multiplies the rounds of the outermost `for` over a range around the line.

    Where the function that holds the line has no such loop, the one around its calls is taken. A
    range that counts things (`range(len(x))`, `range(0, n, 32)`, `x[i]` with its variable) is not
    a loop of rounds. Where the stop is a name that one plain number is assigned to, the number is
    multiplied, so that all that says "epoch 3 of 10" stays right, unless it may be a size too.

    >>> scale_loop("for epoch in range(10):\n    opt.step()", 2, 3)
    'for epoch in range(30):\n    opt.step()'

    Args:
        source: the script.
        line: a line in the loop, or its header's.
        factor: what the number of rounds is multiplied by.

    Raises:
        UnsafeEditError: when there is no such loop, more than one, or a `while` around it.
    """
    tree = parse(source)
    statement = next(iter(tree.statements(line)), None)
    if statement is None:
        raise UnsafeEditError(f"line {line} holds no statement")
    found = _loops(tree, statement, line, frozenset())
    if not found:
        raise UnsafeEditError(f"line {line} is in no loop over a range of rounds")
    if len(found) > 1:
        lines = " and ".join(str(tree.lines(loop)[0]) for loop in found)
        raise UnsafeEditError(f"line {line} is run by the loops in lines {lines}")
    counted = _range(found[0])
    assert counted is not None
    return tree.splice(_scaled(tree, counted, factor), "scaling the loop")


def _loops(
    tree: Tree, statement: cst.CSTNode, line: int, seen: frozenset[cst.CSTNode]
) -> list[cst.For]:
    """The loops of rounds that run a statement: its function's, else those of the calls of it."""
    around: list[cst.CSTNode] = [statement]
    function: cst.FunctionDef | None = None
    for up in tree.ancestors(statement):
        if isinstance(up, cst.FunctionDef):
            function = up
            break
        # What stands in a loop's `else` runs once.
        if not (isinstance(up, cst.For | cst.While) and isinstance(around[-1], cst.Else)):
            around.append(up)
    for node in reversed(around):
        if isinstance(node, cst.While):
            at = tree.lines(node)[0]
            raise UnsafeEditError(f"the `while` in line {at} decides how often line {line} is run")
        if isinstance(node, cst.For) and _counts_rounds(tree, node):
            return [node]
    if function is None or function in seen:
        return []
    found: list[cst.For] = []
    for call in tree.all(cst.Call):
        if last_name(call.func) == function.name.value:
            for loop in _loops(tree, call, line, seen | {function}):
                if loop not in found:
                    found.append(loop)
    return found


def _range(loop: cst.For) -> cst.Call | None:
    """The call of range that a loop goes over, bare or wrapped."""
    over: cst.BaseExpression = loop.iter
    while isinstance(over, cst.Call):
        name = last_name(over.func)
        if name in _RANGES:
            return over
        if name not in _WRAPPERS or not over.args or over.args[0].star or over.args[0].keyword:
            return None
        over = over.args[0].value
    return None


def _counts_rounds(tree: Tree, loop: cst.For) -> bool:
    counted = _range(loop)
    if counted is None or not _bounds(counted):
        return False
    start, end = tree.bare(counted)
    for name in tree.all(cst.Name):
        if start <= tree.bare(name)[0] < end and name.value in _SIZES:
            return False
    target = loop.target.elements[0].value if isinstance(loop.target, cst.Tuple) else loop.target
    variable = last_name(target)
    return variable == "_" or not _indexes(tree, loop.body, variable)


def _indexes(tree: Tree, body: cst.CSTNode, variable: str | None) -> bool:
    """Whether a loop's body has its variable in square brackets."""
    low, high = tree.bare(body)
    return any(
        name.value == variable
        and low <= tree.bare(name)[0] < high
        and any(isinstance(up, cst.SubscriptElement) for up in tree.ancestors(name))
        for name in tree.all(cst.Name)
    )


def _bounds(counted: cst.Call) -> list[cst.BaseExpression]:
    """The start, where given, and the stop of a range without a step; nothing of any other."""
    plain = [arg for arg in counted.args if arg.keyword is None]
    if any(arg.star for arg in counted.args) or len(plain) not in (1, 2):
        return []
    return [arg.value for arg in plain]


def _scaled(tree: Tree, counted: cst.Call, factor: int) -> list[Splice]:
    bounds = _bounds(counted)
    stop = bounds[-1]
    start = tree.source(bounds[0]) if len(bounds) == 2 else "0"
    if start == "0":
        return [_multiplied(tree, stop, factor)]
    first, last = (_integer(bound) for bound in bounds)
    if first is not None and last is not None:
        return [(*tree.span(stop), str(first + factor * (last - first)))]
    if isinstance(stop, cst.BinaryOperation) and isinstance(stop.operator, cst.Add):
        # `range(1, epochs + 1)` has `epochs` rounds, whatever the start.
        if tree.source(stop.right) == start:
            return [_multiplied(tree, stop.left, factor)]
        if tree.source(stop.left) == start:
            return [_multiplied(tree, stop.right, factor)]
    low = start if precedence(bounds[0]) > SUM else f"({start})"
    head = start if precedence(bounds[0]) >= SUM else f"({start})"
    high = tree.source(stop) if precedence(stop) >= SUM else f"({tree.source(stop)})"
    return [(*tree.span(stop), f"{head} + {factor} * ({high} - {low})")]


def _multiplied(tree: Tree, stop: cst.BaseExpression, factor: int) -> Splice:
    assigned = _assigned(tree, stop)
    if assigned is not None:
        return (*tree.span(assigned), multiplied(tree, assigned, factor))
    return (*tree.span(stop), multiplied(tree, stop, factor))


def _assigned(tree: Tree, stop: cst.BaseExpression) -> cst.Integer | None:
    """The one whole number that the script assigns to the name, at module level."""
    if not isinstance(stop, cst.Name):
        return None
    bindings = tree.bindings(stop.value, stop)
    if len(bindings) != 1 or not isinstance(bindings[0], Assignment):
        return None
    if not isinstance(bindings[0].scope, GlobalScope):
        return None
    if _counts_more(tree, stop.value):
        return None
    target = tree.parent(bindings[0].node)
    holder = None if target is None else tree.parent(target)
    if isinstance(holder, cst.Assign) and len(holder.targets) == 1:
        return holder.value if isinstance(holder.value, cst.Integer) else None
    if isinstance(target, cst.AnnAssign) and isinstance(target.value, cst.Integer):
        return target.value
    return None


def _counts_more(tree: Tree, name: str) -> bool:
    """Whether a number may be a size of something too, by how its name is used and what it says."""
    for use in tree.all(cst.Name):
        if use.value != name:
            continue
        if any(isinstance(up, cst.SubscriptElement) for up in tree.ancestors(use)):
            return True
        arg = tree.parent(use)
        call = tree.parent(arg) if isinstance(arg, cst.Arg) and arg.keyword is None else None
        called = call.func if isinstance(call, cst.Call) else None
        # `torch.randn(n, 3)` and `nn.Linear(n, 1)`, but not `StepLR(optimizer, n)`.
        sized = isinstance(called, cst.Attribute) and not called.attr.value.endswith("LR")
        if sized and not _ROUNDS.search(name):
            return True
    return False


def _integer(node: cst.BaseExpression) -> int | None:
    return int(node.value.replace("_", ""), 0) if isinstance(node, cst.Integer) else None
