"""Times as users write them."""

from __future__ import annotations

__all__ = ["seconds"]

import re

from trainwell.errors import BadInputError

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
