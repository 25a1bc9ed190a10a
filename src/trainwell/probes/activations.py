"""What the operations put out at one step, read from the tensors that autograd saved."""

from __future__ import annotations

__all__ = ["Activations"]

from collections import deque
from typing import Any

import torch

from trainwell.hooks.guard import Guard, is_readable, plain
from trainwell.measures.activations import (
    active_units,
    example_spread,
    root_mean_square,
    saturated_share,
)
from trainwell.measures.features import ColumnStatistics
from trainwell.measures.samples import every_nth, unit_rows
from trainwell.probes.graph import ACTIVATIONS, VIEWS, Graph, Node
from trainwell.probes.ledger import Ledger
from trainwell.probes.program import Match
from trainwell.record import Features

_RESULT = {
    "relu": "_saved_result",
    "sigmoid": "_saved_result",
    "tanh": "_saved_result",
    "elu": "_saved_result",
    "leaky_relu": "_saved_self",
    "gelu": "_saved_self",
    "silu": "_saved_self",
    "softplus": "_saved_self",
    "hardtanh": "_saved_self",
}
"""Where autograd keeps an activation: its result, or (good enough for its scale) its input."""


_WINDOW = 5
"""Looks over which a unit must stay silent to count as silent: a unit that is zero on one batch
only is doing its work."""

_OPERAND_LOOKS = 4
"""Looks at which the operands of powers are measured."""

_FEATURE_LOOKS = 24
"""Looks at which the data's columns are measured, spaced ever wider after that."""


