"""The hook layer: the only place where trainwell stands between a script and PyTorch.

It replaces a few functions and registers PyTorch's own global hooks while somebody listens, and
tells the listeners what happens. `PATCHED` is the whole list of what it replaces; docs/hooks.md
says why each of them.
"""

from __future__ import annotations

__all__ = ["HOOKS", "KERAS", "LOSS_FUNCTIONS", "PATCHED", "Hooks", "StackTracing"]

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch._C import (
    _current_graph_task_id,
    _len_torch_dispatch_stack,
    _len_torch_function_stack,
)
from torch.nn.modules import module as module_hooks
from torch.optim import Optimizer
from torch.utils.data import WeightedRandomSampler, dataloader

from trainwell.hooks import checkpoints, keras, stepping
from trainwell.hooks.events import Backward, Listener, LossCall
from trainwell.hooks.guard import HERE
from trainwell.hooks.idling import Idling
from trainwell.hooks.patch_set import PatchSet

LOSS_FUNCTIONS = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "ctc_loss",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "margin_ranking_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
)
"""The loss functions that are wrapped; the `nn` loss modules call these."""

DROPPING = {
    "dropout": True,
    "dropout1d": True,
    "dropout2d": True,
    "dropout3d": True,
    "alpha_dropout": False,
    "feature_alpha_dropout": False,
    "scaled_dot_product_attention": True,
}
"""The functions that drop values at random, and whether they do so where nothing is said of it."""

_TOLD = (7, 61)
"""Of the calls that drop values while gradients are on, one of so many is told: of the first
`_OFTEN`, and of the later ones. Odd numbers, as two calls in a forward pass must not always be the
same one."""

_OFTEN = 2_000

PATCHED = (
    "torch.autograd.backward",
    "torch.autograd.grad",
    "torch.nn.Module.__init__",
    "torch.optim.Optimizer.__init__",
    *(f"torch.nn.functional.{name}" for name in LOSS_FUNCTIONS),
    *(f"torch.nn.functional.{name}" for name in DROPPING),
    "torch.Tensor.register_hook",
    "torch.Tensor.retain_grad",
    "torch.amp.GradScaler.scale",
    "torch.no_grad.__enter__",
    "torch.no_grad.__exit__",
    "torch.inference_mode.__enter__",
    "torch.inference_mode.__exit__",
    "torch.autograd.graph.saved_tensors_hooks.__enter__",
    "torch.autograd.graph.saved_tensors_hooks.__exit__",
    "torch.compile",
    "torch.set_anomaly_enabled",
    "torch.is_anomaly_enabled",
    "torch.is_anomaly_check_nan_enabled",
    "torch.utils.data.dataloader._SingleProcessDataLoaderIter._next_data",
    "torch.utils.data.dataloader._MultiProcessingDataLoaderIter._next_data",
    "torch.utils.data.dataloader._BaseDataLoaderIter._next_index",
    "torch.utils.data.DataLoader.__init__",
    "torch.utils.data.WeightedRandomSampler.__init__",
    *checkpoints.PATCHED,
    *stepping.PATCHED,
)
"""Every attribute of PyTorch that is another one while a probe is attached.

Where the script trains with Keras on PyTorch, three methods of Keras's are, too: see `KERAS`.
"""

KERAS = (
    "keras.src.optimizers.base_optimizer.BaseOptimizer.__init__",
    "keras.src.optimizers.base_optimizer.BaseOptimizer.apply",
    "keras.src.losses.loss.Loss.__call__",
)
"""What is replaced in Keras, once a layer of it is built on the PyTorch backend."""

_BUSY = (
    "something is watching this process already: `trainwell.watch` blocks cannot overlap"
    " (leave the first one before you enter the next)"
)

is_compiling = torch.compiler.is_compiling

# `torch.optim` deletes the name of this submodule.
optimizer_hooks: Any = sys.modules[Optimizer.__module__]

_KEY: Any = "trainwell"
"""Our key in PyTorch's tables of global hooks. `register_...` would draw a number for it from the
counter that numbers the script's own hooks, too."""


