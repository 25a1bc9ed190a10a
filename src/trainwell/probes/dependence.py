"""What one row of a loss's input depends on: other examples, or positions that lie ahead.

Measured on the live graph before its backward frees it, by the gradient of one row with respect to
what the first layers gave. Nothing is run again but a part of the backward pass: no forward, no
random number, no hook of the script's (where it has some, nothing is measured).
"""

from __future__ import annotations

__all__ = ["Dependences", "Target", "View", "keep", "may_run_again"]

import inspect
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import GradientEdge

from trainwell.hooks.guard import is_readable, plain
from trainwell.probes.graph import VIEWS, Graph, Node
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources
from trainwell.probes.program import Match
from trainwell.record import Dependence, Place

_LOOKS = 3
"""Looks at one loss without a find after which it is not looked at any more."""

_FINDS = 3
"""Finds after which enough is known."""

_SMALLEST = 4
"""Rows that a batch must have, so that one of them tells something."""

_MOST_ELEMENTS = 1 << 24
"""Numbers in all intermediate results together up to which the mixing operation is searched."""

_SMALL = 1 << 20
"""The same at the first step: what takes a few milliseconds."""

_KEPT = 8192
"""Targets of a call that are kept until its backward, to be compared with the inputs."""

_ENTRIES = frozenset({"linear", "convolution", "embedding", "recurrent"})

_BATCH_SHARE = 0.2
"""Behind batch statistics every row depends on all others a little: only a row that gets less than
this share of its squared gradient from itself is mixed."""

_engine_run_backward: Any = getattr(torch.autograd.graph, "_engine_run_backward", None)
"""What `torch.autograd.grad` calls. A script may have replaced that one, and would see the call."""

_EDGES = "GradientEdge" in str(inspect.signature(torch.autograd.grad))
"""Gradients of the results of nodes can be asked for (PyTorch 2.8 and later)."""


@dataclass(slots=True)
class Target:
    """A loss call of the step that runs, as far as its backward needs to know it.

    Attributes:
        loss: number of the fact.
        made: autograd's running number of what made the prediction, or None.
        output: which of its results the prediction is.
        kept: a copy of whole-numbered targets, small ones only.
    """

    loss: int
    made: int | None
    output: int = 0
    kept: torch.Tensor | None = None


def keep(target: object) -> torch.Tensor | None:
    """A copy of targets that may be compared with token numbers; None of others and large ones."""
    if (
        not isinstance(target, torch.Tensor)
        or target.is_floating_point()
        or target.is_complex()
        or not 1 <= target.dim() <= 2
        or not target.is_cpu
        or not 2 * _SMALLEST <= target.numel() <= _KEPT
    ):
        return None
    return target.detach().clone()


def may_run_again() -> bool:
    """Whether a part of a backward pass can be run once more without anybody seeing it."""
    return (
        _EDGES
        and _engine_run_backward is not None
        and not torch.is_anomaly_enabled()
        and not torch._C._autograd._profiler_enabled()
    )


@dataclass
class _State:
    """What is known of one loss."""

    rows: int | None = None
    time: int | None = None
    quiet: int = 0
    quiet_time: int = 0


