"""What `--probe` remembers of a run, so that other settings can be tried when it is over."""

from __future__ import annotations

__all__ = ["Keeper", "Recorder", "Rehearsal", "Tape", "UntapedError"]

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch._C import _get_function_stack_at, _len_torch_function_stack
from torch.nn.modules import module as hooks
from torch.optim import Optimizer
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map

from trainwell.hooks.events import Backward, Listener
from trainwell.hooks.guard import HERE, Guard, Trouble, in_backward
from trainwell.hooks.identity import IdentityMap
from trainwell.hooks.layer import HOOKS
from trainwell.probes.modules import held, named_modules

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


_TAPES = 48
_ROWS = 512
"""Steps that are remembered, or more where these hold fewer examples than that."""

_MOST_TAPES = 256

_KEY: Any = "trainwell what-if"


class Rehearsal(Listener):
    """Tapes steps all over a run, and keeps the weights from before the first.

    Every step is taped at first. Whenever there are too many tapes, every second one is dropped,
    and from then on half as many steps are taped: what is left is spread evenly over the run. No
    random number is drawn for it.

    Args:
        memory: bytes that tapes and weights may take together.

    Attributes:
        tapes: the steps, in their order.
        start: (tensor of a network or of the optimizer, its value before the first update).
        modes: whether each module was in training mode at the first step.
        optimizers: all that stepped, each with the highest rate that its groups had.
        objectives: numbers of the objectives that the steps belong to.
        backwards, updates: how often there was a backward, and a step of an optimizer.
        problem: why nothing can be tried with this run, or None.
    """

    def __init__(self, memory: int = 64 << 20) -> None:
        self.guard = Guard(self._failed)
        self.tapes: list[Tape] = []
        self.start: list[tuple[torch.Tensor, torch.Tensor]] = []
        self.modes: IdentityMap[nn.Module, bool] = IdentityMap()
        self.optimizers: IdentityMap[Optimizer, list[float]] = IdentityMap()
        self.objectives: set[int] = set()
        self.backwards = 0
        self.updates = 0
        self.problem: str | None = None
        self.kept_alive: list[object] = []
        self._memory = memory
        self._stride = 1
        self._recorder = Recorder(Keeper())
        self._pushed = False
        self._inside: nn.Module | None = None
        self._random: torch.Tensor | None = None
        self._known: set[int] = set()
        self._bytes = 0
        self._armed = False

    def attach(self) -> None:
        """Start to remember."""
        HOOKS.attach("what-if", self)
        self.guard.active = True
        self._arm()

    def detach(self) -> None:
        """Stop; what is remembered stays."""
        self.guard.active = False
        HOOKS.detach(self)
        self._disarm()
        self._pop()

    def backward_begins(self, event: Backward) -> None:
        """A backward is about to begin."""
        if event.inputs is not None:
            self.refuse("its gradients come from torch.autograd.grad")
        elif event.objective is not None:
            self._guarded(self._backward, event.roots, event.objective)

    def optimizer_steps(self, optimizer: Optimizer) -> None:
        """An optimizer is about to step."""
        self._guarded(self._stepping, optimizer)

    def loss_scaled(self, scaler: Any, result: torch.Tensor) -> None:
        """A gradient scaler is in use."""
        self.refuse("its loss is scaled for half precision")

    def compiles(self, target: Any) -> None:
        """Something is compiled."""
        self.refuse("torch.compile is in use")

    def refuse(self, reason: str) -> None:
        """Give up, and free what was remembered."""
        self.problem = self.problem or reason
        self.tapes, self.start = [], []
        self._disarm()

    def _failed(self, trouble: Trouble) -> None:
        self.refuse(f"trainwell itself failed: {trouble.summary}")

    def _guarded(self, function: Callable[..., None], *args: Any) -> None:
        if self.problem is not None:
            self._pop()
            return
        try:
            function(*args)
        except UntapedError as error:
            self.refuse(str(error))

    def _arm(self) -> None:
        if self._armed:
            return

        def before(module: nn.Module, args: Any) -> None:
            # A network that is called without gradients is no part of a step.
            if self._inside is None and torch.is_grad_enabled() and _is_own_call():
                self._inside = module
                self.guard.run("remembering steps", self._guarded, self._enter, module)

        def after(module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
            if module is self._inside:
                self.guard.run(
                    "remembering steps", self._guarded, self._leave, module, args, kwargs, result
                )
                self._inside = None

        self._armed = True
        # Without `register_...`, which numbers our hooks among the script's own.
        hooks._global_forward_pre_hooks[_KEY] = before
        hooks._global_forward_hooks[_KEY] = after
        hooks._global_forward_hooks_with_kwargs[_KEY] = True

    def _disarm(self) -> None:
        for table in (
            hooks._global_forward_pre_hooks,
            hooks._global_forward_hooks,
            hooks._global_forward_hooks_with_kwargs,
        ):
            table.pop(_KEY, None)
        self._armed = False
        self._inside = None
        self._recorder.drop()

    def _enter(self, module: nn.Module) -> None:
        if torch.is_autocast_enabled("cpu"):
            raise UntapedError("it runs under autocast")
        self._pop()
        self._remember(module)
        if self._random is None:
            self._random = torch.get_rng_state()
        self._recorder.inside = True

    def _leave(self, module: nn.Module, args: Any, kwargs: Any, result: Any) -> None:
        recorder = self._recorder
        if recorder.tape is None:
            assert self._random is not None
            recorder.begin(self._random)
        recorder.inside = True
        recorder.called(module, args, kwargs, result)
        recorder.inside = False
        if not self._pushed:
            if _len_torch_function_stack():
                raise UntapedError("it runs under a torch function mode")
            recorder.__enter__()  # type: ignore[no-untyped-call]
            self._pushed = True

    def _remember(self, module: nn.Module) -> None:
        if module in self.modes:
            return
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            raise UntapedError("it trains in several processes")
        # The module's own `parameters()` may count its calls, and its `__hash__` may raise.
        children = [child for _, child in named_modules(module)]
        fresh = [
            tensor
            for table in ("_parameters", "_buffers")
            for child in children
            for tensor in held(child, table).values()
            if tensor is not None
        ]
        if fresh and self.backwards:
            raise UntapedError("it calls a network that it did not call at its first step")
        for child in children:
            self.modes.set(child, child.training)
        self._keep(fresh)

    def _keep(self, tensors: list[torch.Tensor]) -> None:
        for tensor in tensors:
            if id(tensor) in self._known:
                continue
            if tensor.device.type != "cpu":
                raise UntapedError(f"its weights are on {tensor.device.type}, not on the CPU")
            self._known.add(id(tensor))
            self._bytes += tensor.nbytes
            if self._bytes > self._memory:
                raise UntapedError(f"its weights take more than {self._memory >> 20} MiB")
            self.start.append((tensor, tensor.detach().clone()))

    def _stepping(self, optimizer: Optimizer) -> None:
        self._pop()
        self.updates += 1
        rates = [float(group.get("lr", 0.0)) for group in optimizer.param_groups]
        known = self.optimizers.get(optimizer)
        if known is not None:
            if len(known) != len(rates):
                raise UntapedError("its optimizer is given more parameters later on")
            self.optimizers.set(optimizer, list(map(max, known, rates)))
            return
        self.optimizers.set(optimizer, rates)
        self.kept_alive.append(optimizer)
        tensors = [t for group in optimizer.param_groups for t in group["params"]]
        if self.updates > 1 and not {id(t) for t in tensors} <= self._known:
            raise UntapedError("an optimizer took its first step after others had")
        self._keep(tensors)

    def _backward(self, roots: tuple[torch.Tensor, ...], objective: int) -> None:
        self.objectives.add(objective)
        due = self.backwards % self._stride == 0
        self.backwards += 1
        recorder = self._recorder
        if due:
            if len(roots) != 1 or roots[0].numel() != 1:
                raise UntapedError("backward() is called on something else than one number")
            if recorder.tape is None:
                raise UntapedError("no network was called for its loss")
            self._add(recorder.end(roots[0]))
        recorder.drop()
        self._random = None
        self._inside = None
        if self.backwards % self._stride == 0:
            self._arm()
        else:
            self._disarm()

    def _add(self, tape: Tape) -> None:
        self.tapes.append(tape)
        many = len(self.tapes) > _TAPES and sum(t.rows for t in self.tapes) > _ROWS
        while many or len(self.tapes) > _MOST_TAPES or self._size() > self._memory - self._bytes:
            many = False
            if len(self.tapes) < 8:
                raise UntapedError(
                    f"its weights and {len(self.tapes)} of its batches take more than "
                    f"{self._memory >> 20} MiB"
                )
            self._stride *= 2
            self.tapes = self.tapes[::2]

    def _size(self) -> int:
        """Bytes in the copies that the tapes hold, each once."""
        found = {
            id(t): t.nbytes
            for tape in self.tapes
            for call in tape.calls
            for t in tree_leaves((call.args, call.kwargs))
            if isinstance(t, torch.Tensor) and id(t) not in self._known
        }
        return sum(found.values())

    def _pop(self) -> None:
        """Take the mode off the stack; later, where a mode of the script's lies above it."""
        if not self._pushed:
            return
        depth = _len_torch_function_stack()
        if depth and _get_function_stack_at(depth - 1) is self._recorder:
            self._recorder.__exit__(None, None, None)
            self._pushed = False


def _is_own_call() -> bool:
    """Whether a module is called by the script: not by autograd, not by trainwell."""
    return not (HERE.own or HERE.inside or in_backward())
