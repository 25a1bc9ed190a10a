"""Where NaN or infinity came from, read from the tensors that autograd saved."""

from __future__ import annotations

__all__ = ["Origin", "gradient_suspect", "origin"]

import math
from dataclasses import dataclass

import torch

from trainwell.probes.activations import operand, read
from trainwell.probes.graph import Graph, Node

_SAVED = (
    "_saved_self",
    "_saved_other",
    "_saved_result",
    "_saved_mat1",
    "_saved_mat2",
    "_saved_input",
    "_saved_target",
)


@dataclass(frozen=True)
class Origin:
    """The first operation with something not finite about it.

    Attributes:
        node: its index in the graph.
        reason: what was seen there, lowercase.
        source: "data", "weights" or "operation".
    """

    node: int
    reason: str
    source: str


def origin(graph: Graph) -> Origin | None:
    """The first operation of a graph, in the order in which they ran, that made NaN or infinity.

    Data that already holds NaN and weights that are already NaN are named as such.
    """
    for index, node in enumerate(graph.nodes):
        if node.leaf is not None:
            if not _finite(node.leaf):
                user = next(
                    (i for i, n in enumerate(graph.nodes) if index in _behind(graph, n)), index
                )
                return Origin(user, "the weights are not finite any more", "weights")
            continue
    for index, node in enumerate(graph.nodes):
        if node.leaf is not None:
            continue
        data, edge = operand(graph, node)
        if data is not None and edge < 0 and data.is_floating_point() and not _finite(data):
            bad = data.numel() - int(torch.isfinite(data).sum())
            return Origin(index, f"its input holds {bad} NaN or Inf values", "data")
        reason = _reason(node)
        if reason is not None:
            return Origin(index, reason, "operation")
    return None


def gradient_suspect(graph: Graph) -> Origin | None:
    """The last operation whose derivative is infinite at the values it was given."""
    for index in range(len(graph.nodes) - 1, -1, -1):
        node = graph.nodes[index]
        if node.kind == "square_root":
            result = read(node, "_saved_result")
            if result is not None and bool((result == 0).any()):
                return Origin(index, "square root of exactly 0, where its slope is infinite", "")
        elif node.kind == "power":
            base, exponent = read(node, "_saved_self"), getattr(node.handle, "_saved_exponent", 2)
            if (
                base is not None
                and isinstance(exponent, (int, float))
                and exponent < 1
                and bool((base == 0).any())
            ):
                return Origin(index, f"0 to the power {exponent:g}: its slope is infinite", "")
        elif node.kind in ("divide", "logarithm"):
            name = "_saved_other" if node.kind == "divide" else "_saved_self"
            value = read(node, name)
            if value is not None and bool((value.abs() < 1e-30).any()):
                return Origin(index, "its slope is infinite at an operand of 0", "")
        elif node.kind == "arc":
            value = read(node, "_saved_self")
            if value is not None and bool((value.abs() >= 1).any()):
                return Origin(index, "its slope is infinite at +-1", "")
        elif node.kind == "norm":
            value = read(node, "_saved_result")
            if value is not None and bool((value == 0).any()):
                return Origin(index, "its slope is undefined at 0", "")
    return None


def _reason(node: Node) -> str | None:
    if node.kind == "logarithm":
        value = read(node, "_saved_self")
        if value is not None:
            low = float(value.min()) if value.numel() else 1.0
            if low <= 0:
                share = float((value <= 0).float().mean())
                return f"logarithm of {low:.3g} (not above 0 on {share:.2%} of the elements)"
    elif node.kind == "divide":
        value = read(node, "_saved_other")
        if value is not None and bool((value == 0).any()):
            return f"division by 0 on {float((value == 0).float().mean()):.2%} of the elements"
    elif node.kind == "power":
        value = read(node, "_saved_self")
        exponent = getattr(node.handle, "_saved_exponent", None)
        if value is not None and isinstance(exponent, (int, float)):
            if exponent != int(exponent) and bool((value < 0).any()):
                return f"a negative number to the power {exponent:g}"
            if exponent < 0 and bool((value == 0).any()):
                return f"0 to the power {exponent:g}"
    result = read(node, "_saved_result")
    if result is not None and result.is_floating_point() and not _finite(result):
        if node.kind == "exponential":
            return "the exponential overflows"
        if node.kind == "square_root":
            return "square root of a negative number"
        return "its result is not finite"
    for name in _SAVED:
        value = read(node, name)
        if value is not None and value.is_floating_point() and not _finite(value):
            return "what it was given is not finite"
    return None


def _finite(values: torch.Tensor) -> bool:
    values = values.detach()
    if values.is_sparse:
        values = values._values()
    # One pass: the sum is not finite if an element is not (or if it overflows: then look closer).
    total = float(values.sum()) if values.is_floating_point() else 0.0
    return math.isfinite(total) or bool(torch.isfinite(values).all())


def _behind(graph: Graph, node: Node) -> set[int]:
    found: set[int] = set()
    for index in node.inputs:
        while index >= 0:
            found.add(index)
            below = graph.nodes[index]
            if below.kind != "view" or not below.inputs:
                break
            index = below.inputs[0]
    return found if node.kind != "view" and node.leaf is None else set()
