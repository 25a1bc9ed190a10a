"""The probe: attaches to PyTorch, looks at chosen steps, and fills a record.

Everything is visible at two moments, `backward()` and `optimizer.step()`. Between looks nothing
happens but counting. No random number is drawn, no gradient touched, no mode changed; the training
is bit-identical with and without the probe (tests/probes/test_identity.py). An error in here is
noted once and detaches the probe; it never reaches the script.
"""

from __future__ import annotations

__all__ = ["Probe"]

import math
import os
import time
import traceback
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from trainwell.probes.anomaly import StackTracing
from trainwell.probes.budget import Budget
from trainwell.probes.evaluations import Evaluations
from trainwell.probes.failures import Failures
from trainwell.probes.forks import ATTACHED
from trainwell.probes.graph import NODE_LIMIT, walk
from trainwell.probes.kept import KeptGraphs
from trainwell.probes.ledger import Ledger, Writer
from trainwell.probes.loaders import Loaders
from trainwell.probes.looks import Look, Looks
from trainwell.probes.losses import Losses
from trainwell.probes.modules import Modules
from trainwell.probes.objectives import Objectives, Watched
from trainwell.probes.optimizers import Optimizers
from trainwell.probes.parameters import Parameters
from trainwell.probes.patches import Patches
from trainwell.probes.phases import Phases
from trainwell.probes.places import Sources
from trainwell.probes.program import Program
from trainwell.probes.ranks import Ranks
from trainwell.probes.rehearsal import Rehearsal
from trainwell.probes.updates import Updates
from trainwell.record import Run

_FLUSH_SECONDS = 1.0

_TRACE_SECONDS = 6e-5
"""What anomaly mode costs an operation, unseen by the probe's clock (67 us, a 50-layer MLP)."""


