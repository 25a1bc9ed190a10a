"""What each thread of a script has gathered for its next backward pass."""

from __future__ import annotations

__all__ = ["HiddenRanges", "StepState"]

import threading
import weakref
from collections import Counter
from typing import Any

import torch
from torch import nn

_OPEN = 1 << 62
_RANGES = 32


def _are_packed() -> bool:
    """Whether a hook packs the tensors that are saved now."""
    top = getattr(torch._C._autograd, "_top_saved_tensors_default_hooks", None)
    return top is not None and top(True) is not None


class HiddenRanges:
    """Ranges of autograd's running numbers whose saved tensors must not be read.

    A hook packs them: the script's own (reading would call it), or that of activation
    checkpointing (reading would compute everything again). The numbers run in each thread apart.
    """

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []
        self._depth = 0
        if _are_packed():
            # The block began before the watching; its graph may lie behind us, too.
            self._ranges.append((0, _OPEN))
            self._depth = 1

    def resume(self) -> None:
        """Blocks may have begun or ended unseen."""
        if _are_packed() and not self._depth:
            self.open()
        elif self._depth and not _are_packed():
            self._depth = 1
            self.close()

    def open(self) -> None:
        """A block with hooks begins; blocks may be nested."""
        self._depth += 1
        if self._depth > 1:
            return
        low = torch._C._autograd._get_sequence_nr()
        self._ranges.append((low, _OPEN))
        if len(self._ranges) > _RANGES:
            # Better to hide what lies between two old blocks than to forget one.
            first, second = self._ranges[:2]
            self._ranges[:2] = [(first[0], second[1])]

    def close(self) -> None:
        """The innermost block ends."""
        if not self._depth:
            return
        self._depth -= 1
        if not self._depth and _are_packed():
            # Several blocks began before the watching.
            self._depth = 1
        if not self._depth and self._ranges and self._ranges[-1][1] == _OPEN:
            high = torch._C._autograd._get_sequence_nr()
            self._ranges[-1] = (self._ranges[-1][0], high)

    def __contains__(self, sequence: int) -> bool:
        """Whether a node of this number lies in a range."""
        return any(low <= sequence < high for low, high in self._ranges)


class StepState(threading.local):
    """State of one thread between two of its backward passes. All of it is drained at each.

    Attributes:
        training: (network, mode) of forward passes with gradients, and how many.
        evaluating: the same without gradients.
        made: autograd node to (network, layer) of the module that returned it.
        root: the outermost module that is running.
        roots_called: outermost modules called since module calls are watched.
        losses: the loss calls while sampling (`trainwell.probes.dependence.Target`).
        hooked: the script has hooked a result of this step: its hook would see every extra pass.
        pending: loss calls with gradients, not yet told from evaluations.
        scaled: the tensor that a gradient scaler returned last, and the scaler.
        hidden: ranges of nodes whose saved tensors must not be read.
        look: what the beginning of the backward that runs hands on to its end.
        counted: the objective whose backward runs, where it is only counted.
        spent: seconds that the beginning of that took.
    """

    def __init__(self) -> None:
        self.training: Counter[tuple[int, str]] = Counter()
        self.evaluating: Counter[tuple[int, str]] = Counter()
        self.made: dict[Any, tuple[int, str]] = {}
        self.root: weakref.ref[nn.Module] | None = None
        self.roots_called = 0
        self.losses: list[Any] = []
        self.hooked = False
        self.pending: list[Any] = []
        self.scaled: tuple[weakref.ref[torch.Tensor], Any] | None = None
        self.hidden = HiddenRanges()
        self.look: Any = None
        self.counted: Any = None
        self.spent = 0.0

    def drain(self) -> None:
        """Forget what belongs to the step that has just been taken."""
        self.training.clear()
        self.made.clear()
        self.losses.clear()
        self.hooked = False
        self.root = None
        self.roots_called = 0
