"""A treatment as JSON."""

from __future__ import annotations

__all__ = ["render_treatment_json", "treatment_to_json"]

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainwell.trials.answer import Answer, ArmResult


def treatment_to_json(answer: Answer) -> dict[str, Any]:
    """The answer in the form of `--json`; numbers that do not exist are null."""
    measure = answer.measure
    patch = None if answer.patch is None else answer.patch.diff or None
    values = [v for v in answer.baseline.values() if math.isfinite(v)]
    winner = None if answer.winner is None else answer.winner.label
    checked = None if answer.patch is None else answer.patch.checked
    return {
        "schema": 1,
        "treatment": answer.id,
        "script": answer.script,
        "metric": None if measure is None else {"name": measure.name, "maximize": measure.maximize},
        "baseline": {
            "mean": math.fsum(values) / len(values) if values else None,
            "values": {str(seed): _number(v) for seed, v in answer.baseline.items()},
        },
        "arms": [_arm(answer, r, patch if r.label == winner else None) for r in answer.arms],
        "winner": winner,
        "patch": patch,
        "by_hand": []
        if answer.patch is None
        else [
            {"remedy": label, "reason": reason, "lines": lines}
            for label, reason, lines in answer.patch.by_hand
        ],
        "patch_agrees": None if checked is None else checked.agrees,
        "not_tried": dict(answer.unfit),
        "trials": answer.runs,
        "proven_after": answer.proven_after,
        "quick": answer.quick,
        "stopped": answer.stopped or None,
    }


def _arm(answer: Answer, result: ArmResult, patch: str | None) -> dict[str, Any]:
    found = result.comparison
    low, high = answer.bounds(found)
    assert answer.measure is not None
    return {
        "remedy": result.label,
        "remedies": list(result.remedies),
        "effect": _number(answer.measure.shown(found.effect)),
        "interval": [_number(low), _number(high)],
        "seeds": found.seeds,
        "p": _number(found.p),
        "probability_better": found.better,
        "detectable_effect": _number(found.detectable),
        "mean": _number(result.mean),
        "verdict": found.verdict,
        "dropped": found.dropped or None,
        "doubts": list(result.doubts),
        "failed": found.failed,
        "seconds": result.seconds,
        "patch": patch,
    }


def render_treatment_json(answer: Answer) -> str:
    """The same as text, indented, with a line end."""
    return json.dumps(treatment_to_json(answer), indent=2) + "\n"


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
