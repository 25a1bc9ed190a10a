"""What every finding is: a frozen dataclass of thresholds with one method."""

from __future__ import annotations

__all__ = ["SYMPTOMS", "Finding"]

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from trainwell.record import Run, Sighting, Undecided

SYMPTOMS: tuple[str, ...] = (
    "too-few-epochs",
    "underfitting",
    "overconfidence",
    "trained-past-the-best",
    "oscillating-loss",
    "noisy-batches",
)
"""Findings that say how a run went. Whatever keeps a network from learning may bring them about."""


@dataclass(frozen=True)
class Finding(ABC):
    """A pure function from a run to the places at which one fault was seen.

    The fields of a subclass are its thresholds. Its docstring is its page: a first line, then the
    sections *What it looks for*, *Why it hurts*, *When it is not a fault*, *Thresholds* (every
    field by name) and *Sources*.

    Attributes:
        code: family and number, "ACT101"; never reused.
        slug: the public name, "dying-relu".
        confidence: how sure it is that what it reports is a fault, in (0, 1]: 0.95 where it follows
            from the program itself (shapes, operations, counts), 0.8 where numbers were measured
            against thresholds, 0.6 where it says how the run went and not why. The shares that hold
            on real faults are printed by `python -m benchmarks.faults`.
        causes: slugs of findings that this fault may bring about.
        remedies: names of the remedies that may help (`trainwell.remedies`).
    """

    code: ClassVar[str]
    slug: ClassVar[str]
    confidence: ClassVar[float] = 0.8
    causes: ClassVar[tuple[str, ...]] = ()
    remedies: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield each place at which the fault was seen, or why it could not be judged."""
