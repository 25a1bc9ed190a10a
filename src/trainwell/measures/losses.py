"""Measures of what a loss function was given."""

from __future__ import annotations

__all__ = ["describe", "distinct_values", "is_one_hot", "log_sum_error", "row_sum_error"]

import math

import torch

from trainwell.measures.samples import every_nth


def describe(values: torch.Tensor, count: int = 8_192) -> dict[str, float]:
    """Range and scale of a tensor.

    Args:
        values: any shape and number type.
        count: at most this many elements are read, evenly spaced.

    Returns:
        "low", "high", "mean", "std", "rms" over the finite elements (NaN when there are none) and
        "finite", the share of finite elements (1 for an empty tensor).
    """
    chosen = every_nth(values.detach(), count).double()
    good = chosen[torch.isfinite(chosen)]
    if not good.numel():
        empty = dict.fromkeys(("low", "high", "mean", "std", "rms"), math.nan)
        return empty | {"finite": 1.0 if not chosen.numel() else 0.0}
    low, high = torch.aminmax(good)
    mean = float(good.mean())
    # Two passes: the mean of squares less the square of the mean cancels on data far from 0.
    square = float(((good - mean) ** 2).mean())
    return {
        "low": float(low),
        "high": float(high),
        "mean": mean,
        "std": math.sqrt(square),
        "rms": math.sqrt(square + mean * mean),
        "finite": good.numel() / chosen.numel(),
    }


def row_sum_error(prediction: torch.Tensor, dim: int = 1, rows: int = 256) -> float:
    """Largest distance of a row's sum from 1, infinite if any element is negative.

    Args:
        prediction: two or more dimensions.
        dim: the class dimension.
        rows: at most about this many rows are read.
    """
    chosen = _rows(prediction, dim, rows)
    if not chosen.numel() or bool((chosen < 0).any()):
        return math.inf
    return float((chosen.sum(1) - 1).abs().max())


def log_sum_error(prediction: torch.Tensor, dim: int = 1, rows: int = 256) -> float:
    """Largest |log(sum(exp(row)))|: 0 for rows of log-probabilities.

    Args: as for `row_sum_error`.
    """
    chosen = _rows(prediction, dim, rows)
    return float(torch.logsumexp(chosen, 1).abs().max()) if chosen.numel() else math.inf


def is_one_hot(target: torch.Tensor, rows: int = 256) -> bool:
    """Whether every row of a matrix of two or more columns holds one 1 and else 0."""
    if target.dim() != 2 or target.shape[1] < 2 or not target.shape[0]:
        return False
    chosen = _rows(target, 1, rows)
    zero_or_one = bool(((chosen == 0) | (chosen == 1)).all())
    return zero_or_one and bool((chosen.sum(1) == 1).all())


def distinct_values(target: torch.Tensor, limit: int = 32, count: int = 4_096) -> list[float]:
    """The distinct elements, sorted; empty when there are more than `limit`."""
    values = torch.unique(every_nth(target.detach(), count))
    return [float(v) for v in values] if values.numel() <= limit else []


def _rows(values: torch.Tensor, dim: int, rows: int) -> torch.Tensor:
    flat = values.detach().movedim(dim, -1).reshape(-1, values.shape[dim])
    return flat[:: max(1, -(-flat.shape[0] // rows))].double()
