"""What a user gives `trainwell tune` beside options: tables and typed settings."""

from __future__ import annotations

__all__ = ["ask_for_setting", "read_table"]

import csv
import shlex
import sys
from typing import TYPE_CHECKING

from trainwell.errors import BadInputError

if TYPE_CHECKING:
    from trainwell.trials.tuning.parameter import Values


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


def ask_for_setting(wrong: str) -> Values | None:
    """The setting that somebody types, a line such as "lr=0.1 optimizer=sgd".

    Args:
        wrong: what was wrong with the one before, or "".

    Returns:
        None for an empty line, and at the end of the input.
    """
    from trainwell.trials.tuning.domain import parse_value

    while True:
        if wrong:
            sys.stderr.write(f"trainwell: {wrong}\n")
        sys.stderr.write("setting (NAME=VALUE ..., an empty line ends)> ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line.strip():
            return None
        try:
            pairs = [word.partition("=") for word in shlex.split(line)]
        except ValueError as error:
            wrong = str(error)
            continue
        unequal = next((name for name, equals, _ in pairs if not equals), None)
        if unequal is None:
            return {name: parse_value(value) for name, _, value in pairs}
        wrong = f"write NAME=VALUE, got `{unequal}`"
