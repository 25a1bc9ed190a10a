"""Hooks: the one layer between a script and PyTorch, and what keeps it from breaking the script.

Importing the package imports no torch: the script may want to set an environment variable first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainwell.hooks.events import Backward, Listener, LossCall
    from trainwell.hooks.guard import Guard
    from trainwell.hooks.layer import HOOKS, LOSS_FUNCTIONS, PATCHED, Hooks

__all__ = [
    "HOOKS",
    "LOSS_FUNCTIONS",
    "PATCHED",
    "Backward",
    "Guard",
    "Hooks",
    "Listener",
    "LossCall",
]

_HOMES = {
    "HOOKS": "layer",
    "LOSS_FUNCTIONS": "layer",
    "PATCHED": "layer",
    "Backward": "events",
    "Guard": "guard",
    "Hooks": "layer",
    "Listener": "events",
    "LossCall": "events",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module `trainwell.hooks` has no attribute `{name}`")
    import importlib

    return getattr(importlib.import_module(f"trainwell.hooks.{_HOMES[name]}"), name)
