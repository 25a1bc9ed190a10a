"""A look: what is read of one step's graph, and of the moment at which numbers are lost."""

from __future__ import annotations

__all__ = ["Look", "Looks"]

import weakref
from collections import Counter
from dataclasses import dataclass
from threading import get_ident

import torch

from trainwell.hooks.guard import Guard, is_readable
from trainwell.probes.activations import Activations
from trainwell.probes.graph import Graph
from trainwell.probes.ledger import Ledger
from trainwell.probes.losses import Losses
from trainwell.probes.modules import Modules
from trainwell.probes.nonfinite import gradient_suspect, origin
from trainwell.probes.objectives import Watched
from trainwell.probes.parameters import Parameters
from trainwell.probes.program import Match, Program
from trainwell.probes.step_state import StepState
from trainwell.probes.updates import Updates
from trainwell.record import Detail


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
        part("updates", None, self._updates.begin, tensors, watched.fact, step)
        part("gradients", None, self._remember, watched, graph, match, tensors)
        part("losses", None, self._link_losses, watched, graph, match)
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
        for fact, sequence in linked:
            at = -1 if sequence is None else index.get(sequence, -1)
            while at >= 0 and match.operations[at] < 0:
                at = graph.nodes[at].inputs[0] if graph.nodes[at].inputs else -1
            if at >= 0:
                self._losses.link(fact, watched.fact, match.operations[at])

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
        self._ledger.change(
            known,
            steps=watched.schedule.calls,
            networks=tuple(sorted({*known.networks, *match.networks, *networks})),
            parameters=tuple(sorted({*known.parameters, *tensors})),
            root=known.root if known.root is not None else match.root,
            created_graph=known.created_graph or created,
            unseen=tuple(sorted({*known.unseen, *unseen})),
        )
