"""Annealed importance sampling: log Z from a path of distributions, upwards or downwards."""

from __future__ import annotations

__all__ = ["anneal", "annealed", "log_mean_exp", "temperatures"]

import math
from itertools import pairwise

import numpy as np
import torch

from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.estimates import LogPartition
from trainwell.boltzmann.paths import Path
from trainwell.errors import BadInputError


def temperatures(count: int) -> list[float]:
    """`count` inverse temperatures from 0 to 1.

    Spaced as in Salakhutdinov & Murray 2008, section 4.3: a thirtieth of them up to 0.5, four
    fifteenths up to 0.9, the rest, where the distributions change most, up to 1.

    Raises:
        BadInputError: if `count` is below 2.
    """
    if count < 2:
        raise BadInputError(f"`n_temperatures` must be 2 or more, got {count}")
    return [
        float(b) for b in np.interp(np.linspace(0, 1, count), [0, 1 / 30, 0.3, 1], [0, 0.5, 0.9, 1])
    ]


def anneal(
    path: Path, state: torch.Tensor, betas: list[float], draws: Draws
) -> tuple[torch.Tensor, torch.Tensor]:
    """Walk a path from the first of `betas` to the last.

    Args:
        path: the distributions.
        state: (chains, units), independent draws at betas[0].
        betas: rising (AIS) or falling (reverse AIS).
        draws: the random numbers.

    Returns:
        The last states; and the log importance weights, (chains,) in float64, whose exponentials
        have the mean Z(betas[-1]) / Z(betas[0]).
    """
    weight = torch.zeros(len(state), dtype=torch.float64, device=state.device)
    backward = betas[-1] < betas[0]
    for old, new in pairwise(betas):
        prepared = path.prepare(state)
        weight += path.log_density(state, prepared, new).double()
        weight -= path.log_density(state, prepared, old).double()
        state = path.move(state, prepared, new, draws, backward=backward)
    return state, weight


def annealed(
    path: Path,
    draws: Draws,
    *,
    chains: int,
    betas: list[float],
    start: torch.Tensor | None = None,
) -> LogPartition:
    """Log Z at the upper end of a path.

    Args:
        path: the distributions.
        draws: the random numbers.
        chains: independent walks; with `start`, as many as that has rows.
        betas: rising from 0 to 1.
        start: (chains, units), states drawn from the machine itself: then the walks go down
            (reverse AIS), and the estimate is on average too high where that of AIS is too low.

    Raises:
        BadInputError: if there are fewer than two chains.

    Sources:
        Neal 2001, "Annealed importance sampling"; Burda, Grosse & Salakhutdinov 2015, "Accurate and
        conservative estimates of MRF log-likelihood using reverse annealing"; Grosse, Ghahramani &
        Adams 2015, "Sandwiching the marginal likelihood using bidirectional Monte Carlo".
    """
    if (chains if start is None else len(start)) < 2:
        raise BadInputError(f"annealing needs 2 or more chains, got {chains}")
    if start is None:
        _, weight = anneal(path, path.base_sample(chains, draws), betas, draws)
        ratio, error, size = log_mean_exp(weight)
        return LogPartition(path.base_log_partition + ratio, error, size, "ais")
    _, weight = anneal(path, start, betas[::-1], draws)
    ratio, error, size = log_mean_exp(weight)
    return LogPartition(path.base_log_partition - ratio, error, size, "reverse_ais")


def log_mean_exp(weight: torch.Tensor) -> tuple[float, float, float]:
    """Log of the mean of exp(weight), its standard error, and the effective sample size.

    Args:
        weight: (chains,) log importance weights.
    """
    top = weight.max()
    scaled = (weight - top).exp()
    mean = scaled.mean()
    error = float(scaled.std() / mean) / math.sqrt(len(weight))
    size = float(scaled.sum().square() / scaled.square().sum())
    return float(top + mean.log()), error, size
