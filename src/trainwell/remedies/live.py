"""A live run, opened for remedies: calls them at the moments at which they act."""

from __future__ import annotations

__all__ = ["Live", "name_in", "parameters_of"]

import functools
import gc
import inspect
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn
from torch.optim import Optimizer
from torch.optim.optimizer import (
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from torch.utils.data import DataLoader

from trainwell.hooks.patch_set import PatchSet
from trainwell.remedies.moments import Building, Call, Loading, Loss, user_frame

if TYPE_CHECKING:
    from trainwell.remedies.remedy import Remedy

_LOSSES = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "huber_loss",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "smooth_l1_loss",
)


class Live:
    """Stands in for a few functions of PyTorch, and calls remedies from there.

    What a remedy does not ask for stays PyTorch's own. Attach it after the probe, so that the
    probe sees the run as the remedies made it.

    Args:
        evaluates_at: (file, line) of loss calls that are known to evaluate, though with gradients.

    Attributes:
        on_building: called when an optimizer is about to take its parameters.
        on_built: called when it has been constructed.
        on_call: called when a root module is called, before it runs.
        on_output: called with a root module's call and result; gives the result.
        on_loss: called when a loss function is called.
        before_step, after_step: called around `optimizer.step()`; the gradients are there.
        after_backward: called when a `backward()` of the script has ended.
        after_evaluation: called with the mean loss of an evaluation, when training goes on.
        before_evaluation: called before an evaluation's first pass through a network.
        on_loading: called when a `DataLoader` is constructed.
        replaced: names of the functions that remedies have replaced beside these moments.
    """

    def __init__(self, evaluates_at: frozenset[tuple[str, int]] = frozenset()) -> None:
        self.on_building: list[Callable[[Building], None]] = []
        self.on_built: list[Callable[[Optimizer], None]] = []
        self.on_call: list[Callable[[Call], None]] = []
        self.on_output: list[Callable[[Call, Any], Any]] = []
        self.on_loss: list[Callable[[Loss], None]] = []
        self.before_step: list[Callable[[Optimizer], None]] = []
        self.after_step: list[Callable[[Optimizer], None]] = []
        self.after_backward: list[Callable[[], None]] = []
        self.after_evaluation: list[Callable[[float], None]] = []
        self.before_evaluation: list[Callable[[], None]] = []
        self.on_loading: list[Callable[[Loading], None]] = []
        self.optimizers: list[Optimizer] = []
        self.evaluates_at = evaluates_at
        self.counts: dict[str, int] = {}
        self.reasons: dict[str, str] = {}
        self.replaced: list[str] = []
        self._patches: PatchSet | None = None
        self._handles: list[Any] = []
        self._depth = 0
        self._in_loss = False
        self._in_backward = False
        self._evaluated: list[tuple[float, int]] = []
        self._evaluating = False

    def did(self, remedy: Remedy, times: int = 1) -> None:
        """A remedy has done something."""
        self.counts[remedy.name] = self.counts.get(remedy.name, 0) + times

    def cannot(self, remedy: Remedy | str, reason: str) -> None:
        """A remedy, or a part of one by its name, cannot act here."""
        name = remedy if isinstance(remedy, str) else remedy.name
        self.reasons.setdefault(name, reason)

    def attach(self, remedies: Sequence[Remedy]) -> None:
        """Stand in, for these remedies.

        Raises:
            BadInputError: if remedies are applied to this process already.
        """
        for remedy in remedies:
            remedy.apply(self)
        self._replace(Optimizer, "__init__", self._building)
        self._replace(nn.Module, "__call__", self._calling)
        self._functions = {name: getattr(F, name) for name in _LOSSES}
        for name in _LOSSES:
            self._replace(F, name, functools.partial(self._losing, name))
        self._replace(torch.autograd, "backward", self._backing)
        self._replace(DataLoader, "__init__", self._loading)
        self._handles = [
            register_optimizer_step_pre_hook(self._before),
            register_optimizer_step_post_hook(self._after),
        ]

    def detach(self) -> None:
        """Give everything back that is still as it was put there."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        if self._patches is not None:
            self._patches.restore()
            self._patches = None

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Stand in for one more function, until `detach`.

        Args:
            owner: module or class that has it.
            name: its name there.
            make: gets the original, gives what stands in.
        """
        self.replaced.append(name)
        self._replace(owner, name, make)

    def replace_name(self, owner: Any, name: str, value: Any) -> None:
        """Let a name stand for something else, until `detach`."""
        self.replaced.append(name)
        self._set().replace_value(owner, name, value)

    def unused(self, remedies: Sequence[Remedy]) -> dict[str, str]:
        """Names of the remedies that did nothing, each with the reason."""
        return {
            r.name: self.reasons.get(r.name, "its moment never came in this run")
            for r in remedies
            if not self.counts.get(r.name)
        }

    def _replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        self._set().replace(owner, name, make)

    def _set(self) -> PatchSet:
        if self._patches is None:
            self._patches = PatchSet("remedies")
        return self._patches

    def _building(self, original: Callable[..., None]) -> Callable[..., None]:
        live = self

        def __init__(optimizer: Optimizer, params: Any, defaults: dict[str, Any]) -> None:  # noqa: N807
            frame = user_frame()
            params = _listed(params)
            groups, before = _groups(params), _groups(params)
            if groups is None or before is None:
                original(optimizer, params, defaults)
                return
            models = _roots([p for group in groups for p in group["params"]])
            building = Building(
                type(optimizer).__name__,
                groups,
                defaults,
                models,
                [name_in(frame, model) for model in models],
                "" if frame is None else frame.f_code.co_filename,
                0 if frame is None else frame.f_lineno,
            )
            for act in live.on_building:
                act(building)
            live.optimizers.append(optimizer)
            same = _are_same(before, building.groups)
            original(optimizer, params if same else building.groups, defaults)
            for done in live.on_built:
                done(optimizer)

        return __init__

    def _calling(self, original: Callable[..., Any]) -> Callable[..., Any]:
        live = self

        def __call__(module: nn.Module, *args: Any, **kwargs: Any) -> Any:  # noqa: N807
            if live._depth or torch.compiler.is_compiling() or not _learns(module):
                # Loss modules and fixed transforms have no parameters: they are no network.
                return original(module, *args, **kwargs)
            call = Call(module, args, kwargs, torch.is_grad_enabled() and live._trains())
            if not torch.is_grad_enabled() and not live._evaluating:
                live._evaluating = True
                for begin in live.before_evaluation:
                    begin()
            for act in live.on_call:
                act(call)
            live._depth += 1
            try:
                result = original(module, *call.args, **call.kwargs)
            finally:
                live._depth -= 1
            for change in live.on_output:
                result = change(call, result)
            return result

        return __call__

    def _trains(self) -> bool:
        frame = user_frame()
        if frame is None or not self.evaluates_at:
            return True
        # A line apart: the pass and the loss of an evaluation stand together.
        file, line = frame.f_code.co_filename, frame.f_lineno
        return not any(f == file and 0 <= at - line <= 1 for f, at in self.evaluates_at)

    def _losing(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        names = list(inspect.signature(original).parameters)

        def loss(*args: Any, **kwargs: Any) -> Any:
            if self._in_loss or torch.compiler.is_compiling():
                return original(*args, **kwargs)
            given = dict(zip(names, args, strict=False)) | kwargs
            prediction, target = given.pop("input", None), given.pop("target", None)
            if not isinstance(prediction, torch.Tensor) or not isinstance(target, torch.Tensor):
                return original(*args, **kwargs)
            frame = user_frame()
            file = "" if frame is None else frame.f_code.co_filename
            line = 0 if frame is None else frame.f_lineno
            training = (
                torch.is_grad_enabled()
                and prediction.requires_grad
                and (file, line) not in self.evaluates_at
            )
            call = Loss(name, prediction, target, given, training, file, line, self._functions)
            for act in self.on_loss:
                act(call)
            self._in_loss = True
            try:
                result = call.run()
            finally:
                self._in_loss = False
            if not training and result.dim() == 0:
                rows = prediction.shape[0] if prediction.dim() else 1
                self._evaluated.append((float(result.detach()), rows))
            return result

        return loss

    def _backing(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def backward(*args: Any, **kwargs: Any) -> Any:
            if self._in_backward:
                return original(*args, **kwargs)
            self._close_evaluation()
            self._in_backward = True
            try:
                result = original(*args, **kwargs)
            finally:
                self._in_backward = False
            for act in self.after_backward:
                act()
            return result

        return backward

    def _close_evaluation(self) -> None:
        self._evaluating = False
        if not self._evaluated:
            return
        rows = sum(count for _, count in self._evaluated)
        loss = sum(value * count for value, count in self._evaluated) / max(rows, 1)
        self._evaluated = []
        for act in self.after_evaluation:
            act(loss)

    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> Any:
        if not self.before_step:
            return None
        # The first of the arguments is the optimizer itself.
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None:
            self._act_before(optimizer)
            return None

        @functools.wraps(closure)
        def closed() -> Any:
            # With a closure this hook comes before backward; the gradients are there after it.
            result = closure()
            self._act_before(optimizer)
            return result

        if "closure" in kwargs:
            return args, {**kwargs, "closure": closed}
        return (args[0], closed, *args[2:]), kwargs

    def _act_before(self, optimizer: Optimizer) -> None:
        for act in self.before_step:
            act(optimizer)

    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        del args, kwargs
        for act in self.after_step:
            act(optimizer)

    def _loading(self, original: Callable[..., None]) -> Callable[..., None]:
        names = list(inspect.signature(original).parameters)[1:]
        live = self

        def __init__(loader: DataLoader[Any], *args: Any, **kwargs: Any) -> None:  # noqa: N807
            frame = user_frame()
            loading = Loading(
                dict(zip(names, args, strict=False)) | kwargs,
                "" if frame is None else frame.f_code.co_filename,
                0 if frame is None else frame.f_lineno,
            )
            for act in live.on_loading:
                act(loading)
            original(loader, **loading.arguments)

        return __init__


def parameters_of(optimizer: Optimizer) -> list[torch.Tensor]:
    """All tensors that an optimizer holds."""
    return [p for group in optimizer.param_groups for p in group["params"]]


def _learns(module: nn.Module) -> bool:
    return next(module.parameters(), None) is not None


def _listed(params: Any) -> Any:
    """What an optimizer is given, so that it can be read twice."""
    if isinstance(params, torch.Tensor):
        return params
    return [
        {k: list(v) if isinstance(v, Iterator) else v for k, v in one.items()}
        if isinstance(one, dict)
        else one
        for one in params
    ]


def _groups(params: Any) -> list[dict[str, Any]] | None:
    """The same as groups with lists of their own; None where PyTorch has to complain."""
    if isinstance(params, torch.Tensor) or not params:
        return None
    named = [dict(g) for g in params] if isinstance(params[0], dict) else [{"params": params}]
    for group in named:
        held = group.get("params")
        if held is None or isinstance(held, set):
            return None
        held = [held] if isinstance(held, torch.Tensor) else held
        # Named parameters are pairs.
        group["params"] = [p[1] if isinstance(p, tuple) else p for p in held]
    return named


def _are_same(some: list[dict[str, Any]], others: list[dict[str, Any]]) -> bool:
    def content(group: dict[str, Any]) -> list[int]:
        return [id(v) for k, v in group.items() if k != "params"] + list(map(id, group["params"]))

    return list(map(content, some)) == list(map(content, others))


def _roots(parameters: list[torch.Tensor]) -> list[nn.Module]:
    """The outermost modules that hold any of the parameters, in the order of the parameters."""
    wanted = {id(p): i for i, p in enumerate(parameters)}
    holders: list[tuple[int, nn.Module]] = []
    inner: set[int] = set()
    for thing in gc.get_objects():
        # `isinstance` would wake up lazy objects that lie by chance in memory.
        if not issubclass(type(thing), nn.Module) or "_modules" not in thing.__dict__:
            continue
        first = min((wanted[id(p)] for p in thing.parameters() if id(p) in wanted), default=None)
        if first is not None:
            holders.append((first, thing))
            inner.update(id(m) for m in thing.modules() if m is not thing)
    return [m for _, m in sorted(holders, key=lambda h: h[0]) if id(m) not in inner]


def name_in(frame: FrameType | None, thing: object) -> str | None:
    """How code in a frame calls an object: a variable, or an attribute of `self`."""
    if frame is None:
        return None
    for scope in (frame.f_locals, frame.f_globals):
        for name, value in scope.items():
            if value is thing and name.isidentifier() and name != "self":
                return name
    own = frame.f_locals.get("self")
    for name, value in _attributes(own):
        if value is thing:
            return f"self.{name}"
    return "self" if own is thing else None


def _attributes(thing: object) -> list[tuple[str, object]]:
    if thing is None:
        return []
    found = list(getattr(thing, "__dict__", {}).items())
    if isinstance(thing, nn.Module):
        found += list(thing._modules.items())
    return found
