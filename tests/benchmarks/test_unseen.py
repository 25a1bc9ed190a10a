"""The table of unseen faults: every row has its files, names and patterns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from benchmarks.unseen.__main__ import FOLDER, Case, cases
from benchmarks.unseen.data import MAKERS

from trainwell.findings.catalogue import FINDINGS


@pytest.mark.parametrize("case", cases(), ids=lambda c: c.name)
def test_a_row_names_what_there_is(case: Case) -> None:
    assert case.script in MAKERS
    assert (FOLDER / "scripts" / f"{case.script}.py").exists()
    assert case.half in ("calibration", "judged")
    assert case.accepted <= {f.slug for f in FINDINGS.values()}
    re.compile(case.figure)
    assert case.what


@pytest.mark.parametrize("script", MAKERS)
def test_files_are_made_again_alike_and_a_fault_changes_them(script: str, tmp_path: Path) -> None:
    faults = [c.fault for c in cases() if c.script == script]
    written = []
    for number, fault in enumerate(["", "", *faults]):
        folder = tmp_path / str(number)
        folder.mkdir()
        MAKERS[script](folder, 0, fault)
        written.append({f.name: f.read_bytes() for f in sorted(folder.iterdir())})
    archives = [{n: b for n, b in w.items() if not n.endswith((".npz", ".pt"))} for w in written]
    assert archives[0] == archives[1]
    assert all(each != written[0] for each in written[2:])
