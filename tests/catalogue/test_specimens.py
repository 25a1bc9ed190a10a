"""Every specimen shows exactly its own finding with all findings on; its cured twin, nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.forked import run_forked

from trainwell.findings.catalogue import FINDINGS
from trainwell.findings.finding import Finding

_SPECIMENS = Path(__file__).parents[2] / "src/trainwell/specimens"
_SEEDS = ("0", "1", "2")


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize("finding", FINDINGS.values(), ids=lambda f: f.slug)
def test_the_sick_one_shows_exactly_its_finding(finding: Finding, seed: str) -> None:
    script = _SPECIMENS / finding.slug / "sick.py"
    seen = run_forked(script, seed)
    # A finding that only remarks must be the only remark.
    assert (seen.codes or seen.remarks) == [finding.code], seen.found
    (entry,) = [f for f in seen.found if f["code"] == finding.code]
    assert any(file == str(script) and line for _, file, line in entry["where"]), entry["where"]


@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize("finding", FINDINGS.values(), ids=lambda f: f.slug)
def test_the_cured_one_shows_nothing(finding: Finding, seed: str) -> None:
    seen = run_forked(_SPECIMENS / finding.slug / "cured.py", seed)
    assert seen.error == ""
    assert seen.codes == [], seen.found
    assert finding.code not in seen.remarks, seen.found


@pytest.mark.slow
@pytest.mark.parametrize("seed", _SEEDS)
@pytest.mark.parametrize("finding", FINDINGS.values(), ids=lambda f: f.slug)
def test_the_default_budget_sees_the_same(finding: Finding, seed: str) -> None:
    seen = run_forked(_SPECIMENS / finding.slug / "sick.py", seed, every=None)
    assert finding.code in seen.codes + seen.remarks, seen.found
    assert run_forked(_SPECIMENS / finding.slug / "cured.py", seed, every=None).codes == []
