"""Measures of weights: how they are spread, and whether units are copies of each other."""

from __future__ import annotations

__all__ = ["distinct_row_share", "fans", "is_default_uniform", "moments"]

import math

import torch

from trainwell.measures.samples import every_nth

_EQUAL = 1e-28
"""Variance, relative to the squared mean, under which float64 numbers count as equal."""


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Inputs and outputs of one unit (He et al. 2015, section 2.2).

    Args:
        shape: of a weight as PyTorch stores it: (out, in) or (out, in, kernel...).

    Returns:
        (fan_in, fan_out); (0, 0) for fewer than two dimensions.
    """
    if len(shape) < 2:
        return 0, 0
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def moments(weight: torch.Tensor, count: int = 65_536) -> dict[str, float]:
    """The distribution of a weight's elements.

    Args:
        weight: any shape.
        count: at most this many elements are read, evenly spaced.

    Returns:
        "mean", "std", "peak" (largest magnitude) and "kurtosis" (1.8 for a uniform and 3 for a
        normal distribution; NaN when all are equal).
    """
    values = every_nth(weight.detach(), count).double()
    if not values.numel():
        return {"mean": math.nan, "std": math.nan, "peak": math.nan, "kurtosis": math.nan}
    mean = values.mean()
    off = values - mean
    variance = float((off * off).mean())
    fourth = float((off**4).mean())
    return {
        "mean": float(mean),
        "std": math.sqrt(variance),
        "peak": float(values.abs().max()),
        # Rounding gives equal numbers a variance of about the square of their last digit.
        "kurtosis": fourth / variance**2 if variance > _EQUAL * float(mean) ** 2 else math.nan,
    }


def is_default_uniform(weight: torch.Tensor) -> bool:
    """Whether a weight is spread as PyTorch initialises linear and convolutional layers.

    That is uniformly between -1/sqrt(fan_in) and 1/sqrt(fan_in). Of n such numbers the largest
    lies within 10/n of the edge but once in 20,000 times, and none beyond it; the deviation is
    1/sqrt(3) of the edge and the kurtosis 1.8, within a few standard errors.

    Args:
        weight: of shape (out, in) or (out, in, kernel...), 64 elements or more.
    """
    fan_in, _ = fans(tuple(weight.shape))
    if not fan_in:
        return False
    edge = 1 / math.sqrt(fan_in)
    # As many as are read.
    found, count = moments(weight), every_nth(weight.detach(), 65_536).numel()
    margin = 5 / math.sqrt(count)
    return (
        edge * (1 - 10 / count) <= found["peak"] <= edge * (1 + 1e-5)
        and abs(found["std"] / edge * math.sqrt(3) - 1) <= margin
        and abs(found["kurtosis"] - 1.8) <= 4 * margin
    )


def distinct_row_share(weight: torch.Tensor, rows: int = 64, columns: int = 512) -> float:
    """Share of a weight's units (rows) that differ from every unit before them.

    Args:
        weight: (out, ...), at least two rows.
        rows: at most about this many are compared, evenly chosen.
        columns: the same for the numbers of a row.

    Returns:
        1 when all units differ, 1/rows when all are copies; 1 for fewer than two rows. Units count
        as copies when they differ by less than a millionth of the weight's largest element, as
        they do after rounding in different orders.
    """
    if weight.dim() < 2 or weight.shape[0] < 2 or not weight.numel():
        return 1.0
    if weight.is_complex():
        weight = torch.view_as_real(weight.detach().resolve_conj())
    flat = weight.detach().reshape(weight.shape[0], -1)
    chosen = flat[:: -(-flat.shape[0] // rows), :: max(1, -(-flat.shape[1] // columns))].double()
    if chosen.shape[0] < 2:
        return 1.0
    tolerance = 1e-6 * max(float(chosen.abs().max()), 1e-30)
    if not math.isfinite(tolerance):
        return 1.0
    # Units that are copies have a neighbour in any ordering by a fixed projection.
    projection = torch.cos(torch.arange(chosen.shape[1], dtype=chosen.dtype, device=chosen.device))
    ordered = chosen[torch.argsort(chosen @ projection)]
    gaps = (ordered[1:] - ordered[:-1]).abs().amax(1)
    return float(1 + int((gaps > tolerance).sum())) / chosen.shape[0]
