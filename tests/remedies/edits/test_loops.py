"""Loops of epochs made longer."""

from __future__ import annotations

import pytest

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits import scale_loop


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("range(10)", "range(30)"),
        ("range(0, 10)", "range(0, 30)"),
        ("range(1, 11)", "range(1, 31)"),
        ("range(5, 15)", "range(5, 35)"),
        ("tqdm(range(10), desc='e')", "tqdm(range(30), desc='e')"),
        ("tqdm.tqdm(range(10))", "tqdm.tqdm(range(30))"),
        ("trange(10)", "trange(30)"),
        ("track(range(10))", "track(range(30))"),
        ("enumerate(tqdm(range(10)))", "enumerate(tqdm(range(30)))"),
        ("range(args.epochs)", "range(args.epochs * 3)"),
        ("range(a + b)", "range((a + b) * 3)"),
        ("range(int(a))", "range(int(a) * 3)"),
        ("range(1, epochs + 1)", "range(1, epochs * 3 + 1)"),
        ("range(1, 1 + epochs)", "range(1, 1 + epochs * 3)"),
        ("range(0, epochs)", "range(0, epochs * 3)"),
        ("range(a, b)", "range(a, a + 3 * (b - a))"),
        ("range(a + 1, b)", "range(a + 1, a + 1 + 3 * (b - (a + 1)))"),
        ("range(a, b or c)", "range(a, a + 3 * ((b or c) - a))"),
    ],
)
def test_scales_the_rounds(old: str, new: str) -> None:
    source = "x = 1\nfor e in {}:  # c\n\tfor i in x:\n\t\tstep()"
    assert scale_loop(source.format(old), 4, 3) == source.format(new)
    assert scale_loop(source.format(old), 2, 3) == source.format(new)


@pytest.mark.parametrize("stop", ["epochs", "1, epochs + 1", "0, epochs"])
def test_scales_the_number_that_a_name_is_given(stop: str) -> None:
    source = f"epochs = 10\ndef f():\n    for e in range({stop}): step(e, epochs)\n"
    assert scale_loop(source, 3, 3) == source.replace("10", "30")
    assert scale_loop(source.replace("epochs =", "epochs: int ="), 3, 3) == source.replace(
        "10", "30"
    ).replace("epochs =", "epochs: int =")


@pytest.mark.parametrize(
    "head",
    [
        "epochs = 10\nepochs = 20\n",
        "epochs = int(5)\n",
        "epochs = 10\nepochs += 1\n",
        "epochs = 10\nx[epochs]\n",
        "epochs = 10\ndef g():\n    global epochs\n    epochs = 4\n",
        "epochs = other = 10\n",
        "epochs, other = 10, 1\n",
        "from mine import epochs\n",
        "if x:\n    epochs = 10\nelse:\n    epochs = 20\n",
    ],
)
def test_scales_in_the_loop_where_the_name_is_not_that_plain(head: str) -> None:
    source = head + "for e in range(epochs):\n    step()\n"
    got = scale_loop(source, source.count("\n"), 3)
    assert got == head + "for e in range(epochs * 3):\n    step()\n"


def test_a_parameter_is_no_global() -> None:
    source = "epochs = 10\ndef f(epochs):\n    for e in range(epochs):\n        step()\n"
    assert scale_loop(source, 4, 2) == source.replace("range(epochs)", "range(epochs * 2)")


def test_takes_the_outermost_range() -> None:
    source = "for m in ms:\n  for e in range(2):\n    for i in range(3):\n      step()\n"
    assert scale_loop(source, 4, 2) == source.replace("range(2)", "range(4)")


@pytest.mark.parametrize(
    "inner", ["range(len(x))", "range(0, n, 32)", "range(x.shape[0])", "range(x.size(0))"]
)
def test_what_counts_things_is_no_loop_of_rounds(inner: str) -> None:
    source = f"def epoch(x):\n  for i in {inner}:\n    step()\nfor e in range(2): epoch(x)\n"
    assert scale_loop(source, 3, 2) == source.replace("range(2)", "range(4)")


def test_takes_the_loop_around_the_calls() -> None:
    source = (
        "class T:\n"
        "    def step(self):\n"
        "        self.opt.step()\n"
        "    def epoch(self):\n"
        "        for x in self.data: self.step()\n"
        "def main():\n"
        "    for e in range(5): t.epoch()\n"
        "main()\n"
    )
    assert scale_loop(source, 3, 2) == source.replace("range(5)", "range(10)")


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("step()\n", 1, "line 1 is in no loop over a range of rounds"),
        ("for x in data:\n    step()\n", 2, "line 2 is in no loop"),
        ("for i in range(9):\n    x[i] = 1\n", 2, "line 2 is in no loop"),
        ("for i in range(*n):\n    step()\n", 2, "line 2 is in no loop"),
        ("while True:\n    step()\n", 2, "the `while` in line 1 decides how often line 2 is run"),
        ("while a:\n  for e in range(2):\n    step()\n", 3, "the `while` in line 1"),
        ("for e in range(2):\n    pass\nelse:\n    step()\n", 4, "line 4 is in no loop"),
        ("def f():\n    f()\n", 2, "line 2 is in no loop"),
        (
            "def f():\n    step()\nfor a in range(2): f()\nfor b in range(3): f()\n",
            2,
            "line 2 is run by the loops in lines 3 and 4",
        ),
        ("\nx = 1\n", 1, "line 1 holds no statement"),
    ],
)
def test_refuses(source: str, line: int, reason: str) -> None:
    with pytest.raises(UnsafeEditError, match=reason):
        scale_loop(source, line, 2)


def test_a_number_that_may_be_a_size_too_stays() -> None:
    source = "n = 10\nx = torch.randn(n, 3)\nfor e in range(n):\n    step()\n"
    assert scale_loop(source, 4, 2) == source.replace("range(n)", "range(n * 2)")
    source = "n = 10\ns = sched.StepLR(o, n)\nprint(n)\nfor e in range(n):\n    step()\n"
    assert scale_loop(source, 5, 2) == source.replace("10", "20")
    source = "epochs = 10\nt = np.arange(epochs)\nfor e in range(epochs):\n    step()\n"
    assert scale_loop(source, 4, 2) == source.replace("10", "20")
