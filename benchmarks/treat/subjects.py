"""The scripts that are treated: real faults, specimens, healthy scripts."""

from __future__ import annotations

__all__ = ["Subject", "healthy", "sick"]

from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.cases import CASES

ROOT = Path(__file__).parents[2]
SPECIMENS = ROOT / "src" / "trainwell" / "specimens"
_PATTERNS = {
    "accuracy": (r"final:.*accuracy=([-\d.e+naif]+)", True),
    "r2": (r"final:.*r2=([-\d.e+naif]+)", True),
    "eval_loss": (r"final:.*eval_loss=([-\d.e+naif]+)", False),
}

_PRINTED = {
    "broadcast-loss": (r"mean absolute error ([\d.]+)", False),
    "class-imbalance": (r"(\d+)% of the broken ones found", True),
}
"""Specimens whose harm the evaluation loss does not show; they print what does."""

_NOT_TREATED = {
    # They end by an exception, before anything could be measured.
    "shape-mismatch", "dtype-mismatch", "device-mismatch", "out-of-memory",
    # Several processes; memory; time; nothing evaluated: no loss and no accuracy is lost.
    "diverging-replicas", "repeated-shards", "growing-memory", "input-bound", "no-validation",
    # What is wrong is the evaluation itself: its cure cannot make it better.
    "leaked-validation", "mismatched-preprocessing",
    # Machines that are not trained by backward().
    "chains-not-mixing", "data-outside-unit-interval", "dead-hidden-units", "diverging-weights",
    "falling-likelihood",
}  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """A sick script and its cured twin.

    Attributes:
        name: for the table.
        sick, cured: the two scripts.
        metric, maximize: what both print at their end; None: what the probe sees.
    """

    name: str
    sick: Path
    cured: Path
    metric: str | None = None
    maximize: bool = False


def sick() -> list[Subject]:
    """All sick scripts that lose accuracy or loss, real faults first."""
    found = []
    for case in CASES:
        if case.kind == "fault":
            pattern, maximize = _PATTERNS[case.metric]
            found.append(Subject(case.name, case.sick, case.cured, pattern, maximize))
    found += [
        Subject(
            folder.name,
            folder / "sick.py",
            folder / "cured.py",
            *_PRINTED.get(folder.name, (None, False)),
        )
        for folder in sorted(SPECIMENS.iterdir())
        if (folder / "sick.py").exists() and folder.name not in _NOT_TREATED
    ]
    return found


def healthy() -> list[Path]:
    """Healthy scripts."""
    folders = (ROOT / "benchmarks" / "faults" / "healthy", ROOT / "tests" / "healthy")
    return [path for folder in folders for path in sorted(folder.glob("*.py"))]
