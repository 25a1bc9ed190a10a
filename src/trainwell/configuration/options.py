"""What options may be, on the command line and in pyproject.toml alike."""

from __future__ import annotations

__all__ = ["BUDGET", "FailOn", "Format", "parse_budget"]

from enum import StrEnum

from trainwell.errors import BadInputError

BUDGET = 0.03
"""Share of a run's time that watching may cost, unless it is said otherwise."""


class FailOn(StrEnum):
    """How bad a finding has to be to make the exit status 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


class Format(StrEnum):
    """What a report is written as."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    FACTS = "facts"
    FACTS_JSON = "facts-json"


def parse_budget(text: str, name: str = "--budget") -> float:
    """A share of time from "3%" or "0.03".

    Args:
        text: what the user wrote.
        name: of the option, for the error.

    Raises:
        BadInputError: if it is neither, or not above 0 and at most 100 %.
    """
    number = text.strip()
    try:
        share = float(number[:-1]) / 100 if number.endswith("%") else float(number)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise BadInputError(
            f"`{name}` takes a share of the run's time, such as 3% or 0.03; got `{text}`"
        )
    return share
