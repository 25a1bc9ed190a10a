"""What stands on the left: of a method's dot, or of an assignment."""

from __future__ import annotations

__all__ = ["receiver", "replace_receiver", "target"]

import libcst as cst

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits.fitting import fitted
from trainwell.remedies.edits.tree import Tree, parse


def receiver(source: str, line: int, method: str) -> str:
    """The text of the object whose method is called on the line.

    >>> receiver("self.opt.step()", 1, "step")
    'self.opt'

    Args:
        source: the script.
        line: the call's line.
        method: the method's name.

    Raises:
        UnsafeEditError: when the call is not found.
    """
    tree = parse(source)
    return tree.source(_receiver(tree, line, method))


def replace_receiver(source: str, line: int, method: str, code: str) -> str:
    """Calls the method on the line on something else.

    >>> replace_receiver("loss.backward()", 1, "backward", "{0} / 4")
    '(loss / 4).backward()'

    Args:
        source: the script.
        line: the call's line.
        method: the method's name.
        code: the expression to call it on; `{0}` stands for what it is called on now.

    Raises:
        UnsafeEditError: when the call is not found.
    """
    tree = parse(source)
    old = _receiver(tree, line, method)
    new = fitted(tree, old, code.replace("{0}", tree.source(old)), whole=True)
    return tree.splice([new], f"replacing `{method}`'s object in line {line}")


def _receiver(tree: Tree, line: int, method: str) -> cst.BaseExpression:
    func = tree.call(line, {method}).func
    if not isinstance(func, cst.Attribute):
        raise UnsafeEditError(f"line {line} calls `{method}` on no object")
    return func.value


def target(source: str, line: int) -> str | None:
    """The text of what the statement on the line assigns to; None when to nothing or to several.

    >>> target("self.opt = SGD(w)", 1)
    'self.opt'

    Args:
        source: the script.
        line: any line of the statement.

    Raises:
        UnsafeEditError: when the script is no valid Python.
    """
    tree = parse(source)
    statements = tree.statements(line)
    statement = statements[0] if len(statements) == 1 else None
    if isinstance(statement, cst.Assign) and len(statement.targets) == 1:
        goal: cst.BaseExpression = statement.targets[0].target
    elif isinstance(statement, cst.AnnAssign) and statement.value is not None:
        goal = statement.target
    else:
        return None
    single = isinstance(goal, cst.Name | cst.Attribute | cst.Subscript)
    return tree.source(goal) if single else None
