"""A higher learning rate."""

from __future__ import annotations

__all__ = ["RaiseLearningRate"]

from dataclasses import dataclass
from typing import ClassVar

from trainwell.remedies.rates import RateChange


@dataclass(frozen=True)
class RaiseLearningRate(RateChange):
    """Multiplies the learning rate by ten.

    Sources:
        Bengio 2012, "Practical recommendations for gradient-based training of deep
        architectures", section 3.1.1: rates are searched in steps of powers of ten.
    """

    name: ClassVar[str] = "raise_learning_rate"

    factor: float = 10.0
