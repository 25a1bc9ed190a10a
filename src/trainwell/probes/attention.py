"""Attention as autograd's graph shows it: what weights are summed over, how large scores are."""

from __future__ import annotations

__all__ = ["Attentions", "factor_of", "mask_of", "signed", "weights_of"]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from trainwell.probes.activations import read
from trainwell.probes.graph import VIEWS, Graph, Node
from trainwell.probes.ledger import Ledger
from trainwell.probes.program import Match
from trainwell.record import Attention

_LOOKS = 4
"""Looks at which each softmax is measured; from there on, whenever their number has doubled."""

_MOST_WEIGHTS = 1 << 22
"""Weights of one softmax up to which what they are summed over is followed: some milliseconds."""

_SOME_WEIGHTS = 1 << 18
"""Weights that are compared with a mask, or computed again, at most."""

_ROWS = 256
"""Rows of weights that are looked at."""

_KEYS = 4
"""Keys that a query must have for its weights to say something."""

_HEADS = 8
"""Matrices of scores that are computed again at most, to see what was added to them."""

_STEPS = 24
"""Operations between scores and softmax, or softmax and product, that are followed at most."""

_ELEMENTWISE = frozenset(
    {"add", "subtract", "multiply", "divide", "select", "clamp", "dropout", "tanh", "maskedfill"}
)
"""What may stand between the product of queries and keys and their softmax."""

_SIGN = 1 << 63


