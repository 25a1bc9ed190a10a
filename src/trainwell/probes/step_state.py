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


class HiddenRanges:
    """Ranges of autograd's running numbers whose saved tensors must not be read.

    A hook packs them: the script's own (reading would call it), or that of activation
    checkpointing (reading would compute everything again). The numbers run in each thread apart.
    """

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []
        self._depth = 0

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
        losses: (loss fact, autograd's running number of its prediction) of calls while sampling.
        pending: loss calls with gradients, not yet told from evaluations.
        scaled: the tensor that a gradient scaler returned last, and the scaler.
        hidden: ranges of nodes whose saved tensors must not be read.
    """

    def __init__(self) -> None:
        self.training: Counter[tuple[int, str]] = Counter()
        self.evaluating: Counter[tuple[int, str]] = Counter()
        self.made: dict[Any, tuple[int, str]] = {}
        self.root: weakref.ref[nn.Module] | None = None
        self.roots_called = 0
        self.losses: list[tuple[int, int | None]] = []
        self.pending: list[Any] = []
        self.scaled: tuple[weakref.ref[torch.Tensor], Any] | None = None
        self.hidden = HiddenRanges()

    def drain(self) -> None:
        """Forget what belongs to the step that has just been taken."""
        self.training.clear()
        self.made.clear()
        self.losses.clear()
        self.root = None
        self.roots_called = 0
