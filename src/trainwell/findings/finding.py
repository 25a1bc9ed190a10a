"""What every finding is: a frozen dataclass of thresholds with one method."""

from __future__ import annotations

__all__ = ["Finding"]

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from trainwell.record import Run, Sighting, Undecided


@dataclass(frozen=True)
class Finding(ABC):
    """A pure function from a run to the places at which one fault was seen.

    The fields of a subclass are its thresholds. Its docstring is its page: a first line, then the
    sections *What it looks for*, *Why it hurts*, *When it is not a fault*, *Thresholds* (every
    field by name) and *Sources*.

    Attributes:
        code: family and number, "ACT101"; never reused.
        slug: the public name, "dying-relu".
        causes: slugs of findings that this fault may bring about.
        remedies: names of the remedies that may help (`trainwell.remedies`).
    """

    code: ClassVar[str]
    slug: ClassVar[str]
    causes: ClassVar[tuple[str, ...]] = ()
    remedies: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield each place at which the fault was seen, or why it could not be judged."""
