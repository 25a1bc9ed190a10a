"""A unified diff that `git apply` and `patch -p1` accept."""

from __future__ import annotations

__all__ = ["unified_diff"]

import difflib

_UNENDED = "\n\\ No newline at end of file\n"


def unified_diff(old: str, new: str, path: str) -> str:
    """The difference between two versions of a file; nothing when there is none.

    Args:
        old: the file's text.
        new: its new text.
        path: its path from where the diff is applied.
    """
    name = path.replace("\\", "/").lstrip("/")
    # A tab ends a name that has a blank in it; without one, patch reads the name to the blank.
    stop = "\t" if " " in name else ""
    lines = difflib.unified_diff(
        _lines(old), _lines(new), f"a/{name}{stop}", f"b/{name}{stop}", lineterm="\n"
    )
    return "".join(line if line.endswith("\n") else line + _UNENDED for line in lines)


def _lines(text: str) -> list[str]:
    # Not str.splitlines: to git and patch a form feed or a bare return ends no line.
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
