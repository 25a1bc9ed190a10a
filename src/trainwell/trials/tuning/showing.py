"""A study that was made before, as its search gave it."""

from __future__ import annotations

__all__ = ["show", "subject_of"]

import optuna

from trainwell.errors import BadInputError
from trainwell.trials.measure import Measure
from trainwell.trials.tuning.collecting import tuned_from
from trainwell.trials.tuning.defaults import kept_default
from trainwell.trials.tuning.plan import TunePlan, plan_from_json
from trainwell.trials.tuning.rescoring import Rescoring
from trainwell.trials.tuning.storage import open_storage, open_study
from trainwell.trials.tuning.subject import ScriptSubject
from trainwell.trials.tuning.tuned import Tuned


def show(storage: str | None, name: str | None) -> Tuned:
    """What a study holds.

    Args:
        storage: as `open_storage` takes it.
        name: of the study; None: the newest.

    Raises:
        BadInputError: if there is none, or it is not trainwell's.
    """
    study = open_study(open_storage(storage, create=False), name)
    body = study.user_attrs.get("plan")
    if body is None:
        raise BadInputError(f"`{study.study_name}` is no study of trainwell's")
    # What was found stays true when the script has changed since.
    plan = plan_from_json({**body, "digest": None}, study=study.study_name, storage=storage)
    subject, measure = subject_of(study, plan)
    return tuned_from(study, plan, measure, subject, Rescoring(study, plan, measure, subject))


def subject_of(study: optuna.Study, plan: TunePlan) -> tuple[ScriptSubject | None, Measure]:
    """The script of a study as its first run showed it, where that is kept, and the measure."""
    maximize = study.direction == optuna.study.StudyDirection.MAXIMIZE
    measure = Measure("loss", maximize=maximize)
    outcome = kept_default(plan)
    if outcome is None:
        return None, measure
    subject = ScriptSubject(plan, 1)
    return subject, subject.learn(outcome)
