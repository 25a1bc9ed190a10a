"""From graphs to the operations of a run: each with its layer, its source line and its inputs."""

from __future__ import annotations

__all__ = ["Match", "Program"]

import itertools
import os
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import torch

from trainwell.hooks.identity import IdentityMap
from trainwell.probes.graph import VIEWS, Graph, Node
from trainwell.probes.ledger import Ledger
from trainwell.probes.modules import Modules
from trainwell.probes.parameters import Parameters, shape_of
from trainwell.probes.places import Sources
from trainwell.probes.step_state import StepState
from trainwell.record import Operation, Place
from trainwell.record.facts import Detail

_SIGNATURE_LIMIT = 24
"""Structures remembered at most; a program with more (sequences of any length) is traced afresh at
every look instead."""


_VIEW_LIMIT = 512
"""Views of one graph whose lines are kept."""

_DROPOUT_MODULE = os.path.join("torch", "nn", "modules", "dropout.py")


@dataclass(frozen=True)
class Match:
    """A graph recognised.

    Attributes:
        operations: number of the operation of each node; -1 for leaves and views.
        parameters: number of the parameter of each leaf node; -1 for the others.
        networks: numbers of the networks whose parameters are in the graph.
        root: number of the operation that made the loss, or None.
        placed: the source lines of its operations are known.
        views: the source lines of views, by node, as far as known.
    """

    operations: list[int]
    parameters: list[int]
    networks: tuple[int, ...]
    root: int | None
    placed: bool
    views: dict[int, Place] = field(default_factory=dict)


@dataclass
class _Reading:
    """What a node's result comes from, views looked through."""

    operations: tuple[int, ...] = ()
    parameters: tuple[int, ...] = ()


