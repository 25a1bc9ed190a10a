"""A sampled step: what is read of its graph, where numbers are lost, which graphs outlive it."""

from __future__ import annotations

__all__ = ["KeptGraphs", "Look", "Looks", "Origin", "gradient_suspect", "origin"]

import math
import weakref
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from threading import get_ident
from typing import cast

import torch

from trainwell.hooks.guard import Guard, is_readable
from trainwell.probes.activations import Activations, operand, read
from trainwell.probes.dependence import Dependences, may_run_again
from trainwell.probes.graph import Graph, Node
from trainwell.probes.ledger import Ledger
from trainwell.probes.losses import Losses
from trainwell.probes.modules import Modules
from trainwell.probes.objectives import Watched
from trainwell.probes.parameters import Parameters
from trainwell.probes.places import Sources
from trainwell.probes.program import Match, Program
from trainwell.probes.sequences import Sequences
from trainwell.probes.step_state import StepState
from trainwell.probes.updates import Updates
from trainwell.record import Detail, Place

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


_KEY = "trainwell"
_LIMIT = 4096
"""Marks that are followed at most; a script that keeps as many is caught long before."""


class _Mark:
    """Put into a graph node's metadata, it lives exactly as long as the node in C++ does.

    A node's Python object cannot serve: it dies as soon as nobody holds it, and the node lives on.
    """

    __slots__ = ("__weakref__",)


@dataclass
class _Seen:
    objective: int
    node: weakref.ref[_Mark]
    loss: weakref.ref[torch.Tensor]


