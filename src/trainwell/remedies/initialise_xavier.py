"""Xavier initialisation."""

from __future__ import annotations

__all__ = ["InitialiseXavier"]

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from trainwell.remedies.initialisation import Initialisation


@dataclass(frozen=True)
class InitialiseXavier(Initialisation):
    """Weights of variance 2 / (fan-in + fan-out), made for tanh and sigmoid.

    Sources:
        Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
        networks", section 4.2.
    """

    name: ClassVar[str] = "initialise_xavier"

    distribution: str = "uniform"

    @property
    def call(self) -> str:
        """As in the patch."""
        return f"xavier_{self.distribution}_({{0}})"

    def draw(self, weight: torch.Tensor) -> None:
        """Draw it."""
        draw = nn.init.xavier_normal_ if self.distribution == "normal" else nn.init.xavier_uniform_
        draw(weight)
