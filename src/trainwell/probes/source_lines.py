"""Lines of the user's source that do what was measured: they only tell where, never whether."""

from __future__ import annotations

__all__ = ["COPYING", "DISCARDING", "SETTING_RATES", "line_between", "line_in"]

import linecache
import re
from collections.abc import Iterable

from trainwell.probes.places import place_of
from trainwell.record import Place

COPYING = re.compile(
    r"weight\b.*(\.copy_\s*\(|\.clone\s*\(|=.*(\.detach\s*\(|Parameter\s*\())"
    r"|(\.copy_|deepcopy)\s*\(.*weight"
)
"""Copies one weight into another."""

DISCARDING = re.compile(
    r"zero_grad\s*\(|\.grad\s*=\s*None|\.grad(\.data)?\.(zero_|fill_)\s*\(|del .+\.grad\b"
)
"""Sets gradients to zero, or removes them."""

SETTING_RATES = re.compile(
    r"""\[\s*['"]lr['"]\s*\]\s*[-+*/]{0,2}=[^=]|\bset_lr\s*\(|\[\s*['"]lr['"]\s*\]\.(fill_|mul_|copy_)"""
    r"""|\.update\(\s*(lr\s*=|\{\s*['"]lr['"])"""
)
"""Sets a learning rate by hand."""


def line_between(first: Place | None, last: Place | None, pattern: re.Pattern[str]) -> Place | None:
    """The last line that matches between two lines of one file; of a loop, around its end.

    Args:
        first: what runs before, such as `backward()`.
        last: what runs after, such as `step()`.
        pattern: what the line must hold.
    """
    if first is None or last is None or first.file != last.file or first.file is None:
        return None
    if first.line is None or last.line is None or first.line > last.line:
        return None
    found = None
    for number in range(first.line, last.line + 1):
        text = linecache.getline(first.file, number).partition("#")[0]
        match = pattern.search(text)
        if match is not None:
            found = place_of(first.file, number)
    return found


def line_in(files: Iterable[str], pattern: re.Pattern[str]) -> Place | None:
    """The first line of some files that matches."""
    for file in dict.fromkeys(files):
        for number, text in enumerate(linecache.getlines(file), 1):
            if pattern.search(text.partition("#")[0]):
                return place_of(file, number)
    return None
