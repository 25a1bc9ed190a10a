"""Optimizers: PyTorch's own global hooks around `step()`, and whether gradients were zeroed."""

from __future__ import annotations

__all__ = ["Optimizers"]

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import get_ident
from typing import Any

import torch
from torch.optim import Optimizer as TorchOptimizer

from trainwell.hooks.guard import Guard, is_readable
from trainwell.hooks.identity import IdentityMap
from trainwell.hooks.layer import HOOKS
from trainwell.probes.ledger import Ledger
from trainwell.probes.parameters import Parameters
from trainwell.probes.places import Sources, place_of
from trainwell.record import Optimizer
from trainwell.record.facts import Detail

_NAMES = 32
_FIRST_STEPS = 3
_SINGLE = 256
"""Rates are kept singly up to this many, then as means of 2, then of 4, ... as many times."""
_CROWD = 4
"""Backward passes to a step from which they are meant to add up: methods that look at a gradient
once or twice before they step (sharpness-aware minimisation, line searches) make fewer."""
_PATIENCE = 256
"""Backward passes after which an optimizer is not expected to step any more."""


@dataclass(eq=False)
class _Seen:
    """What is kept of one optimizer between its steps."""

    fact: int
    steps: int = 0
    group: int = 0
    """That with the highest rate: whose rate is followed."""
    last: int = 0
    """Backward passes that had been made at its last step."""
    rate: Any = None
    same: int = 0
    """Steps at this rate so far."""
    total: float = 0.0
    count: int = 0
    entries: int = 0
    """Of a block of stretches at one rate each: sum of the rates, steps, stretches."""
    width: int = 1
    """Stretches that make up a block."""
    block_step: int = 0
    blocks: int = 0
    changes: int = -1
    """How often the rate changed; the first one is no change."""
    canary: weakref.ref[torch.Tensor] | None = None
    thread: int = 0
    """That which stepped it last: another thread's gradients may be freed while they are read."""
    age: int = 0
    backwards: int = 0
    zeroed: bool = False
    lost: int = 0
    """Backward passes since, but for the first one, that found no gradient of the one before."""
    ungraded: dict[int, tuple[str, weakref.ref[torch.Tensor]]] | None = None
    """Tensors that never had a gradient, by their place: their names, and they themselves."""
    tensors: set[int] = field(default_factory=set)


