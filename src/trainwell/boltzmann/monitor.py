"""Looks at a machine while it learns; draws from a stream of its own, so learning is the same."""

from __future__ import annotations

__all__ = ["Monitor", "pseudo_likelihood"]

import time

import torch
from torch.nn.functional import logsigmoid

from trainwell.boltzmann.couplings import Couplings
from trainwell.boltzmann.couplings_learner import hidden_given
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.estimates import LogPartition
from trainwell.boltzmann.history import Moment
from trainwell.boltzmann.likelihood import free_energies, is_exact, log_partition
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.units import BernoulliUnits

_CHEAP_STATES = 4096
"""States whose enumeration is not felt beside an epoch."""

_STILL = 0.01
"""Standard deviation over the data below which a hidden unit says nothing of them; Hinton 2010,
section 9, tells dead units by their probabilities on many cases."""


def pseudo_likelihood(
    machine: Restricted | Couplings, x: torch.Tensor, draws: Draws
) -> float | None:
    """Log pseudo-likelihood, nats a row: one unit a row is flipped, and counts for all.

    Args:
        machine: whose units are 0 or 1.
        x: (rows, visible).
        draws: choose the units.

    Returns:
        None where flipping is not defined, or the free energy not known in closed form.

    Sources:
        Besag 1975, "Statistical analysis of non-lattice data"; the estimate is that of
        scikit-learn's `BernoulliRBM.score_samples`.
    """
    if isinstance(machine, Restricted):
        if not isinstance(machine.units, BernoulliUnits):
            return None
    elif not machine.hidden_unlinked:
        return None
    x = x.round()
    units = torch.from_numpy(draws.integers(x.shape[1], len(x))).to(x.device)
    flipped = x.clone()
    rows = torch.arange(len(x), device=x.device)
    flipped[rows, units] = 1.0 - flipped[rows, units]
    gain = machine.free_energy(flipped) - machine.free_energy(x)
    return float(x.shape[1] * logsigmoid(gain).mean())


class Monitor:
    """Makes a `Moment` of a machine at the end of an epoch.

    Args:
        machine: what learns.
        base_bias: biases of independent units, for annealing.
        sample: (rows, visible) training rows that are looked at.
        mean: (visible,) the data's mean.
        held_out: (rows, visible) or None.
        every: epochs between brackets of the likelihood; None: only where it is enumerated at once.
        n_temperatures: of annealing.
        seed: of the monitor's own random numbers.
    """

    def __init__(
        self,
        machine: Restricted | Couplings,
        base_bias: torch.Tensor,
        sample: torch.Tensor,
        mean: torch.Tensor,
        held_out: torch.Tensor | None,
        every: int | None,
        n_temperatures: int,
        seed: int,
    ) -> None:
        self._machine = machine
        self._base = base_bias
        self._sample = sample
        self._mean = mean
        self._held_out = held_out
        self._every = every
        self._temperatures = n_temperatures
        self._draws = Draws(seed, base_bias.dtype, base_bias.device)
        self._before: torch.Tensor | None = None
        self._began = time.perf_counter()
        self._spare = 0.0
        small = machine.n_units if isinstance(machine, Couplings) else machine.n_hidden
        self._cheap = is_exact(machine) and 2**small <= _CHEAP_STATES

    def look(self, epoch: int, updates: int, chains: torch.Tensor | None, *, last: bool) -> Moment:
        """Measure.

        Args:
            epoch: epochs made.
            updates: updates made.
            chains: (chains, units) persistent chains.
            last: it is the last epoch: the likelihood is bracketed whenever it ever is.
        """
        machine = self._machine
        hidden, back = self._reconstruct(self._sample)
        due = self._cheap or (self._every is not None and (last or epoch % self._every == 0))
        partition = self._partition(chains) if due else ()
        spread = hidden.std(0) if hidden.numel() and len(hidden) > 1 else hidden.new_empty(0)
        stuck, distance = self._mixing(chains)
        return Moment(
            epoch=epoch,
            updates=updates,
            seconds=time.perf_counter() - self._began,
            reconstruction_error=float((self._sample - back).square().mean()),
            pseudo_likelihood=pseudo_likelihood(machine, self._sample, self._draws),
            log_likelihood=self._bracket(self._sample, partition),
            held_out=None if self._held_out is None else self._bracket(self._held_out, partition),
            partition=partition,
            largest_weight=float(machine.weights.abs().max()),
            dead_hidden=float((spread < _STILL).double().mean()) if len(spread) else 0.0,
            stuck_chains=stuck,
            chain_distance=distance,
        )

    def _reconstruct(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        if isinstance(self._machine, Restricted):
            hidden = self._machine.hidden_probability(x)
            return hidden, self._machine.units.mean(self._machine.visible_activation(hidden))
        state = hidden_given(self._machine, x, "mean_field", self._draws, 1)
        n = self._machine.n_visible
        back = self._machine.field(slice(0, n), state).sigmoid_()
        return state[n:].t(), back.t()

    def _partition(self, chains: torch.Tensor | None) -> tuple[LogPartition, ...]:
        if is_exact(self._machine):
            return (log_partition(self._machine, "exact", self._base, self._draws),)
        found = [
            log_partition(
                self._machine,
                method,
                self._base,
                self._draws,
                n_temperatures=self._temperatures,
                start=chains,
            )
            for method in (("ais", "reverse_ais") if chains is not None else ("ais",))
        ]
        return tuple(found)

    def _bracket(
        self, x: torch.Tensor, partition: tuple[LogPartition, ...]
    ) -> tuple[float, float] | None:
        if not partition:
            return None
        energies = free_energies(self._machine, x, self._base, self._draws)
        mean = -float(energies.double().mean())
        values = [mean - p.value for p in partition]
        return min(values), max(values)

    def _mixing(self, chains: torch.Tensor | None) -> tuple[float | None, float | None]:
        """How much chains still resemble themselves, and how far their mean is from the data's."""
        if chains is None or len(chains) < 2:
            return None, None
        visible = chains[:, : len(self._mean)].double()
        stuck = None
        if self._before is not None and self._before.shape == visible.shape:
            own = (visible - self._before).square().mean()
            # Two different chains, then and now: what full mixing would leave.
            other = (visible - self._before.roll(1, 0)).square().mean()
            stuck = float(1.0 - own / other) if float(other) > 0 else 1.0
        self._before = visible.clone()
        mean = self._mean.double()
        variance = (
            mean * (1.0 - mean) if float(mean.min()) >= 0 and float(mean.max()) <= 1 else None
        )
        if variance is None:
            return stuck, None
        moving = variance > 0.01  # pixels that never change have no distance
        gap = (visible.mean(0) - mean).square()[moving] / (variance[moving] / len(visible))
        return stuck, float(gap.mean()) if bool(moving.any()) else None
