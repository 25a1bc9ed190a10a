"""Statements put before and after others, in every kind of suite."""

from __future__ import annotations

import pytest

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits import insert_after, insert_before

BEFORE = [
    ("a()\n", 1, "N()\na()\n"),
    ("a()", 1, "N()\na()"),
    ("# c\n\na()  # d\n", 3, "# c\n\nN()\na()  # d\n"),
    ("x\r\nif y:\r\n\ta()\r\n", 3, "x\r\nif y:\r\n\tN()\r\n\ta()\r\n"),
    ("\ufeffa()\n", 1, "\ufeffN()\na()\n"),
    ("a(\n  1,\n)\n", 3, "N()\na(\n  1,\n)\n"),
    ("a(); b()\n", 1, "N()\na(); b()\n"),
    ("if x: a()\n", 1, "if x:\n    N()\n    a()\n"),
    ("if x: a(); b()  # c\n", 1, "if x:\n    N()\n    a(); b()  # c\n"),
    ("if x: \\\n  a()\n", 2, "if x:\n    N()\n    a()\n"),
    ("if x:a()\nelse:b()", 2, "if x:a()\nelse:\n    N()\n    b()"),
    ("if x:\n    for i in y: a()\n", 2, "if x:\n    for i in y:\n        N()\n        a()\n"),
    ("for i in y:\n    a()\n", 1, "N()\nfor i in y:\n    a()\n"),
    ("@d\n@e(\n  1)\ndef f(): pass\n", 2, "N()\n@d\n@e(\n  1)\ndef f(): pass\n"),
    ("def f():\n  def g():\n    a()\n", 3, "def f():\n  def g():\n    N()\n    a()\n"),
    (
        "async def f():\n  async for i in y: a()\n",
        2,
        "async def f():\n  async for i in y:\n    N()\n    a()\n",
    ),
    (
        "try: a()\nexcept E: b()\nfinally: c()\n",
        3,
        "try: a()\nexcept E: b()\nfinally:\n    N()\n    c()\n",
    ),
    ("match x:\n    case 1: a()\n", 2, "match x:\n    case 1:\n        N()\n        a()\n"),
    ("match x:\n    case 1:\n        a()\n", 1, "N()\nmatch x:\n    case 1:\n        a()\n"),
    ("class A: x = 1; y = {1: 2}\n", 1, "class A:\n    N()\n    x = 1; y = {1: 2}\n"),
    ("with a as b: c(lambda: 1)\n", 1, "with a as b:\n    N()\n    c(lambda: 1)\n"),
]

AFTER = [
    ("a()\n", 1, "a()\nN()\n"),
    ("a()", 1, "a()\nN()"),
    ("a()  # c\n\nb()\n", 1, "a()  # c\nN()\n\nb()\n"),
    ("if y:\r\n\ta()\r\nb()\r\n", 2, "if y:\r\n\ta()\r\n\tN()\r\nb()\r\n"),
    ("a(\n  1,\n)\n", 1, "a(\n  1,\n)\nN()\n"),
    ("a(); b();\n", 1, "a(); b();\nN()\n"),
    ("if x: a()\nelse: b()\n", 1, "if x:\n    a()\n    N()\nelse: b()\n"),
    ("if x: a()", 1, "if x:\n    a()\n    N()"),
    (
        "for i in y:\n    a()\n    # its\n# not\nb()\n",
        1,
        "for i in y:\n    a()\n    # its\nN()\n# not\nb()\n",
    ),
    (
        "def f():\n    for i in y:\n        a()\n\n\nb()\n",
        2,
        "def f():\n    for i in y:\n        a()\n    N()\n\n\nb()\n",
    ),
    ('"""Doc."""\nb()\n', 1, '"""Doc."""\nN()\nb()\n'),
    ("@d\ndef f(): pass\nb()\n", 1, "@d\ndef f(): pass\nN()\nb()\n"),
]


@pytest.mark.parametrize(("source", "line", "new"), BEFORE)
def test_inserts_before(source: str, line: int, new: str) -> None:
    assert insert_before(source, line, "N()") == new


@pytest.mark.parametrize(("source", "line", "new"), AFTER)
def test_inserts_after(source: str, line: int, new: str) -> None:
    assert insert_after(source, line, "N()") == new


@pytest.mark.parametrize(
    ("source", "before", "after"),
    [
        ("a(); b(); c()  # d\n", "a()\nN()\nb(); c()  # d\n", "a(); b()\nN()\nc()  # d\n"),
        (
            "if x: a() ;b()\n",
            "if x:\n    a()\n    N()\n    b()\n",
            "if x:\n    a() ;b()\n    N()\n",
        ),
        ("if b(): a()\n", "N()\nif b(): a()\n", "if b(): a()\nN()\n"),
    ],
)
def test_splits_statements_that_share_a_line(source: str, before: str, after: str) -> None:
    assert insert_before(source, 1, "N()", callees={"b"}) == before
    assert insert_after(source, 1, "N()", callees={"b"}) == after


def test_lines_keep_their_relative_indentation_in_the_units_of_the_script() -> None:
    code = "    if x:\n        for i in y:\n            break\n\n    s = '''\n  in\n'''\n"
    source = "for i in y:\r\n\ta()\r\n"
    assert insert_after(source, 2, code) == (
        "for i in y:\r\n\ta()\r\n\tif x:\r\n\t\tfor i in y:\r\n\t\t\tbreak\r\n\r\n"
        "\ts = '''\r\n  in\r\n'''\r\n"
    )
    assert insert_after("for i in y:\n  a()\n", 2, "if x:\n    break") == (
        "for i in y:\n  a()\n  if x:\n    break\n"
    )


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("a()\n\nb()\n", 2, "line 2 holds no statement"),
        ("a()\n", 9, "line 9 holds no statement"),
        ("if x:\n  a()\nelif y:\n  b()\n", 3, "line 3 is an `elif`"),
        ("if x:\n  a()\nelse:\n  b()\n", 3, "line 3 holds no statement"),
        ('"""Doc."""\n', 1, "line 1 must stay the first of its block"),
        ('def f():\n    "Doc."\n    a()\n', 2, "line 2 must stay the first of its block"),
        ("from __future__ import annotations\n", 1, "line 1 must stay the first of its block"),
        ("if x\n", 1, "the script is no valid Python"),
    ],
)
def test_refuses_before(source: str, line: int, reason: str) -> None:
    with pytest.raises(UnsafeEditError, match=reason):
        insert_before(source, line, "N()")


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("def f():\n    return 1\n", 2, "nothing that comes after line 2"),
        ("for i in y: break\n", 1, "nothing that comes after line 1"),
        ("from __future__ import a\n", 1, "no valid Python"),
        ("if x:\n  a()\nelif y:\n  b()\n", 3, "line 3 is an `elif`"),
    ],
)
def test_refuses_after(source: str, line: int, reason: str) -> None:
    with pytest.raises(UnsafeEditError, match=reason):
        insert_after(source, line, "N()")


def test_a_string_further_down_is_no_docstring() -> None:
    assert insert_before("a()\n'b'\n", 2, "N()") == "a()\nN()\n'b'\n"
    assert insert_before("if x:\n    'b'\n", 2, "N()") == "if x:\n    N()\n    'b'\n"
