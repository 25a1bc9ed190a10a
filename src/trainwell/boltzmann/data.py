"""The user's data: checked once, then read a batch at a time."""

from __future__ import annotations

__all__ = [
    "BadDataError",
    "LabelledRows",
    "MappedRows",
    "OutsideError",
    "Rows",
    "TargetRows",
    "batch_of",
    "check_rows",
]

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch.nn.functional import one_hot

from trainwell.boltzmann.draws import Draws
from trainwell.errors import BadInputError

_CHUNK = 65_536
"""Rows that are shuffled together: memory must not grow with the number of rows."""


class BadDataError(BadInputError, ValueError):
    """Data that a machine cannot learn from; also the ValueError that scikit-learn asks for."""


class OutsideError(BadDataError):
    """Data outside [0, 1] for units that need them inside.

    Args:
        visible: the kind of the units.
        low: smallest value.
        high: largest value.
        share: of the values that lie outside.
    """

    def __init__(self, visible: str, low: float, high: float, share: float) -> None:
        super().__init__(
            f"`X` must lie in [0, 1] for visible={visible!r}, got values from {low:.4g} to "
            f'{high:.4g} ({share:.1%} outside): scale it, or use visible="gaussian" on '
            "standardised data"
        )
        self.low, self.high, self.share = low, high, share


