"""Arguments read and set: by name, by place, in every layout of a call."""

from __future__ import annotations

import pytest

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits import argument, set_argument

SET = [
    ("opt = torch.optim.SGD(w, lr=0.1)\n", "opt = torch.optim.SGD(w, lr=0.5)\n"),
    ("opt = optim.SGD(w, lr = 0.1)\n", "opt = optim.SGD(w, lr = 0.5)\n"),
    ("opt = SGD(w, 0.1)\n", "opt = SGD(w, 0.5)\n"),
    ("opt = SGD(w, (0.1))\n", "opt = SGD(w, 0.5)\n"),
    ("opt = SGD(w)  # c\n", "opt = SGD(w, lr=0.5)  # c\n"),
    ("opt = SGD(w,)\n", "opt = SGD(w, lr=0.5,)\n"),
    ("opt = SGD(w, )", "opt = SGD(w, lr=0.5, )"),
    ("opt = SGD()", "opt = SGD(lr=0.5)"),
    ("opt = (SGD) ( )", "opt = (SGD) (lr=0.5 )"),
    ("opt = SGD(p for p in w)\n", "opt = SGD((p for p in w), lr=0.5)\n"),
    ("opt = SGD((p for p in w))\n", "opt = SGD((p for p in w), lr=0.5)\n"),
    ("opt = SGD(w, lr=0.1, **more)\n", "opt = SGD(w, lr=0.5, **more)\n"),
    ("opt = SGD(w, 0.1, *more)\n", "opt = SGD(w, 0.5, *more)\n"),
    ("if x: opt = SGD(w); y()\n", "if x: opt = SGD(w, lr=0.5); y()\n"),
    ("opt = SGD(\n    w,  # c\n)\n", "opt = SGD(\n    w,  # c\n    lr=0.5,\n)\n"),
    ("opt = SGD(\r\n\tw,\r\n)\r\n", "opt = SGD(\r\n\tw,\r\n\tlr=0.5,\r\n)\r\n"),
    ("opt = SGD(\n    w  # c\n)\n", "opt = SGD(\n    w,  # c\n    lr=0.5\n)\n"),
    ("opt = SGD(\n    w\n)", "opt = SGD(\n    w,\n    lr=0.5\n)"),
    ("opt = SGD(w,\n          a=1)\n", "opt = SGD(w,\n          a=1,\n          lr=0.5)\n"),
    ("opt = SGD(\n    w, a=1\n)\n", "opt = SGD(\n    w, a=1, lr=0.5\n)\n"),
    ("opt = SGD(\n    w, a=1,\n)\n", "opt = SGD(\n    w, a=1, lr=0.5,\n)\n"),
    ("\ufeffopt = SGD(w)\n", "\ufeffopt = SGD(w, lr=0.5)\n"),
    ("opt = SGD(w, a=f'{b!r:>4}')\n", "opt = SGD(w, a=f'{b!r:>4}', lr=0.5)\n"),
    ("@SGD(w)\ndef f(): pass\n", "@SGD(w, lr=0.5)\ndef f(): pass\n"),
]


@pytest.mark.parametrize(("source", "new"), SET)
def test_sets_an_argument(source: str, new: str) -> None:
    assert set_argument(source, 1, {"SGD", "Adam"}, "lr", "0.5", position=1) == new


@pytest.mark.parametrize("line", [2, 3, 4, 5, 6])
def test_any_line_of_the_statement_finds_the_call(line: int) -> None:
    source = "import x\nopt = (\n    SGD(\n        w, lr=1\n    )\n)\n"
    assert set_argument(source, line, {"SGD"}, "lr", "2") == source.replace("lr=1", "lr=2")


def test_the_innermost_call_on_the_line_is_meant() -> None:
    source = "a = net(\n    net(\n        1,\n    ),\n)\n"
    assert argument(source, 3, {"net"}, "x", 0) == "1"
    assert argument(source, 1, {"net"}, "x", 0) == "net(\n        1,\n    )"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x = 1\n", "line 1 calls no `Adam` or `SGD`"),
        ("\n\nSGD(w)\n", "line 1 calls no `Adam` or `SGD`"),
        ("a = SGD(w); b = SGD(w)\n", "line 1 calls more than one `Adam` or `SGD`"),
        ("a = SGD(SGD(w))\n", "line 1 calls more than one `Adam` or `SGD`"),
        ("SGD(w, **more)\n", "line 1 gives `SGD` starred arguments, `lr` may be among them"),
        ("SGD(*more, 0.1)\n", "line 1 gives `SGD` starred arguments, `lr` may be among them"),
        ("SGD(w\n", "the script is no valid Python"),
        ("for x in SGD:\n    # SGD(w)\n    pass\n", "line 1 calls no `Adam` or `SGD`"),
    ],
)
def test_refuses(source: str, reason: str) -> None:
    with pytest.raises(UnsafeEditError) as caught:
        set_argument(source, 1, {"SGD", "Adam"}, "lr", "0.5", position=1)
    assert caught.value.reason == str(caught.value) == reason


def test_refuses_a_value_that_breaks_the_script() -> None:
    with pytest.raises(UnsafeEditError, match="setting `lr` in line 1 would leave no valid Python"):
        set_argument("SGD(w)", 1, {"SGD"}, "lr", "0.5)")


def test_reads_an_argument() -> None:
    source = "opt = SGD([a, b], lr=(1 +\n  2))\n"
    assert argument(source, 1, {"SGD"}, "params", 0) == "[a, b]"
    assert argument(source, 2, {"SGD"}, "lr", 1) == "(1 +\n  2)"
    assert argument(source, 1, {"SGD"}, "momentum", 2) is None


def test_a_comment_line_in_a_block_is_no_line_of_its_header() -> None:
    with pytest.raises(UnsafeEditError, match="line 2 calls no `SGD`"):
        argument("for x in SGD(w):\n    # here\n    pass\n", 2, {"SGD"}, "lr")


def test_refuses_bare_carriage_returns() -> None:
    with pytest.raises(UnsafeEditError, match="line endings that are not read as they are"):
        argument("a()\rSGD(w)\r", 2, {"SGD"}, "lr")
