"""What the two remedies of training and evaluation mode share."""

from __future__ import annotations

__all__ = ["in_mode"]

from collections.abc import Callable
from typing import Any

from torch import nn


def in_mode(module: nn.Module, training: bool) -> Callable[[], None]:
    """Put a module and all of its submodules into a mode.

    Returns:
        What gives each of them its own mode back.
    """
    before: list[tuple[Any, bool]] = [(m, m.training) for m in module.modules()]
    module.train(training)

    def restore() -> None:
        for one, mode in before:
            one.training = mode

    return restore
