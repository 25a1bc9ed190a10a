"""He initialisation."""

from __future__ import annotations

__all__ = ["InitialiseHe"]

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn

from trainwell.remedies.initialisation import Initialisation


@dataclass(frozen=True)
class InitialiseHe(Initialisation):
    """Weights of variance 2 / fan-in, which keeps the signal's variance through ReLUs.

    Sources:
        He, Zhang, Ren & Sun 2015, "Delving deep into rectifiers", section 2.2.
    """

    name: ClassVar[str] = "initialise_he"

    @property
    def call(self) -> str:
        """As in the patch."""
        return f'kaiming_{self.distribution}_({{0}}, nonlinearity="relu")'

    def draw(self, weight: torch.Tensor) -> None:
        """Draw it."""
        draw = (
            nn.init.kaiming_normal_ if self.distribution == "normal" else nn.init.kaiming_uniform_
        )
        draw(weight, nonlinearity="relu")
