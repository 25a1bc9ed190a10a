"""tanh in the hidden layers."""

from __future__ import annotations

__all__ = ["UseTanh"]

from dataclasses import dataclass
from typing import ClassVar

from trainwell.remedies.activating import ActivationSwap


@dataclass(frozen=True)
class UseTanh(ActivationSwap):
    """tanh in the place of sigmoids: its outputs are centred on 0.

    Sources:
        LeCun, Bottou, Orr & Müller 1998, "Efficient backprop", section 4.4.
    """

    name: ClassVar[str] = "use_tanh"
    kind: ClassVar[str] = "tanh"
    replaces: ClassVar[frozenset[str]] = frozenset({"sigmoid", "relu"})
