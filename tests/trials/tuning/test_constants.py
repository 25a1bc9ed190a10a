"""Constants of a script, read and replaced."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.trials.tuning.constants import (
    by_module,
    constants_of,
    replace_constants,
)

SOURCE = """
HIDDEN = 64
RATE: float = 0.1
A, B = 1, "two"
CONFIG = {"depth": 2, "nested": {"x": 1}}
class Config:
    width = 3
    NAMES = ("a", "b")
LAYERS = [1, 2]
HIDDEN_TWICE = HIDDEN * 2
def f():
    INSIDE = 5
    return INSIDE
"""


def test_plain_values_at_the_top_are_constants() -> None:
    assert constants_of(SOURCE) == {
        "HIDDEN": 64,
        "RATE": 0.1,
        "A": 1,
        "B": "two",
        "CONFIG.depth": 2,
        "Config.width": 3,
    }


def _run(source: str, values: dict[str, Any]) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(replace_constants(source, values, "train.py"), "train.py", "exec"), names)
    return names


def test_others_take_their_place_before_anything_is_computed() -> None:
    names = _run(SOURCE, {"HIDDEN": 8, "B": "b", "CONFIG.depth": -1, "Config.width": 2.5})
    assert names["HIDDEN_TWICE"] == 16
    assert (names["A"], names["B"]) == (1, "b")
    assert names["CONFIG"] == {"depth": -1, "nested": {"x": 1}}
    assert names["Config"].width == 2.5
    assert names["f"]() == 5


def test_lines_stay_where_they_are() -> None:
    source = "HIDDEN = (\n    64\n)\nraise ValueError(HIDDEN)\n"
    with pytest.raises(ValueError, match="8") as error:
        _run(source, {"HIDDEN": 8})
    traceback = error.value.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    assert traceback is not None
    assert traceback.tb_lineno == 4


def test_an_unknown_constant_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean `HIDDEN`"):
        replace_constants(SOURCE, {"HIDEN": 1}, "train.py")


def test_names_are_told_apart_by_module(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("")
    (tmp_path / "config.py").write_text("")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "net.py").write_text("")
    names = {"train.Config.width": 1, "config.A": 2, "package.net.B": 3, "package.C": 4}
    mine, others = by_module(names, str(script), is_module=False)
    assert mine == {"Config.width": 1}
    assert others == {"config": {"A": 2}, "package.net": {"B": 3}, "package": {"C": 4}}
    with pytest.raises(BadInputError, match=r"no module `confg` beside the script"):
        by_module({"confg.A": 1}, str(script), is_module=False)


def test_imported_modules_have_other_constants_and_no_cache_of_them(tmp_path: Path) -> None:
    (tmp_path / "config.py").write_text("A = 1\n")
    code = (
        "from trainwell.trials.tuning.constants import replace_on_import\n"
        "import sys; sys.path.insert(0, '.')\n"
        "replace_on_import({'config': {'A': 7}})\n"
        "import config; print(config.A)\n"
    )
    plain = "import sys; sys.path.insert(0, '.'); import config; print(config.A)"
    for text, value in ((code, "7"), (plain, "1"), (code, "7")):
        done = subprocess.run(
            [sys.executable, "-c", text], cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == value