class Optimizers:
    """Watches every optimizer that steps."""

    def __init__(
        self, ledger: Ledger, parameters: Parameters, sources: Sources, guard: Guard
    ) -> None:
        self._ledger = ledger
        self._parameters = parameters
        self._sources = sources
        self._guard = guard
        self._seen: IdentityMap[TorchOptimizer, _Seen] = IdentityMap()
        self._all: list[_Seen] = []
        self.canaries: list[_Seen] = []
        """Optimizers whose next step will tell whether gradients were zeroed."""
        self._built: IdentityMap[TorchOptimizer, tuple[str, int]] = IdentityMap()
        self._made: IdentityMap[TorchOptimizer, int] = IdentityMap()
        self.modules_made: Callable[[], int] = lambda: 0
        """Tells how many modules were built so far."""
        self.looking = False
        """Look at the next steps: their backward was looked at."""
        self._held: IdentityMap[torch.Tensor, None] = IdentityMap()
        self.on_other_training: Callable[[], None] = lambda: None
        """Called when an optimizer is built, after training, for parameters that are new."""
        self.on_step: Callable[[set[int]], None] = lambda numbers: None

    def stepped(self, optimizer: TorchOptimizer) -> None:
        """An optimizer has stepped. Between samples its steps are only counted."""
        seen = self._seen.get(optimizer)
        if seen is None or self.looking or seen.canary is not None or seen.steps < _FIRST_STEPS:
            self._guard.run("optimizers", self._stepped, optimizer)
            seen = self._seen.get(optimizer)
        else:
            seen.steps += 1
        if seen is not None:
            seen.last = self._ledger.run.steps
            rate = optimizer.param_groups[seen.group].get("lr")
            if rate is seen.rate or (type(rate) is float and rate == seen.rate):
                seen.same += 1
            else:
                self._changed(seen, rate)

    def steps_of(self, optimizer: TorchOptimizer) -> int:
        """How often an optimizer has stepped."""
        seen = self._seen.get(optimizer)
        return 0 if seen is None else seen.steps

    def number_of(self, optimizer: TorchOptimizer) -> int | None:
        """An optimizer's number; None where it has not stepped."""
        seen = self._seen.get(optimizer)
        return None if seen is None else seen.fact

    def tensors_of(self, optimizer: TorchOptimizer) -> set[int]:
        """Numbers of the parameters that an optimizer is known to hold."""
        seen = self._seen.get(optimizer)
        return set() if seen is None else seen.tensors

    def _changed(self, seen: _Seen, rate: Any) -> None:
        """The step that has just ended used another rate than the step before.

        Under many schedules every step does: it pays for this.
        """
        self._add_rate(seen)
        if not seen.entries:
            # A step that is over has been counted already.
            seen.block_step = max(self._ledger.run.steps + HOOKS.idling.passed - 1, 0)
        seen.rate, seen.same = rate, 1
        seen.changes += 1

    def _add_rate(self, seen: _Seen, *, last: bool = False) -> None:
        """Add the steps at the rate until now to the block, and close a block that is full."""
        if seen.same and isinstance(seen.rate, (float, int)):
            seen.total += seen.same * seen.rate
            seen.count += seen.same
            seen.entries += 1
        if seen.entries and (last or seen.entries >= seen.width):
            mean = seen.total / seen.count
            self._ledger.measure("optimizer", seen.fact, "rate", seen.block_step, mean)
            seen.total, seen.count, seen.entries = 0.0, 0, 0
            seen.blocks += 1
            seen.width = 1 << (seen.blocks // _SINGLE)

    def backward(self) -> None:
        """A backward begins: see whether the gradients of the step before are gone."""
        thread = get_ident()
        for seen in list(self.canaries):
            seen.age += 1
            if seen.age > _PATIENCE:
                # It steps no more, or hardly ever.
                self._forget(seen)
                continue
            if seen.thread != thread:
                continue
            seen.backwards += 1
            tensor = None if seen.canary is None else seen.canary()
            gradient = None if tensor is None else tensor.grad
            if gradient is None or not is_readable(gradient) or not bool(gradient.any()):
                seen.zeroed = True
                seen.lost += seen.backwards > 1

    def waiting(self) -> frozenset[int]:
        """Numbers of the parameters that some optimizer holds which has stepped before."""
        return frozenset(n for _, seen in self._seen.items() for n in seen.tensors)

    def finish(self) -> None:
        """Record the counts, and who holds which parameter."""
        # The script may have dropped an optimizer: its count stays.
        for seen in self._all:
            self._add_rate(seen, last=True)
            self._ledger.change(
                self._ledger.run.optimizers[seen.fact],
                steps=seen.steps,
                rate_changes=seen.changes,
                last_step=seen.last + HOOKS.idling.passed,
            )
        for optimizer, seen in self._seen.items():
            self._guard.part("optimizers", seen.fact, self._hold, optimizer, seen)

    def constructed(self, optimizer: TorchOptimizer) -> None:
        """Note the line that constructs an optimizer, and whether another training begins."""
        held = [p for group in optimizer.param_groups for p in group["params"]]
        if self._ledger.run.steps and held and not any(p in self._held for p in held):
            self.on_other_training()
        for parameter in held:
            self._held.set(parameter, None)
        self._made.set(optimizer, self.modules_made())
        frame = self._sources.frame(1)
        if frame is not None:
            self._built.set(optimizer, (frame.f_code.co_filename, frame.f_lineno))

    def _stepped(self, optimizer: TorchOptimizer) -> None:
        seen = self._seen.get(optimizer)
        if seen is None:
            seen = self._new(optimizer)
            self._seen.set(optimizer, seen)
            self._all.append(seen)
        seen.steps += 1
        if seen.canary is not None:
            self._judge(seen)
        if self.looking or seen.steps <= _FIRST_STEPS:
            self._look(optimizer, seen)
        if self.looking:
            self.on_step(seen.tensors)

    def _new(self, optimizer: TorchOptimizer) -> _Seen:
        number = self._ledger.next_number("optimizer")
        built = self._built.get(optimizer)
        defaults: dict[str, Detail] = {
            k: float(v) if isinstance(v, torch.Tensor) else v
            for k, v in optimizer.defaults.items()
            if isinstance(v, (bool, int, float, str, torch.Tensor))
        }
        self._ledger.put(
            Optimizer(
                number=number,
                name=getattr(optimizer, "name", type(optimizer).__name__),
                place=place_of(*built) if built else self._sources.here(2),
                settings=defaults,
                made=self._made.get(optimizer),
            )
        )
        return _Seen(number)

    def _hold(self, optimizer: TorchOptimizer, seen: _Seen) -> None:
        for group in optimizer.param_groups:
            for tensor in group["params"]:
                self._parameters.held(tensor, seen.fact)
                number = self._parameters.known(tensor)
                if number is not None:
                    seen.tensors.add(number)

    def _judge(self, seen: _Seen) -> None:
        if seen.backwards:
            known = self._ledger.run.optimizers[seen.fact]
            self._ledger.change(
                known,
                stale_chances=known.stale_chances + 1,
                stale_looks=known.stale_looks + (not seen.zeroed),
                crowded_looks=known.crowded_looks + (seen.backwards >= _CROWD),
                discarded_looks=known.discarded_looks + (seen.lost + 1 >= seen.backwards >= _CROWD),
            )
        self._forget(seen)

    def _forget(self, seen: _Seen) -> None:
        seen.canary = None
        self.canaries.remove(seen)

    def _look(self, optimizer: TorchOptimizer, seen: _Seen) -> None:
        tensors = [t for group in optimizer.param_groups for t in group["params"]]
        self._hold(optimizer, seen)
        ungraded = {i: t for i, t in enumerate(tensors) if t.requires_grad and t.grad is None}
        if seen.ungraded is None:
            seen.ungraded = {i: (self._name(t, i), weakref.ref(t)) for i, t in ungraded.items()}
        else:
            seen.ungraded = {i: n for i, n in seen.ungraded.items() if i in ungraded}
        self._trained_here(seen, tensors)
        empty = all(t.grad is None for t in tensors)
        known = self._ledger.run.optimizers[seen.fact]
        self._ledger.change(
            known,
            parameter_count=len(tensors),
            trainable_count=sum(t.requires_grad for t in tensors),
            steps=seen.steps,
            step_place=self._sources.here(3),
            looks=known.looks + 1,
            empty_looks=known.empty_looks + empty,
            never_graded=_names(seen),
        )
        step = self._ledger.run.steps
        rates = [group.get("lr") for group in optimizer.param_groups]
        seen.group = max(range(len(rates)), key=lambda i: rates[i] or 0.0, default=0)
        rate = rates[seen.group] if rates else None
        if rate is not None:
            self._ledger.measure("optimizer", seen.fact, "learning_rate", step, float(rate))
        self._plant(tensors, seen)

    def _trained_here(self, seen: _Seen, tensors: list[torch.Tensor]) -> None:
        """Take tensors that this optimizer trains off the lists of the others that hold them."""
        graded = {id(t) for t in tensors if t.grad is not None}
        for other in self._all:
            if other is seen or not other.ungraded:
                continue
            left = {
                i: (name, reference)
                for i, (name, reference) in other.ungraded.items()
                if (t := reference()) is None or id(t) not in graded
            }
            if len(left) < len(other.ungraded):
                other.ungraded = left
                fact = self._ledger.run.optimizers[other.fact]
                self._ledger.change(fact, never_graded=_names(other))

    def _plant(self, tensors: list[torch.Tensor], seen: _Seen) -> None:
        """Choose the smallest of the first tensors with a gradient, to see it zeroed."""
        graded = [t for t in tensors[:16] if t.grad is not None and is_readable(t.grad)]
        for tensor in sorted(graded, key=torch.Tensor.numel):
            gradient = tensor.grad
            if gradient is not None and bool(gradient.any()):
                seen.canary = weakref.ref(tensor)
                seen.thread, seen.age = get_ident(), 0
                seen.backwards, seen.zeroed, seen.lost = 0, False, 0
                self.canaries.append(seen)
                return

    def _name(self, tensor: torch.Tensor, index: int) -> str:
        number = self._parameters.known(tensor)
        if number is not None:
            return self._ledger.run.parameters[number].name
        name = self._parameters.name_of(tensor)
        if name is not None:
            return name
        return f"tensor {index} ({'x'.join(map(str, tensor.shape))})"


def _names(seen: _Seen) -> tuple[str, ...]:
    return tuple(name for name, _ in (seen.ungraded or {}).values())[:_NAMES]
