"""The probe: listens to the hook layer, reads chosen steps, and fills a record.

Everything is visible at two moments, `backward()` and `optimizer.step()`. Between samples nothing
happens but counting. No random number is drawn, no gradient touched, no mode changed; the training
is bit-identical with and without the probe (tests/probes/test_identity.py).
"""

from __future__ import annotations

__all__ = ["Probe", "attached_probes"]

import math
import os
import sys
import time
import weakref
from collections import Counter
from threading import get_ident
from types import FrameType
from typing import Any

import torch
from torch import nn
from torch._C._functorch import is_functorch_wrapped_tensor
from torch.optim import Optimizer

from trainwell.hooks.events import Backward, Listener, LossCall
from trainwell.hooks.guard import Guard, Trouble, is_readable, plain
from trainwell.hooks.identity import IdentityMap
from trainwell.hooks.layer import HOOKS
from trainwell.probes.behaviour import Noises, Severing
from trainwell.probes.budget import Budget
from trainwell.probes.checkpoints import Checkpoints
from trainwell.probes.evaluations import Evaluations
from trainwell.probes.examples import ExampleWatch
from trainwell.probes.failures import Failures
from trainwell.probes.graph import NODE_LIMIT, Graph, walk
from trainwell.probes.ledger import Ledger, Writer
from trainwell.probes.loaders import Loaders
from trainwell.probes.looks import KeptGraphs, Look, Looks
from trainwell.probes.losses import Losses
from trainwell.probes.modules import Modules
from trainwell.probes.objectives import Objectives, Watched
from trainwell.probes.optimizers import Optimizers
from trainwell.probes.parameters import Parameters
from trainwell.probes.phases import Phases
from trainwell.probes.places import Sources
from trainwell.probes.program import Program
from trainwell.probes.ranks import Ranks
from trainwell.probes.rehearsal import Rehearsal
from trainwell.probes.source_lines import DISCARDING, SETTING_RATES, line_between, line_in
from trainwell.probes.step_state import StepState
from trainwell.probes.timeline import Clippings, Schedulers
from trainwell.probes.updates import Updates
from trainwell.record import Run
from trainwell.record import Trouble as TroubleFact

_FLUSH_SECONDS = 1.0

_TRACE_SECONDS = 6e-5
"""What anomaly mode costs an operation, unseen by the probe's clock (67 us, a 50-layer MLP)."""

_HIDDEN_FACTOR = 3.0
"""What the counting of one step costs beside what its clock sees: the wrappers, and the caches
that it finds and leaves cold (benchmarks/overhead.py, 100,000 tiny steps)."""

_FREE_STEPS = 16
"""Steps at the beginning of a run in which Python stacks are recorded whatever they cost."""

_COUNTED_STEPS = 64
"""Steps at the beginning of a run that are all counted one by one."""

_CHECK_FILE = sys.modules["torch.autograd.gradcheck"].__file__
_CHECK_DEPTH = 24
"""Frames between `gradcheck` and the probe at most."""

_TRAININGS = 8
"""Trainings, one after the other, whose first step is looked at whatever it costs."""

_MOST_IDLE = 64
_IDLE_SECONDS = 0.05
"""Steps that are let pass uncounted at most, one after another, where steps are very short."""


