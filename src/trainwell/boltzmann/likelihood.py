"""log Z and log-likelihoods of either kind of machine, exact or by annealing."""

from __future__ import annotations

__all__ = ["METHODS", "free_energies", "is_exact", "log_likelihood", "log_partition", "reachable"]

import torch

from trainwell.boltzmann.annealing import annealed, temperatures
from trainwell.boltzmann.couplings import Couplings
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.enumeration import (
    ENUMERABLE,
    is_enumerable,
    restricted_log_partition,
    restricted_sample,
)
from trainwell.boltzmann.estimates import LogLikelihood, LogPartition
from trainwell.boltzmann.joint import couplings_log_partition, couplings_sample
from trainwell.boltzmann.paths import CouplingsPath, RestrictedPath
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.sweeps import sweep
from trainwell.errors import BadInputError, UnknownNameError

METHODS: tuple[str, ...] = ("exact", "ais", "reverse_ais")
"""How log Z is found."""


def is_exact(machine: Restricted | Couplings) -> bool:
    """Whether log Z can be enumerated."""
    if isinstance(machine, Couplings):
        return machine.n_units <= ENUMERABLE
    return is_enumerable(machine)


def log_partition(
    machine: Restricted | Couplings,
    method: str,
    base_bias: torch.Tensor,
    draws: Draws,
    *,
    chains: int = 100,
    n_temperatures: int = 10_000,
    start: torch.Tensor | None = None,
) -> LogPartition:
    """Log Z, nats.

    Args:
        machine: whose.
        method: "exact" (enumeration), "ais" (on average too low) or "reverse_ais" (too high).
        base_bias: biases of the independent units at which annealing begins.
        draws: the random numbers.
        chains: independent walks.
        n_temperatures: of each walk.
        start: states of the machine, (some, units), from which "reverse_ais" starts; drawn exactly
            where the machine can be enumerated.

    Raises:
        UnknownNameError: if there is no such method.
        BadInputError: if "exact" is asked of too many units.
    """
    if method not in METHODS:
        raise UnknownNameError("method", str(method), METHODS)
    if method == "exact":
        if isinstance(machine, Couplings):
            value, count = float(couplings_log_partition(machine)), machine.n_units
        else:
            value, count = restricted_log_partition(machine), machine.n_hidden
        return LogPartition(value, 0.0, 2.0**count, "exact")
    path = (
        CouplingsPath(machine, base_bias)
        if isinstance(machine, Couplings)
        else RestrictedPath(machine, base_bias)
    )
    betas = temperatures(n_temperatures)
    if method == "ais":
        return annealed(path, draws, chains=chains, betas=betas)
    return annealed(
        path, draws, chains=chains, betas=betas, start=reachable(machine, chains, draws, start)
    )


def reachable(
    machine: Restricted | Couplings,
    count: int,
    draws: Draws,
    start: torch.Tensor | None,
    steps: int = 1000,
) -> torch.Tensor:
    """States from the machine itself, (count, units): exact where it can be enumerated.

    Args:
        machine: whose.
        count: how many.
        draws: the random numbers.
        start: states from which Gibbs sampling starts otherwise, (some, units).
        steps: of Gibbs sampling.

    Raises:
        BadInputError: if there is nothing to start from.
    """
    if is_exact(machine):
        if isinstance(machine, Couplings):
            return couplings_sample(machine, count, draws).t()
        return restricted_sample(machine, count, draws)
    if start is None:
        raise BadInputError('method="reverse_ais" needs states of the model to start from')
    picked = start[torch.arange(count, device=start.device) % len(start)].clone()
    if isinstance(machine, Couplings):
        columns = picked.t().contiguous()
        for _ in range(steps):
            sweep(machine, columns, draws)
        return columns.t()
    return machine.gibbs(picked, draws, steps)


def free_energies(
    machine: Restricted | Couplings, x: torch.Tensor, base_bias: torch.Tensor, draws: Draws
) -> torch.Tensor:
    """Free energies of rows, (rows,), nats.

    Where hidden units are linked to each other they are enumerated; where they are too many, an
    annealed estimate is made for each row (Salakhutdinov & Hinton 2009, section 4.2, use the same).
    """
    if isinstance(machine, Restricted) or machine.hidden_unlinked:
        return machine.free_energy(x)
    if machine.n_units - machine.n_visible <= ENUMERABLE:
        return -couplings_log_partition(machine, x).to(x.dtype)
    values = [
        annealed(
            CouplingsPath(machine, base_bias, row), draws, chains=20, betas=temperatures(1000)
        ).value
        for row in x
    ]
    return -x.new_tensor(values)


def log_likelihood(energies: torch.Tensor, partition: LogPartition) -> LogLikelihood:
    """The mean log-likelihood of rows.

    Args:
        energies: (rows,) free energies.
        partition: log Z.
    """
    rows = -energies.double()
    error = float(rows.std()) / len(rows) ** 0.5 if len(rows) > 1 else 0.0
    return LogLikelihood(float(rows.mean()) - partition.value, error, partition)
