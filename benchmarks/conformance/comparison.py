"""Compares what a suite's tests did bare and watched."""

from __future__ import annotations

__all__ = ["Difference", "Outcome", "Session", "compare", "parse", "settle"]

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]+\b")
_NOT_RUN = "not run"
_ENDED = (0, 1, 5)
"""Exit statuses of pytest: all passed, some failed, no tests (they all have an outcome already)."""


@dataclass(frozen=True)
class Outcome:
    """What one test did.

    Attributes:
        outcome: "passed", "failed", "error", "skipped", "xfailed", "xpassed"; "crashed" when the
            process died in it; "not run" when the session ended before it.
        message: first line of what it says.
        state: digests of the random generators after it, and PyTorch's modes.
        seconds: of wall time.
        watched: what the watch of this test has seen; None in other modes.
    """

    outcome: str
    message: str = ""
    state: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    watched: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Session:
    """One run of a suite in one mode.

    Attributes:
        outcomes: by node id, in order.
        finished: all of its tests have an outcome.
        begun: a test that has no outcome yet: the process ended in it, or is still running.
        steps: that `trainwell run` has seen in the whole process.
        notes: what it noted: errors of its own are among them.
    """

    outcomes: Mapping[str, Outcome]
    finished: bool
    begun: str | None = None
    steps: int = 0
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """Of its tests."""
        return sum(outcome.seconds for outcome in self.outcomes.values())

    def count(self, outcome: str) -> int:
        """How many tests have an outcome."""
        return sum(each.outcome == outcome for each in self.outcomes.values())


@dataclass(frozen=True)
class Difference:
    """A test that did not do the same bare and watched.

    Attributes:
        test: node id.
        mode: in which it was watched.
        kind: "outcome", "message", or what of the state differs: "torch" for its random numbers,
            "modes", ...
        bare: what it did bare.
        watched: what it did watched.
        flaky: it does not always do the same bare either.
    """

    test: str
    mode: str
    kind: str
    bare: str
    watched: str
    flaky: bool = False


def parse(lines: Iterable[str]) -> Session:
    """Read what the plugin `record_outcomes` and the runner have written."""
    outcomes: dict[str, Outcome] = {}
    begun: str | None = None
    finished = False
    steps = 0
    notes: list[str] = []
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            # The process was killed in the middle of a line.
            continue
        if "begun" in entry:
            begun = entry["begun"]
        elif "test" in entry:
            outcomes[entry["test"]] = Outcome(
                entry["outcome"],
                entry.get("message", ""),
                entry.get("state") or {},
                entry.get("seconds", 0.0),
                entry.get("watched"),
            )
            begun = None
        elif "finished" in entry:
            # Otherwise pytest was interrupted, or failed itself.
            finished = entry["finished"] in _ENDED
        elif "steps" in entry:
            steps += entry["steps"]
            notes += entry["notes"]
    return Session(outcomes, finished, begun, steps, tuple(notes))


def compare(bare: Session, watched: Session, mode: str) -> list[Difference]:
    """Every test that did not do the same, in the order of the bare run."""
    found: list[Difference] = []
    missing = Outcome(_NOT_RUN)
    for test in dict.fromkeys([*bare.outcomes, *watched.outcomes]):
        a, b = bare.outcomes.get(test, missing), watched.outcomes.get(test, missing)
        if _NOT_RUN in (a.outcome, b.outcome) and not (bare.finished and watched.finished):
            # The time limit ended one of the two.
            continue
        found += _differences(test, mode, a, b)
    return found


def _differences(test: str, mode: str, bare: Outcome, watched: Outcome) -> list[Difference]:
    if bare.outcome != watched.outcome:
        texts = [f"{o.outcome}: {o.message}" if o.message else o.outcome for o in (bare, watched)]
        return [Difference(test, mode, "outcome", *texts)]
    found = [
        Difference(test, mode, kind, bare.state[kind], watched.state[kind])
        for kind in sorted(bare.state.keys() & watched.state.keys())
        if bare.state[kind] != watched.state[kind]
    ]
    if _ADDRESS.sub("0x", bare.message) != _ADDRESS.sub("0x", watched.message):
        found.append(Difference(test, mode, "message", bare.message, watched.message))
    return found


def settle(
    differences: Iterable[Difference], bare: Session, again: Iterable[Session]
) -> list[Difference]:
    """Mark the differences of tests that differ from one bare run to the next.

    Args:
        differences: from `compare`.
        bare: the first bare run.
        again: more bare runs of those tests.
    """
    flaky = {
        (difference.test, difference.kind)
        for session in again
        for difference in compare(bare, session, "bare")
        if difference.test in session.outcomes
    }
    # A test whose outcome changes has no random state to be compared.
    return [
        Difference(d.test, d.mode, d.kind, d.bare, d.watched, flaky=True)
        if (d.test, d.kind) in flaky or (d.test, "outcome") in flaky
        else d
        for d in differences
    ]
