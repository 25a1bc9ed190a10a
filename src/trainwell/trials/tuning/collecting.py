"""Collects what a study holds."""

from __future__ import annotations

__all__ = ["tuned_from"]

from collections import Counter
from dataclasses import replace
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from trainwell.trials.measure import Measure
from trainwell.trials.tuning.book import values_of
from trainwell.trials.tuning.plan import TunePlan
from trainwell.trials.tuning.rescoring import Rescoring
from trainwell.trials.tuning.subject import ScriptSubject, Subject, learned
from trainwell.trials.tuning.tuned import TrialResult, Tuned


def tuned_from(
    study: optuna.Study,
    plan: TunePlan,
    measure: Measure | None,
    subject: Subject | None,
    rescored: Rescoring | None,
    *,
    stopped: str = "",
    seconds: float = 0.0,
) -> Tuned:
    """What a study holds.

    Args:
        study: Optuna's.
        plan: what was asked for.
        measure: what trials were compared by; None: as the study says.
        subject: what was tuned, when it is at hand.
        rescored: the scores on fresh seeds; None: none.
        stopped: why it ended early, or "".
        seconds: that it took.
    """
    trials = [
        _result(t)
        for t in study.get_trials(deepcopy=False)
        if not t.user_attrs.get("lost") and t.state != TrialState.WAITING
    ]
    found = Tuned(
        study=study.study_name,
        script=plan.script,
        search=plan.search,
        metric=measure.name if measure is not None else study.user_attrs.get("measure", ""),
        maximize=study.direction == optuna.study.StudyDirection.MAXIMIZE,
        trials=tuple(trials),
        default=study.user_attrs.get("default"),
        rescored=tuple(rescored.results()) if rescored is not None else (),
        parameters=plan.parameters,
        learned=tuple(learned(subject.seen)) if isinstance(subject, ScriptSubject) else (),
        unused=_unused(study),
        stopped=stopped,
        seconds=seconds,
        optuna_study=study,
    )
    best = found.best
    if best is None or not isinstance(subject, ScriptSubject):
        return found
    if all(name.startswith(("-", "env.")) for name in best.values):
        return replace(found, command=subject.command(best.values))
    return found


def _result(trial: FrozenTrial) -> TrialResult:
    told = trial.user_attrs.get("told") or {}
    is_default = bool(trial.user_attrs.get("is_default"))
    states = {
        TrialState.COMPLETE: "complete",
        TrialState.PRUNED: "diverged" if told.get("diverged") else "pruned",
        TrialState.FAIL: "failed",
        TrialState.RUNNING: "running",
        TrialState.WAITING: "waiting",
    }
    # The defaults are booked as pruned where samplers and pruners must not compare them.
    ran = is_default or trial.state == TrialState.COMPLETE
    return TrialResult(
        trial.number,
        "complete" if ran else states[trial.state],
        values_of(trial),
        trial.value if ran else None,
        float(told.get("seconds", 0.0)),
        str(told.get("error", "")),
        is_default,
    )


def _unused(study: optuna.Study) -> dict[str, tuple[str, int]]:
    counts: Counter[str] = Counter()
    reasons: dict[str, Any] = {}
    for trial in study.get_trials(deepcopy=False):
        for name, reason in ((trial.user_attrs.get("told") or {}).get("unused") or {}).items():
            counts[name] += 1
            reasons[name] = reason
    return {name: (reasons[name], counts[name]) for name in counts}