class Probe(Listener):
    """Reads a live training run.

    Args:
        run: the record to fill.
        write: is handed what is new, about once a second.
        budget: share of wall time that the probe may take.
        every: look at every N-th backward instead.
        home: the folder of the user's own code.
        yields: another probe may take its place for a while (a `watch` block in a script that
            `trainwell run` runs).
    """

    def __init__(
        self,
        run: Run,
        write: Writer,
        *,
        budget: float = 0.03,
        every: int | None = None,
        home: str = ".",
        yields: bool = False,
    ) -> None:
        self.run = run
        self.ledger = Ledger(run, write)
        self.guard = Guard(self._troubled)
        self.budget = Budget(budget, every, self.guard)
        self.sources = Sources(home)
        self.here = StepState()
        self.ranks = Ranks(self.ledger, self.sources)
        self.loaders = Loaders(self.ledger, self.sources, self.guard)
        self.examples = ExampleWatch(self.ledger, self.sources, self.loaders, between=every is None)
        self.modules = Modules(self.ledger, self.sources, self.ranks, self.here, self.examples)
        self.noises = Noises(self.ledger, self.sources, self.modules.knows)
        self.severing = Severing(self.ledger, self.sources)
        self.phases = Phases(self.ledger, self.modules, self.budget, self.here)
        self.parameters = Parameters(
            self.ledger, self.modules.owner, self.modules.built_at, self.modules.order
        )
        self.program = Program(self.ledger, self.modules, self.parameters, self.sources, self.here)
        self.evaluations = Evaluations(self.ledger, self.here)
        self.losses = Losses(
            self.ledger,
            self.sources,
            self.evaluations,
            self.here,
            self.examples,
            self.modules.built,
            self.budget,
        )
        self.objectives = Objectives(self.ledger, self.sources, self.budget)
        self.optimizers = Optimizers(self.ledger, self.parameters, self.sources, self.guard)
        self.optimizers.modules_made = lambda: self.modules.made
        self.updates = Updates(self.ledger)
        self.schedulers = Schedulers(self.ledger, self.sources, self.optimizers, self.guard)
        self.clippings = Clippings(self.ledger, self.sources, self.guard)
        self.checkpoints = Checkpoints(self.ledger, self.sources, self.modules, self.budget)
        self.checkpoints.on_news = self._loaded
        self.checkpoints.on_copy = lambda m: self.phases.copies.add(self.modules.add_root(m))
        self.looks = Looks(
            self.ledger,
            self.modules,
            self.parameters,
            self.program,
            self.losses,
            self.updates,
            self.guard,
            self.here,
            self.sources,
        )
        self.kept = KeptGraphs(self.ledger)
        self.failures = Failures(self.ledger, self.sources, self.modules)
        self.rehearsal: Rehearsal | None = None  # remembers steps, where set before `attach`
        self.phases.on_news = self._look_again
        self.modules.on_give_up = self._give_up
        self.optimizers.on_step = self._stepped
        self.optimizers.on_other_training = self._other_training
        self.objective: int | None = None
        """The objective whose backward began last."""
        self.yields = yields
        self._process = os.getpid()
        self._flushed = time.perf_counter()
        self._asked: IdentityMap[torch.Tensor, None] = IdentityMap()
        self._functional: dict[tuple[tuple[int, ...], ...], list[int]] = {}
        """Shapes of the weights of trainings by `torch.func`, with their parameters' numbers."""
        self._quick_cost = 1e-5
        self._awaits_step = False

    # Beginning and end

    def attach(self) -> None:
        """Begin to watch; the first step is traced.

        Raises:
            BadInputError: if another probe watches already that does not yield.
        """
        holder = HOOKS.holder("probe")
        over = isinstance(holder, Probe) and holder.yields
        if isinstance(holder, Probe) and over:
            holder.guard.run("the record", holder._take_idle)
        HOOKS.attach("probe", self, over=over)
        try:
            self.guard.active = True
            if self.rehearsal is not None:
                self.rehearsal.attach()
            self._arm(look=True)
        except BaseException:
            self.detach()
            raise

    def watch(self, module: nn.Module, name: str | None = None) -> None:
        """Name a root module before it is called."""
        self.guard.run("modules", self.modules.add_root, module, name)

    def failed(self, error: BaseException) -> None:
        """An exception leaves the script: see what its frames tell, before `finish`."""
        self.guard.run("ranks", self.ranks.see)
        self.guard.run("the exception", self.failures.saw, error)

    def finish(self) -> None:
        """Stop watching and hand over everything; may be called again."""
        if not self.guard.active or os.getpid() != self._process:
            return
        self.guard.run("the end", self._close)
        self.guard.run("the end", self.ledger.flush)
        self.detach()

    def detach(self) -> None:
        """Stop to watch at once; what was not handed over is lost."""
        self.guard.active = False
        if self.rehearsal is not None:
            self.rehearsal.detach()
        HOOKS.detach(self)

    def resume(self) -> None:
        """Another probe had its place for a while: what it missed is over."""
        self.guard.run("resuming", self._resume)

    def _resume(self) -> None:
        self.ledger.note("a trainwell.watch() block of the script's own was watched by itself")
        self.here.drain()
        self.here.hidden.resume()
        self.updates.give_up()
        self._look_again()

    def _close(self) -> None:
        self._take_idle()
        part = self.guard.part
        part("ranks", None, self.ranks.see)
        self.updates.give_up()
        part("phases", None, self.phases.finish)
        part("evaluations", None, self.evaluations.finish, self.run.steps)
        part("losses", None, self.losses.finish)
        part("optimizers", None, self.optimizers.finish)
        part("schedulers", None, self.schedulers.finish)
        part("source lines", None, self._find_lines)
        part("clipping", None, self.clippings.finish)
        part("data loaders", None, self.loaders.finish)
        part("examples", None, self.examples.finish)
        part("objectives", None, self.objectives.finish)

    def _find_lines(self) -> None:
        """Look up the lines that did what the gradients and the rates show."""
        run = self.run
        scheduled = Counter[int | None]()
        for schedule in run.schedulers.values():
            scheduled[schedule.optimizer] += schedule.steps
        files = [f for o in run.objectives.values() if (f := o.place.file) is not None]
        files += self.sources.own_files()
        for optimizer in list(run.optimizers.values()):
            number = optimizer.number
            # More changes than schedules make are made by hand.
            if optimizer.rate_changes > 2 * scheduled[number] + 2 * (scheduled[number] > 0):
                found = line_in(files, SETTING_RATES)
                self.ledger.change(optimizer, rate_place=found)
            if optimizer.discarded_looks:
                found = line_in(files, DISCARDING)
                self.ledger.change(run.optimizers[number], discard_place=found)
            if 0.0 in run.series("optimizer", number, "gradient_kept").values:
                objectives = [
                    o
                    for o in run.objectives.values()
                    if any(number in run.parameters[p].optimizers for p in o.parameters)
                ]
                lines = (
                    line_between(o.place, optimizer.step_place, DISCARDING) for o in objectives
                )
                place = next((p for p in lines if p is not None), None)
                self.ledger.change(run.optimizers[number], discard_place=place)

    # Between samples

    def quick_loss(self, name: str, args: tuple[Any, ...], result: Any) -> bool:
        """Take in a loss where only its value counts."""
        began = time.perf_counter()
        if HOOKS.idling.left and isinstance(result, torch.Tensor) and not result.requires_grad:
            # An evaluation: the next step ends it, and has to be told.
            HOOKS.idling.end()
        taken = self.losses.quick(name, args, result)
        self.guard.spent += time.perf_counter() - began
        return taken

    def quick_backward(self, root: Any) -> bool:
        """Count a step between samples; False where more than counting is to be done.

        This is what every step pays, in caches that the training has just emptied: it does without
        the guard of the full path, and touches as little as it can.
        """
        began = time.perf_counter()
        here = self.here
        if (
            type(root) is not torch.Tensor
            or self.losses.looking
            or self.optimizers.looking
            or self.optimizers.canaries
            or self.updates.pending
            or here.evaluating
            or here.scaled is not None
            or not root.is_cpu
            or root.dim()
            or is_functorch_wrapped_tensor(root)
        ):
            return False
        watched = self.objectives.here(2)
        if watched.schedule.is_due:
            return False
        value = root.item()
        if not math.isfinite(value):
            return False
        if HOOKS.idling.passed:
            self._take_idle()
        run = self.run
        self.examples.waiting = []
        with self.guard.lock:
            step = run.steps
            self.objectives.add(watched, step, value)
            self.evaluations.backward(step, watched.fact, None)
            run.steps = step + 1
            self.objectives.called(watched, step)
        self.objective = watched.fact
        here.counted = watched
        HOOKS.idling.learn(3, watched)
        here.spent = time.perf_counter() - began
        return True

    def quick_backward_ended(self) -> None:
        """The backward of a step that was only counted has ended."""
        began = time.perf_counter()
        here = self.here
        watched: Watched | None = here.counted
        if watched is None:
            return
        gradient = watched.gradient()
        if (
            gradient is not None
            and type(gradient) is torch.Tensor
            and not math.isfinite(gradient.sum().item())
        ):
            self.guard.run("gradients", self._after, Look(watched, None, 1.0, 0.0), None)
        elif (
            watched.schedule.is_due
            or self.run.steps >= self.ranks.due
            or began - self._flushed > _FLUSH_SECONDS
            or self.examples.is_due(self.run.steps)
        ):
            self.guard.run("the record", self._settle)
        elif not self.run.ranks and self.budget.every is None:
            self._rest(here.spent + time.perf_counter() - began)
        self.guard.spent += here.spent + time.perf_counter() - began

    def _rest(self, cost: float) -> None:
        """Let the next steps pass uncounted where they are so short that counting costs too much.

        How many there were of each objective is known afterwards.

        Args:
            cost: seconds that counting this step took.
        """
        self._quick_cost += 0.1 * (cost - self._quick_cost)
        if self.run.steps < _COUNTED_STEPS:
            return
        step_time = max(self.objectives.step_time(), 1e-6)
        wanted = _HIDDEN_FACTOR * self._quick_cost / (0.5 * self.budget.share * step_time)
        if wanted <= 1:
            return
        alive = self.objectives.alive()
        left = min(w.schedule.due - w.schedule.calls - 1 for w in alive)
        idle = min(int(wanted), _MOST_IDLE, int(_IDLE_SECONDS / step_time), left)
        if idle > 0 and all(self.evaluations.is_simple(w.fact) for w in alive):
            HOOKS.idling.begin(idle, max(self.evaluations.usual(w.fact) for w in alive))

    def _take_idle(self) -> None:
        """Count the steps that were let pass."""
        if HOOKS.idling.passed:
            with self.guard.lock:
                for watched, passes in HOOKS.idling.take():
                    self.run.steps += passes
                    self.objectives.passed(watched, passes, self.run.steps - 1)

    # Events

    def loss_called(self, event: LossCall) -> None:
        """A loss function was called."""
        if not event.gradients:
            HOOKS.idling.end()
        self.losses.saw(event)

    def values_dropped(
        self, function: str, probability: float, explicit: bool, gradients: bool
    ) -> None:
        """Values are dropped at random."""
        self.noises.dropped(function, probability, explicit, gradients)

    def module_built(self, module: nn.Module) -> None:
        """A module is under construction."""
        self.modules.constructed(module)

    def module_called(self, module: nn.Module, args: tuple[Any, ...], gradients: bool) -> None:
        """A module is called while module calls are watched."""
        self.modules.called(module, args, gradients)

    def module_returned(self, module: nn.Module, output: Any, gradients: bool) -> None:
        """A module has returned while module calls are watched."""
        self.modules.returned(module, output, gradients)

    def optimizer_built(self, optimizer: Optimizer) -> None:
        """An optimizer is under construction."""
        self.optimizers.constructed(optimizer)

    def optimizer_stepped(self, optimizer: Optimizer) -> None:
        """An optimizer has stepped."""
        self.optimizers.stepped(optimizer)
        if self._awaits_step and not self.clippings.waits:
            self._awaits_step = False
            HOOKS.watch_steps(on=False)

    def gradients_used(self, optimizer: Optimizer) -> None:
        """An optimizer is about to use gradients that are followed."""
        number = self.optimizers.number_of(optimizer)
        self.clippings.steps(optimizer, number, self.optimizers.tensors_of(optimizer))

    def scheduler_built(self, scheduler: Any) -> None:
        """A scheduler has been constructed."""
        self.schedulers.built(scheduler)

    def scheduler_stepped(self, scheduler: Any, metric: Any) -> None:
        """A scheduler has stepped."""
        self.schedulers.stepped(scheduler, metric)

    def state_taken(self, module: nn.Module, state: Any) -> None:
        """A module has given its weights out."""
        self._take_idle()
        self.checkpoints.taken(module, state)

    def state_loaded(self, module: nn.Module, state: Any, result: Any) -> None:
        """A module was given weights."""
        self._take_idle()
        self.checkpoints.loaded(module, state, result)

    def initialised(self, tensor: Any) -> None:
        """Something was initialised after weights were loaded."""
        self.checkpoints.initialised(tensor)

    def file_read(self, content: Any) -> None:
        """A file was read."""
        self.checkpoints.read(content)

    def file_written(self, content: Any) -> None:
        """A file was written."""
        self._take_idle()
        self.checkpoints.saved(content)

    def gradients_clipped(self, function: str, limit: Any, norm: Any) -> None:
        """A function has clipped gradients."""
        self.clippings.clipped(function, limit, norm)

    def loader_built(self, thing: Any) -> None:
        """A data loader or a sampler was built."""
        self.loaders.built(thing)

    def rows_drawn(self, iterator: Any, index: Any) -> None:
        """A sampler has chosen the rows of a batch."""
        self.loaders.drawn(iterator, index)

    def batch_read(self, iterator: Any, batch: Any, began: float, ended: float) -> None:
        """A data loader has made a batch."""
        self.loaders.read(iterator, batch, began, ended)

    def loader_ended(self, iterator: Any) -> None:
        """A data loader has no more batches."""
        self.loaders.over(iterator)

    def gradients_off(self) -> None:
        """Gradients are off: an evaluation, perhaps."""
        if self.phases.begins():
            self.guard.run("phases", self.phases.gradients_off)

    def gradients_on(self) -> None:
        """Gradients are on again."""
        if self.phases.is_news:
            self.guard.run("phases", self.phases.gradients_on)

    def compiles(self, target: Any) -> None:
        """Something is compiled."""
        self.modules.compiles(target)

    def loss_scaled(self, scaler: Any, result: torch.Tensor) -> None:
        """A gradient scaler has multiplied the loss."""
        self.here.scaled = (weakref.ref(result), scaler)

    def tensor_hooked(self) -> None:
        """The script hooks a result of this step."""
        self.here.hooked = True

    def tensors_packed(self) -> None:
        """A hook packs saved tensors from now on."""
        self.here.hidden.open()

    def tensors_plain(self) -> None:
        """It does so no more."""
        self.here.hidden.close()

    def backward_begins(self, event: Backward) -> None:
        """A backward begins, and there is more to do than to count it."""
        self.here.look = None
        asked = event.inputs if event.inputs is not None else event.only
        if asked is not None and not self._trains(event.roots, asked):
            return
        self._take_idle()
        began = time.perf_counter()
        watched = self.objectives.here(1)
        event.objective = self.objective = watched.fact
        step = self.run.steps
        self.run.steps += 1
        schedule = watched.schedule
        due = schedule.is_due
        self.objectives.called(watched, step)
        self.modules.backward()
        self.examples.backward()
        self.here.look = Look(watched, None, 1.0, 0.0)
        try:
            self._read(event, watched, step, due, began)
        finally:
            self.here.drain()

    def _read(self, event: Backward, watched: Watched, step: int, due: bool, began: float) -> None:
        part = self.guard.part
        roots = event.roots
        scale = self.here.look.scale = self._scale_of(roots)
        lost = part(
            "objectives",
            None,
            self.objectives.saw,
            watched,
            step,
            tuple(map(plain, roots)),
            scale,
            now=due,
        )
        graph = part("the graph", None, self._graph, watched, roots, due=due, lost=lost)
        inside = None if graph is None else {n.sequence for n in graph.nodes if n.leaf is None}
        # Gradients that are asked for by name are there, or PyTorch raises.
        if due and event.inputs is None and (self.here.training or self.here.evaluating):
            # Roots that are leaves themselves have no graph to walk.
            bare = [plain(r) for r in roots if r.grad_fn is None]
            leaves = bare if graph is None else bare + graph.leaves()
            if graph is not None or len(bare) == len(roots):
                part("what is reached", None, self.severing.look, watched.fact, leaves)
        part("evaluations", None, self.evaluations.backward, step, watched.fact, inside)
        part("zeroed gradients", None, self.optimizers.backward)
        if self.checkpoints.waits:
            leaves = [] if graph is None else [n.leaf for n in graph.nodes if n.leaf is not None]
            part("checkpoints", None, self.checkpoints.backward, leaves)
            HOOKS.wants_initialisations = False
        if self.updates.pending:
            waiting = self.optimizers.waiting()
            part("updates", None, self.updates.resolve, None, step, waiting=waiting)
        part("phases", None, self.phases.backward, watched)
        if HOOKS.tracing is not None and HOOKS.tracing.on and not due:
            self.guard.spent += _TRACE_SECONDS * watched.nodes
        if not due and not lost:
            # Gradients may be accumulated: the step that uses them is still to come.
            self.optimizers.looking = self.updates.pending
            return
        traced = HOOKS.tracing is not None and HOOKS.tracing.on
        if HOOKS.tracing is not None:
            HOOKS.tracing.switch(on=False)
        watched.nodes = watched.nodes if graph is None else len(graph.nodes)
        if graph is None:
            watched.wants_lines = False
            watched.schedule.looked(self.budget, time.perf_counter() - began, watched.step_time)
            return
        if lost:
            # From here on everything is NaN: what was measured before it must stand.
            part("the first lost number", None, self.looks.lost, watched, graph, step)
            watched.schedule.stop()
            return
        part("the graph", None, self.looks.look, watched, graph, step, created=event.creates_graph)
        part("layers made anew", None, self.modules.rebuilding.look)
        part("ranks", None, self.ranks.see)
        part("ranks", None, self.ranks.backward, step, watched.parameters)
        part("kept graphs", None, self.kept.look, watched.fact, roots, step)
        if event.inputs is not None:
            part("gradients", None, self._number_inputs, event.inputs)
        self.optimizers.looking = True
        hidden_cost = _TRACE_SECONDS * len(graph.nodes) if traced else 0.0
        self.guard.spent += hidden_cost
        self.here.look = Look(watched, graph, scale, time.perf_counter() - began + hidden_cost)

    def _graph(
        self, watched: Watched, roots: tuple[torch.Tensor, ...], *, due: bool, lost: bool
    ) -> Graph | None:
        if not due and not lost:
            return None
        graph = walk(roots, self.program.token, self.here.hidden)
        if graph is None and any(r.grad_fn is not None for r in roots):
            self.ledger.note(
                f"a graph of more than {NODE_LIMIT} operations was not read; its parameters "
                "and gradients were"
            )
        return graph

    def backward_ends(self, event: Backward) -> None:
        """A backward has ended well."""
        look, self.here.look = self.here.look, None
        if look is None:
            return
        given = None
        if event.inputs is not None and event.gradients is not None:
            given = [
                (plain(t), plain(g)) for t, g in zip(event.inputs, event.gradients, strict=False)
            ]
        self._after(look, given)
        if self.run.steps == 1:
            self.budget.first_step_over()

    def _trains(self, roots: tuple[torch.Tensor, ...], inputs: tuple[torch.Tensor, ...]) -> bool:
        """Whether gradients of these are a training step: they are parameters.

        Bare leaves may be parameters, or inputs (gradient penalties, maps of salience), which are
        made afresh every time: one that comes a second time is being trained.
        """
        if not inputs or not all(t.is_leaf for t in inputs) or _is_check():
            return False
        if any(is_functorch_wrapped_tensor(t) for t in inputs):
            return self._trains_by_functions(roots, inputs)
        bare = [t for t in inputs if not isinstance(t, nn.Parameter)]
        known = [t in self._asked for t in bare]
        for tensor in bare:
            self._asked.set(tensor, None)
        return all(known)

    def _trains_by_functions(
        self, roots: tuple[torch.Tensor, ...], inputs: tuple[torch.Tensor, ...]
    ) -> bool:
        """The same under `torch.func.grad`, where the weights are other tensors at every step.

        They are told by a module that has computed with them (`torch.func.functional_call`), and
        from then on by their shapes.
        """
        root = plain(roots[0]) if len(roots) == 1 else None
        weights = [plain(t) for t in inputs]
        if not is_readable(root) or root.numel() != 1 or not all(map(is_readable, weights)):
            return False
        signature = tuple(tuple(w.shape) for w in weights)
        numbers = self._functional.get(signature)
        if numbers is not None:
            self.updates.follow(dict(zip(numbers, weights, strict=False)))
        elif all(self.modules.owner(w)[0] is not None for w in weights):
            self._functional[signature] = []
        return signature in self._functional

    def _number_inputs(self, inputs: tuple[torch.Tensor, ...]) -> None:
        weights = [plain(t) for t in inputs]
        numbers = [self.parameters.number(w) for w in weights]
        signature = tuple(tuple(w.shape) for w in weights)
        if signature in self._functional:
            self._functional[signature] = numbers

    def _scale_of(self, roots: tuple[torch.Tensor, ...]) -> float:
        scaled, self.here.scaled = self.here.scaled, None
        if scaled is None or len(roots) != 1 or scaled[0]() is not roots[0]:
            return 1.0
        return float(scaled[1].get_scale())

    def _after(
        self,
        look: Look,
        given: list[tuple[torch.Tensor, torch.Tensor | None]] | None,
    ) -> None:
        began = time.perf_counter()
        watched = look.watched
        finite = self.guard.part("gradients", None, self._gradients_finite, look, given)
        # A gradient scaler looks for the largest scale that does not overflow, by overflowing.
        if finite is False and not watched.lost and look.scale == 1.0:
            self.looks.gradient_lost(watched, self.run.steps - 1)
            watched.schedule.stop()
        self.guard.part("clipping", None, self._follow, look, given)
        if look.graph is not None and not watched.schedule.stopped:
            cost = look.cost + time.perf_counter() - began
            first = watched.schedule.looks == 0
            watched.schedule.looked(self.budget, 0.0 if first else cost, watched.step_time)
        self._settle()

    def _gradients_finite(
        self, look: Look, given: list[tuple[torch.Tensor, torch.Tensor | None]] | None
    ) -> bool:
        step = self.run.steps - 1
        if look.graph is not None and given is not None:
            pairs = [(self.parameters.known(t), g) for t, g in given if g is not None]
            return self.updates.given([(n, g) for n, g in pairs if n is not None], step)
        if look.graph is not None:
            return self.updates.gradients(step, look.scale)
        gradient = look.watched.gradient()
        if gradient is None or not is_readable(gradient):
            return True
        # Off the CPU a number costs a wait for the device: there only samples check. The sum of
        # finite numbers may overflow, in half precision easily.
        return (
            not gradient.is_cpu
            or math.isfinite(float(gradient.sum()))
            or bool(torch.isfinite(gradient).all())
        )

    def _follow(
        self, look: Look, given: list[tuple[torch.Tensor, torch.Tensor | None]] | None
    ) -> None:
        """Follow the gradients of a sampled step until an optimizer uses them."""
        if look.graph is None:
            self.clippings.backward()
        elif given is None and look.watched.thread == get_ident():
            # Another thread that trains on the same line frees its gradients whenever it likes.
            self.clippings.begin(look.watched.parameters, look.scale)
            self._awaits_step = True
            HOOKS.watch_steps(on=True)

    def _stepped(self, numbers: set[int]) -> None:
        """An optimizer has updated parameters while updates are looked at."""
        self.guard.part(
            "updates", None, self.updates.resolve, numbers, self.run.steps, waiting=frozenset()
        )

    def _other_training(self) -> None:
        """Another network is trained from here on: its evaluations are a curve of their own."""
        self.evaluations.close(self.run.steps)
        self.evaluations.training += 1
        if self.evaluations.training <= _TRAININGS:
            self.modules.stranger = True
            HOOKS.idling.end()
            self._look_again()

    # When to sample

    def _settle(self) -> None:
        if self.run.steps >= self.ranks.due:
            self.objectives.look_again()
        self._arm(look=self.objectives.any_due())
        if time.perf_counter() - self._flushed > _FLUSH_SECONDS:
            self.ledger.flush()
            self._flushed = time.perf_counter()

    def _arm(self, *, look: bool) -> None:
        self.losses.looking = look
        tracing = HOOKS.tracing
        if look:
            lines = not self.run.steps or (
                self.objectives.wants_lines()
                # Stacks cost every operation of every step until the sample comes.
                and (self.run.steps < _FREE_STEPS or not self.budget.seconds_until(0.0))
            )
            self.modules.arm(full=lines or self.modules.stranger)
            self.modules.stranger = False
            if tracing is not None:
                tracing.switch(on=lines)
        else:
            self.modules.disarm()
            if tracing is not None:
                tracing.switch(on=False)
            if self.examples.is_due(self.run.steps):
                self.modules.arm_rows()

    def _give_up(self) -> None:
        # Module calls with gradients that lead to no backward: features, a buffer filled by acting.
        self.losses.looking = False
        if HOOKS.tracing is not None:
            HOOKS.tracing.switch(on=False)

    def _loaded(self) -> None:
        """Weights were loaded, or a file was read: the next backward tells what became of them."""
        HOOKS.wants_initialisations = True
        HOOKS.idling.end()
        self._look_again()

    def _look_again(self) -> None:
        self.objectives.look_again()
        self._arm(look=True)

    # Trouble

    def _troubled(self, trouble: Trouble) -> None:
        number = self.ledger.next_number("trouble")
        what = "is not watched any more" if trouble.is_last else "is not complete"
        self.ledger.note(
            f"trainwell itself failed at step {self.run.steps}, and what it says of"
            f" {trouble.part} {what}: {trouble.summary}"
        )
        self.ledger.put(
            TroubleFact(
                number=number,
                part=trouble.part,
                about=None if trouble.about is None else str(trouble.about),
                error=trouble.whole,
                step=self.run.steps,
            )
        )


def _is_check() -> bool:
    """Whether PyTorch compares gradients with differences now: `gradcheck` trains nothing."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_CHECK_DEPTH):
        if frame is None:
            return False
        if frame.f_code.co_filename == _CHECK_FILE:
            return True
        frame = frame.f_back
    return False


def attached_probes() -> list[Probe]:
    """The probes that watch this process now: one, or none."""
    holder = HOOKS.holder("probe")
    return [holder] if isinstance(holder, Probe) and holder.guard.active else []
