"""What is worth a search in a script, as plain data."""

from __future__ import annotations

__all__ = ["Suggestion", "Suggestions"]

from dataclasses import dataclass

from trainwell.trials.tuning.domain import Value


@dataclass(frozen=True)
class Suggestion:
    """One parameter.

    Attributes:
        text: as `--param` takes it.
        default: what the script has; None where that is not known.
        reason: why.
    """

    text: str
    default: Value | None
    reason: str


@dataclass(frozen=True)
class Suggestions:
    """What a search could be about.

    Attributes:
        learned: parameters that training learns, by layer and count.
        found: hyperparameters that somebody has to set, the most promising first.
    """

    learned: tuple[tuple[str, int], ...]
    found: tuple[Suggestion, ...]
