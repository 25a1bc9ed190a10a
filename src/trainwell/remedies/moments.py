"""The moments of a live run, as remedies get to see them."""

from __future__ import annotations

__all__ = ["Building", "Call", "Loading", "Loss", "user_frame"]

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

import torch
from torch import nn

from trainwell.hooks.frames import PACKAGE

_HIDDEN = (
    os.path.dirname(os.path.abspath(torch.__file__)) + os.sep,
    *(os.path.join(PACKAGE, name) + os.sep for name in ("hooks", "probes", "remedies")),
)


@dataclass
class Building:
    """An optimizer is about to take its parameters.

    Attributes:
        kind: the optimizer's class name.
        groups: its parameter groups; the lists in them may be changed.
        settings: its defaults ("lr", "momentum", ...); may be changed.
        models: root modules that hold a parameter of it.
        names: for each of the models, how the script's code calls it there; None when unknown.
        file, line: where the script builds it.
    """

    kind: str
    groups: list[dict[str, Any]]
    settings: dict[str, Any]
    models: list[nn.Module]
    names: list[str | None]
    file: str = ""
    line: int = 0


@dataclass
class Call:
    """A root module is called.

    Attributes:
        module: the module.
        args, kwargs: what it is given; may be changed.
        training: with gradients and in training mode, or at a line that trains.
    """

    module: nn.Module
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    training: bool

    @property
    def data(self) -> torch.Tensor | None:
        """The first argument, where that is a tensor of floating point numbers."""
        first = self.args[0] if self.args else None
        if isinstance(first, torch.Tensor) and first.is_floating_point():
            return first
        return None

    def replace(self, data: torch.Tensor) -> None:
        """Give the module other data."""
        self.args = (data, *self.args[1:])


@dataclass
class Loss:
    """A loss function of `torch.nn.functional` is called.

    Attributes:
        name: its name; `run` calls the function of this name.
        prediction, target: its first two arguments; may be changed.
        options: the other arguments by name; may be changed.
        training: its result leads to a backward.
        file, line: where the script calls it.
        functions: the loss functions of PyTorch by name, as they are without trainwell.
        finish: changes the result.
    """

    name: str
    prediction: torch.Tensor
    target: torch.Tensor
    options: dict[str, Any]
    training: bool
    file: str
    line: int
    functions: dict[str, Callable[..., torch.Tensor]] = field(repr=False)
    finish: list[Callable[[torch.Tensor], torch.Tensor]] = field(default_factory=list)

    def run(self) -> torch.Tensor:
        """Call it."""
        result = self.functions[self.name](self.prediction, self.target, **self.options)
        for change in self.finish:
            result = change(result)
        return result


@dataclass
class Loading:
    """A `DataLoader` is constructed, with the arguments given; they may be changed."""

    arguments: dict[str, Any]
    file: str
    line: int


def user_frame() -> FrameType | None:
    """The innermost frame outside of PyTorch and of trainwell's probes and remedies."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_HIDDEN):
        frame = frame.f_back
    return frame
