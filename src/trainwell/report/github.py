"""A diagnosis as workflow commands: GitHub Actions turns each into a note beside its line.

Sources: GitHub, "Workflow commands for GitHub Actions"; what is escaped, and how, is
`escapeData` and `escapeProperty` in command.ts of @actions/core.
"""

from __future__ import annotations

__all__ = ["render_github"]

from trainwell.diagnosis import Diagnosis
from trainwell.record import Severity
from trainwell.remedies import ADVICE
from trainwell.report.spots import Spot, spots_of, uri_path

_COMMANDS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "notice"}

_DATA = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_PROPERTY = {**_DATA, ord(":"): "%3A", ord(","): "%2C"}


def render_github(diagnosis: Diagnosis, *, folder: str, root: str) -> str:
    """One command a line: the lines of each entry, in the order of the report.

    GitHub shows the first ten errors and the first ten warnings of a step. What comments suppress
    is left out.

    Args:
        diagnosis: what to write.
        folder: what the record's relative paths are meant from.
        root: the repository's; GitHub names files from it.
    """
    return "".join(
        _command(spot, folder, root) + "\n"
        for entry in diagnosis.entries
        for spot in spots_of(entry)
    )


def _command(spot: Spot, folder: str, root: str) -> str:
    properties = {}
    file, line = spot.place.file, spot.place.line
    if file is not None and not file.startswith("<"):
        properties["file"] = uri_path(file, folder, root) or file
        if line is not None:
            properties["line"] = str(line)
    properties["title"] = f"{spot.slug} {spot.code}"
    spelled = ",".join(f"{k}={v.translate(_PROPERTY)}" for k, v in properties.items())
    return f"::{_COMMANDS[spot.worst.severity]} {spelled}::{_message(spot).translate(_DATA)}"


def _message(spot: Spot) -> str:
    lines = [spot.worst.message]
    others = [layer for layer in spot.layers if layer != spot.place.layer]
    if others:
        lines.append(f"also in {', '.join(others)}")
    remedies = () if spot.entry is None else spot.entry.remedies
    advice = next((ADVICE[name] for name in remedies if name in ADVICE), None)
    if advice is not None:
        lines.append(f"→ {advice}")
    lines.append(f"more: trainwell explain {spot.code}")
    return "\n".join(lines)
