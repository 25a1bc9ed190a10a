"""Boltzmann machines by brute force: every joint state, by the definitions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import torch

Tensor = torch.Tensor


def binary(units: int) -> Iterator[Tensor]:
    for state in itertools.product((0.0, 1.0), repeat=units):
        yield torch.tensor(state, dtype=torch.float64)


def one_hot(groups: int, categories: int) -> Iterator[Tensor]:
    for chosen in itertools.product(range(categories), repeat=groups):
        v = torch.zeros(groups * categories, dtype=torch.float64)
        for group, category in enumerate(chosen):
            v[group * categories + category] = 1.0
        yield v


def restricted_log_probability(
    v: Tensor, w: Tensor, a: Tensor, b: Tensor, visible: list[Tensor]
) -> Tensor:
    """log p(v) of a restricted machine with discrete visible units, from all joint states."""
    hidden = torch.stack(list(binary(len(b))))

    def minus_energies(some: Tensor) -> Tensor:
        linked = torch.einsum("vi,ij,hj->vh", some, w, hidden)
        return (linked + (some @ a).unsqueeze(1) + hidden @ b).flatten()

    return minus_energies(v.unsqueeze(0)).logsumexp(0) - minus_energies(
        torch.stack(visible)
    ).logsumexp(0)


def gaussian_log_probability(v: Tensor, w: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """log p(v) with Gaussian visible units: a mixture of 2^hidden normal densities."""
    logs, weights = [], []
    for h in binary(len(b)):
        mean = a + w @ h
        # Completing the square: how much of the mass this component has.
        weights.append((h * b).sum() + 0.5 * (mean * mean).sum() - 0.5 * (a * a).sum())
        square = -0.5 * ((v - mean) ** 2).sum() - 0.5 * len(a) * math.log(2 * math.pi)
        logs.append(square)
    share = torch.stack(weights).log_softmax(0)
    return (share + torch.stack(logs)).logsumexp(0)


def couplings_log_probability(v: Tensor, j: Tensor, b: Tensor) -> Tensor:
    """log p(v) of a general machine; `j` counts in its upper triangle only."""
    upper = j.triu(1)

    def minus_energies(some: Tensor) -> Tensor:
        return torch.einsum("si,ij,sj->s", some, upper, some) + some @ b

    hidden = torch.stack(list(binary(len(b) - len(v))))
    mine = torch.cat([v.expand(len(hidden), len(v)), hidden], 1)
    everything = torch.stack(list(binary(len(b))))
    return minus_energies(mine).logsumexp(0) - minus_energies(everything).logsumexp(0)


def gradients(
    log_probability: Callable[..., Tensor], rows: Tensor, *parameters: Tensor
) -> list[Tensor]:
    """Gradients of the rows' mean log-probability."""
    leaves = [p.clone().requires_grad_() for p in parameters]
    mean = torch.stack([log_probability(row, *leaves) for row in rows]).mean()
    return list(torch.autograd.grad(mean, leaves))


def enhanced(
    gradient: tuple[Tensor, Tensor, Tensor], visible_offset: Tensor, hidden_offset: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Melchior, Fischer & Wiskott 2016, equations 10 to 12, from the plain gradient (w, a, b)."""
    w, a, b = gradient
    centred = w - torch.outer(visible_offset, b) - torch.outer(a, hidden_offset)
    return centred, a - centred @ hidden_offset, b - centred.t() @ visible_offset
