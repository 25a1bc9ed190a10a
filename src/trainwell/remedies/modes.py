"""What the two remedies of training and evaluation mode share."""

from __future__ import annotations

__all__ = ["in_mode", "model_and_lines", "places_of"]

from collections.abc import Callable, Iterable
from typing import Any

from torch import nn

from trainwell.errors import UnsafeEditError
from trainwell.record import Place
from trainwell.remedies.patching import built, own
from trainwell.remedies.survey import Survey


def in_mode(module: nn.Module, training: bool) -> Callable[[], None]:
    """Put a module and all of its submodules into a mode.

    Returns:
        What gives each of them its own mode back.
    """
    before: list[tuple[Any, bool]] = [(m, m.training) for m in module.modules()]
    module.train(training)

    def restore() -> None:
        for one, mode in before:
            one.training = mode

    return restore


def places_of(places: Iterable[Place | None]) -> tuple[tuple[str, int], ...]:
    """File and line of the places that are known, each once."""
    return tuple(dict.fromkeys((p.file, p.line) for p in places if p and p.file and p.line))


def model_and_lines(
    survey: Survey, places: Iterable[tuple[str, int]], does: str
) -> tuple[str, list[int]]:
    """How the script calls its one model, and some lines of the script, the last one first.

    Raises:
        UnsafeEditError: if the name is unknown, or a line is in another file.
    """
    model = built(survey).model
    if model is None:
        raise UnsafeEditError("the name of the model is not known")
    lines = []
    for file, line in places:
        if not own(survey, file):
            raise UnsafeEditError(f"{file} {does}, not the script")
        lines.append(line)
    return model, sorted(lines, reverse=True)
