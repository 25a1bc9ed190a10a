"""The contract with programs."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from trainwell.diagnosis import Diagnosis, Suppressed
from trainwell.record import Run
from trainwell.report.json import render_json


def _strictly(text: str) -> Any:
    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def test_the_contract(diagnosis: Diagnosis, folder: str, snapshot: SnapshotAssertion) -> None:
    assert render_json(diagnosis, folder=folder, indent=2) == snapshot


def test_one_line_holds_the_same(diagnosis: Diagnosis, folder: str) -> None:
    line = render_json(diagnosis, folder=folder)
    assert "\n" not in line
    assert _strictly(line) == _strictly(render_json(diagnosis, folder=folder, indent=2))


def test_the_order_is_that_of_the_report(diagnosis: Diagnosis, folder: str) -> None:
    findings = _strictly(render_json(diagnosis, folder=folder))["findings"]
    assert [f["code"] for f in findings] == ["LOS101", "GRD101", "ACT103", "GRD102"]
    assert [f["root"] for f in findings] == [None, "LOS101", "LOS101", None]
    assert [f["consequences"] for f in findings] == [["GRD101"], ["ACT103"], [], []]


def test_where_is_one_place_or_a_list(diagnosis: Diagnosis, folder: str) -> None:
    first, *_, last = _strictly(render_json(diagnosis, folder=folder))["findings"]
    assert first["where"] == {"layer": "out", "file": "train.py", "line": 24}
    assert [place["file"] for place in last["where"]] == [
        "train.py",
        "train.py",
        "/opt/lib/layers.py",
    ]


def test_numbers_that_json_lacks_are_strings(diagnosis: Diagnosis, folder: str) -> None:
    evidence = _strictly(render_json(diagnosis, folder=folder))["findings"][0]["evidence"]
    assert evidence["ratio"] == "inf"


def test_a_clean_run(run: Run, folder: str) -> None:
    body = _strictly(render_json(Diagnosis(run), folder=folder))
    assert (body["schema"], body["findings"], body["exit_status"]) == (1, [], 0)


def test_what_comments_suppress_is_apart(
    diagnosis: Diagnosis, folder: str, suppressed: Suppressed
) -> None:
    hiding = dataclasses.replace(diagnosis, suppressed=(suppressed,), notes=("mind the comment",))
    body = _strictly(render_json(hiding, folder=folder))
    assert [f["code"] for f in body["findings"]] == ["LOS101", "GRD101", "ACT103", "GRD102"]
    assert body["notes"] == ["mind the comment"]
    assert body["suppressed"] == [
        {
            "code": "ACT101",
            "slug": "dying-relu",
            "severity": "warning",
            "message": "70% of the units of relu after fc1 are zero on every example",
            "step": 100,
            "where": {"layer": "relu after fc1", "file": "train.py", "line": 21},
            "reason": "sparse on purpose",
        }
    ]
