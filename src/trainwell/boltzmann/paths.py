"""Paths of distributions from independent units to a machine: AIS and tempering walk on them.

At `beta` 0 the units are independent, with biases of their own (best: the data's base rates); at 1
they follow the machine. Between, the energies are mixed: geometric averages, Salakhutdinov & Murray
2008, "On the quantitative analysis of deep belief networks", section 4.1.
"""

from __future__ import annotations

__all__ = ["CouplingsPath", "Path", "RestrictedPath"]

from typing import Protocol

import torch
from torch.nn.functional import softplus

from trainwell.boltzmann.couplings import Couplings
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.products import affine
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.sweeps import sweep


class Path(Protocol):
    """A family of unnormalised distributions over states, (chains, units)."""

    @property
    def base_log_partition(self) -> float:
        """Log Z at beta 0, nats."""
        ...

    def base_sample(self, chains: int, draws: Draws) -> torch.Tensor:
        """Independent states at beta 0."""
        ...

    def prepare(self, state: torch.Tensor) -> torch.Tensor:
        """What `log_density` and `move` need of a state at every beta."""
        ...

    def log_density(
        self, state: torch.Tensor, prepared: torch.Tensor, beta: torch.Tensor | float
    ) -> torch.Tensor:
        """Log of the unnormalised density, (chains,).

        Args:
            state: (chains, units).
            prepared: what `prepare` made of it.
            beta: a number, or (chains, 1).
        """
        ...

    def move(
        self,
        state: torch.Tensor,
        prepared: torch.Tensor,
        beta: torch.Tensor | float,
        draws: Draws,
        *,
        backward: bool,
    ) -> torch.Tensor:
        """States after one transition that leaves the distribution at `beta` as it is.

        Args:
            state: (chains, units); not changed.
            prepared: what `prepare` made of it.
            beta: a number, or (chains, 1).
            draws: the random numbers.
            backward: make the reversal of the transition.
        """
        ...


class RestrictedPath:
    """The path to a restricted machine, over its visible units; hidden ones are summed out.

    Args:
        target: the machine at beta 1.
        base_bias: (visible,) biases at beta 0, where the hidden units are fair coins.
    """

    def __init__(self, target: Restricted, base_bias: torch.Tensor) -> None:
        self._target = target
        self._base = base_bias

    @property
    def base_log_partition(self) -> float:
        """Log Z of independent units, hidden ones included."""
        visible = self._target.units.log_normalizer(self._base, self._base)
        return float(visible.double()) + self._target.n_hidden * float(torch.tensor(2.0).log())

    def base_sample(self, chains: int, draws: Draws) -> torch.Tensor:
        """Visible units from their biases alone."""
        return self._target.units.sample(self._base.repeat(chains, 1), draws)

    def prepare(self, state: torch.Tensor) -> torch.Tensor:
        """The hidden units' activations at beta 1."""
        return self._target.hidden_activation(state)

    def log_density(
        self, state: torch.Tensor, prepared: torch.Tensor, beta: torch.Tensor | float
    ) -> torch.Tensor:
        """Minus the free energy at `beta`."""
        units, share = self._target.units, _row(beta)
        own = (1 - share) * units.log_base(state, self._base) + share * units.log_base(
            state, self._target.visible_bias
        )
        return own + softplus(prepared * beta).sum(-1)

    def move(
        self,
        state: torch.Tensor,
        prepared: torch.Tensor,
        beta: torch.Tensor | float,
        draws: Draws,
        *,
        backward: bool,
    ) -> torch.Tensor:
        """All hidden units given the visible ones, then all visible units."""
        del state, backward  # this transition is its own reversal
        probability = (prepared * beta).sigmoid_()
        h = draws.bernoulli(probability, out=probability)
        bias = (1 - beta) * self._base + beta * self._target.visible_bias
        activation = affine(None, h, self._target.weights.t()).mul_(beta).add_(bias)
        return self._target.units.sample(activation, draws)


class CouplingsPath:
    """The path to a general machine, over the units that are not clamped.

    Args:
        target: the machine at beta 1.
        base_bias: (units,) biases at beta 0.
        visible: (n_visible,) values at which the visible units stay; free when None.
    """

    def __init__(
        self, target: Couplings, base_bias: torch.Tensor, visible: torch.Tensor | None = None
    ) -> None:
        self._target = target
        self._base = base_bias
        self._visible = visible
        self._clamped = 0 if visible is None else target.n_visible

    @property
    def base_log_partition(self) -> float:
        """Log Z of independent units; clamped ones count with their value alone."""
        free = softplus(self._base[self._clamped :].double()).sum()
        if self._visible is None:
            return float(free)
        return float(free + (self._base[: self._clamped] * self._visible).double().sum())

    def base_sample(self, chains: int, draws: Draws) -> torch.Tensor:
        """Units from their biases alone."""
        probability = self._base.sigmoid().repeat(chains, 1)
        state = draws.bernoulli(probability, out=probability)
        if self._visible is not None:
            state[:, : self._clamped] = self._visible
        return state

    def prepare(self, state: torch.Tensor) -> torch.Tensor:
        """Minus the energy at beta 1 and at beta 0, (chains, 2)."""
        return torch.stack([-self._target.energy(state.t()), state @ self._base], 1)

    def log_density(
        self, state: torch.Tensor, prepared: torch.Tensor, beta: torch.Tensor | float
    ) -> torch.Tensor:
        """The two energies, mixed."""
        del state
        share = _row(beta)
        return share * prepared[:, 0] + (1 - share) * prepared[:, 1]

    def move(
        self,
        state: torch.Tensor,
        prepared: torch.Tensor,
        beta: torch.Tensor | float,
        draws: Draws,
        *,
        backward: bool,
    ) -> torch.Tensor:
        """One sweep."""
        del prepared
        columns = state.t().contiguous()
        sweep(
            self._target,
            columns,
            draws,
            clamped=self._clamped,
            beta=_row(beta),
            base_bias=self._base,
            backward=backward,
        )
        return columns.t()


def _row(beta: torch.Tensor | float) -> torch.Tensor | float:
    return beta.squeeze(-1) if isinstance(beta, torch.Tensor) else beta
