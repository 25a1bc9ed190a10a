"""Inputs scaled by their quartiles, outliers clipped."""

from __future__ import annotations

__all__ = ["ScaleRobustly"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import BadInputError
from trainwell.remedies.scaling import InputMap

if TYPE_CHECKING:
    from trainwell.remedies.survey import Columns


@dataclass(frozen=True)
class ScaleRobustly(InputMap):
    """Scales every column by median and quartiles, so that outliers do not set the scale.

    Attributes:
        limit: scaled values are clipped to this distance from the median, in quartile ranges.

    Sources:
        Huber & Ronchetti 2009, "Robust statistics", section 5.1. Tukey 1977 calls values "far out"
        that lie 3 ranges beyond a quartile.
    """

    name: ClassVar[str] = "scale_robustly"

    limit: float = 3.5

    def __post_init__(self) -> None:
        if not self.limit > 0:
            raise BadInputError(f"`{self.name}` takes a number above 0, got {self.limit}")

    def measure(self, columns: Columns) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Median and quartile range; the deviation where half of a column is one value."""
        spread = tuple(
            s if s > 0 else d for s, d in zip(columns.spread, columns.deviation, strict=True)
        )
        return columns.median, spread

    def clip(self, data: torch.Tensor) -> torch.Tensor:
        """Clip."""
        return data.clamp(-self.limit, self.limit)

    @property
    def clip_code(self) -> str:
        """As in the patch."""
        return f"(({{0}}).clamp(-{self.limit!r}, {self.limit!r}))"
