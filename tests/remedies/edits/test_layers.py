"""Layers taken out of lists and put into them, with their commas, comments and lines."""

from __future__ import annotations

import pytest

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits import insert_element, remove_element

REMOVED = [
    ("n = Sequential(a, Softmax())\n", "n = Sequential(a)\n"),
    ("n = Sequential(a, Softmax(),)\n", "n = Sequential(a,)\n"),
    ("n = Sequential(Softmax(), a)\n", "n = Sequential(a)\n"),
    ("n = Sequential(a, Softmax(), b)\n", "n = Sequential(a, b)\n"),
    ("n = Sequential(Softmax())\n", "n = Sequential()\n"),
    ("n = nn.Sequential(a, nn.Softmax(dim=1)).to(d)\n", "n = nn.Sequential(a).to(d)\n"),
    ("n = [a, Softmax()]\n", "n = [a]\n"),
    ("n = [Softmax(), ]\n", "n = [ ]\n"),
    ("n = (a, Softmax())\n", "n = (a,)\n"),
    ("n = (Softmax(), a)\n", "n = (a,)\n"),
    ("n = (a, Softmax(),)\n", "n = (a,)\n"),
    ("n = (a, b, Softmax())\n", "n = (a, b)\n"),
    ("n = a, Softmax()\n", "n = a,\n"),
    ("n = Softmax(), a\n", "n = a,\n"),
    ("n = (Softmax(),)\n", "n = ()\n"),
    ("n = Sequential(a,\n    Softmax())\n", "n = Sequential(a)\n"),
    ("n = Sequential(a, Softmax(),\n    b)\n", "n = Sequential(a,\n    b)\n"),
    ("n = [*a, Softmax()]\n", "n = [*a]\n"),
    ("n = [(Softmax()), a]\n", "n = [a]\n"),
    ("n = OrderedDict([('a', a), ('s', Softmax())])\n", "n = OrderedDict([('a', a)])\n"),
]


@pytest.mark.parametrize(("source", "new"), REMOVED)
def test_removes(source: str, new: str) -> None:
    line = 1 + source[: source.index("Softmax")].count("\n")
    assert remove_element(source, line, {"Softmax"}) == new


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [",", "", "  # last", ",  # last"])
def test_a_line_goes_with_what_stood_on_it_alone(newline: str, last: str) -> None:
    lines = ["n = Sequential(", "\ta,  # first", f"\tSoftmax(dim=1){last}", ")", "# end"]
    without = [line for line in lines if "Softmax" not in line]
    assert remove_element(newline.join(lines), 3, {"Softmax"}) == newline.join(without)


def test_all_lines_of_an_element_go() -> None:
    source = "n = Sequential(\n    a,\n    Softmax(\n        dim=1,\n    ),  # c\n    b,\n)\n"
    for line in (3, 4, 5):
        got = remove_element(source, line, {"Softmax"})
        assert got == "n = Sequential(\n    a,\n    b,\n)\n"


def test_a_comment_beside_another_element_stays() -> None:
    source = "n = Sequential(\n    a,  # keep\n    Softmax())\n"
    assert remove_element(source, 3, {"Softmax"}) == "n = Sequential(\n    a,  # keep\n    )\n"
    source = "n = Sequential(\n    # above\n    Softmax(),  # beside\n    # below\n)\n"
    new = "n = Sequential(\n    # above\n    # below\n)\n"
    assert remove_element(source, 3, {"Softmax"}) == new


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("f(a, Softmax())\n", "`Softmax` in line 1 is no element of a list of layers"),
        ("layers.append(Softmax())\n", "no element"),
        ("s = Softmax()\n", "no element"),
        ("s = Sequential(*Softmax())\n", "no element"),
        ("s = Sequential(a, b=Softmax())\n", "no element"),
        ("s = Softmax(),\n", "its tuple's only element"),
        ("s = Sequential(a)\n", "line 1 calls no `Softmax`"),
        ("s = [Softmax(), Softmax()]\n", "line 1 calls more than one `Softmax`"),
    ],
)
def test_refuses_to_remove(source: str, reason: str) -> None:
    with pytest.raises(UnsafeEditError, match=reason):
        remove_element(source, 1, {"Softmax"})


@pytest.mark.parametrize(
    ("source", "new"),
    [
        ("n = Sequential(Linear(2), b)\n", "n = Sequential(Linear(2), ReLU(), b)\n"),
        ("n = Sequential(b, Linear(2))\n", "n = Sequential(b, Linear(2), ReLU())\n"),
        ("n = Sequential(b, Linear(2),)\n", "n = Sequential(b, Linear(2), ReLU(),)\n"),
        ("n = [Linear(2)]\n", "n = [Linear(2), ReLU()]\n"),
        ("n = (Linear(2),)\n", "n = (Linear(2), ReLU(),)\n"),
        ("n = Linear(2), b\n", "n = Linear(2), ReLU(), b\n"),
        (
            "n = Sequential(\r\n\tLinear(2),  # c\r\n\tb,\r\n)\r\n",
            "n = Sequential(\r\n\tLinear(2),  # c\r\n\tReLU(),\r\n\tb,\r\n)\r\n",
        ),
        (
            "n = Sequential(\n    b,\n    Linear(2)  # c\n)\n",
            "n = Sequential(\n    b,\n    Linear(2),  # c\n    ReLU()\n)\n",
        ),
        (
            "n = Sequential(\n    b,\n    Linear(2))\n",
            "n = Sequential(\n    b,\n    Linear(2),\n    ReLU())\n",
        ),
        (
            "n = Sequential(Linear(2),\n               b)\n",
            "n = Sequential(Linear(2),\n               ReLU(),\n               b)\n",
        ),
        (
            "n = Sequential(\n    Linear(\n        2,\n    ),\n    b,\n)\n",
            "n = Sequential(\n    Linear(\n        2,\n    ),\n    ReLU(),\n    b,\n)\n",
        ),
        (
            "n = Sequential(\n    Linear(2), b,\n    c,\n)\n",
            "n = Sequential(\n    Linear(2), ReLU(), b,\n    c,\n)\n",
        ),
    ],
)
def test_inserts(source: str, new: str) -> None:
    line = 1 + source[: source.index("Linear")].count("\n")
    assert insert_element(source, line, {"Linear"}, "ReLU()") == new


def test_refuses_to_insert() -> None:
    with pytest.raises(UnsafeEditError, match="the layers around line 1 have names"):
        insert_element("OrderedDict([('a', Linear(2))])", 1, {"Linear"}, "ReLU()")
    with pytest.raises(UnsafeEditError, match="no element of a list of layers"):
        insert_element("a = Linear(2)", 1, {"Linear"}, "ReLU()")


def test_one_of_several_on_a_line() -> None:
    source = "n = Sequential(Linear(2), Sigmoid(), Linear(3), Sigmoid())\n"
    got = remove_element(source, 1, {"Sigmoid"}, nth=-1)
    assert got == "n = Sequential(Linear(2), Sigmoid(), Linear(3))\n"
    got = insert_element(source, 1, {"Linear"}, "Norm()", nth=1)
    assert got == "n = Sequential(Linear(2), Sigmoid(), Linear(3), Norm(), Sigmoid())\n"
    for nth in (2, -3):
        with pytest.raises(UnsafeEditError, match="line 1 calls `Sigmoid` 2 times only"):
            remove_element(source, 1, {"Sigmoid"}, nth=nth)
    with pytest.raises(UnsafeEditError, match="line 1 calls no `ReLU`"):
        remove_element(source, 1, {"ReLU"}, nth=0)
