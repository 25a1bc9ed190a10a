"""Lines that move: what the remedies know of a source, after an edit of it."""

from __future__ import annotations

__all__ = ["move_remedy", "move_survey", "moved"]

from collections.abc import Callable
from dataclasses import fields, replace
from difflib import SequenceMatcher
from typing import Any

from trainwell.remedies.patching import own
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.survey import Survey


def moved(old: str, new: str) -> Callable[[int], int]:
    r"""Where the lines of a text are in another version of it.

    Example:
        >>> move = moved("a\nb\nc\n", "a\nx\nb\nc2\n")
        >>> [move(line) for line in (1, 2, 3)]
        [1, 3, 4]
    """
    matcher = SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    table: dict[int, int] = {}
    for tag, a, b, c, d in matcher.get_opcodes():
        for i in range(a, b):
            # A changed line stands where it stood in its block.
            offset = i - a if tag == "equal" else min(i - a, max(d - c - 1, 0))
            table[i + 1] = c + offset + 1
    return lambda line: table.get(line, line)


def move_survey(survey: Survey, move: Callable[[int], int]) -> Survey:
    """A survey of the edited script."""

    def places(given: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
        return tuple((f, move(n) if own(survey, f) else n) for f, n in given)

    return replace(
        survey,
        optimizers=tuple(
            replace(o, line=move(o.line), step_line=move(o.step_line) if o.step_line else 0)
            if own(survey, o.file)
            else o
            for o in survey.optimizers
        ),
        loaders=tuple(
            replace(one, line=move(one.line)) if own(survey, one.file) else one
            for one in survey.loaders
        ),
        unused_optimizers=places(survey.unused_optimizers),
        backward=places(survey.backward),
        training_calls=places(survey.training_calls),
        evaluation_calls=places(survey.evaluation_calls),
    )


def move_remedy(remedy: Remedy, survey: Survey, move: Callable[[int], int]) -> Remedy:
    """A remedy whose lines are those of the edited script."""

    def place(value: Any) -> Any:
        if isinstance(value, tuple) and len(value) >= 2 and isinstance(value[0], str):
            file, line, *rest = value
            if isinstance(line, int) and own(survey, file):
                return (file, move(line), *rest)
        return value

    changes: dict[str, Any] = {}
    for field in fields(remedy):
        value = getattr(remedy, field.name)
        if field.name == "at_line" and value:
            changes[field.name] = move(value)
        elif field.name in ("at_places", "at_calls", "at_loaders"):
            changes[field.name] = tuple(place(one) for one in value)
    return replace(remedy, **changes)
