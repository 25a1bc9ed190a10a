"""Sequences: whether padding is read, and whether anything tells the network a word's position.

Measured at a few looks on the live graph, as `trainwell.probes.dependence` does: by gradients of
the predictions with respect to what the first layers gave, and by the operations between them.
"""

from __future__ import annotations

__all__ = ["Sequences"]

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from trainwell.hooks.guard import is_readable
from trainwell.probes.activations import operand, read
from trainwell.probes.attention import Attentions, factor_of, mask_of, signed, weights_of
from trainwell.probes.dependence import Target, View
from trainwell.probes.graph import ACTIVATIONS, Graph, Node
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources
from trainwell.probes.program import Match
from trainwell.probes.source_lines import COPYING, line_in
from trainwell.record import Ordering, PaddingRead, Place, Twin

_LOOKS = 4
"""Looks at one loss: what a network reads is the same at every step."""

_EXTRA_LOOKS = 2
"""Looks at which a part of the backward pass is run once more and padding is found."""

_MOST = 1 << 20
"""Numbers that the first layer gives up to which its gradient is asked for."""

_SOME = 1 << 18
"""Weights of attention that are read at most."""

_SMALL = 1 << 20
"""Numbers in all intermediate results up to which the first step is measured, too: it is not paid
for by the budget."""

_MOST_NODES = 4_000
"""Operations up to which a part of the backward pass is run again: a few milliseconds."""

_WEIGHTS = 64
"""Numbers of two weights that must be the same, for it to be no chance."""

_SHORTEST = 4
"""Positions of a sequence, at least."""

_ROWS = 0.2
"""Share of the examples that must be filled up for padding to be looked at."""

_INSIDE = 0.01
"""Share of the words that may be the word of the padding without being padding."""

_EXTRA = 2
"""Tokens of its own that a network puts beside the words, at most (the class token)."""

_TAKEN = 2
"""Parts of a sequence that are taken out by index, at most, where it is not run through."""

_PAIR_ROWS = 32
"""Examples whose equal words are compared."""

_LONGEST = 128
"""Positions of sequences whose words are compared, at most."""


@dataclass
class _State:
    padding: int | None = None
    quiet: int = 0
    ordering: int | None = None
    positioned: bool = False
    """Something knows positions, or there is no attention over words."""


