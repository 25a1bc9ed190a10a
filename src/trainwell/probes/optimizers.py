"""Optimizers: PyTorch's own global hooks around `step()`, and whether gradients were zeroed."""

from __future__ import annotations

__all__ = ["Optimizers"]

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import get_ident

import torch
from torch.optim import Optimizer as TorchOptimizer

from trainwell.hooks.guard import Guard, is_readable
from trainwell.hooks.identity import IdentityMap
from trainwell.probes.ledger import Ledger
from trainwell.probes.parameters import Parameters
from trainwell.probes.places import Sources, place_of
from trainwell.record import Optimizer
from trainwell.record.facts import Detail

_NAMES = 32
_FIRST_STEPS = 3
_PATIENCE = 256
"""Backward passes after which an optimizer is not expected to step any more."""


@dataclass(eq=False)
class _Seen:
    """What is kept of one optimizer between its steps."""

    fact: int
    steps: int = 0
    canary: weakref.ref[torch.Tensor] | None = None
    thread: int = 0
    """That which stepped it last: another thread's gradients may be freed while they are read."""
    age: int = 0
    backwards: int = 0
    zeroed: bool = False
    ungraded: dict[int, str] | None = None
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
        else:
            seen.steps += 1

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

    def waiting(self) -> frozenset[int]:
        """Numbers of the parameters that some optimizer holds which has stepped before."""
        return frozenset(n for _, seen in self._seen.items() for n in seen.tensors)

    def finish(self) -> None:
        """Record the counts, and who holds which parameter."""
        # The script may have dropped an optimizer: its count stays.
        for seen in self._all:
            self._ledger.change(self._ledger.run.optimizers[seen.fact], steps=seen.steps)
        for optimizer, seen in self._seen.items():
            self._guard.part("optimizers", seen.fact, self._hold, optimizer, seen)

    def constructed(self, optimizer: TorchOptimizer) -> None:
        """Note the line that constructs an optimizer, and whether another training begins."""
        held = [p for group in optimizer.param_groups for p in group["params"]]
        if self._ledger.run.steps and held and not any(p in self._held for p in held):
            self.on_other_training()
        for parameter in held:
            self._held.set(parameter, None)
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
            seen.ungraded = {i: self._name(t, i) for i, t in ungraded.items()}
        else:
            seen.ungraded = {i: n for i, n in seen.ungraded.items() if i in ungraded}
        empty = all(t.grad is None for t in tensors)
        known = self._ledger.run.optimizers[seen.fact]
        self._ledger.change(
            known,
            parameter_count=len(tensors),
            trainable_count=sum(t.requires_grad for t in tensors),
            steps=seen.steps,
            looks=known.looks + 1,
            empty_looks=known.empty_looks + empty,
            never_graded=tuple(seen.ungraded.values())[:_NAMES],
        )
        step = self._ledger.run.steps
        rate = optimizer.param_groups[0].get("lr")
        if rate is not None:
            self._ledger.measure("optimizer", seen.fact, "learning_rate", step, float(rate))
        self._plant(tensors, seen)

    def _plant(self, tensors: list[torch.Tensor], seen: _Seen) -> None:
        """Choose the smallest of the first tensors with a gradient, to see it zeroed."""
        graded = [t for t in tensors[:16] if t.grad is not None and is_readable(t.grad)]
        for tensor in sorted(graded, key=torch.Tensor.numel):
            gradient = tensor.grad
            if gradient is not None and bool(gradient.any()):
                seen.canary = weakref.ref(tensor)
                seen.thread, seen.age = get_ident(), 0
                seen.backwards, seen.zeroed = 0, False
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
