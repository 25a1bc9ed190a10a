"""Objectives: the lines that call `backward()`, each with its loss and its schedule of looks."""

from __future__ import annotations

__all__ = ["Objectives", "Watched"]

import math
import time
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import get_ident

import torch

from trainwell.hooks.guard import is_readable
from trainwell.probes.budget import Budget, Schedule
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, place_of
from trainwell.record import Detail, Objective

_SINGLE = 256
"""Losses are kept singly up to this many, then as means of 2, then of 4, ... as many times."""

_PATIENCE = 16
"""Steps of others that an objective may miss before it counts as over; more where it has always
been called more rarely."""

_FREE = 8
"""Objectives whose first call is looked at whatever it costs; further ones wait for the budget."""

_FIRST_SECONDS = 5e-3
"""What the first look at an objective costs, about."""

_DEFER = 256
"""Losses on a device are fetched at looks, or when this many wait: a fetch waits for it."""


@dataclass
class Watched:
    """What is kept of one objective while the run goes on.

    Attributes:
        fact: its number.
        schedule: when it is looked at.
        canary: the first layer's smallest parameter: NaN flows down to it.
        thread: that which trains it; gradients of another thread's are not read.
        wants_lines: its source lines are not known yet.
        parameters: those of its graph at the last look, by number.
        suspect: an operation whose slope was infinite at the values of a look.
        deferred: losses on a device, not fetched yet: (step, loss, scale).
        last: the step of its latest call.
        gap: steps between its calls, at most so far.
        nodes: operations in its graph, as far as known.
        lost: its loss has been NaN or infinite.
    """

    fact: int
    schedule: Schedule = field(default_factory=Schedule)
    began: float = field(default_factory=time.perf_counter)
    canary: weakref.ref[torch.Tensor] | None = None
    thread: int = 0
    wants_lines: bool = True
    parameters: dict[int, weakref.ref[torch.Tensor]] = field(default_factory=dict)
    suspect: dict[str, Detail] | None = None
    block: list[float] = field(default_factory=list)
    block_step: int = 0
    blocks: int = 0
    deferred: list[tuple[int, torch.Tensor, float]] = field(default_factory=list)
    last: int = 0
    gap: int = 0
    nodes: int = 64
    lost: bool = False
    lost_value: str = ""

    def gradient(self) -> torch.Tensor | None:
        """The gradient of the canary, in the thread that trains it."""
        tensor = None if self.canary is None or self.thread != get_ident() else self.canary()
        return None if tensor is None else tensor.grad

    @property
    def step_time(self) -> float:
        """Seconds from one call to the next, on average."""
        return (time.perf_counter() - self.began) / max(self.schedule.calls, 1)


