"""The best trials and the defaults, scored again on seeds that the search has not seen."""

from __future__ import annotations

__all__ = ["DEFAULT", "Rescoring"]

import math
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from trainwell.trials.measure import Measure
from trainwell.trials.statistics import interval, sign_flip
from trainwell.trials.tuning.book import values_of
from trainwell.trials.tuning.parameter import Values
from trainwell.trials.tuning.plan import TunePlan
from trainwell.trials.tuning.subject import Subject
from trainwell.trials.tuning.tuned import Rescored

DEFAULT = "default"

_FRESH = 1000
"""The first of the fresh seeds: the search uses those from 0 on."""


class Rescoring:
    """Scores again; what was scored once is kept in the study.

    Args:
        study: Optuna's.
        plan: how many of the best, on how many seeds.
        measure: what they are compared by.
        subject: what is tuned.
    """

    def __init__(
        self, study: optuna.Study, plan: TunePlan, measure: Measure, subject: Subject | None
    ) -> None:
        self._study = study
        self._plan = plan
        self._measure = measure
        sign = -1.0 if measure.maximize else 1.0
        best: dict[str, FrozenTrial] = {}
        for trial in sorted(
            study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)),
            key=lambda t: sign * (t.value or 0.0),
        ):
            if not trial.user_attrs.get("is_default"):
                best.setdefault(repr(sorted(values_of(trial).items())), trial)
        self._trials = list(best.values())[: plan.top]
        self._default = study.user_attrs.get("default")
        # The defaults can only be run again where they were run at all.
        self._has_default = (
            self._default is not None and subject is not None and subject.default_job() is not None
        )

    def wanted(self) -> list[tuple[str, int, Values]]:
        """What has not been scored yet: label, seed, setting."""
        arms = [(str(t.number), values_of(t)) for t in self._trials]
        if self._has_default and self._trials:
            arms.append((DEFAULT, {}))
        known = self._study.user_attrs
        return [
            (label, seed, values)
            for seed in self._seeds
            for label, values in arms
            if f"again:{label}:{seed}" not in known
        ]

    def add(self, label: str, seed: int, value: float) -> None:
        """Take in a score."""
        # JSON has no NaN.
        kept = value if math.isfinite(value) else None
        self._study.set_user_attr(f"again:{label}:{seed}", kept)

    def results(self) -> list[Rescored]:
        """What was found, the best mean first; the defaults last."""
        known = self._study.user_attrs
        default = self._values(known, DEFAULT)
        found = []
        for trial in self._trials:
            each = self._values(known, str(trial.number))
            if each:
                found.append(self._result(trial, each, default))
        sign = -1.0 if self._measure.maximize else 1.0
        found.sort(key=lambda r: sign * r.mean if math.isfinite(r.mean) else math.inf)
        if default and self._default is not None:
            values = tuple(default.values())
            found.append(Rescored(None, {}, self._default, values, _mean(values)))
        return found

    def _result(
        self, trial: FrozenTrial, each: Mapping[int, float], default: Mapping[int, float]
    ) -> Rescored:
        values = tuple(each.values())
        # A setting that failed on a seed where the defaults did not has lost there: no mean of
        # the others hides that.
        complete = len(values) == len(self._seeds)
        mean = _mean(values) if complete else math.nan
        pairs = [each[s] - default[s] for s in each if s in default]
        low, high = interval(pairs) if len(pairs) > 1 and complete else (math.nan, math.nan)
        return Rescored(
            trial.number,
            values_of(trial),
            float(trial.value or 0.0),
            values,
            mean,
            _mean(pairs) if complete else math.nan,
            low,
            high,
            sign_flip(pairs) if pairs and complete else 1.0,
        )

    @property
    def _seeds(self) -> range:
        return range(_FRESH, _FRESH + self._plan.seeds)

    def _values(self, known: Mapping[str, Any], label: str) -> dict[int, float]:
        found = {s: known.get(f"again:{label}:{s}") for s in self._seeds}
        return {s: float(v) for s, v in found.items() if v is not None}


def _mean(values: Any) -> float:
    values = list(values)
    return math.fsum(values) / len(values) if values else math.nan
