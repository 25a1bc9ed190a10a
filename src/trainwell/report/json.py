"""A diagnosis as JSON: the contract for programs that read it."""

from __future__ import annotations

__all__ = ["SCHEMA", "render_json", "strict"]

import json
import math
from typing import Any

from trainwell.diagnosis import Diagnosis, Entry, Suppressed
from trainwell.record import Place
from trainwell.report.paths import short_path

SCHEMA = 1
"""Raised when a reader of the object would have to change."""


def render_json(diagnosis: Diagnosis, *, folder: str, indent: int | None = None) -> str:
    """The diagnosis as one JSON object: root causes first, then by severity and harm.

    The text is strict JSON: numbers that it cannot hold (NaN, infinities) are strings.

    Args:
        diagnosis: what to write.
        folder: files below it are named from it.
        indent: spaces a level; None puts everything on one line.
    """
    run = diagnosis.run
    roots = {e.slug: root.code for root in diagnosis.roots for e in _below(root)}
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "run": run.id,
        "script": run.script,
        "arguments": run.arguments,
        "exit_status": run.exit_status,
        "error": run.error,
        "steps": run.steps,
        "findings": [_entry(e, roots.get(e.slug), folder) for e in diagnosis.entries],
        "suppressed": [_suppressed(s, folder) for s in diagnosis.suppressed],
        "notes": [*run.notes, *diagnosis.notes],
    }
    return json.dumps(strict(body), indent=indent, ensure_ascii=False, allow_nan=False)


def _entry(entry: Entry, root: str | None, folder: str) -> dict[str, Any]:
    places = [_place(place, folder) for place in entry.where]
    return {
        "code": entry.code,
        "slug": entry.slug,
        "severity": entry.severity,
        "confidence": entry.confidence,
        "message": entry.message,
        "step": entry.step,
        "where": places[0] if len(places) == 1 else places,
        "evidence": entry.evidence,
        "causes": list(entry.causes),
        "remedies": list(entry.remedies),
        "root": root,
        "consequences": [e.code for e in entry.consequences],
    }


def _suppressed(suppressed: Suppressed, folder: str) -> dict[str, Any]:
    sighting = suppressed.sighting
    return {
        "code": suppressed.code,
        "slug": suppressed.slug,
        "severity": sighting.severity,
        "message": sighting.message,
        "step": sighting.step,
        "where": _place(sighting.where, folder),
        "reason": suppressed.reason,
    }


def _place(place: Place, folder: str) -> dict[str, Any]:
    file = None if place.file is None else short_path(place.file, folder)
    return {"layer": place.layer, "file": file, "line": place.line}


def _below(root: Entry) -> list[Entry]:
    return [e for child in root.consequences for e in (child, *_below(child))]


def strict(value: Any) -> Any:
    """The value with strings in place of the numbers that JSON cannot hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: strict(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [strict(each) for each in value]
    return value
