"""`# trainwell: ignore[ACT101]` on a line of source: what is seen there is not reported."""

from __future__ import annotations

__all__ = ["Comment", "read_comment", "without_comment"]

import re
from dataclasses import dataclass

from trainwell.findings.catalogue import FINDINGS

# Strings are stepped over: a `#` in one begins no comment. A lone quote belongs to a string over
# several lines, of which this is one.
_COMMENT = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|(?P<comment>#.*)""")
_IGNORE = re.compile(
    r"trainwell\s*:\s*ignore(?![\w-])[ \t]*(?:\[(?P<names>[^\]#]*)(?P<end>\]?))?(?P<rest>[^#]*)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\s:(,=]*([\w-]+)")
_CODE = re.compile(r"[A-Za-z]{3}\d{3}")


@dataclass(frozen=True)
class Comment:
    """What a comment asks for.

    Attributes:
        names: codes, slugs or families as they were written; None for everything on the line.
        reason: what else it says.
        problem: what is wrong with it, or None.
    """

    names: tuple[str, ...] | None = None
    reason: str = ""
    problem: str | None = None


def read_comment(line: str | None) -> Comment | None:
    """What the comment on a physical line of Python asks for, if it asks for anything.

    Args:
        line: its text; None where it is not known.

    Example:
        >>> read_comment("x = relu(x)  # trainwell: ignore[ACT101, GRD] sparse on purpose").names
        ('ACT101', 'GRD')
    """
    if line is None or "trainwell" not in line.lower():
        return None
    match = _IGNORE.search(line, _comment_start(line))
    if match is None:
        return None
    reason = match["rest"].strip(" \t-:")
    if match["names"] is None:
        word = _WORD.match(match["rest"])
        if word is not None and _is_name(word[1]):
            # Taken for a reason, it would hide all the others as well.
            return Comment((), "", "names a finding without brackets: write `ignore[CODE]`")
        return Comment(None, reason)
    names = tuple(name for word in match["names"].split(",") if (name := word.strip()))
    if not match["end"]:
        return Comment((), "", "lacks its closing bracket")
    if not names:
        return Comment((), reason, "names no finding: write `ignore[CODE]`, or `ignore` for all")
    return Comment(names, reason)


def without_comment(line: str) -> str:
    """A physical line of Python without its comment, stripped.

    Example:
        >>> without_comment("x = f('#')  # trainwell: ignore")
        "x = f('#')"
    """
    return line[: _comment_start(line)].strip()


def _is_name(word: str) -> bool:
    slugs = {finding.slug for finding in FINDINGS.values()}
    return _CODE.fullmatch(word) is not None or word.lower() in slugs


def _comment_start(line: str) -> int:
    return next((m.start() for m in _COMMENT.finditer(line) if m["comment"]), len(line))