class Program:
    """Knows the operations of a run, and finds them again in later graphs."""

    def __init__(
        self,
        ledger: Ledger,
        modules: Modules,
        parameters: Parameters,
        sources: Sources,
        here: StepState,
    ) -> None:
        self._ledger = ledger
        self._here = here
        self._modules = modules
        self._parameters = parameters
        self._sources = sources
        self._matches: dict[Hashable, Match] = {}
        self._tokens: IdentityMap[torch.Tensor, int] = IdentityMap()
        self._count = itertools.count()
        self._keys: dict[Hashable, int] = {}
        self._traced_once = False

    def token(self, parameter: torch.Tensor) -> int:
        """A number that this very tensor has in signatures of graphs, and no other one ever."""
        return self._tokens.setdefault(parameter, lambda: next(self._count))

    @property
    def shapeless(self) -> bool:
        """The graph has had too many structures to remember: trace at every look."""
        return len(self._matches) >= _SIGNATURE_LIMIT

    def knows(self, graph: Graph) -> bool:
        """Whether this structure was matched, with its source lines, before."""
        match = self._matches.get(graph.signature)
        return match is not None and match.placed

    def match(self, graph: Graph, objective: int) -> Match:
        """Recognise a graph, or learn it.

        Args:
            graph: as walked; with stacks in its nodes' metadata if anomaly mode was on.
            objective: number of the objective whose graph it is.
        """
        known = self._matches.get(graph.signature)
        traced = self._traced(graph)
        if known is not None and (known.placed or not traced):
            return known
        if not traced and self._traced_once:
            # Without source lines its operations cannot be told from those that are known.
            return self._weights_only(graph)
        self._traced_once = self._traced_once or traced
        match = self._learn(graph, objective, traced)
        if len(self._matches) < _SIGNATURE_LIMIT or known is not None:
            self._matches[graph.signature] = match
        return match

    def _weights_only(self, graph: Graph) -> Match:
        bare: dict[tuple[int, ...], int] = {}
        parameters = [-1] * len(graph.nodes)
        for index, node in enumerate(graph.nodes):
            if node.leaf is not None:
                shape = shape_of(node.leaf)
                parameters[index] = self._parameters.number(node.leaf, bare.get(shape, 0))
                bare[shape] = bare.get(shape, 0) + 1
        networks = {self._ledger.run.parameters[p].network for p in parameters if p >= 0}
        known = tuple(sorted(n for n in networks if n is not None))
        return Match([-1] * len(graph.nodes), parameters, known, None, placed=False)

    def _traced(self, graph: Graph) -> bool:
        # The first operations may have been made before tracing began: ask the last one.
        return any("traceback_" in graph.nodes[r].handle.metadata for r in graph.roots)

    def _learn(self, graph: Graph, objective: int, traced: bool) -> Match:
        layers = self._layers(graph)
        readings: list[_Reading] = []
        operations: list[int] = []
        parameters: list[int] = []
        bare: dict[tuple[int, ...], int] = {}
        ordinals: dict[Hashable, int] = {}
        views: dict[int, Place] = {}
        for index, node in enumerate(graph.nodes):
            operation = parameter = -1
            if node.leaf is not None:
                shape = shape_of(node.leaf)
                parameter = self._parameters.number(node.leaf, bare.get(shape, 0))
                bare[shape] = bare.get(shape, 0) + 1
                reading = _Reading(parameters=(parameter,))
            else:
                reading = _merge([readings[i] for i in node.inputs if i >= 0])
                if node.kind not in VIEWS:
                    operation = self._operation(
                        node, reading, layers.get(index), objective, ordinals
                    )
                    reading = _Reading(operations=(operation,))
                elif len(views) < _VIEW_LIMIT and reading.operations:
                    traceback = node.handle.metadata.get("traceback_")
                    if traceback:
                        views[index] = self._sources.stack(traceback)[0]
            readings.append(reading)
            operations.append(operation)
            parameters.append(parameter)
        roots = [n for r in graph.roots for n in readings[r].operations]
        found = self._ledger.run.parameters
        networks = {found[p].network for p in parameters if p >= 0}
        return Match(
            operations,
            parameters,
            tuple(sorted(n for n in networks if n is not None)),
            roots[0] if roots else None,
            traced,
            views,
        )

    def _layers(self, graph: Graph) -> dict[int, tuple[int, str]]:
        """Index of a node to (network, layer) of the module that returned its result."""
        found: dict[int, tuple[int, str]] = {}
        if not self._here.made:
            return found
        for index in range(len(graph.nodes) - 1, -1, -1):
            node = graph.nodes[index]
            made = self._here.made.get(node.handle) or found.get(index)
            if made is None:
                continue
            found[index] = made
            if node.kind in VIEWS and len(node.inputs) == 1 and node.inputs[0] >= 0:
                # A layer that returns a view (Linear on three dimensions) made what is viewed.
                found.setdefault(node.inputs[0], made)
        return found

    def _operation(
        self,
        node: Node,
        reading: _Reading,
        layer: tuple[int, str] | None,
        objective: int,
        ordinals: dict[Hashable, int],
    ) -> int:
        run = self._ledger.run
        if traceback := node.handle.metadata.get("traceback_"):
            node.kind = "dropout" if _is_dropout(node.kind, traceback) else node.kind
        own = [run.parameters[p] for p in reading.parameters]
        before = [run.operations[o] for o in reading.operations]
        # What the root itself returns is no layer of its own.
        path = (
            layer[1]
            if layer and layer[1]
            else next((p.layer for p in own if p.layer is not None), None)
        )
        place, contained = self._sources.stack(traceback) if traceback else (Place(), False)
        if contained and layer is not None and layer[1]:
            place = self._modules.built_at(*layer) or place
        elif contained and own and own[0].network is not None and path is not None:
            place = self._modules.built_at(own[0].network, path) or place
        after = next((o for o in before if o.place.layer is not None), None)
        if path is None and after is not None and after.place.layer is not None:
            tail = after.place.layer.removeprefix("after ")
            path = f"after {tail.split(' after ')[-1]}"
        place = Place(path, place.file, place.line, place.code)
        key: Hashable = (node.kind, path, place.file, place.line, reading.parameters)
        if place.file is None:
            ordinals[key] = ordinals.get(key, -1) + 1
            key = (key, ordinals[key])
        details = _details(node, [p.shape for p in own if p.is_weight])
        if node.kind == "dropout" and any(_DROPOUT_MODULE in frame for frame in traceback or ()):
            details["by_module"] = True
        reads_data = -1 in node.inputs and not reading.operations
        if node.kind == "multiply" and -1 in node.inputs and reading.operations:
            details["beside_data"] = True
        number = self._keys.get(key)
        if number is not None:
            known = run.operations[number]
            inputs = tuple(dict.fromkeys((*known.inputs, *reading.operations)))
            self._ledger.change(known, inputs=tuple(i for i in inputs if i != number))
            return number
        number = self._keys[key] = self._ledger.next_number("operation")
        depth = max((o.depth for o in before), default=0) + any(p.is_weight for p in own)
        self._ledger.put(
            Operation(
                number=number,
                kind=node.kind,
                name=node.name,
                objective=objective,
                place=place,
                inputs=reading.operations,
                parameters=reading.parameters,
                shape=_shape(node.handle),
                depth=depth,
                details=details,
                reads_data=reads_data,
            )
        )
        return number


def _is_dropout(kind: str, traceback: list[str]) -> bool:
    """On a CPU dropout is a product with a mask: only the stack tells."""
    return kind == "multiply" and any(", in dropout\n" in frame for frame in traceback[-2:])


def _merge(readings: list[_Reading]) -> _Reading:
    operations = dict.fromkeys(o for r in readings for o in r.operations)
    parameters = dict.fromkeys(p for r in readings for p in r.parameters)
    return _Reading(tuple(operations), tuple(parameters))


def _shape(handle: Any) -> tuple[int, ...]:
    metadata = getattr(handle, "_input_metadata", None)
    try:
        return tuple(int(s) for s in metadata[0].shape) if metadata else ()
    except RuntimeError:
        # A nested tensor has no shape.
        return ()


def _details(node: Node, weights: list[tuple[int, ...]]) -> dict[str, Detail]:
    found: dict[str, Detail] = {}
    handle = node.handle
    if node.kind in ("softmax", "log_softmax"):
        shape = _shape(handle)
        dim = int(handle._saved_dim)
        # Saved as an unsigned number: -1 comes back as 2**64 - 1.
        dim = dim - (1 << 64) if dim >= 1 << 63 else dim
        found = {"dim": dim, "size": shape[dim] if shape else 1}
    elif node.kind == "convolution":
        found = {
            "groups": int(handle._saved_groups),
            "transposed": bool(handle._saved_transposed),
        }
    elif node.kind == "batch_norm":
        found = {"training": bool(getattr(handle, "_saved_training", True))}
    if weights:
        found["weight"] = list(weights[0])
    return found
