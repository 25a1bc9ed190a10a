"""A diagnosis as SARIF 2.1.0: what code scanning and editors read.

Sources: OASIS 2020, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

__all__ = ["render_sarif"]

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from trainwell.diagnosis import Diagnosis, Entry
from trainwell.findings.catalogue import FINDINGS
from trainwell.findings.finding import Finding
from trainwell.record import Place, Run, Severity
from trainwell.remedies import ADVICE
from trainwell.report.docstring import markdown, section, summary
from trainwell.report.json import strict
from trainwell.report.page import FAMILIES
from trainwell.report.spots import Spot, all_spots, uri_path
from trainwell.suppression import without_comment

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_BASE = "SRCROOT"
_LEVELS: dict[Severity, str] = {"error": "error", "warning": "warning", "info": "note"}


def render_sarif(diagnosis: Diagnosis, *, folder: str, root: str, indent: int | None = None) -> str:
    """The diagnosis as one SARIF log: a result for every line at which a finding was seen.

    What comments suppress is in it, and says so. The text is strict JSON.

    Args:
        diagnosis: what to write.
        folder: what the record's relative paths are meant from.
        root: the repository's: files below it are named from it.
        indent: spaces a level; None puts everything on one line.
    """
    writer = _Writer(diagnosis, folder, root)
    body = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [writer.run()]}
    return json.dumps(strict(body), indent=indent, ensure_ascii=False, allow_nan=False)


class _Writer:
    def __init__(self, diagnosis: Diagnosis, folder: str, root: str) -> None:
        self._diagnosis = diagnosis
        self._folder = folder
        self._root = root
        self._rules = {code: number for number, code in enumerate(FINDINGS)}
        self._roots = {e.slug: root.code for root in diagnosis.roots for e in _below(root)}
        self._seen: Counter[str] = Counter()

    def run(self) -> dict[str, Any]:
        installed = version("trainwell")
        return {
            "tool": {
                "driver": {
                    "name": "trainwell",
                    "version": installed,
                    "semanticVersion": installed,
                    "rules": [_rule(finding) for finding in FINDINGS.values()],
                }
            },
            "automationDetails": {"id": f"trainwell/{self._diagnosis.run.script}/"},
            "originalUriBaseIds": {_BASE: {"uri": f"{Path(self._root).as_uri()}/"}},
            "columnKind": "unicodeCodePoints",
            "invocations": [self.invocation(self._diagnosis.run)],
            "results": [self.result(spot) for spot in all_spots(self._diagnosis)],
        }

    def invocation(self, run: Run) -> dict[str, Any]:
        status = run.exit_status
        made: dict[str, Any] = {
            "executionSuccessful": status == 0,
            "arguments": [run.script, *run.arguments],
        }
        if status is not None and status < 0:
            made["exitSignalNumber"] = -status
        elif status is not None:
            made["exitCode"] = status
        for key, seconds in (("startTimeUtc", run.started), ("endTimeUtc", run.ended)):
            if seconds:
                moment = datetime.fromtimestamp(seconds, UTC)
                made[key] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        notifications = list(self.notifications(run))
        if notifications:
            made["toolExecutionNotifications"] = notifications
        off = self._diagnosis.left_out
        if off:
            made["ruleConfigurationOverrides"] = [
                {
                    "descriptor": {"id": code, "index": self._rules[code]},
                    "configuration": {"enabled": False},
                }
                for code in off
            ]
        return made

    def notifications(self, run: Run) -> Iterator[dict[str, Any]]:
        if run.error is not None:
            kind, message = str(run.error.get("type")), str(run.error.get("message"))
            file, line = run.error.get("file"), run.error.get("line")
            place = Place(
                file=None if file is None else str(file),
                line=line if isinstance(line, int) else None,
            )
            yield {
                "level": "error",
                "message": {"text": f"{kind}: {message}"},
                "exception": {"kind": kind, "message": message},
                "locations": self.locations(place, ()),
            }
        for note in (*run.notes, *self._diagnosis.notes):
            yield {"level": "note", "message": {"text": note}}

    def result(self, spot: Spot) -> dict[str, Any]:
        worst, entry = spot.worst, spot.entry
        made: dict[str, Any] = {
            "ruleId": spot.code,
            "level": _LEVELS[worst.severity],
            "rank": round(100 * min(max(worst.harm, 0.0), 1.0), 1),
            "message": {"text": worst.message},
            "locations": self.locations(spot.place, spot.layers) or self.script(),
            "partialFingerprints": {"trainwellLine/v1": self.fingerprint(spot)},
            # An empty list says that it is not suppressed; none at all would leave it open.
            "suppressions": [],
            "properties": {"slug": spot.slug, "step": worst.step, "evidence": dict(worst.evidence)},
        }
        if spot.code in self._rules:
            made["ruleIndex"] = self._rules[spot.code]
        if entry is None:
            suppression = {"kind": "inSource"}
            if spot.reason:
                suppression["justification"] = spot.reason
            made["suppressions"] = [suppression]
            return made
        made["properties"] |= {
            "root": self._roots.get(entry.slug),
            "causes": list(entry.causes),
            "remedies": {name: ADVICE.get(name, "") for name in entry.remedies},
        }
        related = [
            location | {"message": {"text": f"which explains {below.slug}: {below.message}"}}
            for below in _below(entry)
            for place in below.where[:1]
            for location in self.locations(place, ())
        ]
        if related:
            made["relatedLocations"] = [
                location | {"id": number} for number, location in enumerate(related)
            ]
        return made

    def locations(self, place: Place, layers: tuple[str, ...]) -> list[dict[str, Any]]:
        """One location or none."""
        made: dict[str, Any] = {}
        if place.file is not None and not place.file.startswith("<"):
            physical: dict[str, Any] = {"artifactLocation": self.artifact(place.file)}
            if place.line is not None:
                region: dict[str, Any] = {"startLine": place.line}
                if place.code:
                    region["snippet"] = {"text": place.code}
                physical["region"] = region
            made["physicalLocation"] = physical
        named = layers or ((place.layer,) if place.layer else ())
        if named:
            made["logicalLocations"] = [
                {"fullyQualifiedName": layer, "kind": "module"} for layer in named
            ]
        return [made] if made else []

    def script(self) -> list[dict[str, Any]]:
        """The whole script: where what has no place of its own is shown."""
        name = self._diagnosis.run.script
        return self.locations(Place(file=name), ()) if name.endswith(".py") else []

    def artifact(self, file: str) -> dict[str, Any]:
        relative = uri_path(file, self._folder, self._root)
        if relative is not None:
            return {"uri": quote(relative), "uriBaseId": _BASE}
        return {"uri": Path(self._folder, file).as_uri()}

    def fingerprint(self, spot: Spot) -> str:
        """The same from run to run, and when lines above or a comment are added."""
        place = spot.place
        file = "" if place.file is None else uri_path(place.file, self._folder, self._root)
        what: object = spot.layers if place.line is None else place.line
        if place.code:
            what = without_comment(place.code)
        text = f"{spot.code}\n{file or place.file}\n{what}"
        # The second line of the same text in the same file is another one.
        self._seen[text] += 1
        return hashlib.sha256(f"{text}\n{self._seen[text]}".encode()).hexdigest()[:32]


def _rule(finding: Finding) -> dict[str, Any]:
    advice = [ADVICE[name] for name in finding.remedies if name in ADVICE]
    steps = "\n".join(f"- {each}" for each in advice)
    page = markdown(finding)
    return {
        "id": finding.code,
        "name": type(finding).__name__,
        "shortDescription": {"text": f"{summary(finding)}."},
        "fullDescription": {"text": section(finding, "What it looks for")},
        "help": {
            "text": f"{section(finding, 'Why it hurts')}\n\nWhat to do:\n{steps}",
            "markdown": f"{page}\n\n## What to do\n{steps}",
        },
        # How bad it is depends on the run: each result says.
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": [FAMILIES[finding.code[:3]]], "slug": finding.slug},
    }


def _below(entry: Entry) -> list[Entry]:
    return [e for child in entry.consequences for e in (child, *_below(child))]
