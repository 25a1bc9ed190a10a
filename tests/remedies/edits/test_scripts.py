"""Every edit on every line of the sick scripts: valid Python, and the other lines untouched."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable
from pathlib import Path

import pytest

from trainwell.errors import UnsafeEditError
from trainwell.remedies import edits

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted(
    [
        *ROOT.glob("src/trainwell/specimens/*/sick.py"),
        *ROOT.glob("benchmarks/faults/cases/*/sick.py"),
    ]
)
# A twentieth is enough for what all scripts have; all of them take a minute.
SOME = SCRIPTS[::20]
OPTIMIZERS = {"SGD", "Adam", "AdamW", "RMSprop"}

EDITS: dict[str, tuple[Callable[[str, int], str], int]] = {
    # Each with the number of old lines that it may change.
    "set": (lambda s, n: edits.set_argument(s, n, OPTIMIZERS, "weight_decay", "0.123"), 1),
    "scale": (lambda s, n: edits.scale_argument(s, n, OPTIMIZERS, "lr", 0.1, position=1), 1),
    "replace": (lambda s, n: edits.replace_call(s, n, {"Linear"}, "nn.Bilinear({0}, {0}, {1})"), 1),
    "rename": (lambda s, n: edits.rename_callee(s, n, {"Sigmoid", "ReLU", "Tanh"}, "GELU"), 1),
    "unwrap": (lambda s, n: edits.unwrap_call(s, n, {"softmax", "sigmoid", "relu"}), 1),
    "remove": (lambda s, n: edits.remove_element(s, n, {"Softmax", "Sigmoid", "ReLU"}), 1),
    "insert": (lambda s, n: edits.insert_element(s, n, {"Linear"}, "nn.Dropout(0.2)"), 1),
    "receiver": (lambda s, n: edits.replace_receiver(s, n, "backward", "({0} / 4)"), 1),
    "before": (lambda s, n: edits.insert_before(s, n, "if a:\n    b()"), 1),
    "after": (lambda s, n: edits.insert_after(s, n, "if a:\n    b()"), 1),
    "loop": (lambda s, n: edits.scale_loop(s, n, 3), 1),
}


def _changed(old: str, new: str) -> int:
    """How many of the old lines are not in the new text as they were."""
    matcher = difflib.SequenceMatcher(None, old.split("\n"), new.split("\n"), autojunk=False)
    return sum(b - a for tag, a, b, _, _ in matcher.get_opcodes() if tag in ("replace", "delete"))


@pytest.mark.parametrize("script", SOME, ids=lambda p: p.parent.name)
def test_edits_touch_nothing_else(script: Path) -> None:
    source = script.read_text()
    for name, (edit, most) in EDITS.items():
        for line in range(1, source.count("\n") + 3):
            try:
                new = edit(source, line)
            except UnsafeEditError:
                continue
            ast.parse(new)
            assert new != source, (name, line)
            assert _changed(source, new) <= most, (name, line, edits.unified_diff(source, new, "t"))


def test_each_edit_is_made_somewhere() -> None:
    made = set()
    for script in SCRIPTS:
        source = script.read_text()
        for number, text in enumerate(source.split("\n"), start=1):
            for name in EDITS.keys() - made:
                if "(" in text:
                    try:
                        EDITS[name][0](source, number)
                    except UnsafeEditError:
                        continue
                    made.add(name)
        if made == EDITS.keys():
            break
    assert made == EDITS.keys()


@pytest.mark.parametrize("name", sorted(EDITS.keys() - {"before", "after"}))
@pytest.mark.parametrize(
    "source", ["x = 1\n", "def f():\n    pass\n", "# SGD(w)\nx = 1", "'ReLU()'"]
)
def test_refuses_a_line_without_the_construct(name: str, source: str) -> None:
    for line in range(6):
        with pytest.raises(UnsafeEditError):
            EDITS[name][0](source, line)
