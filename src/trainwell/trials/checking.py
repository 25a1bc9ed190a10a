"""Runs a patched script, and compares its result with the trial that the patch comes from."""

from __future__ import annotations

__all__ = ["check"]

import math
import os
import tempfile
from dataclasses import replace

from trainwell.trials.arms import AS_IT_IS, Arm
from trainwell.trials.candidates import Candidate
from trainwell.trials.measure import Measure
from trainwell.trials.patch import Checked, Patch
from trainwell.trials.patches import bare_run, beside, write_source
from trainwell.trials.plan import Plan
from trainwell.trials.runner import Runner
from trainwell.trials.scratch import mirror

_SEEDS = 3
"""Seeds on which the patched script is run."""

_SHARE = 0.1
"""How far the patched script's result may be from the trial's, as a share of the effect."""


def check(patch: Patch, winner: Arm, plan: Plan, runner: Runner, measure: Measure) -> Patch:
    """The patch, with how its script did.

    It runs bare, and under a probe that only watches, since a script need not print what it is
    judged by. Bare it has to end well; whether it then prints the same is noted.
    """
    if not patch.whole:
        return patch
    seeds = [s for s in range(_SEEDS) if (winner.label, s) in runner.outcomes]
    path, name = beside(patch.path, plan.script if plan.is_module else "")
    write_source(path, patch.source)
    try:
        job = replace(runner.job(Arm(), 0), script=name, survey=False, record=False)
        if winner.candidate is not None:
            job = replace(job, arguments=winner.candidate.arguments)
        outcomes = runner.run_each({s: replace(job, seed=s) for s in seeds})
    finally:
        os.unlink(path)
    status, printed = _bare(patch, winner.candidate, plan, runner)
    cost = {key: measure.cost(outcome) for key, outcome in runner.outcomes.items()}
    gaps = [abs(measure.cost(outcomes[s]) - cost[winner.label, s]) for s in seeds]
    effects = [abs(cost[winner.label, s] - cost[AS_IT_IS, s]) for s in seeds]
    finite = [e for e in effects if math.isfinite(e)]
    gap = math.fsum(gaps) / len(gaps)
    # Without a finite effect (the script as it is diverges) the patched result is all there is.
    effect = math.fsum(finite) / len(finite) if finite else math.inf
    agrees = status == 0 and math.isfinite(gap) and gap <= _SHARE * effect
    same = _lines(printed, path) == _lines(outcomes[0].output, path)
    return replace(patch, checked=Checked(agrees, status, same, gap, len(seeds)))


def _bare(patch: Patch, candidate: Candidate | None, plan: Plan, runner: Runner) -> tuple[int, str]:
    written = runner.outcomes[AS_IT_IS, 0].written
    with tempfile.TemporaryDirectory(prefix="trainwell-") as folder:
        if written:
            mirror(os.path.abspath(plan.folder), folder, written)
        return bare_run(
            patch.path,
            patch.source,
            plan.arguments if candidate is None else candidate.arguments,
            module=plan.script if plan.is_module else "",
            threads=runner.pool.threads,
            limit=runner.limit,
            folder=folder if written else None,
        )


def _lines(text: str, path: str) -> list[str]:
    """What was printed, without the name of the file that printed it."""
    return [line for line in text.replace(path, "").splitlines() if line.strip()]