@dataclass
class _Filled:
    """Sequences that a layer reads, filled up to one length.

    Attributes:
        entry: index of the layer's node.
        pads: which positions are padding, (examples, positions).
        right: they lie at the end.
        word: that fills them up; None for rows of zeros.
        time_first: how the layer's result lies.
        joined: examples and positions are one dimension of the result.
        recurrent: the layer gives the states of all steps, and the final one.
    """

    entry: int
    pads: torch.Tensor
    right: bool
    word: int | None
    time_first: bool
    joined: bool
    recurrent: bool = False

    def profile(self, gradients: Sequence[torch.Tensor]) -> torch.Tensor | None:
        """The gradient's norm at each position of each example.

        Args:
            gradients: with respect to what the layer gives; behind the steps, a recurrent layer
                gives its final state.
        """
        rows, length = self.pads.shape
        final = [g for g in gradients if tuple(g.shape[-2:-1]) == (rows,) and g.numel() // rows]
        steps = [g for g in gradients if g.dim() > 2 and g.shape[0] == length]
        if self.recurrent and not steps and final:
            found = self.pads.new_zeros(rows, length, dtype=torch.float64)
            state = final[0].reshape(-1, *final[0].shape[-2:]).double()
            found[:, -1] = state.square().sum((0, 2)).sqrt().cpu()
            return found
        gradient = steps[0] if self.recurrent and steps else gradients[0]
        if gradient.dim() < 2 or gradient.shape[0] < 1:
            return None
        if self.joined:
            if gradient.shape[0] != rows * length:
                return None
            pair = (length, rows) if self.time_first else (rows, length)
            gradient = gradient.reshape(*pair, -1)
        if gradient.dim() < 3:
            return None
        gradient = gradient.transpose(0, 1) if self.time_first else gradient
        if tuple(gradient.shape[:2]) != (rows, length):
            return None
        return gradient.double().flatten(2).square().sum(2).sqrt().cpu()


class Sequences:
    """Looks at networks that read sequences.

    Args:
        ledger: where it is recorded.
        sources: tells the user's files.
    """

    def __init__(self, ledger: Ledger, sources: Sources) -> None:
        self._ledger = ledger
        self._sources = sources
        self._compared: set[int] = set()
        """Objectives whose weights were compared."""
        self._states: dict[int, _State] = {}
        self.attentions = Attentions(ledger)

    def look(
        self,
        objective: int,
        graph: Graph,
        match: Match,
        targets: Iterable[Target],
        *,
        extra: bool,
        first: bool,
    ) -> None:
        """Look at a graph that is not freed yet.

        Args:
            objective: number of the objective.
            graph: as walked.
            match: its operations.
            targets: the loss calls of this step.
            extra: a part of the backward pass may be run once more.
            first: the first step, which costs enough already.
        """
        self.attentions.look(objective, graph, match)
        if objective not in self._compared:
            self._compared.add(objective)
            self._twins(objective, graph, match)
        index: dict[int, int] = {}
        for target in targets:
            state = self._states.setdefault(target.loss, _State())
            padding = extra and not self._has_padding(state)
            ordering = not state.positioned and self._looks_at_order(state) < _LOOKS
            if target.made is None or not (padding or ordering):
                continue
            index = index or {n.sequence: i for i, n in enumerate(graph.nodes) if n.leaf is None}
            at = index.get(target.made, -1)
            view = None if at < 0 else View.of(graph, at, target.output)
            if view is None:
                state.quiet += 1
                state.positioned = True
                continue
            if padding and not (first and view.elements() > _SMALL):
                self._padding(objective, target, state, view, match)
            if ordering:
                self._ordering(objective, target, state, view, match)

    def _has_padding(self, state: _State) -> bool:
        looks = 0
        if state.padding is not None:
            looks = self._ledger.run.paddings[state.padding].looks
        return looks >= _EXTRA_LOOKS or state.quiet >= _LOOKS

    def _looks_at_order(self, state: _State) -> int:
        number = state.ordering
        return 0 if number is None else self._ledger.run.orderings[number].looks

    def _twins(self, objective: int, graph: Graph, match: Match) -> None:
        """Find the output layers that were copied from an embedding and are no copy any more."""
        leaves = {i: n.leaf for i, n in enumerate(graph.nodes) if n.leaf is not None}
        words = {n.inputs[0] for n in graph.nodes if n.kind == "embedding" and n.inputs}
        outputs = {
            i
            for node in graph.nodes
            if node.kind == "linear"
            for i in (_leaf_index(graph, j) for j in node.inputs)
            if i >= 0
        }
        for one in words & leaves.keys():
            for other in (outputs - words) & leaves.keys():
                if not _is_twin(leaves[one], leaves[other]):
                    continue
                number = self._ledger.next_number("twin")
                place = line_in(self._sources.own_files(), COPYING) or Place()
                pair = match.parameters[one], match.parameters[other]
                shape = tuple(leaves[one].shape)
                self._ledger.put(Twin(number, objective, *pair, place, shape))

    # Padding

    def _padding(
        self, objective: int, target: Target, state: _State, view: View, match: Match
    ) -> None:
        filled = next(_filled(view), None)
        shape = view.shape
        # One answer an example: an answer at padding may read it, and the loss leave it out.
        each = filled is not None and shape[1:2] == (filled.pads.shape[1],)
        if filled is None or each or len(shape) > 2 or len(view.between) > _MOST_NODES:
            state.quiet += 1
            return
        gradients = view.gradients(view.everything(), [filled.entry])
        parts = [] if not gradients else gradients[filled.entry]
        profile = filled.profile(parts) if parts else None
        if profile is None:
            state.quiet += 1
            return
        some = filled.pads.any(1)
        own, pads = profile[some], filled.pads[some]
        total = own.sum(1)
        if not bool((profile > 0).any()) or not bool(torch.isfinite(profile).all()):
            state.quiet += 1
            return
        # Behind the end of a packed sequence stand zeros, which depend on nothing.
        unread = float((total == 0).double().mean())
        own, pads, total = own[total > 0], pads[total > 0], total[total > 0]
        share = float(((own * pads).sum(1) / total).mean()) if len(own) else 0.0
        # Of the last step alone, not of all of them alike as a mean reads them.
        most = own.amax(1)
        last = (own[:, -1] >= 0.9 * most) & (most >= 1.5 * own.mean(1))
        reads_last = bool(last.double().mean() > 0.5) or unread > 0.5
        if state.padding is None:
            state.padding = self._ledger.next_number("padding")
            place = self._reader(view, match, reads_last)
            self._ledger.put(
                PaddingRead(
                    *(state.padding, objective, target.loss, place),
                    word=filled.word,
                    side="right" if filled.right else "left",
                    length=filled.pads.shape[1],
                    last=filled.right and reads_last,
                    silent=_is_silent(view, filled),
                )
            )
        fact = self._ledger.run.paddings[state.padding]
        known = fact.looks

        def mean(old: float, new: float) -> float:
            return (old * known + new) / (known + 1)

        attended = _attended(view.graph, view.between, filled)
        place = fact.place
        if place.line is None:
            place = self._reader(view, match, fact.last)
        self._ledger.change(
            fact,
            looks=known + 1,
            rows=mean(fact.rows, float(some.double().mean())),
            positions=mean(fact.positions, float(filled.pads.double().mean())),
            gradient=mean(fact.gradient, share),
            unread=mean(fact.unread, unread),
            attended=attended if attended is not None else fact.attended,
            place=place,
        )

    def _reader(self, view: View, match: Match, last: bool) -> Place:
        """The line that takes the last step, or the line that pools the steps or weighs them."""
        nodes = view.graph.nodes
        order = [i for i in reversed(view.between) if nodes[i].leaf is None]
        if last:
            for i in order:
                if nodes[i].name.startswith(("Select", "Slice", "Index", "Gather")):
                    place = self._place(match, i)
                    if place.line is not None:
                        return place
        wanted = ("recurrent",) if last else ("mean", "sum", "max_pool", "average_pool")
        for kinds in (wanted, ("attention", "softmax"), ("recurrent", "matmul", "linear")):
            for i in order:
                if nodes[i].kind in kinds:
                    place = self._place(match, i)
                    if place.line is not None:
                        return place
        return Place()

    def _place(self, match: Match, index: int) -> Place:
        if index in match.views:
            return match.views[index]
        operation = self._ledger.run.operations.get(match.operations[index])
        return Place() if operation is None else operation.place

    # Positions

    def _ordering(
        self, objective: int, target: Target, state: _State, view: View, match: Match
    ) -> None:
        found = _tokens(view)
        if found is None or not _is_blind(view, *found):
            state.positioned = True
            return
        entry, tokens, time_first = found
        rows = tokens.T if time_first else tokens
        pairs, contradicted, judged, told = _pairs(rows, target.kept, time_first)
        if state.ordering is None:
            state.ordering = self._ledger.next_number("ordering")
            place = self._place(match, entry)
            self._ledger.put(
                Ordering(state.ordering, objective, target.loss, place, length=rows.shape[1])
            )
        fact = self._ledger.run.orderings[state.ordering]
        both = fact.pairs + pairs
        share = (fact.contradicted * fact.pairs + contradicted) / both if both else 0.0
        told += round(fact.told * fact.judged)
        judged += fact.judged
        place = fact.place if fact.place.line is not None else self._place(match, entry)
        self._ledger.change(
            fact,
            looks=fact.looks + 1,
            pairs=both,
            contradicted=share,
            judged=judged,
            told=told / max(judged, 1),
            place=place,
        )


def _is_twin(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two weights are different memory that holds the same numbers, not all alike."""
    return (
        one.shape == other.shape
        and one.dtype == other.dtype
        and one.numel() >= _WEIGHTS
        and is_readable(one)
        and is_readable(other)
        and one.data_ptr() != other.data_ptr()
        and torch.equal(one.detach(), other.detach())
        and bool((one.detach() != one.detach().reshape(-1)[0]).any())
    )


def _leaf_index(graph: Graph, index: int) -> int:
    while index >= 0 and graph.nodes[index].leaf is None:
        node = graph.nodes[index]
        index = node.inputs[0] if node.kind == "view" and node.inputs else -1
    return index


# Which sequences are filled up


def _filled(view: View) -> Iterator[_Filled]:
    """The layers that read sequences which are filled up to one length."""
    rows = view.shape[0]
    for i in view.between:
        node = view.graph.nodes[i]
        shapes = getattr(node.handle, "_input_metadata", None)
        if not shapes or math.prod(shapes[0].shape) > _MOST:
            continue
        if node.kind == "embedding":
            found = _filled_words(node, i, rows)
        elif node.kind == "linear" and -1 in node.inputs:
            found = _filled_numbers(view.graph, node, i, rows)
        elif node.kind == "recurrent" and node.inputs[:1] == [-1]:
            found = _filled_steps(node, i, rows)
        else:
            continue
        if found is not None:
            yield found


def _filled_words(node: Node, index: int, rows: int) -> _Filled | None:
    tokens = read(node, "_saved_indices")
    if tokens is None or tokens.dim() != 2:
        return None
    tokens = tokens.cpu()
    given = int(getattr(node.handle, "_saved_padding_idx", -1))
    word = given if 0 <= given < 1 << 62 else None
    for time_first in (False, True):
        lines = tokens.T if time_first else tokens
        if lines.shape[0] != rows or lines.shape[1] < _SHORTEST or rows < _SHORTEST:
            continue
        for right in (True, False):
            end = lines[:, -1] if right else lines[:, 0]
            fill = int(end.mode().values) if word is None else word
            pads = _run(lines == fill, right)
            if pads is not None and (word is not None or _is_fill(pads)):
                return _Filled(index, pads, right, fill, time_first, False)
    return None


def _filled_numbers(graph: Graph, node: Node, index: int, rows: int) -> _Filled | None:
    data, edge = operand(graph, node)
    if data is None or edge >= 0 or data.dim() != 2 or data.shape[0] % rows or rows < _SHORTEST:
        return None
    length = data.shape[0] // rows
    if length < _SHORTEST:
        return None
    zero = (data == 0).all(1).cpu()
    for time_first in (True, False):
        lines = zero.reshape(length, rows).T if time_first else zero.reshape(rows, length)
        pads = _run(lines, True)
        if pads is not None and _is_fill(pads):
            return _Filled(index, pads, True, None, time_first, True)
    return None


def _filled_steps(node: Node, index: int, rows: int) -> _Filled | None:
    """Rows of zeros that a recurrent layer reads itself, from left to right."""
    data = read(node, "_saved_input")
    if data is None or data.dim() != 3 or data.shape[1] != rows or rows < _SHORTEST:
        return None
    if getattr(node.handle, "_saved_reverse", False) or data.shape[0] < _SHORTEST:
        return None
    pads = _run((data == 0).all(2).T.cpu(), True)
    if pads is None or not _is_fill(pads):
        return None
    return _Filled(index, pads, True, None, True, False, recurrent=True)


def _run(same: torch.Tensor, right: bool) -> torch.Tensor | None:
    """Where rows end (or begin) with something; None where it is found elsewhere, too."""
    turned = same.flip(1) if right else same
    run = turned.long().cumprod(1).bool()
    rest = turned & ~run
    outside = int((~run).sum())
    if float(run.any(1).double().mean()) < _ROWS or not outside:
        return None
    if int(rest.sum()) > _INSIDE * outside:
        return None
    return run.flip(1) if right else run


def _is_fill(pads: torch.Tensor) -> bool:
    """Whether what ends the rows is there to fill them up: runs of several lengths."""
    lengths = pads.sum(1)
    return bool((lengths >= 2).double().mean() >= _ROWS) and len(torch.unique(lengths)) > 2


def _is_silent(view: View, filled: _Filled) -> bool:
    """Whether padding adds nothing: a vector of zeros, and only sums behind it."""
    node = view.graph.nodes[filled.entry]
    if filled.word is None or node.kind != "embedding":
        return False
    weight = view.graph.nodes[node.inputs[0]].leaf if node.inputs and node.inputs[0] >= 0 else None
    if weight is None or weight.dim() != 2 or bool(weight.detach()[filled.word].any()):
        return False
    kinds = {view.graph.nodes[i].kind for i in view.between}
    return not kinds & {"attention", "softmax", "recurrent", "tanh", "sigmoid", "convolution"}


def _attended(graph: Graph, between: Sequence[int], filled: _Filled) -> float | None:
    """The share of attention that real positions pay to padding, in the first layer of it."""
    rows, length = filled.pads.shape
    for i in between:
        node = graph.nodes[i]
        if node.hidden:
            continue
        weights = None
        if node.kind == "softmax":
            weights = read(node, "_saved_result")
        elif node.kind == "attention":
            known = weights_of(node, rows)
            weights = None if known is None else known[0]
        if weights is None or weights.dim() < 3:
            continue
        examples, keys = weights.shape[0], weights.shape[-1]
        if not length <= keys <= length + _EXTRA:
            continue
        if examples % rows and node.kind == "softmax":
            continue
        heads = max(examples // rows, 1)
        examples = min(examples, max(1, _SOME * examples // weights.numel()))
        weights = weights[:examples]
        flat = weights.reshape(examples, -1, weights.shape[-2], keys).float().mean(1).cpu()
        pads = filled.pads[torch.arange(examples) // heads]
        # Tokens of the network's own stand before the words, or behind them.
        found = [_paid(flat, nn.functional.pad(pads, (keys - length, 0)))]
        if keys > length:
            found.append(_paid(flat, nn.functional.pad(pads, (0, keys - length))))
        return max(found)
    return None


def _paid(weights: torch.Tensor, pads: torch.Tensor) -> float:
    """The share that real queries pay to padding, mean over the examples that have some."""
    if weights.shape[1] == weights.shape[2]:
        # What padding looks at is no matter.
        weights = weights * ~pads[:, :, None]
    total = weights.sum((1, 2))
    some = pads.any(1) & (total > 0)
    paid = (weights * pads[:, None, :]).sum((1, 2))
    return float((paid[some] / total[some]).mean()) if bool(some.any()) else 0.0


# Whether positions are known


def _tokens(view: View) -> tuple[int, torch.Tensor, bool] | None:
    """The one embedding of words, its tokens, and whether time comes first."""
    nodes = view.graph.nodes
    entries = [i for i in view.between if nodes[i].kind == "embedding"]
    if len(entries) != 1:
        return None
    tokens = read(nodes[entries[0]], "_saved_indices")
    if tokens is None or tokens.dim() != 2:
        return None
    tokens = tokens.cpu()
    rows = view.shape[0]
    for time_first in (False, True):
        lines = tokens.T if time_first else tokens
        count, length = lines.shape
        fits = rows in (count, count * length) or (time_first and rows == length)
        if fits and count >= _SHORTEST and length >= _SHORTEST:
            return entries[0], tokens, time_first
    return None


_BLIND = frozenset(
    {"embedding", "layer_norm", "softmax", "mean", "sum", "max_pool", "dropout", "power"}
    | ACTIVATIONS
)
"""Operations that treat all positions alike."""

_BLIND_VIEWS = (
    *("View", "UnsafeView", "ReshapeAlias", "T", "Transpose", "Permute", "Expand", "Squeeze"),
    *("Unsqueeze", "Select", "Split", "UnsafeSplit", "Unbind", "Clone", "Alias", "ToCopy"),
    *("SplitWithSizes", "Contiguous", "Slice"),
)


def _is_blind(view: View, entry: int, tokens: torch.Tensor, time_first: bool) -> bool:
    """Whether no operation between the words and the prediction knows a position.

    Everything that is not known to treat all positions alike counts as one that does.
    """
    nodes = view.graph.nodes
    count, length = tokens.T.shape if time_first else tokens.shape
    softmaxes = [i for i in view.between if nodes[i].kind == "softmax"]
    scores = {j for i in softmaxes for j in _scores(view.graph, i)}
    fused = [i for i in view.between if nodes[i].kind == "attention"]
    sizes = {_shape(nodes[i])[-1] for i in softmaxes if _shape(nodes[i])}
    attends = bool(fused) or any(length <= size <= length + _EXTRA for size in sizes)
    return (
        attends
        and all(_is_blind_node(view, i, scores, count, length) for i in view.between)
        and not _merges_positions(view, length)
        and not _goes_step_by_step(view, length)
    )


def _is_blind_node(view: View, index: int, scores: set[int], count: int, length: int) -> bool:
    node = view.graph.nodes[index]
    if node.kind == "view":
        return node.name.startswith(_BLIND_VIEWS) and -1 not in node.inputs
    if node.kind == "attention":
        return _is_blind_attention(node)
    if node.kind == "softmax":
        return _is_blind_softmax(view.graph, index)
    if node.kind == "linear":
        return -1 not in node.inputs and _reads_positions_alike(view, node, count)
    if node.kind == "matmul":
        # What a product adds is looked into behind its softmax.
        return -1 not in node.inputs[-2:] and (-1 not in node.inputs or index in scores)
    if node.kind == "add":
        return index in scores if -1 in node.inputs else _has_small_leaves(view, node)
    if node.kind in ("multiply", "divide"):
        return _multiplies_blindly(view, node, length)
    if node.kind == "select":
        return node.name.startswith(("MaskedFill", "Where"))
    if node.kind == "join":
        # What is stacked was computed step by step.
        return (
            node.name.startswith("Cat") and -1 not in node.inputs and _joins_one_token(view, node)
        )
    return node.kind in _BLIND


def _scores(graph: Graph, index: int) -> list[int]:
    """The operations from a softmax back to the product that its scores come from."""
    path: list[int] = []
    at = index
    while graph.nodes[at].kind != "matmul":
        inputs = [i for i in graph.nodes[at].inputs if i >= 0]
        if len(inputs) != 1:
            break
        at = inputs[0]
        path.append(at)
    return path


def _is_blind_attention(node: Node) -> bool:
    if getattr(node.handle, "_saved_is_causal", False):
        return False
    mask = mask_of(node)
    # The same keys for every query: a mask of padding.
    return mask is None or bool((mask == mask[..., :1, :]).all())


def _is_blind_softmax(graph: Graph, index: int) -> bool:
    """Whether the same keys are open to all queries, and nothing but their products tells them.

    A mask that differs between queries tells them their places.
    """
    node = graph.nodes[index]
    weights = read(node, "_saved_result")
    if weights is None or weights.dim() < 3:
        return weights is not None
    # A few examples are enough, and so is what they say together.
    closed = weights[: max(1, _SOME * len(weights) // max(weights.numel(), 1))] == 0
    if not bool((closed == closed[..., :1, :]).all()):
        return False
    path = _scores(graph, index)
    adding = [graph.nodes[i] for i in path if graph.nodes[i].kind in ("add", "matmul")]
    if not any(-1 in n.inputs for n in adding):
        return True
    return _adds_nothing(graph, path[-1], path, weights)


def _adds_nothing(graph: Graph, product: int, path: Sequence[int], weights: torch.Tensor) -> bool:
    """Whether what is added to the scores only closes keys: computed again from what was saved."""
    node = graph.nodes[product]
    joined = len(node.inputs) > 2
    one = read(node, "_saved_batch1" if joined else "_saved_self")
    other = read(node, "_saved_batch2" if joined else "_saved_mat2")
    if one is None or other is None or one.dim() != 3:
        return False
    factor = 1.0
    for i in path:
        step = graph.nodes[i]
        if step.kind in ("multiply", "divide"):
            value = factor_of(step)
            if value is None:
                return False
            factor *= value
    flat = weights[:4].reshape(-1, *weights.shape[-2:])[:4].float()
    scores = torch.bmm(one[:4], other[:4]).float() * factor
    if scores.shape != flat.shape:
        return False
    rest = torch.where(flat > 0, flat.clamp(min=1e-38).log() - scores, 0.0)
    mean = rest.sum(-1, keepdim=True) / (flat > 0).sum(-1, keepdim=True).clamp(min=1)
    return bool((torch.where(flat > 0, rest - mean, 0.0).abs() < 1e-2).all())


def _reads_positions_alike(view: View, node: Node, count: int) -> bool:
    """Whether a layer reads one position at a time, or what is no sequence any more."""
    data, _ = operand(view.graph, node)
    return data is not None and data.shape[0] % count == 0


def _merges_positions(view: View, length: int) -> bool:
    """Whether positions and features become one dimension, which tells positions apart."""
    for i in view.between:
        node = view.graph.nodes[i]
        if not node.name.startswith(("View", "UnsafeView", "Reshape")):
            continue
        sizes = getattr(node.handle, "_saved_self_sym_sizes", None)
        if sizes is None:
            continue
        before, after = [int(s) for s in sizes], _shape(node)
        if len(before) < 3 or len(after) >= len(before):
            continue
        if after[-1] != before[-1] and after[-1] == before[-1] * before[-2] == length * before[-1]:
            return True
    return False


def _goes_step_by_step(view: View, length: int) -> bool:
    """Whether single steps are taken out of a sequence: a recurrent layer, written out or not."""
    taken = 0
    for i in view.between:
        node = view.graph.nodes[i]
        if node.name.startswith("Unbind"):
            if length <= len(node.handle._input_metadata) <= length + _EXTRA:
                return True
        elif node.name.startswith(("Select", "Slice")):
            sizes = getattr(node.handle, "_saved_self_sym_sizes", None)
            if sizes is None:
                # A part of a nested tensor: what it was taken out of is not known.
                return True
            size = int(sizes[signed(node.handle._saved_dim)])
            taken += length <= size <= length + _EXTRA
    # The class token is taken out by one, and what follows it by another.
    return taken > _TAKEN


def _has_small_leaves(view: View, node: Node) -> bool:
    """No table of positions: weights of one dimension at most."""
    leaves = (_leaf(view, i) for i in node.inputs)
    return all(leaf is None or leaf.dim() < 2 for leaf in leaves)


def _joins_one_token(view: View, node: Node) -> bool:
    """Whether tensors are joined, and no weight but a token of the network's own."""
    width = (_shape(node) or (0,))[-1]
    leaves = (_leaf(view, i) for i in node.inputs)
    return all(leaf is None or leaf.numel() <= width for leaf in leaves)


def _leaf(view: View, index: int) -> torch.Tensor | None:
    nodes = view.graph.nodes
    while index >= 0:
        if nodes[index].leaf is not None:
            return nodes[index].leaf
        if nodes[index].kind != "view" or not nodes[index].inputs:
            return None
        index = nodes[index].inputs[0]
    return None


def _multiplies_blindly(view: View, node: Node, length: int) -> bool:
    """A number, a mask (of dropout, of padding), a count of words, or a weight of features."""
    if -1 not in node.inputs:
        return _has_small_leaves(view, node)
    names = ("_saved_other", "_saved_self")
    factors = [f for f in (read(node, name) for name in names) if f is not None]
    factor = next((f for f in factors if not f.requires_grad), None)
    if len(factors) > 1 and node.inputs[0] == -1:
        factor = factors[1]
    elif len(factors) > 1:
        factor = factors[0]
    if factor is None or factor.numel() == 1 or length not in factor.shape:
        return True
    values = torch.unique(factor.reshape(-1)[:4096])
    return len(values) <= 2 and bool((values == 0).any())


def _pairs(
    rows: torch.Tensor, kept: torch.Tensor | None, time_first: bool
) -> tuple[int, int, int, int]:
    """Equal words of one example, and what words at other places tell.

    Returns:
        Pairs of equal words of one example, and how many of them have different targets; pairs of
        examples with the same word at the place that tells most of a target, and how many more of
        them have the same target than such pairs have by chance.
    """
    count, length = rows.shape
    if kept is None or kept.numel() != count * length or length > _LONGEST:
        return 0, 0, 0, 0
    if kept.dim() == 2:
        wanted = kept if tuple(kept.shape) == (count, length) else kept.T
    else:
        wanted = kept.reshape(length, count).T if time_first else kept.reshape(count, length)
    if tuple(wanted.shape) != (count, length):
        return 0, 0, 0, 0
    rows, wanted = rows[:_PAIR_ROWS], wanted[:_PAIR_ROWS]
    ahead = torch.ones(length, length, dtype=torch.bool).triu(1)
    counted = wanted >= 0
    equal = (rows[:, :, None] == rows[:, None, :]) & ahead
    equal &= counted[:, :, None] & counted[:, None, :]
    differ = equal & (wanted[:, :, None] != wanted[:, None, :])
    return int(equal.sum()), int(differ.sum()), *_told(rows, wanted)


def _told(rows: torch.Tensor, wanted: torch.Tensor) -> tuple[int, int]:
    """Whether a word at one place tells the target at another.

    For each place of a target, the place of a word that tells most is chosen by one half of the
    pairs of examples, and judged by the other.
    """
    one, other = torch.triu_indices(len(rows), len(rows), 1)
    counted = (wanted[one] >= 0) & (wanted[other] >= 0)
    same = ((wanted[one] == wanted[other]) & counted).double()
    words = (rows[one] == rows[other]).double()
    counts = counted.double()
    half = (one + other) % 2 == 1
    best = (same[half].T @ words[half] / (counts[half].T @ words[half]).clamp(min=1)).argmax(1)
    at = torch.arange(len(best))
    seen = (counts[~half].T @ words[~half])[at, best]
    right = (same[~half].T @ words[~half])[at, best]
    chance = same.sum(0) / counts.sum(0).clamp(min=1)
    return int(seen.sum()), round(float((right - seen * chance).sum()))


def _shape(node: Node) -> tuple[int, ...]:
    metadata: Any = getattr(node.handle, "_input_metadata", None)
    try:
        return tuple(int(s) for s in metadata[0].shape) if metadata else ()
    except RuntimeError:
        # A nested tensor has no shape.
        return ()
