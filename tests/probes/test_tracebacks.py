"""What is kept of an exception that ended a run."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest

import trainwell
from trainwell.probes.tracebacks import describe_error, hide_frames


def _raise_from(code: str, file: str, **names: object) -> BaseException:
    try:
        exec(compile(code, file, "exec"), dict(names))
    except BaseException as error:
        return error
    raise AssertionError


def test_the_line_is_the_users_innermost_one(tmp_path: Path) -> None:
    file = str(tmp_path / "train.py")
    error = _raise_from("import json\n\njson.loads('{')\n", file)
    described = describe_error(error)
    assert (described["file"], described["line"]) == (file, 3)
    assert described["type"] == "json.decoder.JSONDecodeError"
    assert str(described["message"]).startswith("Expecting property name")
    json.dumps(described)


def test_builtin_types_are_named_plainly() -> None:
    assert describe_error(_raise_from("1 / 0", "x.py")) == {
        "type": "ZeroDivisionError",
        "message": "division by zero",
        "file": "x.py",
        "line": 1,
    }


def test_a_syntax_error_points_at_the_bad_line() -> None:
    error = _raise_from("compile('x = 1\\ny = = 2', 'near.py', 'exec')", "train.py")
    described = describe_error(error)
    assert (described["file"], described["line"]) == ("near.py", 2)


def test_an_exception_that_cannot_be_printed() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise ValueError

    error = _raise_from("raise Broken", "train.py", Broken=Broken)
    assert describe_error(error)["message"] == "(its text could not be made)"


def test_frames_of_trainwell_are_taken_out_of_the_middle() -> None:
    inside = str(Path(trainwell.__file__).parent / "probes" / "losses.py")

    def outer(call: object) -> None:
        raise AssertionError(call)

    wrapper: dict[str, object] = {}
    exec(compile("def wrap(f):\n    return f()\n", inside, "exec"), wrapper)
    error = _raise_from(
        "def fail():\n    1 / 0\ntry:\n    wrap(fail)\nexcept ZeroDivisionError:\n"
        "    wrap(lambda: {}['x'])\n",
        "train.py",
        wrap=wrapper["wrap"],
    )
    hide_frames(error, outer.__code__)
    for each in (error, error.__context__):
        assert each is not None
        files = [frame.filename for frame in traceback.extract_tb(each.__traceback__)]
        assert inside not in files
        assert files.count("train.py") == 2


def test_frames_of_specimens_stay() -> None:
    file = str(Path(trainwell.__file__).parent / "specimens" / "dying-relu" / "sick.py")
    error = _raise_from("1 / 0", file)
    hide_frames(error, _raise_from.__code__)
    frames = traceback.extract_tb(error.__traceback__)
    assert [frame.filename for frame in frames] == [file]
    assert describe_error(error)["file"] == file


@pytest.mark.parametrize("times", [1, 2])
def test_exceptions_that_refer_to_each_other(times: int) -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__context__, other.__cause__ = other, one
    for _ in range(times):
        hide_frames(one, _raise_from.__code__)