class Objectives:
    """Finds the objective of a backward by the line that called it."""

    def __init__(self, ledger: Ledger, sources: Sources, budget: Budget) -> None:
        self._ledger = ledger
        self._sources = sources
        self._budget = budget
        self._by_line: dict[tuple[str, int], Watched] = {}

    def all(self) -> list[Watched]:
        """Every objective seen so far."""
        return list(self._by_line.values())

    def any_due(self) -> bool:
        """Whether the next call of some objective is to be looked at.

        One that is not called any more is not waited for: a warm-up loop, a phase that is over.
        """
        step = self._ledger.run.steps
        return any(
            w.schedule.is_due and step - w.last <= max(_PATIENCE, 4 * w.gap)
            for w in self._by_line.values()
        )

    def wants_lines(self) -> bool:
        """Whether an objective whose source lines are unknown is likely to be called next."""
        step = self._ledger.run.steps
        return any(
            w.wants_lines and w.schedule.is_due and step - w.last <= max(2, 2 * w.gap)
            for w in self._by_line.values()
        )

    def alive(self) -> list[Watched]:
        """The objectives that have been called lately."""
        step = self._ledger.run.steps
        return [w for w in self._by_line.values() if step - w.last <= max(_PATIENCE, 4 * w.gap)]

    def step_time(self) -> float:
        """Seconds from one backward to the next, of whichever objective that is alive."""
        often = sum(1 / max(w.step_time, 1e-6) for w in self.alive())
        return 1 / often if often else 0.0

    def passed(self, watched: Watched, calls: int, last: int) -> None:
        """An objective was called uncounted.

        Args:
            watched: the objective.
            calls: how often.
            last: the step of the last of these calls.
        """
        watched.schedule.calls += calls
        watched.last = last

    def called(self, watched: Watched, step: int) -> None:
        """An objective is called."""
        watched.gap = max(watched.gap, step - watched.last) if watched.schedule.calls else 0
        watched.last = step
        watched.schedule.calls += 1

    def look_again(self) -> None:
        """Look at the next call of each: an evaluation may have left a network in another mode."""
        for watched in self._by_line.values():
            watched.schedule.due = min(watched.schedule.due, watched.schedule.calls)

    def here(self, depth: int) -> Watched:
        """The objective of the calling line; a new one when the line is new.

        Args:
            depth: frames between the caller of `backward()` and this function.
        """
        frame = self._sources.frame(depth + 1)
        where = ("?", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
        watched = self._by_line.get(where)
        if watched is None:
            number = self._ledger.next_number("objective")
            self._ledger.put(Objective(number=number, place=place_of(*where)))
            watched = self._by_line[where] = Watched(number)
            if number >= _FREE and self._budget.every is None:
                # A program of many trainings (a test suite): its budget is for all of them.
                wait = self._budget.seconds_until(_FIRST_SECONDS)
                step_time = self._budget.elapsed / max(self._ledger.run.steps, 1)
                watched.schedule.due = math.ceil(wait / max(step_time, 1e-5))
        return watched

    def saw(
        self,
        watched: Watched,
        step: int,
        roots: Sequence[torch.Tensor],
        scale: float,
        *,
        now: bool,
    ) -> bool:
        """Take in the loss of one step.

        Args:
            watched: the objective.
            step: the step.
            roots: what `backward()` was called on.
            scale: what a gradient scaler multiplied it by.
            now: fetch it at once, wherever it is.

        Returns:
            Whether it is the objective's first loss that is NaN or infinite.
        """
        if len(roots) != 1 or not is_readable(roots[0]):
            return False
        if roots[0].numel() != 1 or not roots[0].is_floating_point():
            return False
        loss = roots[0].detach()
        watched.deferred.append((step, loss, scale))
        if loss.device.type != "cpu" and not now and len(watched.deferred) < _DEFER:
            return False
        before = watched.lost
        self._fetch(watched)
        return watched.lost and not before

    def _fetch(self, watched: Watched) -> None:
        deferred, watched.deferred = watched.deferred, []
        for step, loss, scale in deferred:
            value = float(loss) / scale
            if not watched.lost and not math.isfinite(value):
                watched.lost, watched.lost_value = True, str(value)
            self.add(watched, step, value)

    def add(self, watched: Watched, step: int, value: float) -> None:
        """Add one step's loss to the series."""
        if not watched.block:
            watched.block_step = step
        watched.block.append(value)
        if len(watched.block) >= 1 << (watched.blocks // _SINGLE):
            self._close_block(watched)

    def finish(self) -> None:
        """Record what is still open."""
        for watched in self._by_line.values():
            self._fetch(watched)
            if watched.block:
                self._close_block(watched)
            known = self._ledger.run.objectives[watched.fact]
            self._ledger.change(known, steps=watched.schedule.calls)

    def _close_block(self, watched: Watched) -> None:
        block, watched.block = watched.block, []
        watched.blocks += 1
        if len(block) == 1:
            self._ledger.measure("objective", watched.fact, "loss", watched.block_step, block[0])
            return
        good = [v for v in block if math.isfinite(v)]
        mean = sum(good) / len(good) if good else block[0]
        low, high = (min(good), max(good)) if good else (mean, mean)
        for quantity, value in (("loss", mean), ("loss_low", low), ("loss_high", high)):
            self._ledger.measure("objective", watched.fact, quantity, watched.block_step, value)
