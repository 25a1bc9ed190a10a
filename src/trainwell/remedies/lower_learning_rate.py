"""A lower learning rate."""

from __future__ import annotations

__all__ = ["LowerLearningRate"]

from dataclasses import dataclass
from typing import ClassVar

from trainwell.remedies.rates import RateChange


@dataclass(frozen=True)
class LowerLearningRate(RateChange):
    """Multiplies the learning rate by a tenth.

    Sources:
        Bengio 2012, "Practical recommendations for gradient-based training of deep
        architectures", section 3.1.1: rates are searched in steps of powers of ten.
    """

    name: ClassVar[str] = "lower_learning_rate"

    factor: float = 0.1
