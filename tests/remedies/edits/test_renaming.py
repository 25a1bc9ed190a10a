"""Functions and classes named otherwise, with their imports."""

from __future__ import annotations

import pytest

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits import rename_callee, rename_everywhere


@pytest.mark.parametrize(
    ("source", "line", "new"),
    [
        ("y = torch.sigmoid(x)  # sigmoid\n", 1, "y = torch.relu(x)  # sigmoid\n"),
        ("y = F.sigmoid(\n    x)\n", 2, "y = F.relu(\n    x)\n"),
        ("y = x.sigmoid().sum()", 1, "y = x.relu().sum()"),
        (
            "from torch import sigmoid\ny = sigmoid(x)\n",
            2,
            "from torch import sigmoid, relu\ny = relu(x)\n",
        ),
        (
            "from torch import relu\nfrom torch import sigmoid\ny = sigmoid(x)\n",
            3,
            "from torch import relu\nfrom torch import sigmoid\ny = relu(x)\n",
        ),
        (
            "from torch import (\n    exp,\n    sigmoid,\n)\ny = sigmoid(x)\n",
            5,
            "from torch import (\n    exp,\n    sigmoid,\n    relu,\n)\ny = relu(x)\n",
        ),
        (
            "from torch import (exp, sigmoid)\ny = sigmoid(x)\n",
            2,
            "from torch import (exp, sigmoid, relu)\ny = relu(x)\n",
        ),
        (
            "def f(x):\n\tfrom torch import sigmoid\n\treturn sigmoid(x)\n",
            3,
            "def f(x):\n\tfrom torch import sigmoid, relu\n\treturn relu(x)\n",
        ),
    ],
)
def test_calls_another(source: str, line: int, new: str) -> None:
    assert rename_callee(source, line, {"sigmoid"}, "relu") == new


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("y = sigmoid(x)\n", 1, "`sigmoid` in line 1 comes from no plain import"),
        ("def sigmoid(x): pass\ny = sigmoid(x)\n", 2, "no plain import"),
        ("from mine import sigmoid\ny = sigmoid(x)\n", 2, "whether `mine` has `relu`"),
        ("from . import sigmoid\ny = sigmoid(x)\n", 2, "whether `the package` has `relu`"),
        ("from torch.special import expit as sigmoid\nsigmoid(x)\n", 2, "`torch.special`"),
        ("from torch import sigmoid\nrelu = 1\ny = sigmoid(x)\n", 3, "`relu` is something else"),
        ("y = self.sigmoid(x)\n", 1, "an attribute that the script makes"),
        ("net.sigmoid = 1\ny = net.sigmoid(x)\n", 2, "an attribute that the script makes"),
        ("y = 1\n", 1, "line 1 calls no `sigmoid`"),
    ],
)
def test_refuses(source: str, line: int, reason: str) -> None:
    with pytest.raises(UnsafeEditError, match=reason):
        rename_callee(source, line, {"sigmoid"}, "relu")


def test_renames_everywhere() -> None:
    source = (
        "from torch import nn\n"
        "from torch.nn import Sigmoid, Tanh  # Sigmoid\n"
        "act = nn.Sigmoid\r\n"
        "other = Sigmoid\n"
        "net = nn.Sequential(nn.Sigmoid(), Sigmoid(), Sigmoid=1)\n"
        "text = 'Sigmoid'"
    )
    assert rename_everywhere(source, {"Sigmoid"}, "ReLU") == (
        "from torch import nn\n"
        "from torch.nn import Sigmoid, Tanh, ReLU  # Sigmoid\n"
        "act = nn.ReLU\r\n"
        "other = ReLU\n"
        "net = nn.Sequential(nn.ReLU(), ReLU(), Sigmoid=1)\n"
        "text = 'Sigmoid'"
    )


def test_an_alias_keeps_its_name() -> None:
    source = "from torch.nn import Sigmoid as Act\nnet = Act()\n"
    assert rename_everywhere(source, {"Sigmoid"}, "ReLU") == source.replace("Sigmoid", "ReLU")


def test_refuses_what_is_not_there_or_not_importable() -> None:
    with pytest.raises(UnsafeEditError, match="the script names no `Sigmoid`"):
        rename_everywhere("x = 1\n", {"Sigmoid"}, "ReLU")
    with pytest.raises(UnsafeEditError, match="no plain import"):
        rename_everywhere("class Sigmoid: pass\nx = Sigmoid()\n", {"Sigmoid"}, "ReLU")
    with pytest.raises(UnsafeEditError, match="whether `mine` has `ReLU`"):
        rename_everywhere("from mine import Sigmoid as S\n", {"Sigmoid"}, "ReLU")


def test_one_of_several_on_a_line() -> None:
    source = "y = F.sigmoid(F.sigmoid(x))\n"
    assert rename_callee(source, 1, {"sigmoid"}, "relu", nth=1) == "y = F.sigmoid(F.relu(x))\n"
