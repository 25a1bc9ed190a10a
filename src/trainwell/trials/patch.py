"""A patch of a script, as data."""

from __future__ import annotations

__all__ = ["Checked", "Patch"]

from dataclasses import dataclass


@dataclass(frozen=True)
class Checked:
    """How a patched script did when it was run.

    Attributes:
        agrees: its result is the trial's.
        bare_status: exit status under bare Python.
        same_output: bare, it prints what it prints under watch; None where it prints times.
        difference: mean distance from the trial's results over the seeds, in the measure's unit.
        seeds: how many were run.
    """

    agrees: bool
    bare_status: int
    same_output: bool
    difference: float
    seeds: int


@dataclass(frozen=True)
class Patch:
    """What to change in the script.

    Attributes:
        path: the file to change.
        source: the script with the changes.
        diff: a unified diff; "" when no remedy has a patch.
        by_hand: for remedies without a safe patch: (label, why not, lines to add).
        checked: how the patched script did; None when it was not run.
    """

    path: str
    source: str
    diff: str
    by_hand: tuple[tuple[str, str, str], ...] = ()
    checked: Checked | None = None

    @property
    def whole(self) -> bool:
        """It holds every remedy of the arm."""
        return bool(self.diff) and not self.by_hand
