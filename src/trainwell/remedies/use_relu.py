"""ReLU in the hidden layers."""

from __future__ import annotations

__all__ = ["UseRelu"]

from dataclasses import dataclass
from typing import ClassVar

from trainwell.remedies.activating import ActivationSwap


@dataclass(frozen=True)
class UseRelu(ActivationSwap):
    """ReLU in the place of saturating activations: its slope is 1 wherever it is not 0.

    Sources:
        Glorot, Bordes & Bengio 2011, "Deep sparse rectifier neural networks".
    """

    name: ClassVar[str] = "use_relu"
    kind: ClassVar[str] = "relu"
    replaces: ClassVar[frozenset[str]] = frozenset({"sigmoid", "tanh", "hardtanh"})
