"""Every edit in every layout of lines: the others stay as they were, to the byte."""

from __future__ import annotations

import ast

from hypothesis import given, settings
from hypothesis import strategies as st

from trainwell.errors import UnsafeEditError
from trainwell.remedies import edits

LINES = st.sampled_from(
    [
        "opt = SGD(w, lr=0.1)",
        "opt = SGD(w); x = 1  # c",
        "if x: opt = SGD(w)",
        "net = [a, SGD(w),]",
        "opt = SGD(\n\tw,\n\tlr=1e-2,  # c\n)",
        "while x: y = f'{x!r}'; opt = SGD(w).z",
        "# -*- c -*-",
        "",
        "@SGD(w)\ndef f(a, b=SGD):\n\treturn '\\x41 \u00e9'",
        "for i in y:\n\tif i:\n\t\tbreak\n\telse:\n\t\tpass\n\t# foot",
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    lines=st.lists(LINES, min_size=1, max_size=6),
    newline=st.sampled_from(["\n", "\r\n"]),
    ended=st.booleans(),
    mark=st.sampled_from(["", "\ufeff"]),
    line=st.integers(1, 12),
)
def test_edits_in_any_layout(
    lines: list[str], newline: str, ended: bool, mark: str, line: int
) -> None:
    source = mark + "\n".join(lines).replace("\n", newline) + (newline if ended else "")
    for edit in (
        lambda: edits.set_argument(source, line, {"SGD"}, "lr", "0.5"),
        lambda: edits.insert_before(source, line, "new()"),
        lambda: edits.insert_after(source, line, "new()"),
        lambda: edits.remove_element(source, line, {"SGD"}),
        lambda: edits.qualified(source, "torch")[1],
    ):
        try:
            new = edit()
        except UnsafeEditError:
            continue
        ast.parse(new.removeprefix(mark))
        assert new.startswith(mark)
        assert new.count("\ufeff") == len(mark)
        if "\r\n" in source:
            assert new.count("\n") == new.count("\r\n")
        assert not source or new.endswith(newline) == source.endswith(newline)
        assert source.count("#") == new.count("#")
