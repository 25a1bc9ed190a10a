"""Parentheses: whether an expression needs them where it is put."""

from __future__ import annotations

__all__ = ["BOUND", "PRODUCT", "SUM", "binding", "fitted", "precedence"]

import libcst as cst

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits.tree import Tree

BOUND = 100
PRODUCT = 15
SUM = 14
_LOOSE = 0

# Python's reference, "Operator precedence", from the loosest to the tightest.
_BINARY: dict[type[cst.BaseBinaryOp], int] = {
    cst.BitOr: 10,
    cst.BitXor: 11,
    cst.BitAnd: 12,
    cst.LeftShift: 13,
    cst.RightShift: 13,
    cst.Add: SUM,
    cst.Subtract: SUM,
    cst.Power: 17,
}
_OTHERS: dict[type[cst.BaseExpression], int] = {
    cst.Lambda: 4,
    cst.IfExp: 5,
    cst.BooleanOperation: 6,
    cst.Comparison: 9,
    cst.UnaryOperation: 16,
    cst.Await: 18,
}
_BARE = (cst.NamedExpr, cst.Yield, cst.Tuple, cst.GeneratorExp)
# What an expression in these is part of: all but a name, a call and the like needs parentheses.
_TIGHT = (
    cst.Attribute,
    cst.Await,
    cst.BinaryOperation,
    cst.BooleanOperation,
    cst.CompFor,
    cst.CompIf,
    cst.Comparison,
    cst.ComparisonTarget,
    cst.FormattedStringExpression,
    cst.IfExp,
    cst.StarredDictElement,
    cst.StarredElement,
    cst.Subscript,
    cst.UnaryOperation,
)


def precedence(node: cst.BaseExpression) -> int:
    """How tightly an expression binds: 15 is a product, 100 what nothing can tear apart."""
    if node.lpar:
        return BOUND
    if isinstance(node, cst.BinaryOperation):
        return _BINARY.get(type(node.operator), PRODUCT)
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
        return 8
    return _LOOSE if isinstance(node, _BARE) else _OTHERS.get(type(node), BOUND)


def binding(code: str) -> tuple[bool, int]:
    """Whether code must be in brackets to be an expression at all, and how tightly it binds.

    Raises:
        UnsafeEditError: when it is no expression.
    """
    for text, broken in ((code, False), (f"({code})", True)):
        try:
            node = cst.parse_expression(text)
        except cst.ParserSyntaxError:
            continue
        return broken, precedence(node.with_changes(lpar=(), rpar=()) if broken else node)
    raise UnsafeEditError(f"`{code}` is no expression")


def fitted(
    tree: Tree, node: cst.BaseExpression, code: str, *, whole: bool = False
) -> tuple[int, int, str]:
    """The splice that puts an expression in a node's place, with parentheses where needed.

    Args:
        tree: the script.
        node: the expression that goes.
        code: the one that comes.
        whole: whether the parentheses around the node go with it.

    Raises:
        UnsafeEditError: when `code` is no expression.
    """
    start, end = tree.span(node) if whole else tree.bare(node)
    broken, binds = binding(code)
    if node.lpar and not whole:
        return start, end, code
    parent = tree.parent(node)
    tight = isinstance(parent, _TIGHT) or (
        isinstance(parent, cst.Call) or (isinstance(parent, cst.Arg) and bool(parent.star))
    )
    # `return(x)` needs no blank, `returnx` would.
    glued = _is_word(tree.text[start - 1 : start], code[:1]) or _is_word(
        code[-1:], tree.text[end : end + 1]
    )
    number = isinstance(parent, cst.Attribute) and code[:1].isdigit()
    if broken or glued or number or binds == _LOOSE or (tight and binds < BOUND):
        code = f"({code})"
    return start, end, code


def _is_word(left: str, right: str) -> bool:
    return bool(left and right) and f"{left}{right}".replace("_", "a").isalnum()
