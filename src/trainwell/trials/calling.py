"""`treat`: the treatment of a script, from Python."""

from __future__ import annotations

__all__ = ["treat"]

import os
from collections.abc import Callable, Sequence

from trainwell.record.store import RECORD, Store
from trainwell.record.treatments import Treatments
from trainwell.trials.answer import Answer
from trainwell.trials.plan import Plan, Progress
from trainwell.trials.treatment import Treatment


def treat(
    script: str,
    arguments: Sequence[str] = (),
    *,
    remedies: str | None = None,
    overfitting: bool = False,
    metric: str | None = None,
    maximize: bool = False,
    budget: float = 1200.0,
    trials: int | None = None,
    jobs: int | None = None,
    seeds: int = 10,
    exact: bool = False,
    quick: bool = False,
    patches: Sequence[str] = (),
    candidates: Sequence[str] = (),
    keep: bool = True,
    tell: Callable[[Progress], None] = lambda _: None,
) -> Answer:
    """Try cures on an unchanged script, and prove over seeds which one works.

    The script runs in processes of its own, many times, with imposed seeds; it is not changed.

    Args:
        script: its path.
        arguments: the script's own.
        remedies: these, as in "scale_inputs,clip_gradients=1.0", instead of those of the findings.
        overfitting: all remedies against overfitting as well.
        metric: a regular expression with one group around a number that the script prints; the
            last match counts. None: the evaluation loss that the probe sees, else the number that
            stands beside a word such as "val acc".
        maximize: with a metric: higher is better.
        budget: seconds after which no trial starts.
        trials: how often the script runs at most.
        jobs: trials at a time; None: one for each core.
        seeds: of the last arms at most.
        exact: decide by the exact sign-flip test over all arms, with more runs.
        quick: look at the most probable remedy on one seed; that proves nothing.
        patches: paths of unified diffs to judge, and nothing else where no remedies are named.
        candidates: the same with other scripts or arguments, as in "train.py --lr 0.01".
        keep: keep every trial in `.trainwell/runs.db`.
        tell: called with the progress, whenever a trial begins or ends.

    Returns:
        The answer: `winner`, `arms`, `patch`, `to_frame()`, `plot()`.

    Raises:
        BadInputError: if the script fails as it is, trains nothing, or cannot be judged.
    """
    plan = Plan(
        script=script,
        arguments=tuple(arguments),
        folder=os.getcwd(),
        budget=budget,
        trials=trials,
        jobs=jobs,
        metric=metric,
        maximize=maximize,
        overfitting=overfitting,
        remedies=remedies,
        most=seeds,
        exact=exact,
        quick=quick,
        patches=tuple(patches),
        commands=tuple(candidates),
    )
    store = Store(os.path.abspath(RECORD)) if keep else None
    try:
        kept = None if store is None else Treatments(store)
        return Treatment(plan, kept, tell).run()
    finally:
        if store is not None:
            store.close()
