"""The distribution of a general Boltzmann machine: any units may be linked, visible or hidden."""

from __future__ import annotations

__all__ = ["Couplings"]

from dataclasses import dataclass

import torch
from torch.nn.functional import softplus

from trainwell.boltzmann.colouring import coloured


@dataclass(frozen=True, eq=False)
class Couplings:
    """p(s) proportional to exp(s'Js / 2 + b's) over binary units, the visible ones first.

    States of many chains are (units, chains) here: a unit's row is contiguous, and one product
    serves a unit, or a block of unlinked units, of all chains.

    Attributes:
        weights: J, (units, units), symmetric, 0 on the diagonal and where units are not linked.
            Learning changes the tensors in place.
        bias: (units,).
        linked: (units, units) of bool, symmetric, False on the diagonal.
        n_visible: how many units are visible.
        blocks: numbers of units that are not linked to each other and are drawn at once.

    Sources:
        Ackley, Hinton & Sejnowski 1985, "A learning algorithm for Boltzmann machines".
    """

    weights: torch.Tensor
    bias: torch.Tensor
    linked: torch.Tensor
    n_visible: int
    blocks: tuple[torch.Tensor, ...]

    @staticmethod
    def of(
        weights: torch.Tensor, bias: torch.Tensor, linked: torch.Tensor, n_visible: int
    ) -> Couplings:
        """A machine with its blocks found."""
        blocks = tuple(torch.tensor(b, device=bias.device) for b in coloured(linked.cpu().numpy()))
        return Couplings(weights, bias, linked, n_visible, blocks)

    @property
    def n_units(self) -> int:
        """Visible and hidden units."""
        return len(self.bias)

    @property
    def hidden_unlinked(self) -> bool:
        """Whether no two hidden units are linked: then they are independent given the visible."""
        return not bool(self.linked[self.n_visible :, self.n_visible :].any())

    def field(self, units: torch.Tensor | slice, state: torch.Tensor) -> torch.Tensor:
        """What the units get from the others and their bias: their log-odds, (units, chains)."""
        return torch.addmm(self.bias[units].unsqueeze(1), self.weights[units], state)

    def energy(self, state: torch.Tensor) -> torch.Tensor:
        """(chains,), nats, of states (units, chains)."""
        return -0.5 * (state * (self.weights @ state)).sum(0) - self.bias @ state

    def free_energy(self, v: torch.Tensor) -> torch.Tensor:
        """-log of the sum over hidden states of exp(-energy), (rows,), of rows (rows, visible).

        Needs hidden units that are not linked to each other (`hidden_unlinked`).
        """
        n = self.n_visible
        own = 0.5 * (v * (v @ self.weights[:n, :n])).sum(-1) + v @ self.bias[:n]
        return -own - softplus(v @ self.weights[:n, n:] + self.bias[n:]).sum(-1)
