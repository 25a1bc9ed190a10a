"""From a run to its diagnosis: every finding's sightings, root causes first.

A fault whose possible cause was found in the same run is a consequence: it is folded under that
cause. The order of the roots: severity, then the harm that the findings measured, then the
catalogue's order. What a comment in the source suppresses is kept apart, and explains nothing.
"""

from __future__ import annotations

__all__ = ["Diagnosis", "Entry", "Suppressed", "diagnose"]

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from trainwell.errors import UnknownNameError
from trainwell.findings.catalogue import FINDINGS
from trainwell.findings.finding import SYMPTOMS, Finding
from trainwell.findings.names import check_name, matches
from trainwell.record import SEVERITIES, Detail, Place, Run, Severity, Sighting, Undecided
from trainwell.suppression import read_comment


@dataclass(frozen=True)
class Entry:
    """One fault of a run, with all the places at which it was seen.

    Attributes:
        code, slug: which finding.
        severity: the worst of its sightings.
        message: of the worst sighting.
        step: the first step at which it was seen.
        where: its places, the worst sighting's first.
        evidence: the numbers of the worst sighting.
        causes: slugs that this fault may bring about.
        remedies: names of remedies that may help.
        sightings: all of them, the worst first.
        consequences: the entries that this one explains, folded under it.
        harm: the largest harm of its sightings, in [0, 1].
        confidence: how sure the finding is, in (0, 1].
    """

    code: str
    slug: str
    severity: Severity
    message: str
    step: int
    where: tuple[Place, ...]
    evidence: Mapping[str, Detail]
    causes: tuple[str, ...]
    remedies: tuple[str, ...]
    sightings: tuple[Sighting, ...]
    consequences: tuple[Entry, ...] = ()
    harm: float = 0.0
    confidence: float = 1.0


