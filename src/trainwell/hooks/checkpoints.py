"""Weights that are taken, kept, loaded, and initialised anew."""

from __future__ import annotations

__all__ = ["INITIALISERS", "PATCHED", "install"]

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from trainwell.hooks.guard import HERE, in_backward
from trainwell.hooks.patch_set import PatchSet

INITIALISERS = (
    "constant_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
)
"""The functions of `torch.nn.init` that are wrapped."""

PATCHED = (
    "torch.nn.Module.state_dict",
    "torch.nn.Module.load_state_dict",
    "torch.nn.Module.apply",
    "torch.load",
    "torch.save",
    *(f"torch.nn.init.{name}" for name in INITIALISERS),
)
"""Every attribute of PyTorch that this module replaces."""


def install(patches: PatchSet, tell: Callable[..., None], wants: Callable[[], bool]) -> None:
    """Replace what moves whole sets of weights, and what initialises them.

    Args:
        patches: takes the functions over.
        tell: publishes an event through the guard.
        wants: whether anybody asks for initialisations now: only after weights were loaded.
    """

    def taking(original: Callable[..., Any]) -> Callable[..., Any]:
        def state_dict(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
            if _is_own():
                return original(self, *args, **kwargs)
            # A module asks its parts by the same method.
            HERE.inside = True
            try:
                result = original(self, *args, **kwargs)
            finally:
                HERE.inside = False
            tell("state_taken", self, result)
            return result

        return state_dict

    def loading(original: Callable[..., Any]) -> Callable[..., Any]:
        def load_state_dict(self: nn.Module, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
            if _is_own():
                return original(self, state_dict, *args, **kwargs)
            HERE.inside = True
            try:
                result = original(self, state_dict, *args, **kwargs)
            finally:
                HERE.inside = False
            tell("state_loaded", self, state_dict, result)
            return result

        return load_state_dict

    def applying(original: Callable[..., Any]) -> Callable[..., Any]:
        def apply(self: nn.Module, fn: Any) -> Any:
            if _is_own() or not wants():
                return original(self, fn)
            HERE.inside = True
            try:
                result = original(self, fn)
            finally:
                HERE.inside = False
            tell("initialised", None)
            return result

        return apply

    def initialising(original: Callable[..., Any]) -> Callable[..., Any]:
        def initialise(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(tensor, *args, **kwargs)
            if wants() and not _is_own():
                tell("initialised", tensor)
            return result

        return initialise

    def reading(original: Callable[..., Any]) -> Callable[..., Any]:
        def load(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if not _is_own():
                tell("file_read", result)
            return result

        return load

    def writing(original: Callable[..., Any]) -> Callable[..., Any]:
        def save(obj: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(obj, *args, **kwargs)
            if not _is_own():
                tell("file_written", obj)
            return result

        return save

    patches.replace(nn.Module, "state_dict", taking)
    patches.replace(nn.Module, "load_state_dict", loading)
    patches.replace(nn.Module, "apply", applying)
    patches.replace(torch, "load", reading)
    patches.replace(torch, "save", writing)
    for name in INITIALISERS:
        patches.replace(nn.init, name, initialising)


def _is_own() -> bool:
    """Whether a call is none of the script's own: trainwell's, or one inside another call."""
    return bool(torch.compiler.is_compiling() or HERE.own or HERE.inside or in_backward())
