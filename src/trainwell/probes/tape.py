"""A tape: how one step made its loss out of what its networks were given, to be played again.

Between the call of a network and `backward()` every function of PyTorch is seen by a
`torch.overrides.TorchFunctionMode`, whatever the script's own code looks like. What the network
does inside is not taped: it is called again. Tensors that depend on no weight (inputs, targets) are
kept as copies; Python numbers are kept as they were.
"""

from __future__ import annotations

__all__ = ["Keeper", "Recorder", "Tape", "UntapedError"]

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

_GRADIENT = torch._C.TensorBase.grad.__get__  # type: ignore[union-attr]
"""Reading a gradient: no part of a loss, but of zeroing it between the loss and `backward()`."""


class UntapedError(Exception):
    """A step that cannot be taped; the text says why."""


@dataclass(frozen=True)
class _Slot:
    """Stands for a tensor that an earlier call of the tape makes."""

    number: int


@dataclass(frozen=True)
class _Call:
    function: Callable[..., Any]
    args: Any
    kwargs: Any
    results: tuple[int, ...]
    """Slots of what it returns, leaf by leaf; -1 where that is no tensor."""


def _filled(value: Any, made: dict[int, Any]) -> Any:
    """An argument with tensors in the place of slots. Most are no containers: that goes fast."""
    if isinstance(value, _Slot):
        return made[value.number]
    if isinstance(value, (int, float, str, torch.Tensor)) or value is None:
        return value
    return tree_map(lambda v: made[v.number] if isinstance(v, _Slot) else v, value)


@dataclass
class Tape:
    """One step, from the first call of a network to the loss.

    Attributes:
        random: the generator's state before the first call.
        rows: examples in the first tensor that a network was given.
        value: the loss as the script had it.
        roots: networks called; loss modules count as such.
    """

    random: torch.Tensor
    rows: int = 0
    value: float = 0.0
    roots: list[nn.Module] = field(default_factory=list)
    calls: list[_Call] = field(default_factory=list)
    loss: int = -1

    def play(self) -> torch.Tensor:
        """The loss again, at the weights as they are now."""
        made: dict[int, Any] = {}
        for call in self.calls:
            args = [_filled(a, made) for a in call.args]
            kwargs = {name: _filled(a, made) for name, a in call.kwargs.items()}
            result = call.function(*args, **kwargs)
            leaves = [result] if isinstance(result, torch.Tensor) else tree_leaves(result)
            made.update(zip(call.results, leaves, strict=True))
        loss: torch.Tensor = made[self.loss]
        return loss


class Keeper:
    """Keeps copies of the tensors that a script hands in; the same tensor twice is one copy."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[weakref.ref[torch.Tensor], int, weakref.ref[torch.Tensor]]] = {}

    def copy(self, tensor: torch.Tensor) -> torch.Tensor:
        """The copy of a tensor as it is now."""
        if tensor.is_inference():
            # It has no version: nothing tells whether it was changed since.
            return tensor.detach().clone()
        found = self._kept.get(id(tensor))
        if found is not None and found[0]() is tensor and found[1] == tensor._version:
            known = found[2]()
            if known is not None:
                return known
        made = tensor.detach().clone()
        self._kept[id(tensor)] = weakref.ref(tensor), tensor._version, weakref.ref(made)
        return made


class Recorder(TorchFunctionMode):
    """Tapes one step.

    Args:
        keeper: copies what comes from outside.
    """

    def __init__(self, keeper: Keeper) -> None:
        super().__init__()
        self._keeper = keeper
        self.tape: Tape | None = None
        """Under construction; None: everything passes by."""
        self.inside = False
        """A network is being called: what happens there is its own affair."""
        self.problem: str | None = None
        self._slots: dict[int, int] = {}
        self._alive: list[torch.Tensor] = []
        """Keeps the tensors of this step, so that no other one gets the `id` of one of them."""

    def begin(self, random: torch.Tensor) -> None:
        """Start a tape."""
        self.tape = Tape(random)
        self.problem = None

    def end(self, loss: torch.Tensor) -> Tape:
        """The tape of a step whose loss is ready.

        Raises:
            UntapedError: if it cannot be played.
        """
        tape, slot = self.tape, self._slots.get(id(loss))
        problem = self.problem
        self.drop()
        if problem is not None:
            raise UntapedError(problem)
        if tape is None or slot is None:
            raise UntapedError("its loss was not seen being made")
        tape.loss = slot
        tape.value = float(loss.detach())
        return tape

    def drop(self) -> None:
        """Forget the step."""
        self.tape = None
        self.inside = False
        self._slots = {}
        self._alive = []

    def called(self, root: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
        """A network was called, not by another one."""
        assert self.tape is not None
        self.tape.roots.append(root)
        if not self.tape.rows:
            tensors = [t for t in tree_leaves(args) if isinstance(t, torch.Tensor) and t.dim()]
            self.tape.rows = len(tensors[0]) if tensors else 1
        self._add(root, *self._mapped(args, kwargs), result)

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Call a function of PyTorch, and tape it where a weight is behind what it reads."""
        kwargs = kwargs or {}
        # What stands in for a function of PyTorch's comes from here a second time.
        while getattr(func, "__globals__", {}).get("__name__", "").startswith("trainwell."):
            func = func.__wrapped__
        wanted = (
            self.tape is not None
            and not self.inside
            and self.problem is None
            and func != _GRADIENT
            and torch.is_grad_enabled()
            and any(self._depends(t) for t in tree_leaves((args, kwargs)))
        )
        if not wanted:
            return func(*args, **kwargs)
        mapped: tuple[Any, Any] = (), {}
        try:
            mapped = self._mapped(args, kwargs)
        except UntapedError as problem:
            self.problem = str(problem)
        result = func(*args, **kwargs)
        if self.tape is not None and self.problem is None:
            self._add(func, *mapped, result)
        return result

    def _depends(self, value: Any) -> bool:
        return isinstance(value, torch.Tensor) and (value.requires_grad or id(value) in self._slots)

    def _mapped(self, args: Any, kwargs: Any) -> tuple[Any, Any]:
        return tree_map(self._map, args), tree_map(self._map, kwargs)

    def _map(self, value: Any) -> Any:
        if not isinstance(value, torch.Tensor):
            return value
        slot = self._slots.get(id(value))
        if slot is not None:
            return _Slot(slot)
        if isinstance(value, nn.Parameter) or (value.requires_grad and value.is_leaf):
            return value
        if value.requires_grad:
            raise UntapedError("its loss reads what was computed before the network was called")
        return self._keeper.copy(value)

    def _add(self, function: Any, args: Any, kwargs: Any, result: Any) -> None:
        assert self.tape is not None
        leaves = tree_leaves(result)
        tensors = [t for t in leaves if isinstance(t, torch.Tensor)]
        # What returns no tensor (a shape, a number to print) makes none either, but for `x[i] = y`.
        if not tensors and function is not torch.Tensor.__setitem__:
            return
        results: list[int] = []
        for leaf in leaves:
            slot = -1
            if isinstance(leaf, torch.Tensor):
                slot = self._slots[id(leaf)] = len(self._alive)
                self._alive.append(leaf)
            results.append(slot)
        self.tape.calls.append(_Call(function, args, kwargs, tuple(results)))