class Rows:
    """Rows of numbers, dense (in memory or memory-mapped) or sparse, handed out as tensors.

    Args:
        data: (rows, columns), a NumPy array or a SciPy CSR matrix.
        dtype: of the tensors.
        device: of the tensors.
    """

    def __init__(self, data: Any, dtype: torch.dtype, device: torch.device) -> None:
        self.data = data
        self._dtype = dtype
        self._device = device
        self._whole: torch.Tensor | None = None
        if isinstance(data, np.ndarray) and data.dtype == np.float32 and data.flags.writeable:
            # The same memory seen as a tensor: rows are gathered without going through NumPy.
            self._whole = torch.from_numpy(data)

    def __len__(self) -> int:
        return int(self.data.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.data.shape[1])

    def take(self, at: Any) -> torch.Tensor:
        """Some rows.

        Args:
            at: a slice, or an array of row numbers.
        """
        if self._whole is not None:
            index = at if isinstance(at, slice) else torch.from_numpy(at)
            return self._whole[index].to(self._device, self._dtype)
        some = self.data[at]
        dense = some.toarray() if sparse.issparse(some) else np.ascontiguousarray(some)
        if not dense.flags.writeable:
            dense = dense.copy()
        return torch.from_numpy(dense).to(self._device, self._dtype)

    def batches(self, size: int | str, draws: Draws) -> Iterator[torch.Tensor]:
        """All rows once, in random order, in batches of a size as `batch_of` takes it.

        Rows are shuffled inside chunks of 65,536 consecutive ones, and the chunks among each other.
        A last batch of less than half the size joins no update of its own: it is merged into the
        one before.
        """
        count = len(self)
        size = batch_of(size, count)
        chunks = -(-count // _CHUNK)
        for chunk in draws.permutation(chunks):
            first = int(chunk) * _CHUNK
            order = draws.permutation(min(_CHUNK, count - first)) + first
            starts = list(range(0, len(order), size))
            if len(starts) > 1 and len(order) - starts[-1] < size / 2:
                starts.pop()
            for start, stop in zip(starts, [*starts[1:], len(order)], strict=True):
                yield self.take(np.sort(order[start:stop]))

    def batches_per_epoch(self, size: int | str) -> int:
        """How many batches `batches` yields."""
        count = len(self)
        size = batch_of(size, count)
        full, rest = divmod(count, _CHUNK)
        lengths = [_CHUNK] * full + ([rest] if rest else [])
        return sum(max(1, n // size + (1 if n % size >= size / 2 else 0)) for n in lengths)

    def mean(self) -> torch.Tensor:
        """The columns' means, (columns,)."""
        total = torch.zeros(self.width, dtype=torch.float64)
        for first in range(0, len(self), _CHUNK // 16):
            block = self.take(slice(first, first + _CHUNK // 16))
            total += block.sum(0, dtype=torch.float64).cpu()
        return (total / len(self)).to(self._device, self._dtype)

    def some(self, count: int, draws: Draws) -> torch.Tensor:
        """At most `count` rows, drawn without replacement, (count, columns)."""
        if count >= len(self):
            return self.take(slice(0, len(self)))
        picked = np.unique(draws.integers(len(self), count))
        return self.take(picked)


def batch_of(asked: int | str, rows: int, name: str = "batch_size") -> int:
    """Rows of a batch.

    Args:
        asked: how many; or "auto", a hundredth of the rows, 10 at least and 100 at most: few rows
            are learned from in as many updates an epoch as some ten thousand.
        rows: how many rows there are.
        name: of the parameter.

    Raises:
        BadInputError: if it is neither "auto" nor a whole number above 0.
    """
    if asked == "auto":
        return min(100, max(10, rows // 100))
    if isinstance(asked, str) or int(asked) != asked or asked < 1:
        raise BadInputError(f'`{name}` must be "auto" or a whole number from 1 on, got {asked!r}')
    return int(asked)


class LabelledRows(Rows):
    """Rows with the one-hot label of each behind its columns.

    Args:
        rows: the rows.
        labels: (rows,) class numbers from 0.
        classes: how many there are.
    """

    def __init__(self, rows: Rows, labels: np.ndarray[Any, Any], classes: int) -> None:
        self.__dict__.update(rows.__dict__)
        self._rows = rows
        self._labels = torch.from_numpy(labels)
        self._classes = classes

    @property
    def width(self) -> int:
        """Columns and classes."""
        return self._rows.width + self._classes

    def take(self, at: Any) -> torch.Tensor:
        """Some rows with their labels."""
        x = self._rows.take(at)
        index = at if isinstance(at, slice) else torch.from_numpy(at)
        labels = one_hot(self._labels[index], self._classes)
        return torch.cat([x, labels.to(x.device, x.dtype)], 1)


class TargetRows(Rows):
    """Rows with the numbers that a network shall answer behind their columns.

    Args:
        rows: the rows.
        targets: (rows, targets).
    """

    def __init__(self, rows: Rows, targets: np.ndarray[Any, Any]) -> None:
        self.__dict__.update(rows.__dict__)
        self._rows = rows
        self._targets = torch.from_numpy(targets).to(rows._device, rows._dtype)

    @property
    def width(self) -> int:
        """Columns and targets."""
        return self._rows.width + self._targets.shape[1]

    def take(self, at: Any) -> torch.Tensor:
        """Some rows with their targets."""
        index = at if isinstance(at, slice) else torch.from_numpy(at)
        return torch.cat([self._rows.take(at), self._targets[index]], 1)


class MappedRows(Rows):
    """Rows as a function makes them, a batch at a time: nothing of their size is kept.

    Args:
        rows: the rows.
        mapping: from (rows, columns) to (rows, width).
        width: columns that it makes.
    """

    def __init__(
        self, rows: Rows, mapping: Callable[[torch.Tensor], torch.Tensor], width: int
    ) -> None:
        self.__dict__.update(rows.__dict__)
        self._rows = rows
        self._mapping = mapping
        self._width = width

    @property
    def width(self) -> int:
        """Columns of the result."""
        return self._width

    def take(self, at: Any) -> torch.Tensor:
        """Some rows, mapped."""
        return self._mapping(self._rows.take(at))


def check_rows(data: Any, visible: str, categories: int | None = None) -> tuple[float, float]:
    """Look at all values once.

    Args:
        data: a NumPy array or a SciPy CSR matrix.
        visible: the kind of units that shall hold them.
        categories: units in a group of "softmax".

    Returns:
        The smallest and the largest value.

    Raises:
        BadDataError: if there are no rows, if values are not finite, outside [0, 1] for Bernoulli
            units, or no one-hot groups for softmax units.
    """
    rows, columns = data.shape
    if rows == 0:
        raise BadDataError(f"`X` must have at least one row, got 0 rows of {columns} columns")
    low, high, outside = np.inf, -np.inf, 0
    step = max(1, 4_194_304 // max(columns, 1))
    for first in range(0, rows, step):
        block = data[first : first + step]
        values = block.data if sparse.issparse(block) else block
        if values.size == 0:
            low, high = min(low, 0.0), max(high, 0.0)
            continue
        low, high = min(low, float(values.min())), max(high, float(values.max()))
        if not np.isfinite([low, high]).all():
            raise BadDataError("`X` holds NaN or infinite values; remove or fill them first")
        if visible != "gaussian":
            outside += int(((values < 0) | (values > 1)).sum())
        if visible == "softmax" and not outside:
            _check_groups(block, categories or columns)
    if outside:
        raise OutsideError(visible, low, high, outside / (rows * columns))
    return low, high


def _check_groups(block: Any, categories: int) -> None:
    dense = block.toarray() if sparse.issparse(block) else np.asarray(block)
    if categories < 2 or dense.shape[1] % categories:
        return  # the units say what is wrong with that
    groups = dense.reshape(len(dense), -1, categories)
    wrong = ((groups.sum(2) - 1) > 1e-4) | ((groups.sum(2) - 1) < -1e-4)
    if wrong.any():
        row, group = np.argwhere(wrong)[0]
        raise BadDataError(
            f"`X` must hold groups of {categories} columns that sum to 1 for visible='softmax', "
            f"got {groups[row, group].sum():.4g} in row {row} of a block, group {group}"
        )
