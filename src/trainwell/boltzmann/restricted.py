"""The distribution of a restricted machine: its parameters, energies and conditionals."""

from __future__ import annotations

__all__ = ["Restricted"]

from dataclasses import dataclass

import torch
from torch.nn.functional import softplus

from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.products import affine
from trainwell.boltzmann.units import VisibleUnits


@dataclass(frozen=True, eq=False)
class Restricted:
    """p(v, h) proportional to exp(-energy(v, h)), hidden units Bernoulli.

    Attributes:
        weights: (visible, hidden). Learning changes the three tensors in place.
        visible_bias: (visible,).
        hidden_bias: (hidden,).
        units: the kind of the visible units.

    Sources:
        Smolensky 1986, "Information processing in dynamical systems"; Hinton 2010, "A practical
        guide to training restricted Boltzmann machines".
    """

    weights: torch.Tensor
    visible_bias: torch.Tensor
    hidden_bias: torch.Tensor
    units: VisibleUnits

    @property
    def n_visible(self) -> int:
        """Visible units."""
        return self.weights.shape[0]

    @property
    def n_hidden(self) -> int:
        """Hidden units."""
        return self.weights.shape[1]

    def hidden_activation(self, v: torch.Tensor) -> torch.Tensor:
        """Log-odds of the hidden units, (rows, hidden)."""
        return affine(self.hidden_bias, v, self.weights)

    def visible_activation(self, h: torch.Tensor) -> torch.Tensor:
        """What the visible units get from themselves and the hidden ones, (rows, visible)."""
        return affine(self.visible_bias, h, self.weights.t())

    def hidden_probability(self, v: torch.Tensor) -> torch.Tensor:
        """P(h = 1 | v), (rows, hidden)."""
        return self.hidden_activation(v).sigmoid_()

    def energy(self, v: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        """The joint energy, (rows,), nats."""
        linked = (affine(None, v, self.weights) * h).sum(-1)
        return -self.units.log_base(v, self.visible_bias) - h @ self.hidden_bias - linked

    def free_energy(self, v: torch.Tensor) -> torch.Tensor:
        """-log of the sum over h of exp(-energy(v, h)), (rows,), nats."""
        gain = softplus(self.hidden_activation(v)).sum(-1)
        return -self.units.log_base(v, self.visible_bias) - gain

    def hidden_log_weight(self, h: torch.Tensor) -> torch.Tensor:
        """Log of the sum (integral) over v of exp(-energy(v, h)), (rows,), nats."""
        activation = self.visible_activation(h)
        return h @ self.hidden_bias + self.units.log_normalizer(activation, self.visible_bias)

    def gibbs(self, v: torch.Tensor, draws: Draws, steps: int = 1) -> torch.Tensor:
        """Visible units after `steps` times drawing all h given v, then all v given h."""
        for _ in range(steps):
            probability = self.hidden_probability(v)
            h = draws.bernoulli(probability, out=probability)
            v = self.units.sample(self.visible_activation(h), draws)
        return v
