"""Objects of methods, and targets of assignments."""

from __future__ import annotations

import pytest

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits import receiver, replace_receiver, target


@pytest.mark.parametrize(
    ("source", "line", "text"),
    [
        ("loss.backward()\n", 1, "loss"),
        ("self.opt.backward()\n", 1, "self.opt"),
        ("(a + b).backward()\n", 1, "(a + b)"),
        ("f(x)[0] \\\n  .backward(1)\n", 2, "f(x)[0]"),
        ("for a in b: loss.backward(); opt.step()\n", 1, "loss"),
    ],
)
def test_names_the_object(source: str, line: int, text: str) -> None:
    assert receiver(source, line, "backward") == text


@pytest.mark.parametrize(
    ("source", "code", "new"),
    [
        ("loss.backward()\n", "{0} / 4", "(loss / 4).backward()\n"),
        ("loss.backward()\n", "({0} / 4)", "(loss / 4).backward()\n"),
        ("(a + b).backward()  # c\n", "({0} / 4)", "((a + b) / 4).backward()  # c\n"),
        ("loss.backward()\n", "s.scale({0})", "s.scale(loss).backward()\n"),
        ("def f(): return(a).backward()\n", "b", "def f(): return(b).backward()\n"),
        ("x = 1; loss.backward(); y = 2\r\n", "a", "x = 1; a.backward(); y = 2\r\n"),
    ],
)
def test_replaces_the_object(source: str, code: str, new: str) -> None:
    assert replace_receiver(source, 1, "backward", code) == new


def test_refuses() -> None:
    with pytest.raises(UnsafeEditError, match="line 1 calls `backward` on no object"):
        receiver("backward()", 1, "backward")
    with pytest.raises(UnsafeEditError, match="line 1 calls no `backward`"):
        replace_receiver("loss.backward", 1, "backward", "{0}")


@pytest.mark.parametrize(
    ("source", "line", "text"),
    [
        ("opt = SGD(\n    w)\n", 2, "opt"),
        ("self.opt = SGD(w)\n", 1, "self.opt"),
        ("a['opt'] = SGD(w)\n", 1, "a['opt']"),
        ("opt: SGD = SGD(w)\n", 1, "opt"),
        ("if x: opt = SGD(w)\n", 1, "opt"),
        ("a = b = SGD(w)\n", 1, None),
        ("a, b = SGD(w)\n", 1, None),
        ("a = 1; b = 2\n", 1, None),
        ("SGD(w)\n", 1, None),
        ("for a in SGD(w):\n    pass\n", 1, None),
        ("\n\n", 1, None),
        ("a += 1\n", 1, None),
    ],
)
def test_names_the_target(source: str, line: int, text: str | None) -> None:
    assert target(source, line) == text
