"""The table of real faults: whole, consistent with the catalogue, and judged as it says."""

from __future__ import annotations

import pytest
from benchmarks.faults.__main__ import HEALTHY, judge, share, watch
from benchmarks.faults.cases import CASES, EARLIER, FOLDER, Case
from benchmarks.faults.check import gains

from trainwell.findings.catalogue import FINDINGS

SLUGS = {f.slug for f in FINDINGS.values()}


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_a_case_names_findings_that_exist_and_has_both_scripts(case: Case) -> None:
    assert case.accepted | case.beyond <= SLUGS
    assert not case.accepted & case.beyond
    assert case.sick.read_text() != case.cured.read_text()
    assert case.name.startswith(f"{case.number:02}_")
    assert bool(case.accepted) is (case.kind == "fault")
    assert case.kind == "fault" or case.note, "a row that is no fault says why"
    assert len(case.detected) in (0, len(EARLIER))


def test_every_script_belongs_to_a_case() -> None:
    assert {p.name for p in FOLDER.iterdir() if p.is_dir() and p.name[0] != "_"} == {
        c.name for c in CASES
    }
    assert len({c.number for c in CASES}) == len(CASES) == 43


def test_there_are_enough_healthy_scripts() -> None:
    assert sum(len(list(folder.glob("*.py"))) for folder in HEALTHY) >= 40


def test_a_verdict_follows_the_order_of_the_report() -> None:
    case = next(c for c in CASES if c.number == 5)
    (accepted, *_) = sorted(case.accepted)
    for named, marks in {
        (): (False, False, False),
        ("noisy-batches",): (True, False, False),
        (accepted,): (True, True, True),
        ("noisy-batches", accepted): (True, True, False),
        (accepted, "noisy-batches"): (True, True, True),
    }.items():
        verdict = judge(case, list(named))
        assert (verdict.detected, verdict.right, verdict.first) == marks


def test_shares_are_counted() -> None:
    assert share([True, False, True, True]).split() == ["3", "of", "4", "75.0%"]
    assert share([]).split() == ["0", "of", "0", "-"]


@pytest.mark.parametrize(
    ("metric", "sick", "cured", "gained"),
    [
        ("accuracy", [0.5, 0.6], [0.8, 0.9], True),
        ("accuracy", [0.5, 0.6], [0.58, 0.65], False),
        ("accuracy", [0.2, 0.9], [0.9, 0.8], False),  # worse on one seed
        ("eval_loss", [1.0, 1.2], [0.5, 0.6], True),
        ("eval_loss", [1.0, 1.2], [0.9, 0.8], False),
    ],
)
def test_a_cure_must_gain_clearly(
    metric: str, sick: list[float], cured: list[float], gained: bool
) -> None:
    assert gains(metric, sick, cured) is gained


def test_a_watched_run_is_the_bare_run_and_is_judged() -> None:
    case = next(c for c in CASES if c.number == 5)
    run = watch((case.sick, 0))
    assert run.unchanged
    assert run.watched.last.keys() >= {"eval_loss"}
    assert judge(case, run.watched.slugs).right