class Dependences:
    """Measures them at some looks.

    Args:
        ledger: where they are recorded.
        sources: tells the user's lines.
        layer_class: the class of a layer of a network, by number and path.
    """

    def __init__(
        self,
        ledger: Ledger,
        sources: Sources,
        layer_class: Callable[[int | None, str | None], type[nn.Module] | None],
    ) -> None:
        self._ledger = ledger
        self._sources = sources
        self._layer_class = layer_class
        self._states: dict[int, _State] = {}
        self.wants_lines = False
        """Something was found whose line is not known: the next look is to record stacks."""

    def wanted(self, targets: Sequence[Target]) -> bool:
        """Whether any of these losses is still to be measured."""
        states = [self._states.get(t.loss) for t in targets]
        return any(s is None or not _is_done(s, self._ledger) for s in states)

    def look(
        self,
        objective: int,
        graph: Graph,
        match: Match,
        targets: Iterable[Target],
        *,
        first: bool,
    ) -> None:
        """Measure the losses of a graph that is not freed yet.

        Args:
            objective: number of the objective.
            graph: as walked.
            match: its operations.
            targets: the loss calls of this step.
            first: the first step, which costs enough already: only what is small is measured.
        """
        self.wants_lines = False
        if not may_run_again():
            return
        index = {node.sequence: i for i, node in enumerate(graph.nodes) if node.leaf is None}
        for target in targets:
            at = -1 if target.made is None else index.get(target.made, -1)
            state = self._states.setdefault(target.loss, _State())
            if at < 0 or _is_done(state, self._ledger):
                continue
            view = View.of(graph, at, target.output)
            if view is None or (first and view.elements() > _SMALL):
                continue
            self._rows(objective, target, state, view, match)
            self._time(objective, target, state, view, match)

    def _rows(
        self, objective: int, target: Target, state: _State, view: View, match: Match
    ) -> None:
        if _is_over(state.quiet, state.rows, self._ledger):
            return
        shape = view.shape
        if shape[0] < _SMALLEST or (len(shape) == 2 and shape[0] == shape[1]):
            # A square of similarities: every example is compared with all others on purpose.
            state.quiet = _LOOKS
            return
        row = shape[0] // 2
        seen = view.judged(row, 0)
        if not seen:
            state.quiet += 1
            return
        mixed = [] if view.compares_pairs() else [f for f in seen if f.touched]
        if mixed and len(shape) > 1 and shape[1] >= _SMALLEST:
            # Time may come first: then the examples lie along the second dimension.
            other = view.judged(shape[1] // 2, 1)
            mixed = [] if other and not any(f.touched for f in other) else mixed
        batched = any(view.graph.nodes[i].kind == "batch_norm" for i in view.between)
        if not mixed or (batched and max(f.itself for f in seen) >= _BATCH_SHARE):
            self._count(objective, target, state, shape[0], None)
            return
        worst = min(mixed, key=lambda f: f.itself)
        traced = any("traceback_" in view.graph.nodes[i].handle.metadata for i in view.between)
        mixer = view.mixer(shape[0], row)
        if mixer is None:
            state.quiet += 1
            return
        kinds, node = mixer
        if not self._is_fault(kinds, node, view, match):
            self._count(objective, target, state, shape[0], None)
            return
        place = self._place(view.graph.nodes[node], match, node)
        if place.line is None and not traced:
            self.wants_lines = True
        self._count(objective, target, state, shape[0], (worst, view.graph.nodes[node], place))

    def _count(
        self,
        objective: int,
        target: Target,
        state: _State,
        rows: int,
        found: tuple[_Seen, Node, Place] | None,
    ) -> None:
        if found is None:
            state.quiet += 1
            if state.rows is None:
                return
        if state.rows is None:
            state.rows = self._ledger.next_number("dependence")
            self._ledger.put(Dependence(state.rows, objective, target.loss, "rows"))
        fact = self._ledger.run.dependences[state.rows]
        changes: dict[str, object] = {"looks": fact.looks + 1, "rows": rows}
        if found is not None:
            seen, node, place = found
            changes |= {
                "found": fact.found + 1,
                "touched": seen.touched,
                "itself": seen.itself,
                "mixer": node.kind if node.kind not in VIEWS else _plain_name(node.name),
                "place": place if place.line is not None else fact.place,
            }
        self._ledger.change(fact, **changes)

    def _is_fault(self, kinds: set[str], node: int, view: View, match: Match) -> bool:
        """Whether an operation that mixes examples does so by mistake."""
        if kinds & _EXCUSED:
            return False
        mixer = view.graph.nodes[node]
        if mixer.kind == "recurrent":
            return True
        number = match.operations[node]
        operation = self._ledger.run.operations.get(number)
        if operation is not None and operation.place.layer is not None:
            owner = self._owner(operation.parameters)
            made = self._layer_class(owner, operation.place.layer)
            if made is not None and issubclass(made, nn.RNNBase | nn.RNNCellBase):
                return True
        if mixer.kind in ("linear", "convolution"):
            return False
        if mixer.kind in ("matmul", "attention"):
            # Attention over the examples instead of the positions: three dimensions at least.
            return view.deepest() >= 3
        if mixer.name.startswith(_ON_PURPOSE):
            return False
        return mixer.kind in VIEWS or mixer.kind in _MIXERS

    def _owner(self, parameters: Sequence[int]) -> int | None:
        found = [self._ledger.run.parameters.get(p) for p in parameters]
        return next((p.network for p in found if p is not None), None)

    def _place(self, node: Node, match: Match, index: int) -> Place:
        if traceback := node.handle.metadata.get("traceback_"):
            place, _ = self._sources.stack(traceback)
            if place.line is not None:
                return place
        if index in match.views:
            return match.views[index]
        operation = self._ledger.run.operations.get(match.operations[index])
        return Place() if operation is None else operation.place

    def _time(
        self, objective: int, target: Target, state: _State, view: View, match: Match
    ) -> None:
        """Whether an output depends on the very input that it is to tell."""
        if _is_over(state.quiet_time, state.time, self._ledger):
            return
        aligned = view.aligned(target)
        if aligned is None:
            state.quiet_time += 1
            return
        entry, layout = aligned
        length, shift = layout.length, layout.shift
        at = (length - shift) // 2
        gradients = view.gradients(view.position(layout, at), [entry])
        if not gradients:
            return
        profile = layout.profile(gradients[entry][0])
        if profile is None:
            return
        top = float(profile.max())
        ahead = profile[at + max(shift, 1) :]
        touched = int((ahead > top * 1e-12).sum()) if top > 0 else 0
        own = bool(top > 0 and at + shift < len(profile) and profile[at + shift] > top * 1e-12)
        leak = own if shift > 0 else False
        backward = shift < 0 and own
        # A target that is the input itself is a fault of a model that goes from left to right only.
        earlier = bool(top > 0 and (profile[:at] > top * 1e-12).any())
        copies = shift == 0 and own and earlier and not touched
        late = shift >= 2 and not own and not touched
        if state.time is None:
            state.time = self._ledger.next_number("dependence")
            self._ledger.put(Dependence(state.time, objective, target.loss, "time", shift=shift))
        fact = self._ledger.run.dependences[state.time]
        bad = leak or copies or late or backward
        if not bad:
            state.quiet_time += 1
        self._ledger.change(
            fact,
            looks=fact.looks + 1,
            found=fact.found + bad,
            rows=length,
            touched=touched,
        )
        if touched and shift > 0 and not fact.mixer:
            fact = self._ledger.run.dependences[state.time]
            self._ledger.change(fact, place=self._reader(view, match))
            if leak:
                self._leak(view, match, layout, at, state.time)

    def _leak(self, view: View, match: Match, layout: _Layout, at: int, number: int) -> None:
        """Name what brings later positions in, where it is no attention."""
        node = view.brings_ahead(layout, at)
        if node is None:
            return
        fact = self._ledger.run.dependences[number]
        place = self._place(view.graph.nodes[node], match, node)
        self._ledger.change(fact, mixer=view.graph.nodes[node].kind, place=place)

    def _reader(self, view: View, match: Match) -> Place:
        """The line of the first operation that may read later positions."""
        for kinds in (("attention", "softmax"), ("recurrent", "matmul"), ("convolution",)):
            for i in view.between:
                if view.graph.nodes[i].kind in kinds:
                    place = self._place(view.graph.nodes[i], match, i)
                    if place.line is not None:
                        return place
        return Place()


_EXCUSED = frozenset({"batch_norm", "select", "mean", "closed"})
"""Operations that mix examples on purpose: batch statistics, and lookups (edges of graphs, mixed
pictures, prototypes)."""

_ON_PURPOSE = ("Flip", "Roll")
"""Views that nobody takes along the batch by mistake: pictures or features are mixed."""

_MIXERS = frozenset({"join", "softmax", "log_softmax", "layer_norm", "norm", "sum", "cumsum"})
"""Operations that mix examples when they are told the wrong dimension."""


def _is_over(quiet: int, number: int | None, ledger: Ledger) -> bool:
    fact = None if number is None else ledger.run.dependences[number]
    if fact is None:
        return quiet >= _LOOKS
    # The line may become known only at a later look, which records stacks.
    enough = _FINDS if fact.place.line is not None else _FINDS * _FINDS
    return quiet >= _LOOKS or fact.found >= enough


def _is_done(state: _State, ledger: Ledger) -> bool:
    rows, time = (state.quiet, state.rows), (state.quiet_time, state.time)
    return _is_over(*rows, ledger) and _is_over(*time, ledger)


def _plain_name(name: str) -> str:
    return name.removesuffix("Backward0").removesuffix("Backward1").lower()


@dataclass
class _Seen:
    """What one gradient says: other rows touched, and the share of the row itself."""

    touched: int
    itself: float


@dataclass
class _Layout:
    """Where tokens of one example lie: dimensions of the example and of time, and the shift."""

    batch: int
    example: int
    length: int
    outputs: int
    shift: int
    time_first: bool

    def later(self, gradient: torch.Tensor, at: int) -> bool | None:
        """Whether positions behind one were touched; None of what has no positions.

        Layers have examples or time first, and features may be as many as positions: of all
        dimensions that fit, the one along which least is touched counts.
        """
        both = [gradient]
        if gradient.shape[:1] == (self.batch * self.length,):
            pairs = (self.batch, self.length), (self.length, self.batch)
            both = [gradient.reshape(*pair, -1) for pair in pairs]
        found: list[bool] = []
        for each in both:
            for by in (0, 1):
                if each.dim() < 3 or each.shape[by] != self.batch:
                    continue
                square = each.select(by, self.example).double().square()
                for dim in range(square.dim()):
                    if square.shape[dim] == self.length:
                        profile = square.movedim(dim, 0).flatten(1).sum(1)
                        least = float(profile.max()) * 1e-12
                        found.append(bool((profile[at + 1 :] > least).any()))
        return all(found) if found else None

    def profile(self, gradient: torch.Tensor) -> torch.Tensor | None:
        """How much each position of the example was touched."""
        if gradient.dim() < 2:
            return None
        line = gradient[:, self.example] if self.time_first else gradient[self.example]
        return (
            line.double().square().flatten(1).sum(1) if line.dim() > 1 else line.double().square()
        )


class View:
    """The part of a graph that computes one prediction.

    Attributes:
        at: index of the node that made it.
        between: indices of the nodes that lead to it from data, itself included.
    """

    def __init__(self, graph: Graph, at: int, output: int, shape: tuple[int, ...]) -> None:
        self.graph = graph
        self.at = at
        self.output = output
        self.shape = shape
        above = _ancestors(graph, at)
        self._weights = _weight_nodes(graph, above)
        self.between = [i for i in above if graph.nodes[i].leaf is None and i not in self._weights]

    @classmethod
    def of(cls, graph: Graph, at: int, output: int) -> View | None:
        """The view of a prediction; None where it cannot be measured without side effects."""
        shape = _shape(graph.nodes[at], output)
        if len(shape) < 1 or not all(shape):
            return None
        view = cls(graph, at, output, shape)
        custom = torch.autograd.function.BackwardCFunction
        nodes = [graph.nodes[i] for i in view.between]
        if any(n.hidden or n.kind == "closed" or isinstance(n.handle, custom) for n in nodes):
            return None
        return view

    def entries(self) -> list[int]:
        """The first layers: nodes with weights that read data and nothing that was computed."""
        inside = set(self.between)
        return [
            i
            for i in self.between
            if self.graph.nodes[i].kind in _ENTRIES
            # The indices of an embedding are no input to autograd.
            and (-1 in self.graph.nodes[i].inputs or self.graph.nodes[i].kind == "embedding")
            and not any(j in inside for j in self.graph.nodes[i].inputs)
            and not self._is_shared(self.graph.nodes[i])
        ]

    def _is_shared(self, node: Node) -> bool:
        """Whether all examples share what a layer gives: the positions of a sequence."""
        shape = _shape(node, 0)
        if len(shape) > 2 and shape[0] == 1 and self.shape[0] > 1:
            return True
        if node.kind != "embedding":
            return False
        places = _saved(node, "_saved_indices")
        if places is None or places.dim() < 1 or places.shape[-1] < 2:
            return False
        return bool((places.diff(dim=-1) == 1).all())

    def _embeddings(self) -> list[int]:
        return [i for i in self.between if self.graph.nodes[i].kind == "embedding"]

    def compares_pairs(self) -> bool:
        """Whether all pairs of examples are compared, as metric losses do.

        That is a square of products or distances, or rows and columns of examples that are spread
        over a square: `x[:, None] - x[None]`.
        """
        inside = set(self.between)
        for i in self.between:
            node, shape = self.graph.nodes[i], _shape(self.graph.nodes[i], 0)
            if len(shape) < 2 or not shape[0] == shape[1] >= _SMALLEST:
                continue
            given = [_shape(self.graph.nodes[j], 0)[:2] for j in node.inputs if j in inside]
            if len(shape) == 2 and len(given) > 1 and node.kind in ("linear", "norm"):
                return True
            if {(shape[0], 1), (1, shape[0])} <= set(given):
                return True
        return False

    def elements(self) -> int:
        """Numbers in all results of its operations together."""
        return sum(math.prod(_shape(self.graph.nodes[i], 0)) for i in self.between)

    def deepest(self) -> int:
        """The most dimensions of what the first layers give."""
        shapes = [_shape(self.graph.nodes[i], 0) for i in self.entries()]
        rows = self.shape[0]
        # A layer on three dimensions is a product with the first two of them joined.
        return max((len(s) + (s[0] > rows and not s[0] % rows) for s in shapes if s), default=0)

    def judged(self, row: int, dim: int) -> list[_Seen]:
        """What one row of the prediction touches in the results of the first layers.

        Args:
            row: which one.
            dim: of the prediction, along which the rows are counted.
        """
        found = self.gradients(self.row(row, dim), self.entries()) or {}
        return [
            seen
            for i, parts in found.items()
            if (seen := self._judge(i, parts, self.shape[dim], row, entry=True)) is not None
        ]

    def _judge(
        self, index: int, parts: list[torch.Tensor], rows: int, row: int, *, entry: bool
    ) -> _Seen | None:
        node = self.graph.nodes[index]
        if node.kind == "recurrent" and self._runs_over_rows(index):
            return _Seen(rows - 1, 0.0)
        found = [_judge(g, rows, row, node, entry=entry) for g in parts]
        seen = [f for f in found if f is not None]
        return max(seen, key=lambda f: (f.touched, -f.itself), default=None)

    def _runs_over_rows(self, index: int) -> bool:
        """Whether a recurrent layer takes the examples for positions in time.

        Its first dimension is time. Where that has the length of the batch, and what comes out has
        lost the other one, the rows are run over one after another.
        """
        times, *rest = _shape(self.graph.nodes[index], 0) or (0,)
        return (
            len(rest) > 1
            and times == self.shape[0]
            and rest[0] > 1
            and self.shape[:1] != tuple(rest[:1])
            and (len(self.shape) < 3 or self.shape[1] != rest[0])
            and not (len(self.shape) == 2 and self.shape[1] == rest[0])
        )

    def row(self, row: int, dim: int = 0) -> torch.Tensor:
        """A weight for every number of the prediction: different ones in one row, 0 elsewhere.

        Not all ones: the results of a softmax add up to the same number whatever it reads.
        """
        given = self._zeros()
        part = given.select(dim, row)
        part.copy_(_ramp(part))
        return given

    def everything(self) -> torch.Tensor:
        """The same for all rows at once.

        What a row touches lies in its own row of the results, as long as rows are not mixed.
        """
        given = self._zeros()
        given.copy_(_ramp(given[0]).expand_as(given))
        return given

    def position(self, layout: _Layout, at: int) -> torch.Tensor:
        """The same for one position of one example."""
        given = self._zeros()
        rows, length = layout.batch, layout.outputs
        if given.shape[0] == rows * length:
            number = (
                at * rows + layout.example if layout.time_first else layout.example * length + at
            )
            part = given[number]
        elif layout.time_first:
            part = given[at, layout.example]
        elif given.dim() > 2 and given.shape[1] != length and given.shape[2] == length:
            part = given[layout.example, :, at]
        else:
            part = given[layout.example, at]
        part.copy_(_ramp(part))
        return given

    def _zeros(self) -> torch.Tensor:
        about = self.graph.nodes[self.at].handle._input_metadata[self.output]
        return torch.zeros(self.shape, dtype=about.dtype, device=about.device)

    def gradients(
        self, weights: torch.Tensor, nodes: Sequence[int]
    ) -> dict[int, list[torch.Tensor]] | None:
        """Gradients with respect to the results of some nodes; None when autograd refuses.

        Nodes that nothing flows back to are left out.
        """
        wanted = [
            (i, k)
            for i in nodes
            if i != self.at
            for k in range(len(self.graph.nodes[i].handle._input_metadata))
        ]
        if not wanted:
            return None
        outputs = [GradientEdge(self.graph.nodes[self.at].handle, self.output)]
        inputs = [GradientEdge(self.graph.nodes[i].handle, k) for i, k in wanted]
        try:
            found = _engine_run_backward(
                tuple(outputs), (weights,), True, False, tuple(inputs), True, accumulate_grad=False
            )
        except RuntimeError:
            # Freed, or overwritten in place: its own backward will say so.
            return None
        results: dict[int, list[torch.Tensor]] = {}
        for (i, _), gradient in zip(wanted, found, strict=True):
            if gradient is not None and is_readable(plain(gradient)):
                results.setdefault(i, []).append(plain(gradient))
        return results

    def mixer(self, rows: int, row: int) -> tuple[set[str], int] | None:
        """The operation behind which a row is by itself, and before which it is not.

        Returns:
            The kinds of operations from there to where it is by itself, and the index of the node.
        """
        nodes = self.graph.nodes
        if self.elements() > _MOST_ELEMENTS:
            return None
        gradients = self.gradients(self.row(row), self.between)
        if gradients is None:
            return None
        verdicts: dict[int, bool | None] = {self.at: False}
        for i in self.between:
            if i != self.at:
                seen = (
                    self._judge(i, gradients[i], rows, row, entry=False) if i in gradients else None
                )
                verdicts[i] = None if seen is None else bool(seen.touched)
        best: tuple[int, set[str], int] | None = None
        waiting: list[tuple[int, tuple[int, ...]]] = [(self.at, (self.at,))]
        visited: set[tuple[int, bool]] = set()
        while waiting:
            i, path = waiting.pop()
            for j in nodes[i].inputs:
                if j not in verdicts or (j, len(path) > 1) in visited:
                    continue
                visited.add((j, len(path) > 1))
                if verdicts[j]:
                    if nodes[j].kind == "recurrent" and self._runs_over_rows(j):
                        return {"recurrent"}, j
                    kinds = {nodes[n].kind for n in path} | self._reductions(j)
                    mixer = self._reducer(i, j, verdicts)
                    # The latest to run stands nearest to the loss.
                    if best is None or nodes[i].sequence > best[0]:
                        best = (nodes[i].sequence, kinds, mixer)
                else:
                    waiting.append((j, (j,) if verdicts[j] is False else (*path, j)))
        return None if best is None else (best[1], best[2])

    def brings_ahead(self, layout: _Layout, at: int) -> int | None:
        """The operation by which one position reads later ones, where it is no attention.

        Args:
            layout: where examples and positions lie.
            at: the position.

        Returns:
            A mean or norm along time, a convolution, a layer that runs backwards; None where
            something else does (attention), or too much would have to be computed.
        """
        nodes = self.graph.nodes
        if self.elements() > _MOST_ELEMENTS:
            return None
        gradients = self.gradients(self.position(layout, at), self.between)
        if gradients is None:
            return None
        ahead: dict[int, bool] = {self.at: False}
        for i, parts in gradients.items():
            found = layout.later(parts[0], at)
            if found is not None:
                ahead[i] = found
        latest = max(
            (i for i in ahead if not ahead[i] and any(ahead.get(j) for j in nodes[i].inputs)),
            key=lambda i: nodes[i].sequence,
            default=None,
        )
        if latest is None or nodes[latest].kind in ("matmul", "attention", "softmax"):
            return None
        if nodes[latest].kind in ("layer_norm", "convolution", "recurrent"):
            return latest
        read = [j for j in nodes[latest].inputs if ahead.get(j)]
        readers = [i for i in self.between if any(j in nodes[i].inputs for j in read)]
        statistics = (i for i in readers if nodes[i].kind in ("mean", "norm", "sum"))
        return next(statistics, None)

    def _reducer(self, index: int, mixed: int, verdicts: dict[int, bool | None]) -> int:
        """The node that mixes, where another one than that which was met reads the same.

        In `h / h.norm(dim=0)` the quotient is met first, and the norm is what mixes.
        """
        nodes = self.graph.nodes
        if nodes[index].kind in _MIXERS or nodes[index].kind in VIEWS:
            return index
        others = (
            i
            for i in self.between
            if mixed in nodes[i].inputs
            and nodes[i].kind in _MIXERS
            and verdicts.get(i) is not False
        )
        return next(others, index)

    def _reductions(self, mixed: int) -> set[str]:
        """Kinds of the statistics that are taken of a result: means and deviations."""
        nodes = self.graph.nodes
        readers = [nodes[i] for i in self.between if mixed in nodes[i].inputs]
        names = ("Std", "Var", "Cdist")
        return {"mean" for n in readers if n.kind == "mean" or n.name.startswith(names)}

    def aligned(self, target: Target) -> tuple[int, _Layout] | None:
        """The embedding whose tokens the targets are, ahead by some positions."""
        if target.kept is None:
            return None
        for i in self._embeddings():
            node = self.graph.nodes[i]
            tokens = _saved(node, "_saved_indices")
            if tokens is None or tokens.dim() != 2 or not tokens.is_cpu:
                continue
            found = _align(tokens, target.kept)
            if found is not None and self._fits(found):
                return i, found
        return None

    def _fits(self, layout: _Layout) -> bool:
        both = layout.batch * layout.outputs
        first, *rest = self.shape
        if first == both:
            return True
        pair = (
            (layout.outputs, layout.batch) if layout.time_first else (layout.batch, layout.outputs)
        )
        if len(rest) > 1 and rest[0] == rest[-1]:
            # As many classes as positions: which dimension is that of time?
            return False
        return bool(rest) and first == pair[0] and pair[1] in (rest[0], rest[-1])


def _align(tokens: torch.Tensor, targets: torch.Tensor) -> _Layout | None:
    """How the targets lie over the tokens: shifted by -1 to 2, examples or time first."""
    for time_first in (False, True):
        given = tokens.T if time_first else tokens
        rows, length = given.shape
        if rows < 1 or length < 2 * _SMALLEST:
            continue
        if targets.dim() == 2:
            wanted = targets.T if time_first else targets
        elif targets.numel() % rows:
            continue
        else:
            wanted = targets.reshape(-1, rows).T if time_first else targets.reshape(rows, -1)
        if wanted.shape[0] != rows or not length - 2 <= wanted.shape[1] <= length:
            continue
        for shift in (1, 0, 2, -1):
            if _agrees(given, wanted, shift):
                return _Layout(rows, 0, length, wanted.shape[1], shift, time_first)
    return None


_AGREEMENT = 0.98
"""Share of the targets that must be the token at their shift; the rest is padding or noise."""


def _agrees(given: torch.Tensor, wanted: torch.Tensor, shift: int) -> bool:
    if shift < 0:
        # The first target is the word before the sequence. Where it is always the same, or the
        # sequence is turned round, an echo is the task.
        first = wanted[:, 0]
        if len(torch.unique(first)) < 3 or float((first == given[:, -1]).double().mean()) > 0.5:
            return False
        wanted, shift = wanted[:, -shift:], 0
    length = min(given.shape[1] - shift, wanted.shape[1])
    if length < _SMALLEST:
        return False
    a, b = given[:, shift : shift + length], wanted[:, :length]
    counted = b >= 0  # -100 is ignored by every loss over classes
    if int(counted.sum()) < 2 * _SMALLEST or len(torch.unique(b[counted])) < 3:
        return False
    return float((a == b)[counted].double().mean()) >= _AGREEMENT


def _judge(gradient: torch.Tensor, rows: int, row: int, node: Node, *, entry: bool) -> _Seen | None:
    """Which rows of a result were touched beside those that belong to a row of the prediction.

    Args:
        gradient: of the row with respect to the result.
        rows: of the prediction.
        row: which one.
        node: that gave the result.
        entry: it is one of the first layers, so that its last dimension is that of features.

    Returns:
        None where no dimension can be that of the examples, or nothing was touched at all.
    """
    if gradient.dim() < 1:
        return None
    square = gradient.double().square()
    found: list[_Seen] = []
    for dim, own in _candidates(tuple(gradient.shape), rows, row, node.kind, entry=entry):
        profile = square.movedim(dim, 0).flatten(1).sum(1) if gradient.dim() > 1 else square
        total = float(profile.sum())
        if not 0 < total < float("inf"):
            return None
        inside = float(profile[sorted(own)].sum())
        touched = int((profile > total * 1e-14).sum())
        mine = int((profile[sorted(own)] > total * 1e-14).sum())
        found.append(_Seen(touched - mine, inside / total))
    return min(found, key=lambda s: (s.touched, -s.itself), default=None)


def _candidates(
    shape: tuple[int, ...], rows: int, row: int, kind: str, *, entry: bool
) -> list[tuple[int, set[int]]]:
    """Dimensions that may be that of the examples, and the indices that belong to one row."""
    last = max(1, len(shape) - entry)
    dims = range(1 if kind == "convolution" else min(2, last))
    exact = [(d, {row}) for d in dims if shape[d] == rows]
    if exact:
        return exact
    found: list[tuple[int, set[int]]] = []
    for d in dims:
        size = shape[d]
        if size < _SMALLEST:
            continue
        if size % rows == 0:
            times = size // rows
            found.append((d, set(range(row * times, (row + 1) * times))))
            found.append((d, set(range(row, size, rows))))
        elif rows % size == 0 and (not entry or rows == math.prod(shape[:2])):
            found.append((d, {row // (rows // size)}))
            found.append((d, {row % size}))
    return found


def _ancestors(graph: Graph, at: int) -> list[int]:
    found = {at}
    waiting = [at]
    while waiting:
        for i in graph.nodes[waiting.pop()].inputs:
            if i >= 0 and i not in found:
                found.add(i)
                waiting.append(i)
    return sorted(found)


def _weight_nodes(graph: Graph, above: Sequence[int]) -> set[int]:
    """Nodes that read weights only, such as the transpose of one."""
    found: set[int] = set()
    for i in above:
        node = graph.nodes[i]
        inputs = [j for j in node.inputs if j >= 0]
        views = node.kind in VIEWS
        if node.leaf is not None or (
            inputs and views and -1 not in node.inputs and all(j in found for j in inputs)
        ):
            found.add(i)
    return found


def _saved(node: Node, name: str) -> torch.Tensor | None:
    """What an operation has kept for its backward; None where that is gone."""
    try:
        found = plain(getattr(node.handle, name, None))
    except RuntimeError:
        # Freed, or overwritten in place.
        return None
    return found if is_readable(found) else None


def _shape(node: Node, output: int) -> tuple[int, ...]:
    metadata = getattr(node.handle, "_input_metadata", None)
    if not metadata or output >= len(metadata):
        return ()
    try:
        return tuple(int(s) for s in metadata[output].shape)
    except RuntimeError:
        # A nested tensor has no shape.
        return ()


def _ramp(part: torch.Tensor) -> torch.Tensor:
    count = max(part.numel(), 1)
    return (torch.arange(1, count + 1, dtype=torch.float64) / count).reshape(part.shape).to(part)
