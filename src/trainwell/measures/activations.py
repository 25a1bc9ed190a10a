"""Measures of what units put out, from small matrices (examples, units)."""

from __future__ import annotations

__all__ = ["active_units", "example_spread", "root_mean_square", "saturated_share"]

import math

import torch

PINNED = 0.05
"""A unit counts as saturated when its mean derivative is under this share of the largest that its
activation function has: 5 % is |x| > 4.4 for a sigmoid and > 2.2 for tanh, where Glorot & Bengio
(2010, section 3) saw learning stall."""


def active_units(rows: torch.Tensor) -> torch.Tensor:
    """Which units are above zero on at least one example.

    Args:
        rows: (examples, units).

    Returns:
        bool of shape (units,).
    """
    return (rows > 0).any(0)


def saturated_share(rows: torch.Tensor, kind: str) -> float:
    """Share of the units whose activation function is flat on nearly all examples.

    Args:
        rows: outputs of a "sigmoid" (in [0, 1]) or "tanh" (in [-1, 1]), (examples, units).
        kind: which of the two.

    Returns:
        A share in [0, 1]; NaN for an empty matrix.

    Raises:
        ValueError: for another kind.
    """
    if kind == "sigmoid":
        slope = 4 * rows * (1 - rows)
    elif kind == "tanh":
        slope = 1 - rows * rows
    else:
        raise ValueError(f"`kind` must be 'sigmoid' or 'tanh', got {kind!r}")
    if not rows.numel():
        return math.nan
    return float((slope.mean(0) < PINNED).float().mean())


def root_mean_square(rows: torch.Tensor) -> float:
    """Square root of the mean square of all elements; NaN for an empty tensor."""
    if not rows.numel():
        return math.nan
    return float(torch.linalg.vector_norm(rows)) / math.sqrt(rows.numel())


def example_spread(rows: torch.Tensor) -> float:
    """How far units differ between examples, relative to their size.

    Args:
        rows: (examples, units).

    Returns:
        Root mean square over all elements of the deviation from the unit's mean over examples,
        divided by the root mean square of the elements. In [0, 1]: 0 when every example gives the
        same output. NaN with fewer than two examples or when all are zero.
    """
    if rows.shape[0] < 2 or not rows.numel():
        return math.nan
    size = root_mean_square(rows)
    if size == 0:
        return math.nan
    return root_mean_square(rows - rows.mean(0)) / size