class Attentions:
    """Measures the softmaxes and fused attention of a graph.

    Args:
        ledger: where they are recorded.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._numbers: dict[int, int] = {}

    def look(self, objective: int, graph: Graph, match: Match) -> None:
        """Measure a graph that is not freed yet."""
        readers: list[list[int]] | None = None
        for index, node in enumerate(graph.nodes):
            if node.kind not in ("softmax", "attention") or node.hidden:
                continue
            operation = match.operations[index]
            if operation < 0 or not self._is_due(operation):
                continue
            if node.kind == "attention":
                found = _fused(node)
            else:
                readers = _readers(graph) if readers is None else readers
                found = _softmax(graph, index, readers)
            if found is not None:
                self._record(objective, operation, found, match)

    def _is_due(self, operation: int) -> bool:
        number = self._numbers.get(operation)
        if number is None:
            return True
        looks = self._ledger.run.attentions[number].looks
        if looks < _LOOKS or not looks & (looks - 1):
            return True
        self._ledger.change(self._ledger.run.attentions[number], looks=looks + 1)
        return False

    def _record(self, objective: int, operation: int, found: dict[str, Any], match: Match) -> None:
        number = self._numbers.get(operation)
        run = self._ledger.run
        place = run.operations[operation].place
        mask = run.operations.get(match.operations[found.pop("mask")]) if "mask" in found else None
        found["mask_place"] = place if mask is None or mask.place.line is None else mask.place
        if number is None:
            number = self._numbers[operation] = self._ledger.next_number("attention")
            step = max(run.steps - 1, 0)
            self._ledger.put(Attention(number, objective, operation, place, step=step, **found))
        fact = self._ledger.run.attentions[number]
        # Weights learn to leave out what should be hidden: the first look tells of the mask.
        latest: dict[str, Any] = {"mask_place": found["mask_place"]}
        if fact.axis and found["axis"] and fact.axis != found["axis"]:
            # Several softmaxes share a line, and are one operation.
            latest["axis"] = ""
        self._ledger.change(fact, looks=fact.looks + 1, latest=found["top"], place=place, **latest)


# A softmax that is an operation of its own


@dataclass(frozen=True)
class _Product:
    """The product that scores come from.

    Attributes:
        node: its index.
        path: indices of the operations between it and the softmax, nearest to the softmax first.
        depth: numbers that each score is the product of.
        scaled: something multiplies or divides the scores, or what they are the product of.
    """

    node: int
    path: tuple[int, ...]
    depth: int
    scaled: bool


def _softmax(graph: Graph, index: int, readers: Sequence[Sequence[int]]) -> dict[str, Any] | None:
    node = graph.nodes[index]
    weights = read(node, "_saved_result")
    if weights is None or weights.dim() < 2 or not 0 < weights.numel() <= _MOST_WEIGHTS:
        return None
    dim = signed(node.handle._saved_dim) % weights.dim()
    axis, summed = _axis(graph, index, dim, weights, readers)
    if summed < 2:
        return None
    product = _product(graph, index)
    if axis == "queries" and (product is None or (dim == 0 and weights.dim() > 2)):
        # Soft assignment (clusters, pooled graphs) is no product of queries and keys; and what
        # mixes the examples of a batch is another matter.
        axis = ""
    found = _measured(weights.movedim(dim, -1)) | {
        "axis": axis,
        "size": weights.shape[dim],
        "shape": tuple(weights.shape),
        "summed": summed,
    }
    if product is not None:
        found |= {"depth": product.depth, "scaled": product.scaled}
        if axis == "keys":
            found |= _mask(graph, product, weights)
    return found


def _axis(
    graph: Graph, index: int, dim: int, weights: torch.Tensor, readers: Sequence[Sequence[int]]
) -> tuple[str, int]:
    """What the weights sum to 1 over, seen from what sums them up; and the size of that.

    The index along the softmax's dimension is sent through the views that the weights went through:
    where it counts up along the dimension that is summed over, that is the same one.
    """
    size = weights.shape[dim]
    shape = [1] * weights.dim()
    shape[dim] = size
    labels = torch.arange(size, dtype=torch.int32).view(shape).expand(weights.shape)
    at, spread = index, False
    for _ in range(_STEPS):
        following = readers[at]
        if len(following) != 1:
            return "", 0
        after = graph.nodes[following[0]]
        before, at = at, following[0]
        product = after.kind == "matmul" or (after.kind == "linear" and len(after.inputs) == 2)
        if product and len(after.inputs) > 1:
            operands = after.inputs[-2:]
            if before not in operands or labels.dim() < 2:
                return "", 0
            along = -1 if operands[0] == before else -2
            return _compared(labels, along, size), labels.shape[along]
        if after.kind in ("sum", "mean"):
            dims = [signed(d) for d in getattr(after.handle, "_saved_dim", None) or ()]
            if not spread or len(dims) != 1 or labels.dim() < 2:
                return "", 0
            axis = _compared(labels, dims[0], size)
            # A sum over what was never weighed is no attention.
            return ("" if axis == "queries" else axis), labels.shape[dims[0]]
        moved, widened = _moved(after, before, labels)
        if moved is None or moved.numel() > _MOST_WEIGHTS << 6:
            return "", 0
        labels, spread = moved, spread or widened
    return "", 0


def _compared(labels: torch.Tensor, along: int, size: int) -> str:
    count = labels.shape[along]
    line = labels.movedim(along, -1)
    # What views do, they do regularly: a few lines tell of all.
    line = line[tuple(slice(None, None, max(1, s // 4)) for s in line.shape[:-1])]
    if size == 1:
        return "single" if count > 1 else ""
    if count == size and bool((line == torch.arange(size, dtype=labels.dtype)).all()):
        return "keys"
    return "queries" if bool((line == line[..., :1]).all()) else ""


def _moved(after: Node, before: int, labels: torch.Tensor) -> tuple[torch.Tensor | None, bool]:
    """The labels behind one operation, and whether it spread them over further dimensions."""
    shape = _shape(after)
    if after.kind == "multiply":
        if len(shape) < labels.dim():
            return None, False
        padded = (1,) * (len(shape) - labels.dim()) + tuple(labels.shape)
        widened = any(a == 1 and b > 1 for a, b in zip(padded, shape, strict=True))
        data = -1 in after.inputs and tuple(labels.shape) == shape
        if after.inputs.count(before) != 1 or not (widened or data):
            return None, False
        # Only values that the weights are spread over; a mask of dropout has their own shape.
        return labels.expand(shape), widened
    if after.kind not in ("view", "dropout"):
        return None, False
    return _viewed(after, labels, shape), False


def _viewed(after: Node, labels: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor | None:
    name, handle = after.name, after.handle
    moved: torch.Tensor | None = None
    if name.startswith("Transpose"):
        moved = labels.transpose(signed(handle._saved_dim0), signed(handle._saved_dim1))
    elif name.startswith("Permute"):
        moved = labels.permute([signed(d) for d in handle._saved_dims])
    elif name.startswith("TBackward"):
        moved = labels.t()
    elif name.startswith(("Unsqueeze", "Squeeze", "View", "UnsafeView", "Reshape", "Flatten")):
        moved = labels.reshape(shape) if labels.numel() == math.prod(shape) else None
    elif name.startswith(("Expand", "Clone", "ToCopy", "Alias", "Contiguous")):
        moved = labels.expand(shape) if len(shape) >= labels.dim() else None
    return moved if moved is not None and tuple(moved.shape) == shape else None


def _product(graph: Graph, index: int) -> _Product | None:
    """The product of two computed tensors that a softmax's input comes from."""
    path: list[int] = []
    scaled = False
    at = index
    for _ in range(_STEPS):
        inputs = [i for i in graph.nodes[at].inputs if i >= 0]
        if not inputs:
            return None
        # A bias of scores is a weight or comes from one: the other way leads to the product.
        ways = [i for i in inputs if not _is_weight(graph, i)]
        if len(ways) != 1:
            return None
        at = ways[0]
        node = graph.nodes[at]
        if node.kind == "matmul" or (node.kind == "linear" and node.name.startswith("Mm")):
            operands = node.inputs[-2:]
            if -1 in operands or any(_is_weight(graph, i, words=False) for i in operands):
                return None
            shape = _given(node, len(node.inputs) > 2)
            scaled = scaled or any(_is_scaled(graph, i) for i in operands)
            return _Product(at, tuple(path), shape[-1] if shape else 0, scaled)
        if node.kind not in VIEWS and node.kind not in _ELEMENTWISE:
            return None
        scaled = scaled or _shrinks(node)
        path.append(at)
    return None


