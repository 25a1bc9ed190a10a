"""How the defaults did: run once, and kept beside a journal for whoever joins or resumes."""

from __future__ import annotations

__all__ = ["keep_default", "kept_default", "run_default"]

import json
import os

from trainwell.trials.job import Outcome
from trainwell.trials.tuning.engines import Engine
from trainwell.trials.tuning.plan import TunePlan
from trainwell.trials.tuning.storage import JOURNAL
from trainwell.trials.tuning.subject import Subject


def run_default(subject: Subject, engine: Engine) -> Outcome | None:
    """Run them; None where a function has none."""
    job = subject.default_job()
    if job is None:
        return None
    engine.start(job)
    ended = None
    while ended is None:
        ended = engine.follow(None, until=1.0)
    return ended[1]


def kept_default(plan: TunePlan) -> Outcome | None:
    """What was kept; None where nothing was, or the study lies in a database."""
    path = _path(plan)
    if path is None or not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as file:
        return Outcome.from_json(json.load(file))


def keep_default(plan: TunePlan, outcome: Outcome) -> None:
    """Keep it, whole or not at all."""
    path = _path(plan)
    if path is None:
        return
    part = f"{path}.{os.getpid()}"
    with open(part, "w", encoding="utf-8") as file:
        json.dump(outcome.to_json(), file)
    os.replace(part, path)


def _path(plan: TunePlan) -> str | None:
    place = plan.storage
    if place is not None and "://" in place:
        return None
    return f"{os.path.abspath(place or JOURNAL)}.{plan.study}.default"
