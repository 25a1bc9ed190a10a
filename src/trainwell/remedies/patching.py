"""What the patches of several remedies share: code put in front of the optimizer's statement."""

from __future__ import annotations

__all__ = [
    "before_optimizer",
    "built",
    "fresh",
    "insert_fresh",
    "numbers",
    "only_line",
    "own",
    "step_line",
]

import os
import re
from collections.abc import Callable, Iterable, Sequence

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits import insert_before, qualified
from trainwell.remedies.survey import Built, Survey


def built(survey: Survey) -> Built:
    """The script's one optimizer, constructed by the script itself.

    Raises:
        UnsafeEditError: if there is none, or several, or another file constructs it.
    """
    if len(survey.optimizers) != 1:
        raise UnsafeEditError(f"{len(survey.optimizers)} optimizers were seen, not one")
    one = survey.optimizers[0]
    if not own(survey, one.file):
        raise UnsafeEditError(f"the optimizer is made in {one.file}, not in the script")
    return one


def own(survey: Survey, file: str) -> bool:
    """Whether a file is the script itself."""
    return os.path.realpath(file) == os.path.realpath(survey.script)


def only_line(survey: Survey, places: Iterable[tuple[str, int]], what: str) -> int:
    """The one line of the script among some places.

    Raises:
        UnsafeEditError: if there are none or several, or in another file.
    """
    places = set(places)
    if len(places) != 1:
        raise UnsafeEditError(f"{len(places)} lines {what}, not one")
    file, line = places.pop()
    if not own(survey, file):
        raise UnsafeEditError(f"{file} {what}s, not the script")
    return line


def before_optimizer(
    source: str, survey: Survey, make: Callable[[str, str], str], *names: str
) -> str:
    """The source with code in front of the statement that constructs the optimizer.

    Args:
        source: the script.
        survey: knows the line, and how the model is called there.
        make: gets the model's and torch's names there, gives the code. Identifiers in angle
            brackets, as `<layer>`, become names that the script does not use.
        names: the identifiers in angle brackets.

    Raises:
        UnsafeEditError: if the line or a name is unknown.
    """
    one = built(survey)
    if one.model is None:
        raise UnsafeEditError(f"no variable at line {one.line} holds the model alone")
    torch, _ = qualified(source, "torch")
    code = make(one.model, torch)
    return qualified(insert_fresh(source, one.line, code, *names), "torch")[1]


def fresh(source: str, name: str) -> str:
    """A name that a source does not use: the one given, or with underscores behind."""
    while re.search(rf"\b{name}\b", source):
        name += "_"
    return name


def numbers(values: Sequence[float]) -> str:
    """Numbers as a Python list, over several lines where they are many."""
    if len(values) > 8 and len(set(values)) == 1:
        return f"[{values[0]!r}] * {len(values)}"
    texts = [repr(v) for v in values]
    if len(texts) <= 6:
        return "[" + ", ".join(texts) + "]"
    rows = [", ".join(texts[i : i + 8]) for i in range(0, len(texts), 8)]
    return "[\n    " + ",\n    ".join(rows) + ",\n]"


def step_line(survey: Survey) -> int:
    """The line of the script that calls the one optimizer's `step()`.

    Raises:
        UnsafeEditError: if it is unknown.
    """
    one = built(survey)
    if not one.step_line:
        raise UnsafeEditError("no line was seen that calls step()")
    return one.step_line


def insert_fresh(source: str, line: int, code: str, *names: str) -> str:
    """Code in front of a line; identifiers in angle brackets become names that are not used."""
    for name in names:
        code = code.replace(f"<{name}>", fresh(source, name))
    return insert_before(source, line, code)