def _shrinks(node: Node) -> bool:
    """Whether an operation makes scores smaller, or multiplies them by what is not known."""
    if node.kind not in ("multiply", "divide"):
        return False
    factor = factor_of(node)
    return factor is None or abs(factor) < 1


def factor_of(node: Node) -> float | None:
    """The number that a tensor is multiplied by; None where it is no number."""
    value = getattr(node.handle, "_saved_other", None)
    if isinstance(value, torch.Tensor):
        value = read(node, "_saved_other")
        if value is None or value.numel() != 1:
            return None
        value = float(value)
    if not isinstance(value, int | float) or value == 0:
        return None
    return float(value) if node.kind == "multiply" else 1 / float(value)


def _given(node: Node, added: bool) -> tuple[int, ...]:
    """The shape of a product's first factor."""
    for name in ("_saved_batch1",) if added else ("_saved_self",):
        found = read(node, name)
        if found is not None:
            return tuple(found.shape)
    return ()


def _is_weight(graph: Graph, index: int, *, words: bool = True) -> bool:
    """Whether a tensor is a weight.

    Args:
        graph: as walked.
        index: of the node that made it.
        words: rows of an embedding count as weights (biases of scores by distance).
    """
    while index >= 0:
        node = graph.nodes[index]
        if node.leaf is not None or (words and node.kind == "embedding"):
            return True
        if node.kind not in (*VIEWS, "select") or not node.inputs:
            return False
        index = node.inputs[0]
    return False


def _is_scaled(graph: Graph, index: int) -> bool:
    """Whether a factor of the scores was multiplied, divided or normalised just before."""
    while index >= 0:
        node = graph.nodes[index]
        if _shrinks(node) or node.kind in ("norm", "layer_norm"):
            return True
        if node.kind not in VIEWS or not node.inputs:
            return False
        index = node.inputs[0]
    return False


# Masks