class StackTracing:
    """Autograd's own record of which line made which operation, switched on for chosen steps.

    In anomaly mode (without its NaN check) autograd keeps, with every node, the Python stack that
    made it. It costs some 0.1 ms an operation and changes no number. While it is on for trainwell,
    the script sees the switch in the position in which the script itself put it.

    Args:
        patches: takes the three functions over.
    """

    def __init__(self, patches: PatchSet) -> None:
        self.on = False
        self._wanted = (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
        self._set: Callable[[bool, bool], None] = torch.set_anomaly_enabled

        def setting(original: Callable[..., None]) -> Callable[..., None]:
            self._set = original

            def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
                # An alias that outlives the watching sets the real switch.
                self._wanted = (enabled, check_nan)
                self._apply()

            return set_anomaly_enabled

        patches.replace(torch, "set_anomaly_enabled", setting)
        patches.replace(torch, "is_anomaly_enabled", lambda _: lambda: self._wanted[0])
        patches.replace(torch, "is_anomaly_check_nan_enabled", lambda _: lambda: self._wanted[1])

    def switch(self, *, on: bool) -> None:
        """Record stacks from now on, or stop."""
        if on != self.on:
            self.on = on
            self._apply()

    def _apply(self) -> None:
        enabled, check_nan = self._wanted
        if enabled or not self.on:
            self._set(enabled, check_nan)
        else:
            self._set(True, False)


class Hooks:
    """Publishes what a script does with PyTorch to listeners.

    There is one of it in a process, `HOOKS`. Every wrapper first asks whether the call is one of
    the script's own: not trainwell's, not one that PyTorch makes inside of another, not traced by
    a compiler.

    Attributes:
        tracing: the recorder of Python stacks; None while nobody listens.
        idling: backward passes that are only counted.
        wants_initialisations: tell `initialised`: weights were loaded that must stay.
    """

    def __init__(self) -> None:
        self.tracing: StackTracing | None = None
        self.idling = Idling()
        self._roles: dict[str, list[Listener]] = {}
        self._listeners: tuple[Listener, ...] = ()
        self._heard: dict[str, tuple[tuple[Listener, Callable[..., None]], ...]] = {}
        self._quick: Listener | None = None
        self._patches: PatchSet | None = None
        self._knows_keras = False
        self._before_steps = False
        self.wants_initialisations = False

    # Who listens

    def attach(self, role: str, listener: Listener, *, over: bool = False) -> None:
        """Tell a listener what happens from now on.

        Args:
            role: "probe" or "what-if"; each has one listener at a time.
            listener: its overridden methods are called.
            over: take the place of a listener that has it, until `detach`.

        Raises:
            BadInputError: if the role is taken.
        """
        stack = self._roles.setdefault(role, [])
        if stack and not over:
            from trainwell.errors import BadInputError

            raise BadInputError(_BUSY)
        first = not self._listeners
        stack.append(listener)
        try:
            if first:
                self._install()
            self._arrange()
        except BaseException:
            self.detach(listener)
            raise

    def detach(self, listener: Listener) -> None:
        """Tell it nothing more; the last one that leaves takes all hooks with it."""
        for role, stack in list(self._roles.items()):
            self._roles[role] = [each for each in stack if each is not listener]
        self._arrange()
        if not self._listeners:
            self._remove()

    def holder(self, role: str) -> Listener | None:
        """The listener that has a role now."""
        stack = self._roles.get(role)
        return stack[-1] if stack else None

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Those that hear of events now."""
        return self._listeners

    def watch_modules(self, *, calls: bool, returns: bool) -> None:
        """Tell calls of modules, or stop to: between samples they cost nothing.

        Args:
            calls: tell `module_called`.
            returns: tell `module_returned`, too.
        """
        _register(module_hooks._global_forward_pre_hooks, self._module_called if calls else None)
        after = self._module_returned if returns else None
        _register(module_hooks._global_forward_hooks, after)
        _register(module_hooks._global_forward_hooks_always_called, True if returns else None)

    def watch_steps(self, *, on: bool) -> None:
        """Tell `gradients_used` before every step of an optimizer, or stop to.

        PyTorch goes through the table of hooks while it calls them: never stop inside of one.
        """
        self._before_steps = on
        wanted = on or bool(self._heard.get("optimizer_steps"))
        _register(
            optimizer_hooks._global_optimizer_pre_hooks, self._optimizer_steps if wanted else None
        )

    @property
    def watches_modules(self) -> bool:
        """Whether calls of modules are told now."""
        return _KEY in module_hooks._global_forward_pre_hooks

    def after_fork(self) -> None:
        """In a forked child: nobody listens any more, and everything is as PyTorch has it."""
        for listener in self._listeners:
            listener.guard.active = False
            listener.guard.after_fork()
        HERE.own = HERE.inside = False
        self.idling.after_fork()
        self._roles = {}
        self._arrange()
        self._remove()

    def _arrange(self) -> None:
        self._listeners = tuple(stack[-1] for stack in self._roles.values() if stack)
        self._heard = {
            name: tuple(
                (each, getattr(each, name))
                for each in self._listeners
                if getattr(type(each), name) is not getattr(Listener, name)
            )
            for name in vars(Listener)
            if not name.startswith(("_", "quick"))
        }
        quick = [
            each
            for each in self._listeners
            if type(each).quick_backward is not Listener.quick_backward
        ]
        self._quick = quick[0] if quick else None
        self.idling.forget()
        self.watch_steps(on=False)
        self.wants_initialisations = False

    def _tell(self, name: str, *args: Any) -> None:
        for listener, hear in self._heard[name]:
            listener.guard.run(name.replace("_", " "), hear, *args)

    def _tell_quickly(self, name: str, *args: Any) -> None:
        for listener, hear in self._heard[name]:
            if listener.guard.active:
                _quickly(listener, hear, *args)

    # What stands in

    def _install(self) -> None:
        patches = self._patches = PatchSet("watching", _BUSY)
        self._heard = {}
        self.tracing = StackTracing(patches)
        replace = patches.replace
        replace(torch.autograd, "backward", self._backward)
        replace(torch.autograd, "grad", self._grad)
        for name in LOSS_FUNCTIONS:
            self._wrap_loss(patches, name)
        for name in DROPPING:
            self._wrap_dropping(patches, name)
        replace(nn.Module, "__init__", self._building_module)
        replace(Optimizer, "__init__", self._building_optimizer)
        replace(torch.Tensor, "register_hook", self._hooking)
        replace(torch.Tensor, "retain_grad", self._hooking)
        replace(torch.amp.GradScaler, "scale", self._scale)
        for switch in (torch.no_grad, torch.inference_mode):
            replace(switch, "__enter__", lambda f: self._then(f, "gradients_off"))
            replace(switch, "__exit__", lambda f: self._then(f, "gradients_on"))
        replace(torch, "compile", self._compile)
        packing = torch.autograd.graph.saved_tensors_hooks
        replace(packing, "__enter__", self._packing)
        replace(packing, "__exit__", self._packed)
        for iterator in (
            dataloader._SingleProcessDataLoaderIter,
            dataloader._MultiProcessingDataLoaderIter,
        ):
            replace(iterator, "_next_data", self._next_data)
        replace(dataloader._BaseDataLoaderIter, "_next_index", self._next_index)
        for kind in (dataloader.DataLoader, WeightedRandomSampler):
            replace(kind, "__init__", self._building_loader)
        checkpoints.install(patches, self._tell, lambda: self.wants_initialisations)
        stepping.install(patches, self._tell, self._tell_quickly)
        _register(optimizer_hooks._global_optimizer_post_hooks, self._optimizer_stepped)

    def _remove(self) -> None:
        self.watch_modules(calls=False, returns=False)
        if self.tracing is not None:
            self.tracing.switch(on=False)
            self.tracing = None
        _register(optimizer_hooks._global_optimizer_post_hooks, None)
        if self._patches is not None:
            self._patches.restore()
            self._patches = None
            self._knows_keras = False

    def _backward(self, original: Callable[..., Any]) -> Callable[..., Any]:
        hooks = self
        idling = self.idling

        def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if is_compiling() or HERE.own or HERE.inside or _current_graph_task_id() >= 0:
                return original(tensors, *args, **kwargs)
            if idling.left and idling.lets_pass(1):
                HERE.inside = True
                try:
                    return original(tensors, *args, **kwargs)
                finally:
                    HERE.inside = False
            only = args[4] if len(args) > 4 else kwargs.get("inputs")
            quick = hooks._quick
            if (
                quick is not None
                and only is None
                and quick.guard.active
                and not _len_torch_function_stack()
                and not _len_torch_dispatch_stack()
                and _quickly(quick, quick.quick_backward, tensors)
            ):
                if len(hooks._heard["backward_begins"]) > 1:
                    hooks._tell_others(quick, tensors)
                HERE.inside = True
                try:
                    result = original(tensors, *args, **kwargs)
                finally:
                    HERE.inside = False
                _quickly(quick, quick.quick_backward_ended)
                return result
            tensors = _settled(tensors)
            event = Backward(_tensors(tensors), None, _creates_graph(args, kwargs))
            if only is not None:
                only = _settled(only)
                event.only = _tensors(only)
                if len(args) > 4:
                    args = (*args[:4], only, *args[5:])
                else:
                    kwargs["inputs"] = only
            return hooks._whole(event, original, (tensors, *args), kwargs)

        return backward

    def _grad(self, original: Callable[..., Any]) -> Callable[..., Any]:
        hooks = self

        def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            if is_compiling() or HERE.own or HERE.inside or _current_graph_task_id() >= 0:
                return original(outputs, inputs, *args, **kwargs)
            outputs, inputs = _settled(outputs), _settled(inputs)
            event = Backward(_tensors(outputs), _tensors(inputs), _creates_graph(args, kwargs))
            return hooks._whole(event, original, (outputs, inputs, *args), kwargs)

        return grad

    def _whole(
        self,
        event: Backward,
        original: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        self._tell("backward_begins", event)
        HERE.inside = True
        try:
            result = original(*args, **kwargs)
        finally:
            HERE.inside = False
        found = tuple(result.values()) if isinstance(result, dict) else result
        if event.inputs is not None and isinstance(found, tuple):
            event.gradients = found
        self._tell("backward_ends", event)
        return result

    def _tell_others(self, quick: Listener, tensors: Any) -> None:
        event = Backward(_tensors(tensors), None, creates_graph=False)
        event.objective = getattr(quick, "objective", None)
        for listener, hear in self._heard["backward_begins"]:
            if listener is not quick:
                listener.guard.run("backward begins", hear, event)

    def _wrap_loss(self, patches: PatchSet, name: str) -> None:
        hooks = self
        idling = self.idling

        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            def loss(*args: Any, **kwargs: Any) -> Any:
                if is_compiling() or HERE.own or HERE.inside or _current_graph_task_id() >= 0:
                    return original(*args, **kwargs)
                if idling.left and torch.is_grad_enabled() and idling.lets_loss_pass():
                    return original(*args, **kwargs)
                # A function mode or a tensor subclass calls the function that it was given again.
                HERE.inside = True
                try:
                    result = original(*args, **kwargs)
                finally:
                    HERE.inside = False
                quick = hooks._quick
                gradients = torch.is_grad_enabled()
                if not (
                    quick is not None
                    and quick.guard.active
                    and not _len_torch_function_stack()
                    and not _len_torch_dispatch_stack()
                    and _quickly(quick, quick.quick_loss, name, args, result)
                ):
                    hooks._tell("loss_called", LossCall(name, args, kwargs, result, gradients))
                elif len(hooks._heard["loss_called"]) > 1:
                    call = LossCall(name, args, kwargs, result, gradients)
                    for listener, hear in hooks._heard["loss_called"]:
                        if listener is not quick:
                            listener.guard.run("loss called", hear, call)
                return result

            # torch.jit.script compiles what stands in the namespace: give it the original.
            loss.__prepare_scriptable__ = lambda: original  # type: ignore[attr-defined]
            return loss

        patches.replace(F, name, wrap)

    def _wrap_dropping(self, patches: PatchSet, name: str) -> None:
        hooks = self
        attention = name == "scaled_dot_product_attention"
        at, key, usual = (4, "dropout_p", 0.0) if attention else (1, "p", 0.5)

        def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
            calls = 0

            def drop(*args: Any, **kwargs: Any) -> Any:
                nonlocal calls
                gradients = torch.is_grad_enabled()
                if gradients:
                    # Training mostly: one call of many tells whether it is.
                    calls += 1
                    if calls % _TOLD[calls > _OFTEN]:
                        return original(*args, **kwargs)
                if is_compiling() or HERE.own or HERE.inside:
                    return original(*args, **kwargs)
                share = args[at] if len(args) > at else kwargs.get(key, usual)
                training, explicit = DROPPING[name], False
                if not attention and (len(args) > 2 or "training" in kwargs):
                    training, explicit = args[2] if len(args) > 2 else kwargs["training"], True
                if share and training:
                    hooks._tell("values_dropped", name, float(share), explicit, gradients)
                return original(*args, **kwargs)

            drop.__prepare_scriptable__ = lambda: original  # type: ignore[attr-defined]
            return drop

        patches.replace(F, name, wrap)

    def _building_module(self, original: Callable[..., None]) -> Callable[..., None]:
        hooks = self

        def __init__(self: nn.Module, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(self, *args, **kwargs)
            if not is_compiling() and not HERE.own:
                if not hooks._knows_keras and "keras" in sys.modules:
                    hooks._learn_keras()
                hooks._tell("module_built", self)

        return __init__

    def _building_optimizer(self, original: Callable[..., None]) -> Callable[..., None]:
        hooks = self

        def __init__(self: Optimizer, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(self, *args, **kwargs)
            if not is_compiling() and not HERE.own:
                hooks._tell("optimizer_built", self)

        return __init__

    def _learn_keras(self) -> None:
        def tell(name: str, *args: Any) -> None:
            if name != "loss_called" or not self.idling.left or not torch.is_grad_enabled():
                self._tell(name, *args)

        if self._patches is not None:
            self._knows_keras = keras.learn(self._patches, tell, self._optimizer_stepped)

    def _hooking(self, original: Callable[..., Any]) -> Callable[..., Any]:
        hooks = self

        def hook(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            if not (is_compiling() or HERE.own or tensor.is_leaf):
                hooks._tell("tensor_hooked")
            return original(tensor, *args, **kwargs)

        return hook

    def _scale(self, original: Callable[..., Any]) -> Callable[..., Any]:
        hooks = self

        def scale(scaler: Any, outputs: Any) -> Any:
            result = original(scaler, outputs)
            if isinstance(result, torch.Tensor) and not is_compiling() and not HERE.own:
                hooks._tell("loss_scaled", scaler, result)
            return result

        return scale

    def _compile(self, original: Callable[..., Any]) -> Callable[..., Any]:
        hooks = self

        def compile(model: Any = None, *args: Any, **kwargs: Any) -> Any:  # noqa: A001
            if not HERE.own:
                hooks._tell("compiles", model)
            return original(model, *args, **kwargs)

        return compile

    def _packing(self, original: Callable[..., Any]) -> Callable[..., Any]:
        hooks = self

        def enter(block: Any) -> Any:
            if not is_compiling() and not HERE.own:
                hooks._tell("tensors_packed")
            return original(block)

        return enter

    def _packed(self, original: Callable[..., Any]) -> Callable[..., Any]:
        hooks = self

        def leave(block: Any, *args: Any) -> Any:
            result = original(block, *args)
            if not is_compiling() and not HERE.own:
                hooks._tell("tensors_plain")
            return result

        return leave

    def _then(self, original: Callable[..., Any], event: str) -> Callable[..., Any]:
        hooks = self

        def call(switch: Any, *args: Any) -> Any:
            result = original(switch, *args)
            if not (is_compiling() or HERE.own or HERE.inside):
                hooks._tell_quickly(event)
            return result

        return call

    def _next_data(self, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        hooks = self

        def next_data(iterator: Any) -> Any:
            if HERE.own:
                return original(iterator)
            began = time.perf_counter()
            try:
                data = original(iterator)
            except StopIteration:
                hooks._tell("loader_ended", iterator)
                raise
            ended = time.perf_counter()
            for listener, hear in hooks._heard["batch_read"]:
                if listener.guard.active:
                    _quickly(listener, hear, iterator, data, began, ended)
            return data

        return next_data

    def _next_index(self, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        hooks = self

        def next_index(iterator: Any) -> Any:
            index = original(iterator)
            if not HERE.own:
                for listener, hear in hooks._heard["rows_drawn"]:
                    if listener.guard.active:
                        _quickly(listener, hear, iterator, index)
            return index

        return next_index

    def _building_loader(self, original: Callable[..., None]) -> Callable[..., None]:
        hooks = self

        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(self, *args, **kwargs)
            if not is_compiling() and not HERE.own:
                hooks._tell("loader_built", self)

        return __init__

    # PyTorch's own hooks

    def _module_called(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        if not (HERE.own or is_compiling() or _current_graph_task_id() >= 0):
            self._tell("module_called", module, args, torch.is_grad_enabled())

    def _module_returned(self, module: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if not (HERE.own or is_compiling() or _current_graph_task_id() >= 0):
            self._tell("module_returned", module, output, torch.is_grad_enabled())

    def _optimizer_steps(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        if not HERE.own:
            self._tell("optimizer_steps", optimizer)
            # With a closure, the gradients are still to come.
            if self._before_steps and len(args) < 2 and not kwargs.get("closure"):
                self._tell("gradients_used", optimizer)

    def _optimizer_stepped(self, optimizer: Any, args: Any = None, kwargs: Any = None) -> None:
        if not HERE.own:
            for listener, hear in self._heard["optimizer_stepped"]:
                if listener.guard.active:
                    _quickly(listener, hear, optimizer)


HOOKS = Hooks()
"""The hook layer of this process."""


def _register(table: Any, hook: Any) -> None:
    """Put our hook into one of PyTorch's tables of global hooks, or take it out."""
    if hook is None:
        table.pop(_KEY, None)
    else:
        table[_KEY] = hook


def _quickly(listener: Listener, method: Callable[..., Any], *args: Any) -> Any:
    """Call what every step pays for: without a guard but for its last line of defence."""
    try:
        return method(*args)
    except Exception as error:  # noqa: BLE001 - nothing of ours may reach the script
        listener.guard.failed(method.__name__.replace("_", " "), None, error)
        return False


def _creates_graph(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    # The third argument behind the tensors, of `backward` and of `grad`.
    return bool(kwargs.get("create_graph") or (len(args) > 2 and args[2]))


def _settled(value: Any) -> Any:
    """What can be read more than once: the items are taken out of what may be read only once."""
    if isinstance(value, (torch.Tensor, list, tuple, Mapping)) or not isinstance(value, Iterable):
        return value
    # What acts as a tensor is one to autograd.
    return value if hasattr(type(value), "__torch_function__") else tuple(value)


def _tensors(value: Any) -> tuple[torch.Tensor, ...]:
    if isinstance(value, torch.Tensor):
        return (value,)
    if isinstance(value, dict):
        value = value.values()
    try:
        return tuple(v for v in value if isinstance(v, torch.Tensor))
    except TypeError:
        return ()


def _forked() -> None:
    HOOKS.after_fork()


if hasattr(os, "register_at_fork"):
    # Once: what is registered here stays for the life of the process. A child (a worker of a data
    # loader) shares its parent's record and must never write.
    os.register_at_fork(after_in_child=_forked)
