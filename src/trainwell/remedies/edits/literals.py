"""Numbers as a person writes them: short, and without the dust of binary fractions."""

from __future__ import annotations

__all__ = ["multiplied", "number", "product"]

import re
from decimal import Decimal

import libcst as cst

from trainwell.remedies.edits.fitting import PRODUCT, precedence
from trainwell.remedies.edits.tree import Tree


def number(value: float) -> str:
    """The shortest text of a number that Python reads back as the same: 3e-5, 0.01, 10."""
    if float(value).is_integer() and abs(value) < 1e6:
        return str(int(value))
    return re.sub(r"e([+-]?)0*", lambda m: "e" + m[1].replace("+", ""), repr(float(value)))


def product(literal: str, factor: float) -> str:
    """The text of a number's literal times a factor; a float stays one.

    >>> product("0.1", 0.1), product("1e-3", 10), product("3e-4", 0.1), product("32", 4)
    ('0.01', '0.01', '3e-5', '128')
    """
    plain = literal.replace("_", "").lower()
    integral = not re.search(r"[.e]", plain) or plain.startswith("0x")
    # In decimal, as it is written: 0.1 * 0.1 is not 0.010000000000000002.
    exact = Decimal(int(plain, 0) if integral else plain) * Decimal(repr(factor))
    if integral and exact == exact.to_integral_value():
        return str(int(exact))
    text = number(float(exact))
    return text if re.search(r"[.e]", text) else f"{text}.0"


def multiplied(tree: Tree, node: cst.BaseExpression, factor: float) -> str:
    """The text of an expression times a factor: a literal's product, else `(a + b) * 0.1`."""
    sign, literal = "", node
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        sign, literal = "-", node.expression
    if isinstance(literal, cst.Integer | cst.Float) and not (node.lpar or literal.lpar):
        return sign + product(literal.value, factor)
    code = tree.source(node)
    if precedence(node) < PRODUCT:
        code = f"({code})"
    return f"{code} * {number(factor)}"