def _mask(graph: Graph, product: _Product, weights: torch.Tensor) -> dict[str, Any]:
    """Where scores are masked, and what share of the weights lies there."""
    some = max(1, _SOME_WEIGHTS * len(weights) // weights.numel())
    for i in product.path:
        node = graph.nodes[i]
        masked = None
        if node.name.startswith("MaskedFill"):
            masked = read(node, "_saved_mask")
        elif node.name.startswith("Where"):
            condition = read(node, "_saved_condition")
            if condition is not None and node.inputs and node.inputs[0] >= 0:
                masked = ~condition.bool()
        elif node.kind == "multiply" and -1 in node.inputs:
            masked = _zeros_of(node)
        if masked is None:
            continue
        try:
            masked = masked.bool().expand(weights.shape)[:some]
        except RuntimeError:
            # Views stand between: it has another shape.
            continue
        # Nothing is left of a row that is masked as a whole (a query that is padding itself).
        open_ = ~masked.all(-1)
        hidden, kept = masked[open_], weights[:some][open_]
        if hidden.any():
            paid = float(kept[hidden].sum() / kept.sum())
            return {"masked": paid, "masked_share": float(hidden.float().mean()), "mask": i}
    adding = next((i for i in product.path if graph.nodes[i].kind == "add"), product.node)
    return {"added": _adds_ones(graph, product, weights), "mask": adding}


def _zeros_of(node: Node) -> torch.Tensor | None:
    """Where a table of 0 and 1 that multiplies the scores is 0."""
    for name in ("_saved_other", "_saved_self"):
        table = read(node, name)
        if table is not None and table.numel() > 1 and bool(((table == 0) | (table == 1)).all()):
            return table == 0
    return None


def _adds_ones(graph: Graph, product: _Product, weights: torch.Tensor) -> bool:
    """Whether a table of 0 and 1 is added to the scores: computed again from what was saved."""
    node = graph.nodes[product.node]
    joined = len(node.inputs) > 2
    adding = [graph.nodes[i] for i in product.path if graph.nodes[i].kind == "add"]
    if not any(-1 in n.inputs for n in adding) and not (joined and node.inputs[0] < 0):
        return False
    one = read(node, "_saved_batch1" if joined else "_saved_self")
    other = read(node, "_saved_batch2" if joined else "_saved_mat2")
    if one is None or other is None or one.dim() != 3 or weights.dim() < 3:
        return False
    factor = 1.0
    for i in product.path:
        step = graph.nodes[i]
        if step.kind in ("multiply", "divide"):
            value = factor_of(step)
            if value is None:
                return False
            factor *= value
    flat = weights[:_HEADS].reshape(-1, *weights.shape[-2:])
    scores = torch.bmm(one[:_HEADS], other[:_HEADS]).float() * factor
    if scores.shape != flat[:_HEADS].shape:
        return False
    return _are_ones(flat[:_HEADS].float().log() - scores)


def _are_ones(rest: torch.Tensor) -> bool:
    """Whether the numbers of each row are two that lie 1 apart."""
    if not bool(torch.isfinite(rest).all()):
        return False
    below = rest.amax(-1, keepdim=True) - rest
    high = (below - 1).abs() < 0.02
    return bool((high | (below < 0.02)).all()) and bool(high.any())


# Fused attention


def _fused(node: Node) -> dict[str, Any] | None:
    found = weights_of(node)
    if found is None:
        return None
    weights, scale, depth = found
    facts = _measured(weights) | {
        "axis": "keys",
        "size": weights.shape[-1],
        "shape": tuple(weights.shape),
        "summed": weights.shape[-1],
        "depth": depth,
        "scaled": scale < 2 / math.sqrt(max(depth, 1)),
        "scale": scale,
    }
    mask = mask_of(node)
    if mask is not None and mask.is_floating_point() and mask.numel() > 1:
        ones = ((mask == 0) | (mask == 1)).all() & (mask == 0).any() & (mask == 1).any()
        facts["added"] = bool(ones)
    return facts


def mask_of(node: Node) -> torch.Tensor | None:
    """The mask of fused attention, or what is added to its scores."""
    mask = read(node, "_saved_attn_mask")
    return read(node, "_saved_attn_bias") if mask is None else mask


def weights_of(node: Node, most: int = _HEADS) -> tuple[torch.Tensor, float, int] | None:
    """The weights of fused attention, computed from what it has kept.

    Args:
        node: fused attention.
        most: examples that are computed at most.

    Returns:
        Weights (examples, heads, queries, keys), the factor of the scores, and their depth.
    """
    query, key = read(node, "_saved_query"), read(node, "_saved_key")
    if query is None or key is None or query.dim() != 4 or query.shape[1] != key.shape[1]:
        return None
    queries, keys, depth = query.shape[2], key.shape[2], query.shape[3]
    most = min(most, _SOME_WEIGHTS // max(query.shape[1] * queries * keys, 1))
    if most < 1:
        return None
    given = getattr(node.handle, "_saved_scale", None)
    scale = float(given) if isinstance(given, int | float) else 1 / math.sqrt(depth)
    scores = query[:most].float() @ key[:most].float().transpose(-1, -2) * scale
    mask = mask_of(node)
    if mask is not None:
        mask = mask[:most] if mask.dim() == 4 and mask.shape[0] > 1 else mask
        scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
    if getattr(node.handle, "_saved_is_causal", False):
        ahead = torch.ones(queries, keys, dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(ahead, -math.inf)
    return scores.softmax(-1).nan_to_num(0.0), scale, depth


def _measured(weights: torch.Tensor) -> dict[str, Any]:
    """How large the weights of a row are; the last dimension is that of the softmax."""
    weights = weights[:: max(1, weights.numel() // _SOME_WEIGHTS)]
    rows = weights.reshape(-1, weights.shape[-1])
    rows = rows[:: max(1, len(rows) // _ROWS)].float()
    keys = (rows > 0).sum(1)
    if (keys >= _KEYS).any():
        # The first queries behind a causal mask have no choice.
        rows, keys = rows[keys >= _KEYS], keys[keys >= _KEYS]
    logs = torch.where(rows > 0, rows, 1.0).log()
    mean = logs.sum(1) / keys.clamp(min=1)
    spread = torch.where(rows > 0, (logs - mean[:, None]).square(), 0.0).sum(1) / keys.clamp(min=1)
    return {
        "top": float(rows.amax(1).mean()),
        "keys": float(keys.float().mean()),
        "spread": float(spread.sqrt().mean()),
    }


def _readers(graph: Graph) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in graph.nodes]
    for index, node in enumerate(graph.nodes):
        for i in {i for i in node.inputs if i >= 0}:
            found[i].append(index)
    return found


def _shape(node: Node) -> tuple[int, ...]:
    metadata = getattr(node.handle, "_input_metadata", None)
    try:
        return tuple(int(s) for s in metadata[0].shape) if metadata else ()
    except RuntimeError:
        # A nested tensor has no shape.
        return ()


def signed(number: int) -> int:
    """A dimension as it was given: autograd keeps it unsigned, -1 as 2**64 - 1."""
    return int(number) - (_SIGN << 1) if int(number) >= _SIGN else int(number)
