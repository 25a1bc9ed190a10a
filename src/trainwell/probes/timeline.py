"""What a script does between a backward and the next: schedules, and what becomes of gradients."""

from __future__ import annotations

__all__ = ["Clippings", "Schedulers"]

import math
import weakref
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any

import torch
from torch.optim import Optimizer as TorchOptimizer

from trainwell.hooks.guard import Guard, is_readable
from trainwell.hooks.identity import IdentityMap
from trainwell.hooks.layer import HOOKS
from trainwell.probes.ledger import Ledger
from trainwell.probes.optimizers import Optimizers
from trainwell.probes.places import Sources
from trainwell.record import Clipping, Detail, Place, Scheduler

_METRICS = 512
"""Metrics of one scheduler that are kept: later ones every second, every fourth, ..."""

_SETTINGS = (
    "step_size",
    "milestones",
    "gamma",
    "T_max",
    "T_0",
    "T_mult",
    "eta_min",
    "total_steps",
    "total_iters",
    "start_factor",
    "end_factor",
    "factor",
    "power",
    "mode",
    "patience",
    "threshold",
    "cooldown",
    "last_epoch",
    "_milestones",
)


@dataclass(eq=False)
class _Seen:
    fact: int
    scheduler: weakref.ref[Any]
    optimizer: weakref.ref[TorchOptimizer]
    steps: int = 0
    metrics: int = 0
    early: bool = False
    rate: float = 0.0
    reductions: int = 0