class Probe:
    """Reads a live training run.

    Args:
        run: the record to fill.
        write: is handed what is new, about once a second.
        budget: share of wall time that the probe may take.
        every: look at every N-th backward instead.
        home: the folder of the user's own code.
    """

    def __init__(
        self,
        run: Run,
        write: Writer,
        *,
        budget: float = 0.03,
        every: int | None = None,
        home: str = ".",
    ) -> None:
        self.run = run
        self.ledger = Ledger(run, write)
        self.budget = Budget(budget, every)
        self.sources = Sources(home)
        self.ranks = Ranks(self.ledger, self.sources)
        self.modules = Modules(self.ledger, self.sources, self.ranks)
        self.phases = Phases(self.ledger, self.modules)
        self.parameters = Parameters(self.ledger, self.modules.owner, self.modules.built_at)
        self.program = Program(self.ledger, self.modules, self.parameters, self.sources)
        self.evaluations = Evaluations(self.ledger)
        self.losses = Losses(self.ledger, self.sources, self.evaluations)
        self.objectives = Objectives(self.ledger, self.sources)
        self.optimizers = Optimizers(self.ledger, self.parameters, self.sources)
        self.updates = Updates(self.ledger)
        self.looks = Looks(
            self.ledger, self.modules, self.parameters, self.program, self.losses, self.updates
        )
        self.loaders = Loaders(self.ledger, self.sources, self.budget)
        self.kept = KeptGraphs(self.ledger)
        self.failures = Failures(self.ledger, self.sources, self.modules)
        self.tracing = StackTracing()
        self.rehearsal: Rehearsal | None = None  # remembers steps, where set before `attach`
        self.phases.on_news = self._look_again
        self._patches = Patches(self)
        self._process = os.getpid()
        self._active = False
        self.nested = False
        """A backward is under way: what is called inside is no step of the script's own."""
        self._flushed = time.perf_counter()
        self.scaled: tuple[weakref.ref[torch.Tensor], Any] | None = None
        """The tensor that a gradient scaler returned last, and the scaler."""

    @property
    def active(self) -> bool:
        """Whether it is attached, in the process that attached it."""
        return self._active and not self.nested

    def attach(self) -> None:
        """Begin to watch; the first step is traced."""
        self._active = True
        try:
            self._attach()
        except BaseException:
            self.detach()
            raise

    def _attach(self) -> None:
        self.tracing.attach()
        self.modules.attach(self.guard)
        self.losses.attach(self.guard, lambda: self._active and not self.nested)
        self.optimizers.attach(self.guard)
        self.loaders.attach(self.guard)
        self.optimizers.on_step = lambda numbers: self.updates.resolve(
            numbers, self.run.steps, waiting=frozenset()
        )
        self._patches.apply()
        ATTACHED.add(self)
        self._arm(look=True)

    def watch(self, module: nn.Module, name: str | None = None) -> None:
        """Name a root module before it is called."""
        self.guard(self.modules.add_root, module, name)

    def failed(self, error: BaseException) -> None:
        """An exception leaves the script: see what its frames tell, before `finish`."""
        self.guard(self.ranks.see)
        self.guard(self.failures.saw, error)

    def finish(self) -> None:
        """Stop watching and hand over everything; may be called again."""
        if not self._active or os.getpid() != self._process:
            return
        self.guard(self._close)
        self.detach()
        self.guard_always(self.ledger.flush)

    def guard(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call a part of the probe; time it, and keep its errors from the script."""
        if not self._active or self.nested or torch._C._is_tracing():
            return None
        began = time.perf_counter()
        # Not torch.no_grad(): the probe stands in for that too.
        gradients = torch.is_grad_enabled()
        torch._C._set_grad_enabled(False)
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the script
            self._failed(error)
        finally:
            torch._C._set_grad_enabled(gradients)
            self.budget.spent += time.perf_counter() - began
        return None

    def guard_always(self, function: Callable[..., Any]) -> None:
        """The same after detaching."""
        try:
            function()
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the script
            self._failed(error)

    def quick(self, loss: Any) -> Watched | None:
        """Count a step between looks; None where more than counting is to be done.

        This is what every step pays, in caches that the training has just emptied: it does without
        the frames and the guard of the full path, and touches as little as it can.
        """
        began = time.perf_counter()
        if (
            self._busy
            or not isinstance(loss, torch.Tensor)
            or loss.device.type != "cpu"
            or loss.numel() != 1
            or not loss.is_floating_point()
            or self.evaluations.busy
            or self.modules.evaluating
            or self.scaled is not None
        ):
            return None
        watched = self.objectives.here(1)
        if watched.schedule.is_due or watched.loss_calls is None:
            return None
        value = loss.item()
        if not math.isfinite(value):
            return None
        self.objectives.add(watched, self.run.steps, value)
        self.evaluations.backward(self.run.steps, watched.loss_calls)
        self.run.steps += 1
        watched.schedule.calls += 1
        self.budget.spent += time.perf_counter() - began
        return watched

    def quick_after(self, watched: Watched) -> None:
        """After the backward of a step that was only counted."""
        began = time.perf_counter()
        canary = watched.canary() if watched.canary is not None else None
        gradient = None if canary is None else canary.grad
        if gradient is not None and not math.isfinite(gradient.sum().item()):
            self.guard(self._after, Look(watched, None, 1.0, 0.0), None)
        elif (
            watched.schedule.is_due
            or self.run.steps >= self.ranks.due
            or began - self._flushed > _FLUSH_SECONDS
        ):
            self.guard(self._settle)
        self.budget.spent += time.perf_counter() - began

    @property
    def _busy(self) -> bool:
        return (
            self.losses.looking
            or self.optimizers.looking
            or self.updates.pending
            or bool(self.optimizers.canaries)
        )

    def _settle(self) -> None:
        self.looks.activations.hidden.clear()
        if self.run.steps >= self.ranks.due:
            self.objectives.look_again()
        self._arm(look=self.objectives.any_due())
        if time.perf_counter() - self._flushed > _FLUSH_SECONDS:
            self.ledger.flush()
            self._flushed = time.perf_counter()

    def begin(
        self, roots: list[torch.Tensor], inputs: list[torch.Tensor] | None, *, created: bool
    ) -> Look | None:
        """A backward begins.

        Args:
            roots: what it is called on.
            inputs: parameters that `torch.autograd.grad` was asked for, else None.
            created: called with `create_graph=True`.
        """
        look: Look | None = self.guard(self._before, roots, inputs, created)
        return look

    def end(
        self, look: Look | None, given: list[tuple[torch.Tensor, torch.Tensor | None]] | None
    ) -> None:
        """A backward is over.

        Args:
            look: what `begin` returned.
            given: (parameter, gradient) that `torch.autograd.grad` returned, else None.
        """
        self.guard(self._after, look, given)
        if self.run.steps == 1:
            self.budget.first_step_over()

    def _before(
        self, roots: Sequence[torch.Tensor], inputs: list[torch.Tensor] | None, created: bool
    ) -> Look:
        began = time.perf_counter()
        watched = self.objectives.here(1)
        step = self.run.steps
        self.run.steps += 1
        schedule = watched.schedule
        due = schedule.is_due
        schedule.calls += 1
        scale = self._scale_of(roots)
        lost = self.objectives.saw(watched, step, roots, scale, now=due)
        self.evaluations.backward(step, watched.loss_calls)
        self.optimizers.backward()
        if self.updates.pending:
            self.updates.resolve(None, step, waiting=self.optimizers.waiting())
        self.phases.backward(watched)
        if not due and not lost:
            # Gradients may be accumulated: the step that uses them is still to come.
            self.optimizers.looking = self.updates.pending
            self.modules.training.clear()
            return Look(watched, None, scale, 0.0)
        traced = self.tracing.on
        self.tracing.switch(on=False)
        graph = walk(roots)
        if graph is None:
            if any(r.grad_fn is not None for r in roots):
                self.ledger.note(
                    f"a graph of more than {NODE_LIMIT} operations was not read; its parameters "
                    "and gradients were"
                )
            schedule.looked(self.budget, time.perf_counter() - began, watched.step_time)
            return Look(watched, None, scale, 0.0)
        if lost:
            # From here on everything is NaN: what was measured before it must stand.
            self.looks.lost(watched, graph, step)
            schedule.stop()
            return Look(watched, None, scale, 0.0)
        self.looks.look(watched, graph, step, created=created)
        self.ranks.see()
        self.ranks.backward(step, watched.parameters)
        self.kept.look(watched.fact, roots, step)
        for tensor in inputs or ():
            self.parameters.number(tensor)
        self.optimizers.looking = True
        hidden_cost = _TRACE_SECONDS * len(graph.nodes) if traced else 0.0
        self.budget.spent += hidden_cost
        return Look(watched, graph, scale, time.perf_counter() - began + hidden_cost)

    def _scale_of(self, roots: Sequence[torch.Tensor]) -> float:
        if self.scaled is None or len(roots) != 1 or self.scaled[0]() is not roots[0]:
            return 1.0
        return float(self.scaled[1].get_scale())

    def _after(
        self,
        look: Look | None,
        given: list[tuple[torch.Tensor, torch.Tensor | None]] | None,
    ) -> None:
        if look is None:
            return
        began = time.perf_counter()
        watched = look.watched
        # A gradient scaler looks for the largest scale that does not overflow, by overflowing.
        if not self._gradients_finite(look, given) and not watched.lost and look.scale == 1.0:
            self.looks.gradient_lost(watched, self.run.steps - 1)
            watched.schedule.stop()
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
        canary = look.watched.canary() if look.watched.canary is not None else None
        if canary is None or canary.grad is None or canary.grad.is_sparse:
            return True
        # Off the CPU a number costs a wait for the device: there only looks check.
        return canary.device.type != "cpu" or math.isfinite(float(canary.grad.sum()))

    def _arm(self, *, look: bool) -> None:
        self.losses.looking = look
        if look:
            lines = not self.objectives.all() or any(
                w.wants_lines for w in self.objectives.all() if w.schedule.is_due
            )
            self.modules.arm(full=lines or self.modules.stranger)
            self.modules.stranger = False
            self.tracing.switch(on=lines)
        else:
            self.modules.disarm()
            self.tracing.switch(on=False)

    def _look_again(self) -> None:
        self.objectives.look_again()
        self._arm(look=True)

    def _close(self) -> None:
        self.ranks.see()
        self.updates.give_up()
        self.phases.finish()
        self.evaluations.finish(self.run.steps)
        self.losses.finish()
        self.optimizers.finish()
        self.loaders.finish()
        self.objectives.finish()

    def detach(self) -> None:
        """Stop to watch at once; what was not handed over is lost."""
        self._active = False
        ATTACHED.discard(self)
        self.tracing.detach()
        self._patches.remove()
        self.losses.detach()
        self.optimizers.detach()
        self.loaders.detach()
        self.modules.detach()

    def _failed(self, error: Exception) -> None:
        frames = traceback.extract_tb(error.__traceback__)
        where = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
        if os.environ.get("TRAINWELL_DEBUG"):
            raise error
        self.ledger.note(
            f"trainwell itself failed at step {self.run.steps} and stopped watching: "
            f"{type(error).__name__}: {error} ({where})"
        )
        if self._active:
            self.detach()
