"""Running statistics of data, column by column."""

from __future__ import annotations

__all__ = ["ColumnStatistics"]

import math

import torch

_GOLDEN = (math.sqrt(5) - 1) / 2

_KEPT = 2_048
"""Rows of which percentiles are taken."""


class ColumnStatistics:
    """Mean, deviation and range of columns over batches (Chan, Golub & LeVeque 1983, section 1).

    Args:
        columns: at most this many columns are kept, evenly chosen.
        rows: at most about this many rows of a batch are read.
    """

    def __init__(self, columns: int = 256, rows: int = 256) -> None:
        self.column_limit = columns
        self.row_limit = rows
        self.total_columns = 0
        self.rows = 0
        self.examples = 0
        self.non_finite = 0
        self.square_norm = 0.0
        self._mean = torch.zeros(0, dtype=torch.float64)
        self._square = torch.zeros(0, dtype=torch.float64)
        self._low = torch.zeros(0, dtype=torch.float64)
        self._high = torch.zeros(0, dtype=torch.float64)
        self._count = torch.zeros(0, dtype=torch.float64)
        self._kept: list[torch.Tensor] = []
        self._kept_rows = 0

    def add(self, batch: torch.Tensor, examples: torch.Tensor | None = None) -> None:
        """Take in a batch.

        Args:
            batch: (rows, columns); NaN and infinities are counted and left out.
            examples: (examples, numbers), the same data by example, where a row is only a part of
                one (a position of a picture).

        Raises:
            ValueError: if the number of columns changes.
        """
        columns = batch.shape[1]
        if not batch.numel():
            return
        if self.rows and columns != self.total_columns:
            raise ValueError(f"expected {self.total_columns} columns, got {columns}")
        self.total_columns = columns
        bad = batch.numel() - int(torch.isfinite(batch).sum())
        self.non_finite += bad
        chosen = batch
        if batch.shape[0] > self.row_limit:
            # By the golden ratio: an even stride would keep step with the width of a picture.
            turns = torch.arange(self.row_limit, dtype=torch.float64) * _GOLDEN
            chosen = batch[((turns % 1) * batch.shape[0]).long().to(batch.device)]
        whole = chosen if examples is None else examples[: self.row_limit]
        norms = torch.linalg.vector_norm(torch.nan_to_num(whole.float(), 0.0, 0.0, 0.0), dim=1)
        self.square_norm += float((norms.double() ** 2).sum())
        self.examples += whole.shape[0]
        self.rows += chosen.shape[0]
        values = chosen[:, :: max(1, -(-columns // self.column_limit))].double().cpu()
        if self._kept_rows < _KEPT:
            self._kept.append(values[: _KEPT - self._kept_rows].clone())
            self._kept_rows += len(self._kept[-1])
        good = torch.isfinite(values)
        count = good.sum(0).double()
        zeroed = torch.where(good, values, 0.0)
        mean = zeroed.sum(0) / count.clamp(min=1)
        square = torch.where(good, (values - mean) ** 2, 0.0).sum(0)
        low = torch.where(good, values, math.inf).amin(0)
        high = torch.where(good, values, -math.inf).amax(0)
        if not self._count.numel():
            self._mean, self._square, self._count = mean, square, count
            self._low, self._high = low, high
            return
        total = self._count + count
        off = mean - self._mean
        safe = total.clamp(min=1)
        self._square = self._square + square + off**2 * self._count * count / safe
        self._mean = self._mean + off * count / safe
        self._count = total
        self._low = torch.minimum(self._low, low)
        self._high = torch.maximum(self._high, high)

    def lists(self) -> dict[str, tuple[float, ...]]:
        """The kept columns' "mean", "std", "low", "high" (NaN where no value was finite)."""
        seen = self._count > 0
        std = (self._square / self._count.clamp(min=1)).sqrt()
        values = {"mean": self._mean, "std": std, "low": self._low, "high": self._high}
        return {
            name: tuple(torch.where(seen, column, math.nan).tolist())
            for name, column in values.items()
        }

    def spans(self) -> dict[str, tuple[float, ...]]:
        """How far apart percentiles of each kept column are, over the first rows.

        Infinities and NaN count as the column's mean.

        Returns:
            "bulk": from the 5th to the 95th percentile; "core": from the 25th to the 75th.
        """
        if not self._kept_rows:
            return {"bulk": (), "core": ()}
        rows = torch.cat(self._kept)
        rows = torch.where(torch.isfinite(rows), rows, self._mean)
        shares = torch.tensor([0.05, 0.25, 0.75, 0.95], dtype=torch.float64)
        least, low, high, most = torch.quantile(rows, shares, dim=0)
        return {"bulk": tuple((most - least).tolist()), "core": tuple((high - low).tolist())}

    def example_norm(self) -> float:
        """Root mean square of the examples' Euclidean norms; 0 when nothing was added."""
        return math.sqrt(self.square_norm / self.examples) if self.examples else 0.0
