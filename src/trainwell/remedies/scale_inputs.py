"""Scaled inputs."""

from __future__ import annotations

__all__ = ["ScaleInputs"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.errors import BadInputError
from trainwell.remedies.scaling import InputMap

if TYPE_CHECKING:
    from trainwell.remedies.survey import Columns


@dataclass(frozen=True)
class ScaleInputs(InputMap):
    """Puts every column of the input on one scale.

    Attributes:
        method: "z-score" (mean 0, standard deviation 1), "min-max" (into [0, 1]) or "robust"
            (median 0, quartiles 1 apart).

    Sources:
        LeCun, Bottou, Orr & Müller 1998, "Efficient backprop", section 4.3.
    """

    name: ClassVar[str] = "scale_inputs"

    method: str = "z-score"

    def __post_init__(self) -> None:
        if self.method not in ("z-score", "min-max", "robust"):
            raise BadInputError(
                f"`{self.name}` takes z-score, min-max or robust, got `{self.method}`"
            )

    def measure(self, columns: Columns) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Centre and scale by the method."""
        if self.method == "z-score":
            return columns.mean, columns.deviation
        if self.method == "robust":
            return columns.median, columns.spread
        spans = tuple(h - l for l, h in zip(columns.low, columns.high, strict=True))  # noqa: E741
        return columns.low, spans
