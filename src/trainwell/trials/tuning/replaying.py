"""One trial of a study, run again just as the search ran it."""

from __future__ import annotations

__all__ = ["replay"]

import sys

from trainwell.errors import BadInputError
from trainwell.trials.tuning.book import values_of
from trainwell.trials.tuning.engines import make_engine
from trainwell.trials.tuning.plan import plan_from_json
from trainwell.trials.tuning.showing import subject_of
from trainwell.trials.tuning.storage import open_storage, open_study


def replay(storage: str | None, name: str | None, number: int, engine: str) -> str:
    """Run it, on the same seed.

    Args:
        storage: as `open_storage` takes it.
        name: of the study; None: the newest.
        number: of the trial.
        engine: as `--engine`.

    Returns:
        In one line, what it gave and whether that is what it gave before.

    Raises:
        BadInputError: if there is no such trial, or the script has changed.
    """
    study = open_study(open_storage(storage, create=False), name)
    trial = next((t for t in study.trials if t.number == number), None)
    if trial is None:
        raise BadInputError(f"`{study.study_name}` has no trial {number}")
    plan = plan_from_json(
        study.user_attrs["plan"], study=study.study_name, storage=storage, engine=engine, jobs=1
    )
    with make_engine(plan, None) as runs:
        subject, measure = subject_of(study, plan)
        if subject is None:
            raise BadInputError(
                "what the script's first run showed is not kept on this machine: resume the study"
            )
        runs.start(subject.job(values_of(trial), 0, follow=False))
        ended = None
        while ended is None:
            ended = runs.follow(None, until=1.0)
    outcome = ended[1]
    sys.stdout.write(outcome.output)
    if outcome.failed:
        return f"trial {number} failed: {outcome.error or outcome.status}"
    value = measure.value(outcome)
    told = trial.user_attrs.get("told") or {}
    if told.get("diverged"):
        return f"trial {number}: {measure.name} {value:.6g}; in the search it diverged"
    if trial.value is None:
        return f"trial {number}: {value:.6g}; the search did not run it to its end"
    before = told["each"][0] if "each" in told else trial.value
    same = "the same as" if value == before else f"{value - before:+.3g} beside"
    return f"trial {number}: {measure.name} {value:.6g}, {same} in the search"
