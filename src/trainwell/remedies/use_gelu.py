"""GELU in the hidden layers."""

from __future__ import annotations

__all__ = ["UseGelu"]

from dataclasses import dataclass
from typing import ClassVar

from trainwell.remedies.activating import ActivationSwap


@dataclass(frozen=True)
class UseGelu(ActivationSwap):
    """GELU: smooth, and with a gradient below 0.

    Sources:
        Hendrycks & Gimpel 2016, "Gaussian error linear units (GELUs)".
    """

    name: ClassVar[str] = "use_gelu"
    kind: ClassVar[str] = "gelu"
    replaces: ClassVar[frozenset[str]] = frozenset({"relu", "leaky_relu", "sigmoid", "tanh"})
