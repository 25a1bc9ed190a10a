"""Facts and runs to JSON and back, without loss."""

from __future__ import annotations

__all__ = ["fact_from_json", "fact_to_json", "run_from_json", "run_to_json"]

import dataclasses
import json
import math
from typing import Any

from trainwell.errors import RecordError
from trainwell.record.facts import Fact, Place
from trainwell.record.run import FACT_KINDS, Run
from trainwell.record.series import Series

_PLAIN = ("id", "script", "arguments", "started", "ended", "exit_status", "error", "steps", "notes")


_NUMBER = "number"
"""NaN and the infinities are spelled {"number": "nan"}."""


def fact_to_json(fact: Fact) -> str:
    """One fact as a JSON object; NaN and infinities as Python's `json` spells them."""
    return json.dumps(dataclasses.asdict(fact), separators=(",", ":"))


def fact_from_json(kind: str, text: str) -> Fact:
    """The fact back.

    Raises:
        RecordError: if `kind` or a field is unknown.
    """
    if kind not in FACT_KINDS:
        raise RecordError(f"the record holds a fact of unknown kind `{kind}`")
    made = FACT_KINDS[kind]
    body = json.loads(text)
    fields = {f.name: f for f in dataclasses.fields(made)}
    unknown = sorted(set(body) - set(fields))
    if unknown:
        raise RecordError(f"the record holds an unknown field `{unknown[0]}` of a {kind}")
    for name, value in body.items():
        if isinstance(value, dict) and (name == "place" or name.endswith("_place")):
            strange = sorted(set(value) - {f.name for f in dataclasses.fields(Place)})
            if strange:
                raise RecordError(f"the record holds an unknown field `{strange[0]}` of a place")
            body[name] = Place(**value)
        elif isinstance(value, list) and str(fields[name].type).startswith("tuple"):
            body[name] = tuple(value)
    return made(**body)


def run_to_json(run: Run) -> dict[str, Any]:
    """The whole run as one JSON-ready object."""
    body: dict[str, Any] = {name: getattr(run, name) for name in _PLAIN}
    body["facts"] = {
        kind: [_spell(json.loads(fact_to_json(f))) for f in run.table(kind).values()]
        for kind in FACT_KINDS
    }
    body["vitals"] = [
        {"kind": k, "number": n, "quantity": q, "steps": s.steps, "values": _spell(s.values)}
        for (k, n, q), s in run.vitals.items()
    ]
    body["siblings"] = [run_to_json(sibling) for sibling in run.siblings]
    return body


def run_from_json(body: dict[str, Any]) -> Run:
    """The run back.

    Raises:
        RecordError: if a fact in it is not understood.
    """
    run = Run(**{name: body[name] for name in _PLAIN})
    for kind, facts in body["facts"].items():
        for fact in facts:
            made = fact_from_json(kind, json.dumps(_read(fact)))
            run.table(kind)[made.number] = made
    for row in body["vitals"]:
        key = (row["kind"], row["number"], row["quantity"])
        run.vitals[key] = Series(row["steps"], _read(row["values"]))
    run.siblings = [run_from_json(sibling) for sibling in body.get("siblings", [])]
    return run


def _spell(value: Any) -> Any:
    """Strict JSON has no NaN, and readers other than Python's would refuse the whole file."""
    if isinstance(value, float) and not math.isfinite(value):
        return {_NUMBER: str(value)}
    if isinstance(value, list):
        return [_spell(v) for v in value]
    if isinstance(value, dict):
        return {k: _spell(v) for k, v in value.items()}
    return value


def _read(value: Any) -> Any:
    """What `_spell` spelled."""
    if isinstance(value, list):
        return [_read(v) for v in value]
    if isinstance(value, dict):
        if value.keys() == {_NUMBER}:
            return float(value[_NUMBER])
        return {k: _read(v) for k, v in value.items()}
    return value
