"""What a user gives `trainwell tune` beside options: times, tables, typed settings."""

from __future__ import annotations

__all__ = ["read_table", "seconds", "typed_rows"]

import csv
import re
import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from trainwell.errors import BadInputError

if TYPE_CHECKING:
    from trainwell.trials.tuning.parameter import Values

_UNITS = {"": 60.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str | None) -> float:
    """The seconds of `--budget`; infinite when it is not given.

    Raises:
        BadInputError: if it is no time.
    """
    if text is None:
        return float("inf")
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None or float(found[1]) <= 0:
        raise BadInputError(f"`--budget` takes a time such as 90s, 20m or 2h, got `{text}`")
    return float(found[1]) * _UNITS[found[2]]


def read_table(path: str) -> tuple[Values, ...]:
    """The settings of a CSV file: names in its first line, a setting in each other one.

    Raises:
        BadInputError: if it cannot be read, or holds none.
    """
    from trainwell.trials.tuning.domain import parse_value

    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, skipinitialspace=True))
    except OSError as error:
        raise BadInputError(f"`--table`: cannot read `{path}`: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInputError(f"`--table`: `{path}` is no CSV file: {error}") from None
    if not rows:
        raise BadInputError(f"`--table`: `{path}` holds no settings below its line of names")
    found = []
    for line, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise BadInputError(
                f"`--table`: line {line} of `{path}` has not as many values as names"
            )
        # An empty field: that parameter stays as the script has it.
        found.append({k.strip(): parse_value(v.strip()) for k, v in row.items() if v.strip()})
    return tuple(found)


def typed_rows() -> Iterator[Values]:
    """The settings that somebody types, a line each; an empty one ends it."""
    from trainwell.trials.tuning.domain import parse_value

    sys.stderr.write("trainwell: type a setting, as in lr=0.1 optimizer=sgd; an empty line ends\n")
    while True:
        sys.stderr.write("setting> ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line.strip():
            return
        try:
            pairs = [word.partition("=") for word in shlex.split(line)]
        except ValueError as error:
            sys.stderr.write(f"trainwell: {error}\n")
            continue
        wrong = next((name for name, equals, _ in pairs if not equals), None)
        if wrong is not None:
            sys.stderr.write(f"trainwell: write NAME=VALUE, got `{wrong}`\n")
            continue
        yield {name: parse_value(value) for name, _, value in pairs}
