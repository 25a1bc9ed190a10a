"""SARIF 2.1.0, by its own schema."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator
from syrupy.assertion import SnapshotAssertion

from trainwell.diagnosis import Diagnosis, Entry, Suppressed
from trainwell.findings.catalogue import FINDINGS
from trainwell.record import Place, Run
from trainwell.report.sarif import render_sarif

_SCHEMA = json.loads((Path(__file__).parent / "schemas/sarif-2.1.0-rtm.5.json").read_text())
_VALIDATOR = Draft4Validator(_SCHEMA, format_checker=Draft4Validator.FORMAT_CHECKER)


def _run_of(diagnosis: Diagnosis, folder: str, root: str | None = None) -> dict[str, Any]:
    """The one run of the log, once the log has passed the schema."""

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    text = render_sarif(diagnosis, folder=folder, root=root or folder)
    assert "\n" not in text
    body = json.loads(text, parse_constant=refuse)
    _VALIDATOR.validate(body)
    assert json.loads(render_sarif(diagnosis, folder=folder, root=root or folder, indent=2)) == body
    (run,) = body["runs"]
    return run  # type: ignore[no-any-return]


@pytest.fixture
def full(diagnosis: Diagnosis, suppressed: Suppressed) -> Diagnosis:
    """A diagnosis with all that there can be."""
    crashed = dataclasses.replace(
        diagnosis.run,
        exit_status=1,
        error={"type": "ValueError", "message": "no", "file": "train.py", "line": 31},
        notes=["a compiled graph: the inside of Net is not visible"],
    )
    return dataclasses.replace(
        diagnosis,
        run=crashed,
        suppressed=(suppressed,),
        notes=("`# trainwell: ignore` at train.py:9 names no finding",),
        left_out=("DAT101", "OPT105"),
    )


def test_the_schema_is_the_real_one_and_refuses() -> None:
    Draft4Validator.check_schema(_SCHEMA)
    assert not _VALIDATOR.is_valid({"version": "2.1.0"})
    assert not _VALIDATOR.is_valid({"version": "2.1.0", "runs": [{"results": []}]})


def test_the_log(full: Diagnosis, folder: str, snapshot: SnapshotAssertion) -> None:
    run = _run_of(full, folder, "/home/ada")
    # The rules are the catalogue, and so are their numbers: they change with it.
    del run["tool"]
    for result in run["results"]:
        del result["ruleIndex"]
    for override in run["invocations"][0]["ruleConfigurationOverrides"]:
        del override["descriptor"]["index"]
    assert json.dumps(run, indent=2, ensure_ascii=False) == snapshot


def test_every_finding_is_a_rule(diagnosis: Diagnosis, folder: str) -> None:
    driver = _run_of(diagnosis, folder)["tool"]["driver"]
    rules = driver["rules"]
    assert (driver["name"], driver["version"]) == ("trainwell", version("trainwell"))
    assert [rule["id"] for rule in rules] == list(FINDINGS)
    assert len({rule["name"] for rule in rules}) == len(rules)
    for rule in rules:
        for text in (rule["shortDescription"], rule["fullDescription"], rule["help"]):
            assert text["text"].strip()
            assert text["text"][-1] in ".)" or "\n- " in text["text"], rule["id"]
        assert "## Why it hurts\n" in rule["help"]["markdown"]
        assert "](" not in rule["help"]["markdown"], "no link leads anywhere from here"


def test_results_point_at_their_rules_and_places(diagnosis: Diagnosis, folder: str) -> None:
    run = _run_of(diagnosis, folder)
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    physical = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    assert [p["artifactLocation"] for p in physical] == [
        *[{"uri": "train.py", "uriBaseId": "SRCROOT"}] * 5,
        {"uri": "file:///opt/lib/layers.py"},
    ]
    assert [p["region"]["startLine"] for p in physical] == [24, 20, 22, 22, 21, 7]
    assert [r["level"] for r in run["results"]] == ["error", "error", *["warning"] * 4]
    assert run["originalUriBaseIds"]["SRCROOT"]["uri"] == "file:///home/ada/digits/"


def test_consequences_are_related(diagnosis: Diagnosis, folder: str) -> None:
    first, second, *_ = _run_of(diagnosis, folder)["results"]
    assert [r["physicalLocation"]["region"]["startLine"] for r in first["relatedLocations"]] == [
        20,
        22,
    ]
    assert first["relatedLocations"][0]["message"]["text"].startswith(
        "which explains vanishing-gradient: the gradient of fc1"
    )
    assert first["properties"]["root"] is None
    assert second["properties"]["root"] == "LOS101"


def test_what_comments_suppress_says_so_and_the_rest_says_not(full: Diagnosis, folder: str) -> None:
    *others, last = _run_of(full, folder)["results"]
    assert last["ruleId"] == "ACT101"
    assert last["suppressions"] == [{"kind": "inSource", "justification": "sparse on purpose"}]
    assert [r["suppressions"] for r in others] == [[]] * len(others)


def test_a_remark_is_a_note(run: Run, folder: str, make_entry: Callable[..., Entry]) -> None:
    entry = make_entry("GEN101", "overfitting", "info", "it rises", Place("fc", "a.py", 3))
    (result,) = _run_of(Diagnosis(run, (entry,)), folder)["results"]
    assert result["level"] == "note"


@pytest.mark.parametrize("place", [Place(), Place("fc1"), Place(None, "<ipython-input-3>", 4)])
def test_what_has_no_file_is_the_scripts(
    run: Run, folder: str, make_entry: Callable[..., Entry], place: Place
) -> None:
    entry = make_entry("GEN101", "overfitting", "warning", "it rises", place)
    (result,) = _run_of(Diagnosis(run, (entry,)), folder)["results"]
    (location,) = result["locations"]
    assert location == (
        {"logicalLocations": [{"fullyQualifiedName": "fc1", "kind": "module"}]}
        if place.layer
        else {"physicalLocation": {"artifactLocation": {"uri": "train.py", "uriBaseId": "SRCROOT"}}}
    )
    module = dataclasses.replace(run, script="-m net.train")
    (result,) = _run_of(Diagnosis(module, (entry,)), folder)["results"]
    assert len(result["locations"]) == (1 if place.layer else 0)


def test_odd_names_and_numbers_are_still_valid(
    run: Run, folder: str, make_entry: Callable[..., Entry]
) -> None:
    evidence = {"a": math.nan, "b": [math.inf, {"c": -math.inf}], "d": None, "e": True}
    place = Place("a.b[0]", f"{folder}/mein netz/tränen #1%.py", 3, "x = '\u2028'")
    entry = make_entry("ACT101", "dying-relu", "error", "ü\n\0", place, evidence=evidence)
    (result,) = _run_of(Diagnosis(run, (entry,)), folder)["results"]
    assert result["properties"]["evidence"] == {
        "a": "nan",
        "b": ["inf", {"c": "-inf"}],
        "d": None,
        "e": True,
    }
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact["uri"] == "mein%20netz/tr%C3%A4nen%20%231%25.py"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"exit_status": 0}, {"executionSuccessful": True, "exitCode": 0}),
        ({"exit_status": 3}, {"executionSuccessful": False, "exitCode": 3}),
        ({"exit_status": -15}, {"executionSuccessful": False, "exitSignalNumber": 15}),
        ({"exit_status": None, "ended": None, "started": 0.0}, {"executionSuccessful": False}),
    ],
)
def test_how_the_run_ended(run: Run, folder: str, changes: dict, expected: dict) -> None:
    changed = dataclasses.replace(run, **changes)
    (invocation,) = _run_of(Diagnosis(changed), folder)["invocations"]
    assert expected.items() <= invocation.items()
    assert ("exitCode" in invocation) is ("exitCode" in expected)
    assert ("startTimeUtc" in invocation) is (changed.started > 0)
    if changed.ended:
        assert invocation["endTimeUtc"] == "1970-01-01T00:00:07.500Z"


def test_a_crash_and_the_notes_are_notifications(full: Diagnosis, folder: str) -> None:
    (invocation,) = _run_of(full, folder)["invocations"]
    crash, *notes = invocation["toolExecutionNotifications"]
    assert crash["message"]["text"] == "ValueError: no"
    assert crash["locations"][0]["physicalLocation"]["region"] == {"startLine": 31}
    assert [n["level"] for n in notes] == ["note", "note"]


def test_what_was_not_looked_for_is_switched_off(full: Diagnosis, folder: str) -> None:
    run = _run_of(full, folder)
    overrides = run["invocations"][0]["ruleConfigurationOverrides"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[o["descriptor"]["index"]]["id"] for o in overrides] == ["DAT101", "OPT105"]
    assert all(o["configuration"] == {"enabled": False} for o in overrides)


def _prints(run: dict[str, Any]) -> list[str]:
    return [r["partialFingerprints"]["trainwellLine/v1"] for r in run["results"]]


def test_fingerprints_last(
    run: Run, folder: str, full: Diagnosis, make_entry: Callable[..., Entry]
) -> None:
    assert len(set(_prints(_run_of(full, folder)))) == len(_run_of(full, folder)["results"])

    def of(place: Place, message: str = "m", code: str = "ACT101", **more: Any) -> list[str]:
        entry = make_entry(code, "dying-relu", "error", message, place, **more)
        return _prints(_run_of(Diagnosis(run, (entry,)), folder))

    first = of(Place("fc1", "train.py", 7, "x = f(x)"))
    # Another run: other numbers, other lines above, a comment, a full path.
    assert of(Place("fc1", "train.py", 7, "x = f(x)"), "n", evidence={"a": 1.0}, step=9) == first
    assert of(Place("fc1", "train.py", 9, "x = f(x)  # trainwell: ignore[LOS101]")) == first
    assert of(Place("fc1", f"{folder}/train.py", 7, "x = f(x)")) == first
    for place in (
        Place("fc1", "train.py", 7, "x = g(x)"),
        Place("fc1", "other.py", 7, "x = f(x)"),
        Place("fc1", "train.py", 7),
        Place("fc1"),
    ):
        assert of(place) != first
    assert of(Place("fc1", "train.py", 7, "x = f(x)"), code="ACT102") != first
    assert of(Place("fc1")) != of(Place("fc2"))


def test_equal_lines_are_told_apart(
    run: Run, folder: str, make_entry: Callable[..., Entry]
) -> None:
    places = [Place(None, "train.py", line, "x = f(x)") for line in (3, 5)]
    entry = make_entry("ACT101", "dying-relu", "error", "m", *places)
    prints = _prints(_run_of(Diagnosis(run, (entry,)), folder))
    assert len(set(prints)) == 2
