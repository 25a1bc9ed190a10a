"""From sightings to a diagnosis: what is folded under what, and in which order."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.diagnosis import Diagnosis, Entry, diagnose
from trainwell.findings.catalogue import FINDINGS
from trainwell.findings.finding import Finding
from trainwell.record import Place, Run, Sighting, Undecided

RUN = Run("invented", "train.py")


@dataclass(frozen=True)
class Invented(Finding):
    """A finding that sees what it is told to."""

    name: str = "a"
    brings: tuple[str, ...] = ()
    seen: tuple[Sighting | Undecided, ...] = ()

    @property
    def code(self) -> str:  # type: ignore[override]
        return self.name.upper()

    @property
    def slug(self) -> str:  # type: ignore[override]
        return self.name

    @property
    def causes(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.brings

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        yield from self.seen


def sighting(severity: Any = "error", harm: float = 0.5, step: int = 0, line: int = 1) -> Sighting:
    return Sighting(Place("fc", "train.py", line), "something is wrong", step, severity, {}, harm)


def finding(name: str, *causes: str, severity: Any = "error", harm: float = 0.5) -> Invented:
    return Invented(name, causes, (sighting(severity, harm),))


def shape(entries: tuple[Entry, ...]) -> list[Any]:
    """Slugs, consequences in lists behind their cause: ["a", ["b"]]."""
    result: list[Any] = []
    for entry in entries:
        result.append(entry.slug)
        if entry.consequences:
            result.append(shape(entry.consequences))
    return result


def folded(*findings: Finding) -> list[Any]:
    return shape(diagnose(RUN, findings).roots)


def test_nothing_is_wrong() -> None:
    assert diagnose(RUN, []) == Diagnosis(RUN)
    assert diagnose(RUN).roots == ()
    assert diagnose(RUN).entries == []
    assert diagnose(RUN).run is RUN


def test_a_consequence_is_folded_under_its_cause() -> None:
    assert folded(finding("a", "b"), finding("b")) == ["a", ["b"]]
    assert folded(finding("b"), finding("a", "b")) == ["a", ["b"]]


def test_a_cause_that_was_not_seen_explains_nothing() -> None:
    assert folded(Invented("a", ("b",)), finding("b")) == ["b"]


def test_a_chain_is_folded_link_by_link() -> None:
    chain = [finding("a", "b", "c"), finding("b", "c"), finding("c")]
    assert folded(*chain) == folded(*reversed(chain)) == ["a", ["b", ["c"]]]


def test_a_consequence_of_two_causes_goes_to_the_nearest() -> None:
    assert folded(finding("a", "b", "d"), finding("b", "d"), finding("c", "d"), finding("d")) == [
        "a",
        ["b", ["d"]],
        "c",
    ]


def test_two_independent_roots_stay_apart() -> None:
    assert folded(finding("a", "c"), finding("b", "d"), finding("c"), finding("d")) == [
        "a",
        ["c"],
        "b",
        ["d"],
    ]


def test_of_two_faults_that_may_cause_each_other_the_earlier_leads() -> None:
    assert folded(finding("a", "b"), finding("b", "a")) == ["a", ["b"]]
    assert folded(finding("b", "a"), finding("a", "b")) == ["b", ["a"]]


def test_a_ring_of_three_loses_nothing() -> None:
    ring = [finding("a", "b"), finding("b", "c"), finding("c", "a")]
    assert sorted(e.slug for e in diagnose(RUN, ring).entries) == ["a", "b", "c"]


@pytest.mark.parametrize("severity", ["error", "warning", "info"])
def test_a_remark_is_never_the_root_of_anything(severity: str) -> None:
    found = folded(finding("a", "b", severity="info"), finding("b", severity=severity))
    assert sorted(found) == ["a", "b"]
    assert found == (["b", "a"] if severity != "info" else ["a", "b"])


def test_a_remark_may_be_a_consequence() -> None:
    assert folded(finding("a", "b"), finding("b", severity="info")) == ["a", ["b"]]


def test_a_remark_that_might_have_caused_its_cause_is_its_consequence() -> None:
    remark = finding("a", "b", severity="info")
    assert folded(remark, finding("b", "a")) == ["b", ["a"]]


def test_a_warning_may_be_the_root_of_an_error() -> None:
    assert folded(finding("a", "b", severity="warning"), finding("b")) == ["a", ["b"]]


def test_roots_are_ordered_by_severity_then_harm_then_catalogue() -> None:
    assert folded(
        finding("a", severity="info", harm=1.0),
        finding("b", severity="warning", harm=0.1),
        finding("c", severity="warning", harm=0.9),
        finding("d", harm=0.2),
        finding("e", harm=0.8),
        finding("f", harm=0.8),
    ) == ["e", "f", "d", "c", "b", "a"]


def test_consequences_are_ordered_in_the_same_way() -> None:
    assert folded(
        finding("a", "b", "c", "d"),
        finding("b", severity="warning"),
        finding("c", harm=0.1),
        finding("d", harm=0.9),
    ) == ["a", ["d", "c", "b"]]


def test_several_sightings_are_one_entry() -> None:
    places = [sighting("warning", 0.9, 7, 1), sighting("error", 0.2, 5, 2)]
    places += [
        sighting("error", 0.6, 9, 3),
        sighting("error", 0.6, 8, 4),
        sighting("info", 0, 3, 3),
    ]
    (entry,) = diagnose(RUN, [Invented("a", ("z",), tuple(places))]).roots
    assert entry.severity == "error"
    assert [p.line for p in entry.where] == [4, 3, 2, 1], "the worst first, no place twice"
    assert entry.step == 3
    assert entry.harm == 0.9
    assert (entry.code, entry.slug, entry.causes) == ("A", "a", ("z",))
    assert len(entry.sightings) == 5
    assert entry.sightings[0].where.line == 4
    assert entry.message == entry.sightings[0].message
    assert entry.evidence == entry.sightings[0].evidence


def test_what_could_not_be_decided_is_kept_apart() -> None:
    made = diagnose(
        RUN, [Invented("a", (), (Undecided("too few looks"), sighting())), Invented("b")]
    )
    assert made.undecided == (("A", "too few looks"),)
    assert [e.slug for e in made.entries] == ["a"]


def test_entries_are_roots_each_followed_by_its_consequences() -> None:
    made = diagnose(RUN, [finding("a", "b"), finding("b", "c"), finding("c"), finding("d")])
    assert [e.slug for e in made.entries] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("severity", "expected"),
    [("error", ["a", "c"]), ("warning", ["a", "b", "c"]), ("info", ["a", "b", "c", "d"])],
)
def test_at_least_reads_consequences_too(severity: Any, expected: list[str]) -> None:
    made = diagnose(
        RUN,
        [
            finding("a", "b"),
            finding("b", "c", severity="warning"),
            finding("c"),
            finding("d", severity="info"),
        ],
    )
    assert [e.slug for e in made.at_least(severity)] == expected


def commented(comment: str, line: int = 1, severity: Any = "error") -> Sighting:
    place = Place("fc", "/net/train.py", line, f"x = fc(x)  # trainwell: {comment}")
    return Sighting(place, "something is wrong", 0, severity)


def test_a_comment_hides_what_was_seen_on_its_line() -> None:
    for comment in ("ignore", "ignore[A]", "ignore[b, a]", "ignore[ALL]"):
        made = diagnose(RUN, [Invented("a", (), (commented(comment),))])
        assert (made.roots, len(made.suppressed)) == ((), 1), comment
    for comment in ("ignore[ACT101]", "ignore[]", "ignore ACT101", "ignored"):
        made = diagnose(RUN, [Invented("a", (), (commented(comment),))])
        assert (len(made.roots), made.suppressed) == (1, ()), comment


def test_a_finding_stays_where_no_comment_hides_it() -> None:
    places = (commented("ignore[a] sparse on purpose"), sighting("warning", line=2))
    made = diagnose(RUN, [Invented("a", (), places)])
    (entry,) = made.roots
    assert (entry.severity, entry.where[0].line, len(entry.where)) == ("warning", 2, 1)
    (hidden,) = made.suppressed
    assert (hidden.code, hidden.slug, hidden.sighting) == ("A", "a", places[0])
    assert hidden.reason == "sparse on purpose"
    assert "1 suppressed by comments" in repr(made)


def test_what_is_hidden_explains_nothing_and_fails_nothing() -> None:
    made = diagnose(RUN, [Invented("a", ("b",), (commented("ignore[a]"),)), finding("b")])
    assert shape(made.roots) == ["b"]
    assert [e.slug for e in made.at_least("error")] == ["b"]


def test_a_comment_that_names_nothing_is_told_once() -> None:
    seen = (commented("ignore[dying-rely]"), commented("ignore[dying-rely]"))
    made = diagnose(RUN, [Invented("a", (), seen), Invented("b", (), seen)])
    assert len(made.roots) == 2
    at = "`# trainwell: ignore` at train.py:1"
    assert made.notes == (f"{at}: unknown finding `dying-rely`; did you mean `dying-relu`?",)
    made = diagnose(RUN, [Invented("a", (), (commented("ignore ACT101", 3),))])
    at = "`# trainwell: ignore` at train.py:3"
    assert made.notes == (f"{at} names a finding without brackets: write `ignore[CODE]`",)
    assert diagnose(RUN, [Invented("a", (), (commented("ignore[ACT, all]"),))]).notes == ()


def test_what_was_not_looked_for_is_kept() -> None:
    assert diagnose(RUN).left_out == ()
    some = [FINDINGS["ACT101"], FINDINGS["LOS101"]]
    left_out = diagnose(RUN, some).left_out
    assert set(left_out) == set(FINDINGS) - {"ACT101", "LOS101"}


NAMES = "abcdefg"
GRAPHS = st.tuples(
    st.lists(st.sets(st.sampled_from(NAMES)), min_size=7, max_size=7),
    st.lists(st.sampled_from(["error", "warning", "info"]), min_size=7, max_size=7),
)


@given(GRAPHS)
def test_no_fault_is_lost_told_twice_or_laid_to_what_does_not_cause_it(
    graph: tuple[list[set[str]], list[str]],
) -> None:
    findings = [
        finding(name, *sorted(causes - {name}), severity=severity)
        for name, causes, severity in zip(NAMES, *graph, strict=True)
    ]
    by_name = {f.slug: f for f in findings}
    made = diagnose(RUN, findings)
    assert sorted(e.slug for e in made.entries) == list(NAMES)

    def check(entry: Entry) -> None:
        for consequence in entry.consequences:
            assert consequence.slug in by_name[entry.slug].causes
            assert entry.severity != "info"
            check(consequence)

    for root in made.roots:
        check(root)
    for root in made.roots:
        if not _in_a_ring(root.slug, by_name):
            explained = [
                f.slug
                for f in findings
                if root.slug in f.causes and f.seen[0].severity != "info"  # type: ignore[union-attr]
            ]
            assert not explained, "a fault with a cause is a root only where causes go round"


def _in_a_ring(slug: str, findings: dict[str, Invented]) -> bool:
    waiting, seen = list(findings[slug].causes), set()
    while waiting:
        here = waiting.pop()
        if here in seen or findings[here].seen[0].severity == "info":  # type: ignore[union-attr]
            continue
        seen.add(here)
        waiting += findings[here].causes
    return slug in seen


@dataclass(frozen=True)
class Everything:
    """A finding of the catalogue that always sees something."""

    real: Finding

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def detect(self, run: Run) -> Iterator[Sighting]:
        yield sighting()


def test_all_faults_at_once_are_diagnosed_in_a_moment() -> None:
    # A guard against counting the paths through the causes one by one; no benchmark. One fault
    # more at a time, so that it fails long before it would hang.
    everything = [Everything(f) for f in FINDINGS.values()]
    for count in range(1, len(everything) + 1):
        began = time.monotonic()
        made = diagnose(RUN, everything[:count])  # type: ignore[arg-type]
        assert sorted(e.code for e in made.entries) == sorted(f.code for f in everything[:count])
        assert time.monotonic() - began < 2, f"{count} faults at once"


def test_evidence_of_an_entry_is_plain_json() -> None:
    (entry,) = diagnose(RUN, [finding("a")]).roots
    assert json.loads(json.dumps(entry.evidence)) == entry.evidence
