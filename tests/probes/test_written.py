"""Faults between backward, step and schedule, in scripts of many kinds, and healthy look-alikes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.forked import run_forked

_SCRIPTS = Path(__file__).parent.parent / "scripts"

_EXPECTED = {
    "schedules": {"plateau": "OPT110", "": "OPT109"},
    "gradients": {"amp": "GRD104", "tiny": "GRD105", "zeroed": "GRD106", "late": "GRD107"},
    "identity": {"repeated": "NET111", "": "OPT111"},
    "checkpoints": {"unloaded": "CKP101", "overwritten": "CKP102", "aliased": "CKP103"},
}
"""Folder and beginning of the file's name to the code that must be named first."""


def _code(script: Path) -> str:
    names = _EXPECTED[script.parent.parent.name]
    return next(code for name, code in names.items() if script.stem.startswith(name))


def _marked(script: Path) -> int:
    (line,) = [i for i, t in enumerate(script.read_text().splitlines(), 1) if "# FAULT" in t]
    return line


_SICK = sorted(_SCRIPTS.glob("*/sick/*.py"))
_HEALTHY = sorted(_SCRIPTS.glob("*/healthy/*.py"))


def _name(script: Path) -> str:
    return f"{script.parent.parent.name}/{script.stem}"


@pytest.mark.parametrize("script", _SICK, ids=_name)
def test_the_fault_is_named_first_on_its_line(script: Path) -> None:
    seen = run_forked(script)
    assert seen.error == ""
    assert seen.run is not None
    assert not seen.run.troubles
    assert seen.found, "nothing was found"
    first = seen.found[0]
    assert first["code"] == _code(script), seen.found
    assert (str(script), _marked(script)) in [(file, line) for _, file, line in first["where"]]


@pytest.mark.parametrize("script", _HEALTHY, ids=_name)
def test_a_healthy_look_alike_gets_no_warning(script: Path) -> None:
    seen = run_forked(script)
    assert seen.error == ""
    assert seen.run is not None
    assert not seen.run.troubles
    assert seen.codes == [], seen.found


@pytest.mark.slow
@pytest.mark.parametrize("script", [*_SICK, *_HEALTHY], ids=_name)
def test_the_default_budget_sees_the_same(script: Path) -> None:
    seen = run_forked(script, every=None)
    if script in _SICK:
        assert seen.found[0]["code"] == _code(script), seen.found
    else:
        assert seen.codes == [], seen.found
