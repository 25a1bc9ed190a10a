"""Options that several commands share, and how they are read."""

from __future__ import annotations

__all__ = ["FailOn", "fails", "parse_budget"]

from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from trainwell.errors import BadInputError

if TYPE_CHECKING:
    from trainwell.diagnosis import Diagnosis


class FailOn(StrEnum):
    """What `--fail-on` accepts."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


def fails(diagnosis: Diagnosis, limit: FailOn) -> bool:
    """Whether something was found that is as severe as the limit, or worse."""
    if limit is FailOn.NEVER:
        return False
    severity: Literal["error", "warning"] = "error" if limit is FailOn.ERROR else "warning"
    return bool(diagnosis.at_least(severity))


def parse_budget(text: str) -> float:
    """A share of time from "3%" or "0.03".

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
            f"`--budget` takes a share of the run's time, such as 3% or 0.03; got `{text}`"
        )
    return share