@dataclass(frozen=True)
class Suppressed:
    """A sighting that a `# trainwell: ignore` on its line hides.

    Attributes:
        code, slug: which finding.
        sighting: what was seen.
        reason: what else the comment says.
    """

    code: str
    slug: str
    sighting: Sighting
    reason: str = ""


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What is wrong with a run.

    Attributes:
        run: the record that it was made from.
        roots: the root causes, worst first, each with its consequences.
        undecided: (code, reason) of findings that could not decide.
        suppressed: what comments in the source hide.
        notes: what is wrong with those comments, in words.
        left_out: codes of the catalogue that were not looked for.
    """

    run: Run
    roots: tuple[Entry, ...] = ()
    undecided: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    suppressed: tuple[Suppressed, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        """What is wrong and where, a few plain lines: notebooks show this."""
        seen = f"{self.run.steps} steps of {self.run.script}"
        if self.suppressed:
            seen += f", {len(self.suppressed)} suppressed by comments"
        if not self.roots:
            return f"no findings in {seen}"
        lines = [f"{len(self.entries)} findings in {seen}"]
        for entry in self.entries:
            lines.append(f"{entry.severity} {entry.code} {entry.slug}: {entry.message}")
            lines += [f"    {p.file}:{p.line}  {p.code or ''}" for p in entry.where if p.file]
        return "\n".join(lines)

    @property
    def entries(self) -> list[Entry]:
        """All entries in the order of the report: each root followed by its consequences."""
        return list(_flatten(self.roots))

    def at_least(self, severity: Severity) -> list[Entry]:
        """The entries as severe as `severity` or worse."""
        limit = SEVERITIES.index(severity)
        return [e for e in self.entries if SEVERITIES.index(e.severity) <= limit]


def diagnose(run: Run, findings: Iterable[Finding] | None = None) -> Diagnosis:
    """Run the findings over a record and order what they saw.

    Args:
        run: the record; it is not changed.
        findings: which ones; all of the catalogue with their default thresholds when None.
    """
    chosen = list(FINDINGS.values() if findings is None else findings)
    entries: list[Entry] = []
    undecided: list[tuple[str, str]] = []
    suppressed: list[Suppressed] = []
    notes: dict[str, None] = {}
    for finding in chosen:
        sightings: list[Sighting] = []
        for seen in finding.detect(run):
            if isinstance(seen, Undecided):
                undecided.append((finding.code, seen.reason))
                continue
            notes |= dict.fromkeys(_complaints(seen.where))
            hidden = _suppressed(finding, seen)
            if hidden is None:
                sightings.append(seen)
            else:
                suppressed.append(hidden)
        if sightings:
            entries.append(_entry(finding, sightings))
    looked_for = {finding.code for finding in chosen}
    return Diagnosis(
        run,
        tuple(_fold(entries)),
        tuple(undecided),
        tuple(suppressed),
        tuple(notes),
        tuple(code for code in FINDINGS if code not in looked_for),
    )


def _suppressed(finding: Finding, sighting: Sighting) -> Suppressed | None:
    comment = read_comment(sighting.where.code)
    if comment is None or not (comment.names is None or matches(comment.names, finding)):
        return None
    return Suppressed(finding.code, finding.slug, sighting, comment.reason)


def _complaints(place: Place) -> Iterator[str]:
    comment = read_comment(place.code)
    if comment is None:
        return
    # The file's name is enough: the finding above it tells the folder.
    at = f"`# trainwell: ignore` at {os.path.basename(place.file or '')}:{place.line}"
    if comment.problem is not None:
        yield f"{at} {comment.problem}"
    for name in comment.names or ():
        try:
            check_name(name)
        except UnknownNameError as error:
            yield f"{at}: {error}"


def _entry(finding: Finding, sightings: list[Sighting]) -> Entry:
    ordered = sorted(sightings, key=lambda s: (SEVERITIES.index(s.severity), -s.harm, s.step))
    worst = ordered[0]
    return Entry(
        code=finding.code,
        slug=finding.slug,
        severity=worst.severity,
        message=worst.message,
        step=min(s.step for s in ordered),
        where=tuple(dict.fromkeys(s.where for s in ordered)),
        evidence=worst.evidence,
        causes=finding.causes,
        remedies=finding.remedies,
        sightings=tuple(ordered),
        harm=max(s.harm for s in ordered),
        confidence=finding.confidence,
    )


def _fold(entries: list[Entry]) -> list[Entry]:
    causes = _causes(entries)
    depths: dict[str, int] = {}

    def depth(entry: Entry) -> int:
        # The longest chain of causes above an entry.
        if entry.slug not in depths:
            depths[entry.slug] = 1 + max((depth(c) for c in causes[entry.slug]), default=-1)
        return depths[entry.slug]

    children: dict[str, list[Entry]] = {e.slug: [] for e in entries}
    roots: list[Entry] = []
    for entry in entries:
        above = causes[entry.slug]
        if above:
            # The nearest cause keeps the chain readable: unscaled > saturated > vanishing.
            nearest = max(above, key=lambda c: (depth(c), -entries.index(c)))
            children[nearest.slug].append(entry)
        else:
            roots.append(entry)

    def grow(entry: Entry) -> Entry:
        below = tuple(grow(c) for c in _ordered(children[entry.slug], entries))
        # How a run went is news only as long as nothing says why it went so.
        explained = entry.slug in SYMPTOMS and bool(causes[entry.slug])
        severity = "info" if explained else entry.severity
        return replace(entry, consequences=below, severity=severity)

    return [grow(e) for e in _ordered(roots, entries)]


def _causes(entries: list[Entry]) -> dict[str, list[Entry]]:
    """For each slug the entries that explain it, without circles.

    A cause explains an entry only if it is at least a warning: a remark cannot be the root of an
    error. Where faults may bring about each other, directly or in a circle, the one earlier in the
    catalogue leads.
    """
    leads = {
        c.slug: [e for e in entries if e is not c and e.slug in c.causes]
        for c in entries
        if c.severity != "info"
    }

    def reach(start: Entry) -> set[str]:
        found: set[str] = set()
        waiting = [start]
        while waiting:
            for entry in leads.get(waiting.pop().slug, []):
                if entry.slug not in found:
                    found.add(entry.slug)
                    waiting.append(entry)
        return found

    reached = {e.slug: reach(e) for e in entries}
    place = {e.slug: i for i, e in enumerate(entries)}
    return {
        e.slug: [
            c
            for c in entries
            if e in leads.get(c.slug, [])
            and (c.slug not in reached[e.slug] or place[c.slug] < place[e.slug])
        ]
        for e in entries
    }


def _ordered(some: list[Entry], everything: list[Entry]) -> list[Entry]:
    def rank(entry: Entry) -> tuple[int, float, int]:
        weight = entry.harm * entry.confidence
        return SEVERITIES.index(entry.severity), -weight, everything.index(entry)

    return sorted(some, key=rank)


def _flatten(entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        yield entry
        yield from _flatten(entry.consequences)
