"""Kinds of faults that people report, in clothes of their own, and healthy scripts beside them.

A script marks the line at fault with `# <- CODE`: that finding comes first, at that line or the
next one to it. A script without a mark is healthy: no error and no warning but of how the run
went, since most of them train briefly, and some on noise.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.forked import run_forked

_SCRIPTS = sorted(p for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("test_"))

_WENT = {"GEN102", "GEN104"}


@pytest.mark.parametrize("script", _SCRIPTS, ids=lambda p: p.stem)
def test_the_fault_is_named_at_its_line(script: Path) -> None:
    marks = [
        (number, found[1])
        for number, text in enumerate(script.read_text().splitlines(), 1)
        if (found := re.search(r"# <- ([A-Z]+\d+)$", text))
    ]
    seen = run_forked(script, "0")
    if not marks:
        assert seen.error == ""
        assert set(seen.codes) <= _WENT, seen.found
        return
    ((line, code),) = marks
    assert seen.codes[:1] == [code], seen.found
    (entry,) = [f for f in seen.found if f["code"] == code]
    assert min(abs(n - line) for _, _, n in entry["where"]) <= 1, entry["where"]
    others = [f for f in seen.found if f["code"] not in {code, *_WENT} and f["severity"] != "info"]
    assert all(f["root"] is not None for f in others), seen.found
