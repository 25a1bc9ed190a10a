"""Whose line it is: the user's, a library's, PyTorch's."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import torch

from trainwell.probes.places import Sources

_HERE = Path(__file__)
_STDLIB = sysconfig.get_paths()["stdlib"]
_TORCH = Path(torch.__file__).parent


def test_files_are_ranked() -> None:
    sources = Sources(str(_HERE.parent))
    assert sources.rank(str(_HERE)) == 3
    assert sources.rank("/elsewhere/model.py") == 2
    assert sources.rank(f"{_STDLIB}/json/encoder.py") == 1
    assert sources.rank(str(_TORCH / "nn/functional.py")) == 0
    assert sources.rank("<frozen importlib>") == 0


def test_a_script_inside_of_site_packages_is_the_users_own() -> None:
    home = sysconfig.get_paths()["purelib"] + "/someone/examples"
    assert Sources(home).rank(f"{home}/train.py") == 3


def test_a_virtual_environment_inside_of_the_project_is_not_the_users_own() -> None:
    sources = Sources("/home/me/project")
    assert sources.rank("/home/me/project/.venv/lib/python3.11/site-packages/x/y.py") == 2


def _stack(*lines: tuple[str, int]) -> list[str]:
    return [f'  File "{file}", line {line}, in f\n    code()\n' for file, line in lines]


def test_the_innermost_line_of_the_user_is_named() -> None:
    sources = Sources("/home/me")
    linear = str(_TORCH / "nn/modules/linear.py")
    place, contained = sources.stack(
        _stack(("/home/me/train.py", 30), ("/home/me/net.py", 12), (linear, 5))
    )
    assert (place.file, place.line, contained) == ("/home/me/net.py", 12, False)


def test_a_container_that_chose_what_to_call_is_told() -> None:
    sources = Sources("/home/me")
    container = str(_TORCH / "nn/modules/container.py")
    place, contained = sources.stack(_stack(("/home/me/train.py", 30), (container, 250)))
    assert (place.line, contained) == (30, True)
    inner = _stack(("/home/me/train.py", 30), (container, 250), ("/home/me/net.py", 9))
    assert sources.stack(inner)[1] is False


def test_a_stack_without_the_user_names_the_library() -> None:
    file = f"{_STDLIB}/json/encoder.py"
    assert Sources("/home/me").stack(_stack((file, 7)))[0].file == file
    assert Sources("/home/me").stack([])[0].file is None


def test_the_calling_line_and_its_callers() -> None:
    sources = Sources(str(_HERE.parent))

    def inner() -> tuple[tuple[str, int], ...]:
        return sources.chain(1)

    lines = inner()
    assert [file for file, _ in lines[:2]] == [__file__, __file__]
    here = sources.here()
    assert (here.file, here.code) == (__file__, "here = sources.here()")
