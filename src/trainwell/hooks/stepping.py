"""Between a backward and the next: what steps learning rate schedules and clips gradients."""

from __future__ import annotations

__all__ = ["PATCHED", "install"]

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.utils import clip_grad
from torch.optim import lr_scheduler

from trainwell.hooks.guard import HERE
from trainwell.hooks.patch_set import PatchSet

_BUILT = ("LRScheduler", "SequentialLR", "ChainedScheduler", "ReduceLROnPlateau")
"""Schedulers with a constructor that does not call that of another one."""

_STEPPED = (
    "LRScheduler",
    "SequentialLR",
    "ChainedScheduler",
    "ReduceLROnPlateau",
    "CosineAnnealingWarmRestarts",
)
"""Schedulers with a `step()` of their own; all others inherit one of these."""

_CLIPPING = ("clip_grad_norm_", "clip_grad_value_")

PATCHED = (
    *(f"torch.optim.lr_scheduler.{name}.__init__" for name in _BUILT),
    *(f"torch.optim.lr_scheduler.{name}.step" for name in _STEPPED),
    *(f"torch.nn.utils.{name}" for name in _CLIPPING),
    *(f"torch.nn.utils.clip_grad.{name}" for name in _CLIPPING),
)
"""Every attribute of PyTorch that this module replaces."""

Tell = Callable[..., None]


def install(patches: PatchSet, tell: Tell, tell_quickly: Tell) -> None:
    """Replace what builds and steps schedulers, and what clips gradients.

    Args:
        patches: takes the functions over.
        tell: publishes an event through the guard.
        tell_quickly: publishes one that every step of the training pays for.
    """
    for name in _BUILT:
        patches.replace(getattr(lr_scheduler, name), "__init__", _building(tell))
    for name in _STEPPED:
        patches.replace(getattr(lr_scheduler, name), "step", _stepping(tell_quickly))
    for module in (torch.nn.utils, clip_grad):
        for name in _CLIPPING:
            patches.replace(module, name, _clipping(name, tell_quickly))


def _is_own() -> bool:
    """Whether a call is none of the script's own: trainwell's, or one inside another call."""
    return bool(torch.compiler.is_compiling() or HERE.own or HERE.inside)


def _building(tell: Tell) -> Callable[[Any], Any]:
    def wrap(original: Callable[..., None]) -> Callable[..., None]:
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            if _is_own():
                original(self, *args, **kwargs)
                return
            # A constructor steps its scheduler once: that is no step of the script's.
            HERE.inside = True
            try:
                original(self, *args, **kwargs)
            finally:
                HERE.inside = False
            tell("scheduler_built", self)

        return __init__

    return wrap


def _stepping(tell: Tell) -> Callable[[Any], Any]:
    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def step(self: Any, *args: Any, **kwargs: Any) -> Any:
            # SequentialLR starts its parts when it is built, and steps them itself.
            if _is_own() or getattr(self, "_is_initial", False):
                return original(self, *args, **kwargs)
            HERE.inside = True
            try:
                result = original(self, *args, **kwargs)
            finally:
                HERE.inside = False
            tell("scheduler_stepped", self, args[0] if args else kwargs.get("metrics"))
            return result

        return step

    return wrap


def _clipping(name: str, tell: Tell) -> Callable[[Any], Any]:
    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def clip(parameters: Any, *args: Any, **kwargs: Any) -> Any:
            if _is_own():
                return original(parameters, *args, **kwargs)
            limit = args[0] if args else kwargs.get("max_norm", kwargs.get("clip_value"))
            HERE.inside = True
            try:
                result = original(parameters, *args, **kwargs)
            finally:
                HERE.inside = False
            tell("gradients_clipped", name, limit, result)
            return result

        return clip

    return wrap
