"""Parallel tempering: chains at several temperatures that exchange their states."""

from __future__ import annotations

__all__ = ["Tempering"]

import torch

from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.paths import Path


class Tempering:
    """Chains on a path, all temperatures in one product.

    Args:
        path: from independent units to the machine.
        n_temperatures: evenly spaced inverse temperatures from 0 to 1.
        n_chains: at each temperature.
        draws: the random numbers.

    Sources:
        Swendsen & Wang 1986; Desjardins, Courville, Bengio, Vincent & Delalleau 2010, "Tempered
        Markov chain Monte Carlo for training of restricted Boltzmann machines".
    """

    def __init__(self, path: Path, n_temperatures: int, n_chains: int, draws: Draws) -> None:
        self._path = path
        self._draws = draws
        self._levels = n_temperatures
        start = path.base_sample(n_temperatures * n_chains, draws)
        self.states = start.view(n_temperatures, n_chains, -1)
        """(temperatures, chains, units), the coldest last."""
        betas = torch.linspace(0, 1, n_temperatures, dtype=start.dtype, device=start.device)
        self._betas = betas.repeat_interleave(n_chains).unsqueeze(1)
        self._odd = 0

    @property
    def coldest(self) -> torch.Tensor:
        """The states at the machine itself, (chains, units)."""
        return self.states[-1]

    def step(self) -> float:
        """Move all chains, then offer every other pair of neighbours an exchange.

        Returns:
            The share of the offered exchanges that were made.
        """
        flat = self.states.reshape(-1, self.states.shape[-1])
        prepared = self._path.prepare(flat)
        flat = self._path.move(flat, prepared, self._betas, self._draws, backward=False)
        self.states = flat.view_as(self.states)
        return self.exchange()

    def exchange(self) -> float:
        """Offer pairs (0, 1), (2, 3), ... and (1, 2), (3, 4), ... by turns an exchange.

        Returns:
            The share of the offered exchanges that were made.
        """
        low = torch.arange(self._odd, self._levels - 1, 2, device=self.states.device)
        self._odd = 1 - self._odd
        if len(low) == 0:
            return 1.0
        own = self._log_density(self.states, 0)
        up, down = self._log_density(self.states, 1), self._log_density(self.states, -1)
        gain = up[low] + down[low + 1] - own[low] - own[low + 1]
        swap = self._draws.bernoulli(gain.exp().clamp_(max=1.0)).bool()
        states = self.states.clone()
        states[low] = torch.where(swap.unsqueeze(-1), self.states[low + 1], self.states[low])
        states[low + 1] = torch.where(swap.unsqueeze(-1), self.states[low], self.states[low + 1])
        self.states = states
        return float(swap.to(states.dtype).mean())

    def _log_density(self, states: torch.Tensor, shift: int) -> torch.Tensor:
        """Of every state at the temperature `shift` steps colder; (temperatures, chains)."""
        flat = states.reshape(-1, states.shape[-1])
        betas = self._betas.view(self._levels, -1).roll(-shift, 0).reshape(-1, 1)
        density = self._path.log_density(flat, self._path.prepare(flat), betas)
        return density.view(self._levels, -1)
