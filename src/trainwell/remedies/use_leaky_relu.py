"""Leaky ReLU in the hidden layers."""

from __future__ import annotations

__all__ = ["UseLeakyRelu"]

from dataclasses import dataclass
from typing import ClassVar

from trainwell.remedies.activating import ActivationSwap


@dataclass(frozen=True)
class UseLeakyRelu(ActivationSwap):
    """Leaky ReLU (slope 0.01 below 0): units that never fire still learn.

    Sources:
        Maas, Hannun & Ng 2013, "Rectifier nonlinearities improve neural network acoustic models".
    """

    name: ClassVar[str] = "use_leaky_relu"
    kind: ClassVar[str] = "leaky_relu"
    replaces: ClassVar[frozenset[str]] = frozenset({"relu", "sigmoid", "tanh"})
