"""The exceptions that trainwell raises.

Every error that a user can cause derives from `TrainwellError`; the command line turns it into one
line on standard error and exit status 2.
"""

from __future__ import annotations

__all__ = [
    "BadInputError",
    "CannotApplyError",
    "RecordError",
    "TrainwellError",
    "UnknownNameError",
    "UnsafeEditError",
]

import difflib
from collections.abc import Iterable


class TrainwellError(Exception):
    """The root of all errors raised on purpose; its text is one line meant for the user."""


class BadInputError(TrainwellError):
    """An argument, a file or a script that trainwell cannot work with."""


class CannotApplyError(TrainwellError):
    """A remedy that does not fit this script; its text says why, lowercase, no full stop."""


class RecordError(TrainwellError):
    """A record (`.trainwell/runs.db`) that cannot be read or written."""


class UnknownNameError(BadInputError):
    """A name that is not in a table; the text names the nearest one that is.

    Args:
        what: what the name should have named, for example "finding".
        name: the name that was got.
        known: the names that exist.
    """

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        by_lower = {k.lower(): k for k in known}
        # Of codes such as ACT101 the letters say most: a slip of the finger is in the number.
        letters, number = name.lower()[:3], name[3:].isdigit()
        family = [k for k in by_lower if number and k[:3] == letters and k[3:].isdigit()]
        near = difflib.get_close_matches(name.lower(), family or by_lower, n=1, cutoff=0.5)
        hint = f"; did you mean `{by_lower[near[0]]}`?" if near else ""
        super().__init__(f"unknown {what} `{name}`{hint}")


class UnsafeEditError(TrainwellError):
    """A change of a script's text that cannot be made without a risk to what the script means.

    Args:
        reason: one lowercase clause fit for the user, for example "line 12 calls no `backward`".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
