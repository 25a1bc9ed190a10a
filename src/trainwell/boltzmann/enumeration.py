"""Everything by enumeration: the exact partition function and the exact moments of small machines.

A restricted machine is summed over the states of its smaller layer only; the other is summed out in
closed form.
"""

from __future__ import annotations

__all__ = [
    "ENUMERABLE",
    "is_enumerable",
    "model_rows",
    "restricted_log_partition",
    "restricted_sample",
    "states",
]

from collections.abc import Iterator

import torch
from torch.nn.functional import one_hot

from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.units import BernoulliUnits, GaussianUnits, SoftmaxUnits
from trainwell.errors import BadInputError

ENUMERABLE = 20
"""Units whose states, about a million, are enumerated; each more doubles time and memory."""

_BLOCK = 4096


def states(
    units: int, dtype: torch.dtype, device: torch.device, first: int = 0, last: int | None = None
) -> torch.Tensor:
    """The states number `first` to `last` - 1 of binary units, one a row.

    Args:
        units: how many.
        dtype: of the result.
        device: of the result.
        first: number of the first state.
        last: one past the last state; all up to 2^units when None.
    """
    numbers = torch.arange(first, 2**units if last is None else last, device=device)
    return (numbers.unsqueeze(1) >> torch.arange(units, device=device) & 1).to(dtype)


def is_enumerable(machine: Restricted) -> bool:
    """Whether the smaller layer is small enough."""
    return min(machine.n_hidden, _visible_bits(machine)) <= ENUMERABLE


def restricted_log_partition(machine: Restricted) -> float:
    """The exact log Z, nats.

    Raises:
        BadInputError: if no layer is small enough.
    """
    parts = [weight.double().logsumexp(0) for _, weight in _blocks(machine)]
    return float(torch.stack(parts).logsumexp(0))


def model_rows(machine: Restricted) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rows whose weighted averages are the machine's exact expectations of v, h and v h'.

    Returns:
        v (states, visible), h (states, hidden), one of them the states of the layer that was
        enumerated and the other its expectation; and their probabilities, (states,).

    Raises:
        BadInputError: if no layer is small enough.
    """
    blocks = list(_blocks(machine))
    some = torch.cat([state for state, _ in blocks])
    probability = torch.cat([weight.double() for _, weight in blocks]).softmax(0)
    if _by_hidden(machine):
        v, h = machine.units.mean(machine.visible_activation(some)), some
    else:
        v, h = some, machine.hidden_probability(some)
    return v, h, probability.to(some.dtype)


def restricted_sample(machine: Restricted, count: int, draws: Draws) -> torch.Tensor:
    """Independent draws of the visible units from the machine itself, (count, visible).

    Raises:
        BadInputError: if no layer is small enough.
    """
    v, h, probability = model_rows(machine)
    edges = probability.double().cumsum(0)
    at = torch.searchsorted(edges, draws.uniform(count).double() * edges[-1], right=True)
    at = at.clamp_(max=len(edges) - 1)
    if _by_hidden(machine):
        return machine.units.sample(machine.visible_activation(h[at]), draws)
    return v[at]


def _visible_bits(machine: Restricted) -> int:
    """log2 of the number of visible states, rounded up; huge where they are not countable."""
    if isinstance(machine.units, GaussianUnits):
        return 1 << 30
    if isinstance(machine.units, SoftmaxUnits):
        groups = machine.n_visible // machine.units.categories
        return groups * (machine.units.categories - 1).bit_length()
    return machine.n_visible if isinstance(machine.units, BernoulliUnits) else 1 << 30


def _by_hidden(machine: Restricted) -> bool:
    return machine.n_hidden <= _visible_bits(machine)


def _blocks(machine: Restricted) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """(states, log of their unnormalised probability) of the smaller layer, some at a time."""
    if not is_enumerable(machine):
        raise BadInputError(
            f"enumeration goes up to {ENUMERABLE} units in the smaller layer, got "
            f"{machine.n_visible} visible and {machine.n_hidden} hidden units; use annealing: "
            'method="ais"'
        )
    bias = machine.hidden_bias
    if _by_hidden(machine):
        for first in range(0, 2**machine.n_hidden, _BLOCK):
            last = min(first + _BLOCK, 2**machine.n_hidden)
            h = states(machine.n_hidden, bias.dtype, bias.device, first, last)
            yield h, machine.hidden_log_weight(h)
    elif isinstance(machine.units, SoftmaxUnits):
        categories = machine.units.categories
        groups = machine.n_visible // categories
        numbers = torch.arange(categories**groups, device=bias.device)
        powers = categories ** torch.arange(groups, device=bias.device)
        chosen = numbers.unsqueeze(1) // powers % categories
        v = one_hot(chosen, categories).flatten(1).to(bias.dtype)
        yield v, -machine.free_energy(v)
    else:
        for first in range(0, 2**machine.n_visible, _BLOCK):
            last = min(first + _BLOCK, 2**machine.n_visible)
            v = states(machine.n_visible, bias.dtype, bias.device, first, last)
            yield v, -machine.free_energy(v)
