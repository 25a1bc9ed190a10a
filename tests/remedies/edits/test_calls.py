"""Whole calls: named, replaced, unwrapped."""

from __future__ import annotations

import pytest

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits import callee, replace_call, unwrap_call

TORCH = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n"


def test_names_what_is_called() -> None:
    assert callee("o = torch.optim.SGD(w)\n", 1, {"SGD"}) == "torch.optim.SGD"
    assert callee("o = SGD(\n  w)\n", 2, {"SGD"}) == "SGD"


@pytest.mark.parametrize(
    ("source", "code", "new"),
    [
        ("o = SGD(net.parameters(), lr=0.1)", "Adam({params})", "o = Adam(net.parameters())"),
        ("o = SGD(params=w, lr=0.1)", "Adam({params}, lr={lr})", "o = Adam(w, lr=0.1)"),
        ("o = SGD(params=w)", "Adam({0})", "o = Adam(w)"),
        ("o = SGD(w, a + b)", "Adam({0}, {1} * 2)", "o = Adam(w, (a + b) * 2)"),
        ("o = SGD(w, a + b)", "Adam({0}, lr={1})", "o = Adam(w, lr=a + b)"),
        ("o = SGD(p for p in w)", "Adam({0}, lr=1)", "o = Adam((p for p in w), lr=1)"),
        ("o = SGD(w)", "f({{1: {0}}})", "o = f({1: w})"),
        ("o = SGD(w) ** 2", "{0} + 1", "o = (w + 1) ** 2"),
        ("o = SGD(w).x", "{0} + 1", "o = (w + 1).x"),
        ("o = SGD(w)\\\n  .x", "4", "o = (4)\\\n  .x"),
        ("o = (SGD(w)).x", "{0} + 1", "o = (w + 1).x"),
        ("o = f(SGD(w), *SGD2)", "{0} + 1", "o = f(w + 1, *SGD2)"),
        ("def f(): return(SGD)(w)", "{0}", "def f(): return(w)"),
        ("o = [SGD(w)if a else b]", "{0}", "o = [(w)if a else b]"),
        ("o = SGD(a +\n  b)", "{0}", "o = (a +\n  b)"),
        ("o = SGD(a +\n  b)", "f({0})", "o = f(a +\n  b)"),
        ("SGD(w); x()  # c\r\n", "f({0})", "f(w); x()  # c\r\n"),
    ],
)
def test_replaces(source: str, code: str, new: str) -> None:
    assert replace_call(source, 1, {"SGD"}, code, parameters=["params", "lr"]) == new


@pytest.mark.parametrize(
    ("source", "code", "reason"),
    [
        ("SGD(w)", "Adam({lr})", "line 1 gives `SGD` no argument `lr`"),
        ("SGD(*w)", "Adam({0})", "line 1 gives `SGD` starred arguments"),
        ("SGD(w)", "Adam(", "is no expression"),
        ("SGD = 1", "Adam()", "line 1 calls no `SGD`"),
    ],
)
def test_refuses_to_replace(source: str, code: str, reason: str) -> None:
    with pytest.raises(UnsafeEditError, match=reason):
        replace_call(source, 1, {"SGD"}, code)


@pytest.mark.parametrize(
    ("code", "new"),
    [
        ("y = torch.softmax(z, dim=1)\n", "y = z\n"),
        ("y = torch.nn.functional.softmax(z + 1, 1)\n", "y = z + 1\n"),
        ("y = F.softmax(input=z, dim=1)\n", "y = z\n"),
        ("y = F.softmax(z + 1, dim=1) * 2\n", "y = (z + 1) * 2\n"),
        ("y = F.softmax(z + 1, dim=1).log()\n", "y = (z + 1).log()\n"),
        ("y = F.softmax(\n    z +\n    1,\n    dim=1,\n)\n", "y = (z +\n    1)\n"),
        ("z = 1; y = z.softmax(dim=1)\n", "z = 1; y = z\n"),
        ("z = 1; y = (z @ z).softmax(1).log()\n", "z = 1; y = (z @ z).log()\n"),
        ("y = net(z).softmax(1)\n", "y = net(z)\n"),
        ("def f(z): return z.softmax(1)\n", "def f(z): return z\n"),
        ("y = softmax(z)\n", "y = z\n"),
        (
            "class N:\n  def f(self, z): return self.softmax(z)\n",
            "class N:\n  def f(self, z): return z\n",
        ),
        ("n = N(); n.softmax = 1; y = n.softmax(z)\n", "n = N(); n.softmax = 1; y = z\n"),
    ],
)
def test_unwraps(code: str, new: str) -> None:
    line = 5 if code.startswith("class") else 4
    assert unwrap_call(TORCH + code, line, {"softmax"}) == TORCH + new


def test_unwraps_a_module_that_is_made_and_called() -> None:
    assert unwrap_call("y = nn.Softmax(dim=1)(z)\n", 1, {"Softmax"}) == "y = z\n"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("from data import z\ny = z.softmax(1)\n", "may be a module or a tensor"),
        ("import torch\ny = torch.softmax()\n", "gives `softmax` nothing to keep"),
        ("import torch\ny = torch.softmax(*z)\n", "starred"),
        ("\ny = torch.softmax(z)\n", "what `torch` is in line 2 is not plain"),
        ("\ny = softmax\n", "line 2 calls no `softmax`"),
    ],
)
def test_refuses_to_unwrap(source: str, reason: str) -> None:
    with pytest.raises(UnsafeEditError, match=reason):
        unwrap_call(source, 2, {"softmax"})


def test_one_of_several_on_a_line() -> None:
    source = "import torch\ny = torch.relu(torch.relu(x)) + torch.relu(z)\n"
    got = unwrap_call(source, 2, {"relu"}, nth=0)
    assert got == "import torch\ny = torch.relu(x) + torch.relu(z)\n"
    got = unwrap_call(source, 2, {"relu"}, nth=-1)
    assert got == "import torch\ny = torch.relu(torch.relu(x)) + z\n"
    assert replace_call("f(1), f(2)", 1, {"f"}, "g({0})", nth=1) == "f(1), g(2)"


def test_keeps_the_precedence_of_what_is_around() -> None:
    head = "import torch\n"
    for old, new in [
        ("-torch.softmax(a ** b, 1) ** 2", "-(a ** b) ** 2"),
        ("[y for y in torch.softmax(a if b else c, 1)]", "[y for y in (a if b else c)]"),
        ("f'{torch.softmax(a + 1, 1)}'", "f'{(a + 1)}'"),
        ("lambda q: torch.softmax(q or a, 1)", "lambda q: q or a"),
        ("x[torch.softmax((b, c), 1)]", "x[(b, c)]"),
        ("not torch.softmax(a == b, 1)", "not (a == b)"),
    ]:
        assert unwrap_call(f"{head}y = {old}", 2, {"softmax"}) == f"{head}y = {new}"
