"""Small, evenly chosen parts of large tensors, so that a look costs the same on any network."""

from __future__ import annotations

__all__ = ["every_nth", "unit_rows"]

import math

import torch


def unit_rows(
    values: torch.Tensor, unit_dim: int, *, turn: int = 0, rows: int = 64, units: int = 64
) -> torch.Tensor:
    """An activation as a small matrix: examples down, units across.

    Always the same units are chosen, so that they can be followed from look to look; the examples
    (and positions, where there are such) change with `turn`.

    Args:
        values: activation of two or more dimensions; every dimension but `unit_dim` counts as
            examples; complex numbers count by their magnitude.
        unit_dim: the dimension of units (features, channels).
        turn: number of the look.
        rows: at most about this many examples.
        units: at most this many units.

    Returns:
        float32 of shape (examples, units), at most rows * units numbers.

    Raises:
        ValueError: if `values` has fewer than two dimensions.
    """
    if values.dim() < 2:
        raise ValueError(f"`values` must have two or more dimensions, got {values.dim()}")
    if values.is_complex():
        values = values.abs()
    unit_dim %= values.dim()
    width = values.shape[unit_dim]
    step = -(-width // units)
    if step > 1:
        values = values.narrow(unit_dim, 0, width).movedim(unit_dim, -1)[..., ::step]
    else:
        values = values.movedim(unit_dim, -1)
    # Thin out the largest example dimension first: a few rows of a picture say as much as all.
    while (count := _product(values.shape[:-1])) > rows:
        sizes = values.shape[:-1]
        largest = max(range(len(sizes)), key=lambda d: sizes[d])
        stride = min(-(-count // rows), sizes[largest])
        start = turn % stride
        values = values[(slice(None),) * largest + (slice(start, None, stride),)]
    if not values.numel():
        return values.new_zeros((0, values.shape[-1])).float()
    return values.reshape(-1, values.shape[-1]).float()


def every_nth(values: torch.Tensor, count: int) -> torch.Tensor:
    """At most `count` elements of a tensor, evenly spaced, as a vector (a view where it can be).

    Args:
        values: any shape; sparse tensors give their stored values, complex ones their parts.
        count: upper limit, at least 1.
    """
    if values.is_sparse:
        values = values._values()
    if values.is_complex():
        values = torch.view_as_real(values.resolve_conj())
    flat = values.reshape(-1)
    stride = max(1, -(-flat.numel() // count))
    # A stride that divides a row would read the same few columns of every row.
    while stride > 1 and math.gcd(stride, flat.numel()) > 1:
        stride += 1
    return flat[::stride]


def _product(sizes: torch.Size) -> int:
    result = 1
    for size in sizes:
        result *= size
    return result
