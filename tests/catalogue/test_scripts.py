"""Healthy scripts show nothing; scripts with several faults show all of them, roots first."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.forked import run_forked

_TESTS = Path(__file__).parents[1]
_HEALTHY = sorted((_TESTS / "healthy").glob("*.py"))
_COMBINED = sorted((_TESTS / "combined").glob("*.py"))
_CURED = Path(__file__).parents[2] / "examples/digits_cured.py"


def test_there_are_enough_of_them() -> None:
    assert len(_HEALTHY) >= 15
    assert len(_COMBINED) >= 5


@pytest.mark.parametrize("script", [*_HEALTHY, _CURED], ids=lambda p: p.stem)
def test_healthy_scripts_show_no_error_or_warning(script: Path) -> None:
    seen = run_forked(script, "0")
    assert seen.error == ""
    assert seen.run is not None
    assert seen.run.steps > 0
    assert seen.codes == [], seen.found


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "2"])
@pytest.mark.parametrize("every", [None, 5])
@pytest.mark.parametrize("script", [*_HEALTHY, _CURED], ids=lambda p: p.stem)
def test_healthy_scripts_on_more_seeds(script: Path, every: int | None, seed: str) -> None:
    assert run_forked(script, seed, every=every).codes == []


@pytest.mark.parametrize("script", _COMBINED, ids=lambda p: p.stem)
def test_all_faults_are_named_and_the_first_is_a_root(script: Path) -> None:
    match = re.search(r"faults: ([A-Z0-9, ]+)", script.read_text())
    assert match is not None
    wanted = {code.strip() for code in match[1].split(",")}
    seen = run_forked(script, "0")
    assert wanted <= set(seen.codes), seen.found
    roots = [f["code"] for f in seen.found if f["root"] is None and f["severity"] != "info"]
    # What is not wanted may only be there as a consequence of what is.
    assert set(roots) <= wanted, seen.found
    assert seen.codes[0] in wanted
