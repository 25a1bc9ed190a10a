"""Measures of what a loss function was given."""

from __future__ import annotations

__all__ = [
    "describe",
    "distinct_values",
    "explained",
    "is_one_hot",
    "log_sum_error",
    "row_spread",
    "row_sum_error",
]

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


def row_spread(values: torch.Tensor, rows: int = 256, columns: int = 256) -> float | None:
    """How much the examples of a batch differ: the mean over columns of the deviation over rows.

    Args:
        values: the first dimension is that of the examples.
        rows: at most this many examples are read.
        columns: at most this many numbers of an example are read, evenly spaced.

    Returns:
        None where there are fewer than four examples, or where some value is not finite.
    """
    if values.dim() < 1 or values.shape[0] < 4 or not values.numel():
        return None
    flat = values.detach()[:rows].flatten(1) if values.dim() > 1 else values.detach()[:rows, None]
    chosen = flat[:, :: max(1, -(-flat.shape[1] // columns))].double()
    spread = float(chosen.std(0, unbiased=False).mean())
    return spread if math.isfinite(spread) else None


def explained(prediction: torch.Tensor, target: torch.Tensor, rows: int = 256) -> float | None:
    """Share of what differs between the targets of a batch that the predictions explain.

    Args:
        prediction: the first dimension is that of the examples.
        target: of the same shape.
        rows: at most this many examples are read.

    Returns:
        1 less the mean squared error over the variance between examples, the mean over all
        columns: 1 for perfect predictions, 0 for the mean, negative for worse. None where the
        targets are all the same, or some value is not finite.
    """
    if target.dim() < 1 or target.shape[0] < 4 or not target.numel():
        return None
    wanted = target.detach()[:rows].double()
    error = float((prediction.detach()[:rows].double() - wanted).square().mean())
    variance = float(wanted.var(0, unbiased=False).mean())
    share = 1 - error / variance if variance > 0 else math.nan
    return share if math.isfinite(share) else None


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
