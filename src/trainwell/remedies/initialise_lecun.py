"""LeCun initialisation."""

from __future__ import annotations

__all__ = ["InitialiseLecun"]

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from trainwell.remedies.initialisation import Initialisation


@dataclass(frozen=True)
class InitialiseLecun(Initialisation):
    """Weights of variance 1 / fan-in, which keeps the signal's variance in linear layers and SELUs.

    Sources:
        LeCun, Bottou, Orr & Müller 1998, "Efficient backprop", section 4.6.
    """

    name: ClassVar[str] = "initialise_lecun"

    @property
    def call(self) -> str:
        """As in the patch: PyTorch's He with the gain of a linear layer, which is LeCun's."""
        return f'kaiming_{self.distribution}_({{0}}, nonlinearity="linear")'

    def draw(self, weight: torch.Tensor) -> None:
        """Draw it."""
        draw = (
            nn.init.kaiming_normal_ if self.distribution == "normal" else nn.init.kaiming_uniform_
        )
        draw(weight, nonlinearity="linear")