class Activations:
    """Measures activations and data at looks."""

    def __init__(self, ledger: Ledger, guard: Guard) -> None:
        self._ledger = ledger
        self._guard = guard
        self._active: dict[int, deque[torch.Tensor]] = {}
        self._columns: dict[int, tuple[int, ColumnStatistics]] = {}
        self._turn = 0

    def look(self, graph: Graph, match: Match, step: int) -> None:
        """Measure every operation of a graph that has something to show."""
        self._turn += 1
        fed: set[int] = set()
        for index, node in enumerate(graph.nodes):
            number = match.operations[index]
            if number >= 0 and not node.hidden:
                self._guard.part(
                    "activations", number, self._operation, graph, index, number, fed, step
                )

    def _operation(self, graph: Graph, index: int, number: int, fed: set[int], step: int) -> None:
        node = graph.nodes[index]
        if node.kind in ACTIVATIONS:
            saved = read(node, _RESULT.get(node.kind, "_saved_result"))
            if saved is not None and saved.dim() >= 2 and saved.numel():
                self._activation(number, node.kind, saved, _unit_dim(graph, node), step)
                fed.add(index)
        elif node.kind in ("linear", "convolution", "recurrent", "batch_norm"):
            self._reader(graph, node, number, fed, step)
        elif self._ledger.run.operations[number].kind == "dropout":
            # On later looks no stack tells it from another product: the record does.
            self._dropped(node, number, step)
        elif node.kind in ("power", "absolute") and self._turn <= _OPERAND_LOOKS:
            # A loss written by hand: what is squared is prediction minus target.
            saved = read(node, "_saved_self")
            if saved is not None and saved.is_floating_point():
                rms = root_mean_square(every_nth(saved, 4096).float())
                self._ledger.measure("operation", number, "operand_rms", step, rms)

    def _activation(
        self, number: int, kind: str, saved: torch.Tensor, unit_dim: int, step: int
    ) -> None:
        rows = unit_rows(saved, unit_dim, turn=self._turn)
        measure = self._ledger.measure
        measure("operation", number, "rms", step, root_mean_square(rows))
        measure("operation", number, "spread", step, example_spread(rows))
        if kind == "relu":
            window = self._active.setdefault(number, deque(maxlen=_WINDOW))
            active = active_units(rows)
            if window and window[0].shape != active.shape:
                window.clear()
            window.append(active)
            if len(window) == _WINDOW:
                silent = ~torch.stack(list(window)).any(0)
                measure("operation", number, "silent_share", step, float(silent.float().mean()))
        elif kind in ("sigmoid", "tanh"):
            measure("operation", number, "saturated_share", step, saturated_share(rows, kind))
            measure("operation", number, "mean", step, float(rows.mean()))

    def _reader(self, graph: Graph, node: Node, number: int, fed: set[int], step: int) -> None:
        data, edge = operand(graph, node)
        if data is None or data.dim() < 2 or not data.numel() or not data.is_floating_point():
            return
        channels = node.kind in ("convolution", "batch_norm") and data.dim() > 2
        if node.kind == "batch_norm":
            values = data.numel() // max(data.shape[1], 1)
            self._ledger.measure("operation", number, "norm_values", step, values)
        if edge < 0:
            self._data(node, number, data, channels, step)
        if edge < 0 or not self._from_activation(graph, edge, fed):
            rows = unit_rows(data, 1 if channels else -1, turn=self._turn)
            self._ledger.measure("operation", number, "input_rms", step, root_mean_square(rows))
            self._ledger.measure("operation", number, "input_spread", step, example_spread(rows))

    def _dropped(self, node: Node, number: int, step: int) -> None:
        """The share that a dropout set to zero: from its mask, a factor of the product."""
        for name in ("_saved_result1", "_saved_other", "_saved_self"):
            mask = read(node, name)
            if mask is not None and mask.numel():
                share = float((every_nth(mask, 4096) == 0).float().mean())
                self._ledger.measure("operation", number, "dropped_share", step, share)
                return

    def _from_activation(self, graph: Graph, edge: int, fed: set[int]) -> bool:
        while graph.nodes[edge].kind in VIEWS and graph.nodes[edge].inputs[:1] not in ([], [-1]):
            edge = graph.nodes[edge].inputs[0]
        return edge in fed

    def _data(self, node: Node, number: int, data: torch.Tensor, channels: bool, step: int) -> None:

        if number not in self._columns:
            fact = self._ledger.next_number("features")
            self._columns[number] = (fact, ColumnStatistics())
            place = self._ledger.run.operations[number].place
            self._ledger.put(Features(fact, number, place, is_pictures=channels))
        fact, columns = self._columns[number]
        looks = self._turn
        if looks > _FEATURE_LOOKS and looks & (looks - 1) and bool(torch.isfinite(data).all()):
            return
        flat = data.movedim(1, -1) if channels else data
        if channels:
            # A few positions of every picture: each channel is one column.
            flat = flat[:, :: max(1, flat.shape[1] // 8)]
        flat = flat.reshape(-1, flat.shape[-1])
        if columns.rows and flat.shape[1] != columns.total_columns:
            return
        before = columns.non_finite
        columns.add(flat, data.flatten(1) if channels else None)
        known = self._ledger.run.features[fact]
        first_bad = step if columns.non_finite > before else None
        self._ledger.change(
            known,
            columns=columns.total_columns,
            rows=columns.rows,
            example_norm=columns.example_norm(),
            non_finite=columns.non_finite,
            non_finite_step=known.non_finite_step if known.non_finite else first_bad,
            **columns.lists(),
        )
        if not looks & (looks - 1) or looks == _FEATURE_LOOKS:
            # Sorting is the dear part: not at every look.
            known = self._ledger.run.features[fact]
            self._ledger.change(known, **columns.spans())


def read(node: Node, attribute: str) -> torch.Tensor | None:
    """A saved tensor, detached; None when it is not there (any more), changed, or hidden."""
    if node.hidden:
        return None
    try:
        saved: Any = plain(getattr(node.handle, attribute, None))
    except RuntimeError:
        # Freed by an earlier backward, or overwritten in place: backward will say so itself.
        return None
    return saved.detach() if is_readable(saved) else None


def operand(graph: Graph, node: Node) -> tuple[torch.Tensor | None, int]:
    """What a layer reads beside its weights: the tensor, and the index of the node that made it.

    The index is -1 for data; the tensor is None where autograd did not keep it.
    """
    inputs = node.inputs
    if node.kind == "linear" and node.name.startswith("Addmm") and len(inputs) == 3:
        if _is_weight(graph, inputs[2]):
            return read(node, "_saved_mat1"), inputs[1]
        return read(node, "_saved_mat2"), inputs[2]
    if node.kind == "linear" and node.name.startswith("Mm") and len(inputs) == 2:
        if _is_weight(graph, inputs[1]):
            return read(node, "_saved_self"), inputs[0]
        if _is_weight(graph, inputs[0]):
            return read(node, "_saved_mat2"), inputs[1]
        return None, 0
    if node.kind in ("convolution", "recurrent", "batch_norm"):
        return read(node, "_saved_input"), inputs[0] if inputs else -1
    return None, 0


def _is_weight(graph: Graph, index: int) -> bool:
    while index >= 0:
        node = graph.nodes[index]
        if node.leaf is not None:
            return True
        if node.kind not in VIEWS or not node.inputs:
            return False
        index = node.inputs[0]
    return False


def _unit_dim(graph: Graph, node: Node) -> int:
    """1 behind a convolution (channels), else the last dimension."""
    at = node
    for _ in range(8):
        index = next((i for i in at.inputs if i >= 0), -1)
        if index < 0:
            return -1
        at = graph.nodes[index]
        if at.kind == "convolution":
            return 1
        if at.kind not in ("batch_norm", "layer_norm", "max_pool", "average_pool", "add"):
            return -1
    return -1
