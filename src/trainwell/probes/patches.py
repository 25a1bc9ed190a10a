"""The few functions of PyTorch that the probe stands in for, beside PyTorch's own hooks."""

from __future__ import annotations

__all__ = ["Patches"]

import functools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from trainwell.probes.probe import Probe


class Patches:
    """Puts them in place, and takes them away again.

    Args:
        probe: is told of every call.
    """

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._asked: dict[int, weakref.ref[torch.Tensor]] = {}
        self._undo: list[tuple[Any, str, Any]] = []

    def apply(self) -> None:
        """Stand in."""
        probe = self._probe
        self._replace(torch.autograd, "backward", self._backward)
        self._replace(torch.autograd, "grad", self._grad)
        self._replace(torch.amp.GradScaler, "scale", self._scale)
        for switch in (torch.no_grad, torch.inference_mode):
            self._replace(switch, "__enter__", lambda f: self._then(f, probe.phases.gradients_off))
            self._replace(switch, "__exit__", lambda f: self._then(f, probe.phases.gradients_on))
        self._replace(torch, "compile", self._compile)
        hooks = torch.autograd.graph.saved_tensors_hooks
        self._replace(hooks, "__enter__", self._packing)
        self._replace(hooks, "__exit__", self._packed)
        if probe.rehearsal is not None:
            probe.rehearsal.attach()

    def remove(self) -> None:
        """Give everything back."""
        if self._probe.rehearsal is not None:
            self._probe.rehearsal.detach()
        for owner, name, original in reversed(self._undo):
            setattr(owner, name, original)
        self._undo = []

    def _replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        self._undo.append((owner, name, original))
        setattr(owner, name, functools.wraps(original)(make(original)))

    def _backward(self, original: Callable[..., Any]) -> Callable[..., Any]:
        probe = self._probe

        def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if not probe.active or torch.compiler.is_compiling():
                return original(tensors, *args, **kwargs)
            watched = probe.quick(tensors)
            look = None
            if watched is None:
                look = probe.begin(_tensors(tensors), None, created=_creates(args, kwargs))
            seen = watched or (None if look is None else look.watched)
            if probe.rehearsal is not None and seen is not None:
                probe.rehearsal.backward(tensors, seen.fact)
            probe.nested = True
            try:
                result = original(tensors, *args, **kwargs)
            finally:
                probe.nested = False
            if watched is None:
                probe.end(look, None)
            else:
                probe.quick_after(watched)
            return result

        return backward

    def _grad(self, original: Callable[..., Any]) -> Callable[..., Any]:
        probe = self._probe

        def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            chosen = _tensors(inputs)
            if not probe.active or torch.compiler.is_compiling() or not self._trains(chosen):
                return original(outputs, inputs, *args, **kwargs)
            look = probe.begin(_tensors(outputs), chosen, created=_creates(args, kwargs))
            if probe.rehearsal is not None:
                probe.rehearsal.refuse("its gradients come from torch.autograd.grad")
            probe.nested = True
            try:
                result = original(outputs, inputs, *args, **kwargs)
            finally:
                probe.nested = False
            probe.end(look, list(zip(chosen, result, strict=False)))
            return result

        return grad

    def _trains(self, inputs: list[torch.Tensor]) -> bool:
        """Whether gradients of these are a training step: they are parameters.

        Bare leaves may be parameters, or inputs (gradient penalties, maps of salience), which are
        made afresh every time: one that comes a second time is being trained.
        """
        if not inputs or not all(t.is_leaf for t in inputs):
            return False
        bare = [t for t in inputs if not isinstance(t, torch.nn.Parameter)]
        known = [self._asked.get(id(t)) for t in bare]
        self._asked.update((id(t), weakref.ref(t)) for t in bare)
        return all(r is not None and r() is t for r, t in zip(known, bare, strict=True))

    def _scale(self, original: Callable[..., Any]) -> Callable[..., Any]:
        probe = self._probe

        def scale(scaler: Any, outputs: Any) -> Any:
            result = original(scaler, outputs)
            if isinstance(result, torch.Tensor):
                probe.scaled = (weakref.ref(result), scaler)
                if probe.rehearsal is not None:
                    probe.rehearsal.refuse("its loss is scaled for half precision")
            return result

        return scale

    def _compile(self, original: Callable[..., Any]) -> Callable[..., Any]:
        probe = self._probe

        def compile(model: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: A001
            probe.guard(probe.modules.compiles, model)
            if probe.rehearsal is not None:
                probe.rehearsal.refuse("torch.compile is in use")
            return original(model, *args, **kwargs)

        return compile

    def _packing(self, original: Callable[..., Any]) -> Callable[..., Any]:
        probe = self._probe

        def enter(hooks: Any) -> Any:
            if probe.active:
                low = torch._C._autograd._get_sequence_nr()
                probe.looks.activations.hidden.append((low, 1 << 62))
            return original(hooks)

        return enter

    def _packed(self, original: Callable[..., Any]) -> Callable[..., Any]:
        probe = self._probe

        def leave(hooks: Any, *args: Any) -> Any:
            ranges = probe.looks.activations.hidden
            if probe.active and ranges and ranges[-1][1] == 1 << 62:
                ranges[-1] = (ranges[-1][0], torch._C._autograd._get_sequence_nr())
            return original(hooks, *args)

        return leave

    def _then(self, original: Callable[..., Any], after: Callable[[], None]) -> Callable[..., Any]:
        probe = self._probe

        def call(switch: Any, *args: Any) -> Any:
            result = original(switch, *args)
            probe.guard(after)
            return result

        return call


def _creates(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a backward is asked for a graph of its own."""
    return bool(kwargs.get("create_graph") or (len(args) > 2 and args[2]))


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    try:
        return [v for v in value if isinstance(v, torch.Tensor)]
    except TypeError:
        return []
