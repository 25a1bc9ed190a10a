"""A search as JSON."""

from __future__ import annotations

__all__ = ["render_tuned_json"]

import json
import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainwell.trials.tuning.tuned import TrialResult, Tuned


def render_tuned_json(found: Tuned) -> str:
    """The text: {"schema": 1, "study", "metric", "trials", "best", "default", "rescored", ...}."""
    return json.dumps(_plain(_body(found)), indent=2) + "\n"


def _body(found: Tuned) -> dict[str, Any]:
    best = found.best
    return {
        "schema": 1,
        "study": found.study,
        "script": found.script,
        "search": found.search,
        "metric": found.metric,
        "direction": "maximize" if found.maximize else "minimize",
        "parameters": list(found.parameters),
        "trials": [_trial(t) for t in found.trials if not t.is_default],
        "best": None if best is None else _trial(best),
        "default": {"value": found.default},
        "rescored": [
            {
                "number": one.number,
                "params": one.values,
                "believed": one.believed,
                "values": list(one.each),
                "mean": one.mean,
                "effect": one.effect,
                "interval": [one.low, one.high],
            }
            for one in found.rescored
        ],
        "holds": found.holds,
        "overtuning": found.overtuning,
        "command": found.command,
        "stopped": found.stopped,
    }


def _trial(trial: TrialResult) -> dict[str, Any]:
    body: dict[str, Any] = {
        "number": trial.number,
        "state": trial.state,
        "params": trial.values,
        "value": trial.value,
        "seconds": trial.seconds,
    }
    return body | ({"error": trial.error} if trial.error else {})


def _plain(value: Any) -> Any:
    """JSON has neither NaN nor infinity."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