class Schedulers:
    """Watches every scheduler that is stepped.

    Args:
        ledger: where they are recorded.
        sources: tells the user's lines.
        optimizers: knows the optimizers, and the rates that they used.
        guard: runs what is more than counting.
    """

    def __init__(
        self, ledger: Ledger, sources: Sources, optimizers: Optimizers, guard: Guard
    ) -> None:
        self._ledger = ledger
        self._sources = sources
        self._optimizers = optimizers
        self._guard = guard
        self._seen: IdentityMap[Any, _Seen] = IdentityMap()
        self._all: list[_Seen] = []

    def built(self, scheduler: Any) -> None:
        """A scheduler has been constructed."""
        self._of(scheduler, self._sources.here(1))

    def stepped(self, scheduler: Any, metric: Any) -> None:
        """A scheduler's `step()` has ended. Mostly it is only counted."""
        seen = self._seen.get(scheduler)
        if seen is None or metric is not None or not seen.steps & (seen.steps + 1):
            self._guard.run("schedulers", self._stepped, scheduler, metric)
        else:
            seen.steps += 1

    def finish(self) -> None:
        """Record the counts."""
        for seen in self._all:
            self._guard.part("schedulers", seen.fact, self._record, seen)

    def _of(self, scheduler: Any, place: Place) -> _Seen:
        seen = self._seen.get(scheduler)
        if seen is None:
            optimizer = scheduler.optimizer
            number = self._ledger.next_number("scheduler")
            seen = _Seen(number, weakref.ref(scheduler), weakref.ref(optimizer))
            seen.rate = _rate(optimizer)
            self._seen.set(scheduler, seen)
            self._all.append(seen)
            self._ledger.put(Scheduler(number, type(scheduler).__name__, place))
            self._read(seen)
        return seen

    def _stepped(self, scheduler: Any, metric: Any) -> None:
        seen = self._of(scheduler, Place())
        optimizer = seen.optimizer()
        if not seen.steps:
            seen.early = optimizer is not None and not self._optimizers.steps_of(optimizer)
        seen.steps += 1
        if not seen.steps & (seen.steps - 1):
            known = self._ledger.run.schedulers[seen.fact]
            self._ledger.change(known, step_place=self._sources.here(2), steps=seen.steps)
            self._read(seen)
        if metric is None or optimizer is None or not hasattr(scheduler, "num_bad_epochs"):
            return
        rate = _rate(optimizer)
        seen.reductions += rate < seen.rate
        seen.rate = rate
        stride = 1 << max(0, (seen.metrics // _METRICS).bit_length())
        if seen.metrics < _METRICS or not seen.metrics % stride:
            step = self._ledger.run.steps
            self._ledger.measure("scheduler", seen.fact, "metric", step, float(metric))
        seen.metrics += 1

    def _record(self, seen: _Seen) -> None:
        self._read(seen)
        known = self._ledger.run.schedulers[seen.fact]
        served = None if known.optimizer is None else self._ledger.run.optimizers[known.optimizer]
        self._ledger.change(
            known,
            steps=seen.steps,
            early=seen.early,
            reductions=seen.reductions,
            updates=0 if served is None else served.steps,
        )

    def _read(self, seen: _Seen) -> None:
        """Read the constants of a scheduler that still lives, and whose rates it sets."""
        scheduler, optimizer = seen.scheduler(), seen.optimizer()
        if scheduler is None:
            return
        held = vars(scheduler)
        settings = {
            n.strip("_"): found for n in _SETTINGS if (found := _plain(held.get(n))) is not None
        }
        groups = [] if optimizer is None else optimizer.param_groups
        rates = [
            float(value)
            for group in groups
            for name in ("initial_lr", "max_lr", "lr")
            if isinstance(value := group.get(name), (int, float, torch.Tensor))
        ]
        known = self._ledger.run.schedulers[seen.fact]
        parts = held.get("_schedulers")
        self._ledger.change(
            known,
            optimizer=known.optimizer if optimizer is None else self._number(optimizer, known),
            settings=settings,
            base=max([known.base, *rates]),
            parts=tuple(type(p).__name__ for p in parts)
            if isinstance(parts, (list, tuple))
            else (),
        )

    def _number(self, optimizer: TorchOptimizer, known: Scheduler) -> int | None:
        number = self._optimizers.number_of(optimizer)
        return known.optimizer if number is None else number


def _rate(optimizer: TorchOptimizer) -> float:
    rates = (group.get("lr") for group in optimizer.param_groups)
    return max((float(r) for r in rates if r is not None), default=0.0)


def _plain(value: Any) -> Detail:
    """A constant as JSON can hold it; None for anything else, and for what is very long."""
    if isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict) or hasattr(value, "elements"):
        return [*sorted(n for n in value if isinstance(n, (int, float)))[:16]]
    if isinstance(value, (list, tuple)) and len(value) <= 16:
        return [v for v in value if isinstance(v, (bool, int, float, str))]
    return None


@dataclass(eq=False)
class _Site:
    """One line that clips."""

    fact: int
    calls: int = 0
    looks: int = 0
    scaled: int = 0
    late: int = 0


@dataclass
class _Open:
    """The gradients of one sampled step, on their way from the backward to the optimizer.

    Attributes:
        thread: that which computed them.
        scale: what a gradient scaler multiplied the loss by.
        norms: parameter's number to the norm of its gradient after the latest backward.
        tensors: the parameters.
        used: the optimizer has used them.
        step: backward passes that had begun by then.
    """

    thread: int
    scale: float
    norms: dict[int, float] = field(default_factory=dict)
    tensors: dict[int, weakref.ref[torch.Tensor]] = field(default_factory=dict)
    used: bool = False
    step: int = 0


class Clippings:
    """Compares the gradients that an optimizer uses with those that backward computed.

    What is measured is what became of them, by whatever means: a function that clips, one line of
    the script's own, `zero_grad()` in the wrong place.

    Args:
        ledger: where it is recorded.
        sources: tells the user's lines.
        guard: runs what is more than counting.
    """

    def __init__(self, ledger: Ledger, sources: Sources, guard: Guard) -> None:
        self._ledger = ledger
        self._sources = sources
        self._guard = guard
        self._sites: dict[tuple[str, str, int], _Site] = {}
        self._calls = 0
        self._open: _Open | None = None

    @property
    def waits(self) -> bool:
        """Whether the gradients of a sampled step have not been used yet."""
        return self._open is not None and not self._open.used

    def begin(self, tensors: dict[int, weakref.ref[torch.Tensor]], scale: float) -> None:
        """Follow the gradients of a step; its backward has just ended.

        Args:
            tensors: parameters by number.
            scale: what a gradient scaler multiplied the loss by.
        """
        self._open = _Open(get_ident(), scale, tensors=tensors)
        self._open.norms = self._norms(self._open)

    def backward(self) -> None:
        """Another backward has ended: it may have added to the gradients."""
        opened = self._open
        if opened is None or opened.thread != get_ident():
            return
        if opened.used:
            self._open = None
            return
        opened.norms = self._norms(opened)

    def steps(self, optimizer: TorchOptimizer, fact: int | None, held: set[int]) -> None:
        """An optimizer is about to use its gradients.

        Args:
            optimizer: which one.
            fact: its number.
            held: numbers of the parameters that it holds.
        """
        opened = self._open
        if opened is None or opened.thread != get_ident() or opened.used or fact is None:
            return
        own = {n: norm for n, norm in opened.norms.items() if n in held}
        before = math.hypot(*own.values()) / opened.scale
        if not own or not math.isfinite(before) or before == 0:
            return
        now = math.hypot(*self._norms(opened, own).values())
        if not math.isfinite(now):
            return
        opened.used, opened.step = True, self._backwards
        # An optimizer that unscales by itself is given gradients that are scaled still.
        kept = now / before
        kept = kept / opened.scale if kept > math.sqrt(opened.scale) > 1 else kept
        step = self._ledger.run.steps
        self._ledger.measure("optimizer", fact, "gradient_kept", step, kept)
        if opened.scale != 1:
            self._ledger.measure("optimizer", fact, "gradient_scale", step, opened.scale)

    @property
    def _backwards(self) -> int:
        return self._ledger.run.steps + HOOKS.idling.passed

    def clipped(self, function: str, limit: Any, norm: Any) -> None:
        """A function has clipped gradients. Mostly nothing is done but to count."""
        self._calls += 1
        calls = self._calls
        if self._open is not None or not calls & (calls - 1):
            self._guard.run("clipping", self._clipped, function, limit, norm)

    def finish(self) -> None:
        """Record the counts: calls between samples are shared out among the lines."""
        looked = sum(site.calls for site in self._sites.values())
        for site in self._sites.values():
            calls = round(self._calls * site.calls / looked) if looked else 0
            self._ledger.change(self._ledger.run.clippings[site.fact], calls=calls)

    def _clipped(self, function: str, limit: Any, norm: Any) -> None:
        frame = self._sources.frame(3)
        where = ("?", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
        site = self._sites.get((function, *where))
        if site is None:
            number = self._ledger.next_number("clipping")
            site = self._sites[function, *where] = _Site(number)
            bound = float(limit) if isinstance(limit, (int, float)) else None
            place = self._sources.here(3)
            self._ledger.put(Clipping(number, function, place, bound))
        site.calls += 1
        opened = self._open
        if opened is not None and opened.used and self._backwards > opened.step:
            opened = self._open = None
        if opened is None or opened.thread != get_ident():
            return
        site.looks += 1
        known = self._ledger.run.clippings[site.fact]
        if opened.used:
            site.late += 1
        elif opened.scale >= _SCALED:
            site.scaled += self._is_scaled(opened, known.limit, norm)
        if isinstance(norm, torch.Tensor) and norm.numel() == 1:
            step = self._ledger.run.steps
            self._ledger.measure("clipping", site.fact, "norm", step, float(norm))
        self._ledger.change(
            known, looks=site.looks, scaled=site.scaled, late=site.late, scale=opened.scale
        )

    def _is_scaled(self, opened: _Open, limit: float | None, norm: Any) -> bool:
        """Whether gradients were clipped while they carried the factor of a gradient scaler.

        Clipping by norm multiplies all of them by one number, which is known; what is left of the
        change is unscaling. Clipped by value, none may be larger than the limit before unscaling.
        """
        before = math.hypot(*opened.norms.values())
        now = math.hypot(*self._norms(opened).values())
        if before <= 0 or not math.isfinite(before) or not math.isfinite(now):
            return False
        change = now / before
        if isinstance(norm, torch.Tensor) and norm.numel() == 1 and limit is not None:
            total = float(norm)
            if not math.isfinite(total) or total <= 0:
                return False
            change /= min(1.0, limit / (total + 1e-6))
            # Nearer to 1 than to 1 / scale, by factors.
            return change > 1 / math.sqrt(opened.scale)
        # By value: what was unscaled before is no larger than the real gradients were.
        return now > 1.5 * before / opened.scale

    def _norms(self, opened: _Open, only: dict[int, float] | None = None) -> dict[int, float]:
        numbers, gradients = [], []
        found: dict[int, float] = {}
        for number, reference in opened.tensors.items():
            if only is not None and number not in only:
                continue
            tensor = reference()
            gradient = None if tensor is None else tensor.grad
            if gradient is None:
                found[number] = 0.0
            elif is_readable(gradient) and gradient.numel():
                numbers.append(number)
                gradients.append(gradient.detach())
        if gradients:
            norms = torch.stack([n.float().cpu() for n in torch._foreach_norm(gradients)])
            found |= dict(zip(numbers, norms.tolist(), strict=True))
        return found


_SCALED = 16.0
"""A smaller factor cannot be told from the noise of the gradients."""
