"""One learning step of a general machine: moments of data and of the model, then the update."""

from __future__ import annotations

__all__ = ["POSITIVE", "CouplingsLearner", "hidden_given"]

import torch

from trainwell.boltzmann.couplings import Couplings
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.joint import couplings_moments
from trainwell.boltzmann.paths import CouplingsPath
from trainwell.boltzmann.rules import Rules
from trainwell.boltzmann.sweeps import settle, sweep
from trainwell.boltzmann.tempering import Tempering

POSITIVE: tuple[str, ...] = ("mean_field", "gibbs", "exact")
"""How the hidden units are found given the data where they are linked to each other."""


def hidden_given(
    machine: Couplings, x: torch.Tensor, positive: str, draws: Draws, sweeps: int
) -> torch.Tensor:
    """Visible and hidden units given rows of data, (units, rows).

    Args:
        machine: the distribution.
        x: (rows, visible).
        positive: "mean_field", expectations of a factorised approximation; "gibbs", draws. Where no
            two hidden units are linked both give the exact expectations.
        draws: the random numbers of "gibbs".
        sweeps: of "gibbs".
    """
    visible, n = x.t(), machine.n_visible
    state = torch.cat([visible, visible.new_full((machine.n_units - n, len(x)), 0.5)])
    if machine.n_units == n:
        return state
    if machine.hidden_unlinked:
        hidden = slice(n, machine.n_units)
        state[hidden] = 0.0
        state[hidden] = machine.field(hidden, state).sigmoid_()
        return state
    if positive == "mean_field":
        return settle(machine, state, clamped=n)
    state[n:] = draws.bernoulli(state[n:])
    for _ in range(sweeps):
        sweep(machine, state, draws, clamped=n)
    return state


class CouplingsLearner:
    """The state of learning: chains, offsets, momentum.

    Args:
        machine: changed in place.
        rules: the algorithm.
        draws: the random numbers.
        base_bias: (units,) biases of independent units with the data's mean; chains start there.
        mean: (visible,) the data's mean.
        positive: a name of `POSITIVE`.
        positive_sweeps: of clamped Gibbs sampling.
    """

    def __init__(
        self,
        machine: Couplings,
        rules: Rules,
        draws: Draws,
        base_bias: torch.Tensor,
        mean: torch.Tensor,
        positive: str,
        positive_sweeps: int,
    ) -> None:
        self.machine = machine
        self.rules = rules
        self.draws = draws
        self._positive = positive
        self._sweeps = positive_sweeps
        self._offset = torch.zeros_like(machine.bias)
        if rules.centered:
            self._offset[machine.n_visible :] = 0.5
            self._offset[: machine.n_visible] = mean
        self.tempering: Tempering | None = None
        self._state: torch.Tensor | None = None
        path = CouplingsPath(machine, base_bias)
        if rules.algorithm == "pt":
            self.tempering = Tempering(path, rules.n_temperatures, rules.n_chains, draws)
        elif rules.algorithm == "pcd":
            self._state = path.base_sample(rules.n_chains, draws).t().contiguous()
        self._velocity = torch.zeros_like(machine.weights)
        self._bias_velocity = torch.zeros_like(machine.bias)
        self._mask = machine.linked.to(machine.weights.dtype)

    @property
    def chains(self) -> torch.Tensor | None:
        """All units of the chains at the machine itself, (chains, units)."""
        if self.tempering is not None:
            return self.tempering.coldest
        return None if self._state is None else self._state.t()

    def step(self, x: torch.Tensor, rate: float) -> None:
        """Learn from a batch.

        Args:
            x: (rows, visible).
            rate: the learning rate, of gradients of the mean log-likelihood.
        """
        machine, rules = self.machine, self.rules
        if self._positive == "exact":
            mean, second = couplings_moments(machine, x)
        else:
            given = hidden_given(machine, x, self._positive, self.draws, self._sweeps)
            mean, second = given.mean(1), given @ given.t() / len(x)
        model_mean, model_second = self._model(x)
        shift = mean - model_mean
        gradient = second - model_second
        if rules.centered:
            outer = torch.outer(self._offset, shift)
            gradient = gradient - outer - outer.t()
        gradient = gradient * self._mask
        bias_gradient = shift - gradient @ self._offset
        self._velocity.mul_(rules.momentum).add_(gradient, alpha=rate)
        self._bias_velocity.mul_(rules.momentum).add_(bias_gradient, alpha=rate)
        machine.weights.mul_(1.0 - rate * rules.weight_decay).add_(self._velocity)
        machine.bias.add_(self._bias_velocity)
        if rules.centered:
            self._offset.lerp_(mean, rules.offset_rate)

    def _model(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The model's first and second moments."""
        if self.rules.algorithm == "exact":
            return couplings_moments(self.machine)
        if self.tempering is not None:
            for _ in range(self.rules.n_gibbs_steps):
                self.tempering.step()
            state = self.tempering.coldest.t()
        else:
            if self.rules.algorithm == "cd":
                given = hidden_given(self.machine, x, self._positive, self.draws, self._sweeps)
                n = self.machine.n_visible
                # Mean values are no states; the visible units of the data are.
                given[n:] = self.draws.bernoulli(given[n:])
                self._state = given
            assert self._state is not None
            for _ in range(self.rules.n_gibbs_steps):
                sweep(self.machine, self._state, self.draws)
            state = self._state
        return state.mean(1), state @ state.t() / state.shape[1]
