"""What counts as one example, and where examples come from."""

from __future__ import annotations

__all__ = ["Sound", "is_one", "listed", "source_of"]

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONGEST = 200
"""Characters of a text that are kept as its source."""


@dataclass(frozen=True)
class Sound:
    """A sound in memory.

    Attributes:
        samples: (samples,), in [-1, 1].
        rate: samples a second.
    """

    samples: NDArray[np.float32]
    rate: int


def is_one(given: Any) -> bool:
    """Whether this is one example and no batch: a text, a path, a picture of Pillow, a sound."""
    pillow = type(given).__module__.startswith("PIL.")
    return pillow or isinstance(given, str | os.PathLike | Sound)


def listed(given: Any, *, arrays_are_one: bool = False) -> list[Any]:
    """A list of examples.

    Args:
        given: one example, or a list, a tuple or an array of them.
        arrays_are_one: take an array for one example, and no batch.
    """
    if is_one(given) or isinstance(given, dict | bytes):
        return [given]
    if isinstance(given, list | tuple):
        return list(given)
    if arrays_are_one or getattr(given, "ndim", 1) == 0 or not hasattr(given, "__iter__"):
        return [given]
    if hasattr(given, "iloc"):
        given = given.to_numpy()
    return list(given)


def source_of(example: Any) -> str | None:
    """What an example is called: its path, or its text; None for what is in memory."""
    if isinstance(example, str | os.PathLike):
        text = os.fspath(example)
        return str(text)[:_LONGEST]
    name = getattr(example, "filename", None)
    return str(name) if isinstance(name, str) and name else None
