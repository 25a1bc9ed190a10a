"""What a finding saw."""

from __future__ import annotations

__all__ = ["SEVERITIES", "Severity", "Sighting", "Undecided"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from trainwell.record.facts import Detail, Place

Severity: TypeAlias = Literal["error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""Worst first: it costs learning now; it very likely costs; worth knowing."""


@dataclass(frozen=True)
class Sighting:
    """One place at which a fault was seen.

    Attributes:
        where: layer, file and line.
        message: what is wrong, with the measured value and what was expected; lowercase, no full
            stop.
        step: the step (backward pass, from 0) at which it was seen.
        severity: "error", "warning" or "info".
        evidence: the numbers behind it.
        harm: how much learning it seems to cost, in [0, 1]; orders equals among the severities.
    """

    where: Place
    message: str
    step: int
    severity: Severity
    evidence: Mapping[str, Detail] = field(default_factory=dict)
    harm: float = 0.0


@dataclass(frozen=True)
class Undecided:
    """Why a finding could not decide; shown by `--verbose` only.

    Attributes:
        reason: what was missing, lowercase, no full stop.
    """

    reason: str