class KeptGraphs:
    """Marks the losses of looks, and counts at later looks which of them are still there.

    Nothing is kept alive by it: the graph holds the mark, and the mark is held weakly.

    Args:
        ledger: where the counts are recorded.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seen: list[_Seen] = []

    def look(self, objective: int, roots: Sequence[torch.Tensor], step: int) -> None:
        """Count what is left of the looks before this one, and mark this one.

        Args:
            objective: number of the objective.
            roots: what its `backward()` is called on; the graph is not freed yet.
            step: the step.
        """
        self._seen = [s for s in self._seen if s.node() is not None]
        kept = [s for s in self._seen if s.objective == objective]
        self._ledger.measure("objective", objective, "kept_graphs", step, len(kept))
        held = sum(s.loss() is not None for s in kept)
        self._ledger.measure("objective", objective, "kept_losses", step, held)
        for root in roots[:1]:
            node = root.grad_fn
            if node is None or len(self._seen) >= _LIMIT:
                continue
            # PyTorch's stub takes the property for a method.
            metadata = cast("dict[str, object]", node.metadata)
            if _KEY in metadata:
                # Its backward is called a second time.
                continue
            mark = metadata[_KEY] = _Mark()
            self._seen.append(_Seen(objective, weakref.ref(mark), weakref.ref(root)))


@dataclass
class Look:
    """What the beginning of a backward hands on to its end.

    Attributes:
        graph: as it was walked; None when this step is not looked at.
        scale: what a gradient scaler multiplied the loss by.
        cost: seconds spent on it so far.
    """

    watched: Watched
    graph: Graph | None
    scale: float
    cost: float


class Looks:
    """Reads a graph before its backward frees it."""

    def __init__(
        self,
        ledger: Ledger,
        modules: Modules,
        parameters: Parameters,
        program: Program,
        losses: Losses,
        updates: Updates,
        guard: Guard,
        here: StepState,
        sources: Sources,
    ) -> None:
        self._ledger = ledger
        self._modules = modules
        self._parameters = parameters
        self._program = program
        self._losses = losses
        self._updates = updates
        self._guard = guard
        self._here = here
        self.activations = Activations(ledger, guard)
        self.dependences = Dependences(ledger, sources, modules.class_of)
        self.sequences = Sequences(ledger, sources)

    def look(self, watched: Watched, graph: Graph, step: int, *, created: bool) -> None:
        """Read a graph.

        Args:
            watched: the objective whose graph it is.
            graph: as walked, not freed yet.
            step: the step.
            created: backward was called with `create_graph=True`.
        """
        match = self._program.match(graph, watched.fact)
        watched.wants_lines = not match.placed or self._program.shapeless
        part = self._guard.part
        part("names of parameters", None, self._parameters.rename)
        self.activations.look(graph, match, step)
        tensors: dict[int, torch.Tensor] = {}
        for number, node in zip(match.parameters, graph.nodes, strict=True):
            if number >= 0 and node.leaf is not None:
                tensors[number] = node.leaf
                self._parameters.stands_for(number, node.leaf)
        part("layers made anew", None, self._made_anew, graph, match, step)
        part("updates", None, self._updates.begin, tensors, watched.fact, step)
        part("gradients", None, self._remember, watched, graph, match, tensors)
        part("losses", None, self._link_losses, watched, graph, match)
        part("dependence", None, self._depend, watched, graph, match)
        part("sequences", None, self._sequences, watched, graph, match)
        part("modes", None, self._count_passes, match)
        self._record(watched, graph, match, tensors, created)

    def lost(self, watched: Watched, graph: Graph, step: int) -> None:
        """Find where the objective's first NaN or infinite loss came from."""
        match = self._program.match(graph, watched.fact)
        found = origin(graph)
        where: dict[str, Detail] = {"step": step, "value": watched.lost_value}
        if found is not None:
            number = match.operations[found.node]
            where |= {"reason": found.reason, "source": found.source}
            if number >= 0:
                where["operation"] = number
        known = self._ledger.run.objectives[watched.fact]
        if known.non_finite is None:
            self._ledger.change(known, non_finite=where)

    def gradient_lost(self, watched: Watched, step: int) -> None:
        """Record the objective's first gradients that are not finite."""
        known = self._ledger.run.objectives[watched.fact]
        if known.non_finite_gradient is not None:
            return
        own = watched.parameters if watched.thread == get_ident() else {}
        bad = [
            n
            for n, r in own.items()
            if (t := r()) is not None and is_readable(t.grad) and not torch.isfinite(t.grad).all()
        ]
        names: list[Detail] = [self._ledger.run.parameters[n].name for n in bad[:16]]
        body: dict[str, Detail] = {
            "step": step,
            "parameters": names,
            "share": len(bad) / max(len(watched.parameters), 1),
        }
        if watched.suspect is not None:
            body |= watched.suspect
        self._ledger.change(known, non_finite_gradient=body)

    def _remember(
        self, watched: Watched, graph: Graph, match: Match, tensors: dict[int, torch.Tensor]
    ) -> None:
        watched.parameters = {n: weakref.ref(t) for n, t in tensors.items()}
        early = [t for t in list(tensors.values())[:4] if is_readable(t) and t.is_floating_point()]
        canary = min(early, key=torch.Tensor.numel, default=None)
        watched.canary = None if canary is None else weakref.ref(canary)
        watched.thread = get_ident()
        suspect = gradient_suspect(graph)
        if suspect is not None and match.operations[suspect.node] >= 0:
            number = match.operations[suspect.node]
            watched.suspect = {"operation": number, "reason": suspect.reason}

    def _link_losses(self, watched: Watched, graph: Graph, match: Match) -> None:
        linked = self._here.losses
        if not linked:
            return
        index = {node.sequence: i for i, node in enumerate(graph.nodes) if node.leaf is None}
        for target in linked:
            at = -1 if target.made is None else index.get(target.made, -1)
            while at >= 0 and match.operations[at] < 0:
                at = graph.nodes[at].inputs[0] if graph.nodes[at].inputs else -1
            if at >= 0:
                self._losses.link(target.loss, watched.fact, match.operations[at])

    def _made_anew(self, graph: Graph, match: Match, step: int) -> None:
        operations = self._ledger.run.operations
        readers: dict[int, Place] = {}
        for node, number in zip(graph.nodes, match.operations, strict=True):
            if number >= 0:
                for i in node.inputs:
                    readers.setdefault(i, operations[number].place)
        weights = [
            (node.leaf, readers.get(i, Place()))
            for i, node in enumerate(graph.nodes)
            if isinstance(node.leaf, torch.nn.Parameter)
        ]
        self._modules.rebuilding.reached(weights, self._is_held, step)

    def _is_held(self, tensor: torch.Tensor) -> bool:
        return self._modules.owner(tensor)[0] is not None

    def _depend(self, watched: Watched, graph: Graph, match: Match) -> None:
        targets = self._here.losses
        if self._here.hooked or not targets:
            return
        if self.dependences.wanted(targets):
            first = not watched.schedule.looks
            self.dependences.look(watched.fact, graph, match, targets, first=first)
            watched.wants_lines = watched.wants_lines or self.dependences.wants_lines

    def _sequences(self, watched: Watched, graph: Graph, match: Match) -> None:
        extra = not self._here.hooked and may_run_again()
        first = not watched.schedule.looks
        self.sequences.look(watched.fact, graph, match, self._here.losses, extra=extra, first=first)

    def _count_passes(self, match: Match) -> None:
        passes = self._here.training
        if self._modules.compiled:
            passes = self._modules.modes_now(match.networks)
        kept = {p: times for p, times in passes.items() if p[0] in match.networks}
        self._modules.count(Counter(kept), evaluation=False)

    def _record(
        self,
        watched: Watched,
        graph: Graph,
        match: Match,
        tensors: dict[int, torch.Tensor],
        created: bool,
    ) -> None:
        operations = self._ledger.run.operations
        unseen = {
            f"{operations[n].name} is closed: what is inside is not seen"
            for n in match.operations
            if n >= 0 and operations[n].kind == "closed"
        }
        if any(node.hidden for node in graph.nodes):
            unseen.add("checkpointed activations are not read: it would compute them again")
        for text in sorted(unseen):
            self._ledger.note(text)
        known = self._ledger.run.objectives[watched.fact]
        # A network may have become known only after its graph was matched.
        owners = {self._ledger.run.parameters[n].network for n in tensors}
        networks = {n for n in owners if n is not None}
        if watched.schedule.looks:
            # What is frozen is frozen by now.
            for number in known.networks:
                self._guard.part("frozen layers", number, self._modules.judge_frozen, number)
        self._ledger.change(
            known,
            steps=watched.schedule.calls,
            networks=tuple(sorted({*known.networks, *match.networks, *networks})),
            parameters=tuple(sorted({*known.parameters, *tensors})),
            root=known.root if known.root is not None else match.root,
            created_graph=known.created_graph or created,
            unseen=tuple(sorted({*known.unseen, *unseen})),
        )
