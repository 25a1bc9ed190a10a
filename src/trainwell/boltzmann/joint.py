"""Everything by enumeration of a general machine's states: partition function, moments, samples."""

from __future__ import annotations

__all__ = ["couplings_log_partition", "couplings_moments", "couplings_sample"]

from collections.abc import Iterator

import torch

from trainwell.boltzmann.couplings import Couplings
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.enumeration import ENUMERABLE, states
from trainwell.errors import BadInputError

_BLOCK = 4096


def couplings_log_partition(
    machine: Couplings, visible: torch.Tensor | None = None
) -> torch.Tensor:
    """The exact log Z, nats; with `visible`, of the hidden units alone, for each row.

    Args:
        machine: the distribution.
        visible: (rows, visible) values to which the visible units are clamped.

    Returns:
        (rows,); one row without `visible`.

    Raises:
        BadInputError: if there are too many units to enumerate.
    """
    if visible is None:
        parts = [-machine.energy(s).double() for s in _joint_blocks(machine.n_units, machine)]
        return torch.cat(parts).logsumexp(0, keepdim=True)
    return torch.cat(
        [_hidden_log_weights(machine, v).logsumexp(0) for v in torch.split(visible, 256)]
    )


def couplings_moments(
    machine: Couplings, visible: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """The exact expectations of s and of s s'.

    Args:
        machine: the distribution.
        visible: (rows, visible): the expectations given each row, averaged over the rows.

    Returns:
        (units,) and (units, units).

    Raises:
        BadInputError: if there are too many units to enumerate.
    """
    count = machine.n_units
    if visible is None:
        states_ = torch.cat(list(_joint_blocks(count, machine)), 1)
        chance = (-machine.energy(states_).double()).softmax(0).to(states_.dtype)
        return states_ @ chance, (states_ * chance) @ states_.t()
    hidden = next(_joint_blocks(count - machine.n_visible, machine, whole=True))
    first = torch.zeros_like(machine.bias)
    second = torch.zeros_like(machine.weights)
    for v in torch.split(visible, 256):
        chance = _hidden_log_weights(machine, v).softmax(0).to(v.dtype)
        mean = hidden @ chance
        n = machine.n_visible
        first += torch.cat([v.sum(0), mean.sum(1)])
        second[:n, :n] += v.t() @ v
        second[:n, n:] += v.t() @ mean.t()
        second[n:, n:] += (hidden * chance.sum(1)) @ hidden.t()
    second[machine.n_visible :, : machine.n_visible] = second[
        : machine.n_visible, machine.n_visible :
    ].t()
    return first / len(visible), second / len(visible)


def couplings_sample(machine: Couplings, count: int, draws: Draws) -> torch.Tensor:
    """Independent draws of all units from the machine itself, (units, count).

    Raises:
        BadInputError: if there are too many units to enumerate.
    """
    some = torch.cat(list(_joint_blocks(machine.n_units, machine)), 1)
    edges = (-machine.energy(some).double()).softmax(0).cumsum(0)
    at = torch.searchsorted(edges, draws.uniform(count).double() * edges[-1], right=True)
    return some[:, at.clamp_(max=len(edges) - 1)]


def _hidden_log_weights(machine: Couplings, visible: torch.Tensor) -> torch.Tensor:
    """Minus the energies of every hidden state with every row, (hidden states, rows)."""
    n = machine.n_visible
    hidden = next(_joint_blocks(machine.n_units - n, machine, whole=True))
    v = visible.t()
    own = 0.5 * (v * (machine.weights[:n, :n] @ v)).sum(0) + machine.bias[:n] @ v
    field = machine.weights[n:, :n] @ v + machine.bias[n:].unsqueeze(1)
    inner = 0.5 * (hidden * (machine.weights[n:, n:] @ hidden)).sum(0)
    return (hidden.t() @ field + inner.unsqueeze(1) + own).double()


def _joint_blocks(units: int, like: Couplings, *, whole: bool = False) -> Iterator[torch.Tensor]:
    """States as (units, states), some at a time."""
    if units > ENUMERABLE:
        raise BadInputError(
            f'enumeration goes up to {ENUMERABLE} units, got {units}; use annealing: method="ais"'
        )
    step = 2**units if whole else _BLOCK
    for first in range(0, 2**units, step):
        last = min(first + step, 2**units)
        yield states(units, like.bias.dtype, like.bias.device, first, last).t().contiguous()
