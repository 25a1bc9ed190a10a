"""Steps that pass uncounted by the probe, where counting each of them would cost too much."""

from __future__ import annotations

__all__ = ["Caller", "Idling", "caller"]

import sys
import threading
from types import CodeType
from typing import Any

import torch

Caller = tuple[int, int]
"""What calls `backward()`: a code object, by its identity, and the instruction in it."""

_METHOD = torch.Tensor.backward.__code__

_MOST_CALLERS = 1024
"""Callers that are remembered; a script that compiles its own code may have no end of them."""


class Idling:
    """Lets a number of backward passes go by with no more than a tally of who called them.

    Neither they nor the losses before them are told to anybody. A caller that is not known, or
    that stands for more than one objective, ends the idling, and so do more losses than a step
    has.

    Attributes:
        left: backward passes that are still to be let go by.
        passed: how many were since `take` was called last.
        losses: loss calls since the last backward, while idle.
        usual_losses: how many a backward has at most.
    """

    def __init__(self) -> None:
        self.left = 0
        self.passed = 0
        self.losses = 0
        self.usual_losses = 0
        self._lock = threading.Lock()
        self._tally: dict[Caller, tuple[Any, int]] = {}
        self._callers: dict[Caller, tuple[CodeType, Any]] = {}

    def learn(self, depth: int, objective: Any) -> None:
        """Remember which objective a caller of `backward()` stands for.

        Args:
            depth: frames between the function that calls `backward()` and this one.
            objective: what `take` gives its number of passes for.
        """
        code, key = caller(depth + 1)
        known = self._callers.get(key)
        if known is None:
            if len(self._callers) >= _MOST_CALLERS:
                self._callers = {}
            # With the code itself: another one at its address would be taken for it.
            self._callers[key] = code, objective
        elif known[1] is not objective:
            # A library's training loop, for example: the lines that call it tell them apart.
            self._callers[key] = code, None

    def begin(self, passes: int, usual_losses: int) -> None:
        """Let the next backward passes go by.

        Args:
            passes: how many.
            usual_losses: losses that one of them has at most.
        """
        self.usual_losses, self.losses = usual_losses, 0
        self.left = passes

    def end(self) -> None:
        """Tell the next backward pass again."""
        self.left = 0

    def lets_pass(self, depth: int) -> bool:
        """Whether the backward that begins need not be told.

        Args:
            depth: frames between the function that calls `backward()` and this one.
        """
        _, key = caller(depth + 1)
        known = self._callers.get(key)
        # Threads that train side by side share the number.
        with self._lock:
            if self.left <= 0 or known is None or known[1] is None:
                self.left = 0
                return False
            self.left -= 1
            self.passed += 1
            objective, passes = self._tally.get(key) or (known[1], 0)
            self._tally[key] = objective, passes + 1
            self.losses = 0
        return True

    def lets_loss_pass(self) -> bool:
        """Whether a loss need not be told; it ends the idling where a step has no such many."""
        self.losses += 1
        if self.losses <= self.usual_losses:
            return True
        # An evaluation with gradients on, perhaps.
        self.left = 0
        return False

    def take(self) -> list[tuple[Any, int]]:
        """The objectives whose passes were not told since this was asked for, and how many."""
        with self._lock:
            tally, self._tally = self._tally, {}
            self.passed = 0
        return list(tally.values())

    def forget(self) -> None:
        """Somebody else listens from now on."""
        self.left = 0
        self._callers = {}

    def after_fork(self) -> None:
        """In a forked child: a thread of the parent's may have held the lock."""
        self._lock = threading.Lock()
        self._tally = {}
        self.left = self.passed = 0
        self._callers = {}


def caller(depth: int) -> tuple[CodeType, Caller]:
    """The function that called `backward()`, and the instruction of it.

    Args:
        depth: frames between that function and this one; `Tensor.backward` is left out where it
            lies between.
    """
    frame = sys._getframe(depth + 1)
    if frame.f_code is _METHOD and frame.f_back is not None:
        frame = frame.f_back
    code = frame.f_code
    return code, (id(code), frame.f_lasti)
