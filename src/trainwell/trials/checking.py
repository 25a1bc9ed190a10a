"""Runs a patched script, and compares its result with the trial that the patch comes from."""

from __future__ import annotations

__all__ = ["check"]

import math
import os
import tempfile
from dataclasses import replace

from trainwell.trials.arms import AS_IT_IS, Arm
from trainwell.trials.job import Outcome
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
        outcomes = runner.run_each({s: replace(job, seed=s) for s in seeds})
    finally:
        os.unlink(path)
    status, printed = _bare(patch, plan, runner)
    cost = {key: measure.cost(outcome) for key, outcome in runner.outcomes.items()}
    gaps = [abs(_cost(measure, outcomes[s]) - cost[winner.label, s]) for s in seeds]
    effects = [abs(cost[winner.label, s] - cost[AS_IT_IS, s]) for s in seeds]
    finite = [e for e in effects if math.isfinite(e)]
    gap = math.fsum(gaps) / len(gaps)
    # Without a finite effect (the script as it is diverges) the patched result is all there is.
    effect = math.fsum(finite) / len(finite) if finite else math.inf
    agrees = status == 0 and math.isfinite(gap) and gap <= _SHARE * effect
    same = _lines(printed, path) == _lines(outcomes[0].output, path)
    return replace(patch, checked=Checked(agrees, status, same, gap, len(seeds)))


def _bare(patch: Patch, plan: Plan, runner: Runner) -> tuple[int, str]:
    written = runner.outcomes[AS_IT_IS, 0].written
    with tempfile.TemporaryDirectory(prefix="trainwell-") as folder:
        if written:
            mirror(os.path.abspath(plan.folder), folder, written)
        return bare_run(
            patch.path,
            patch.source,
            plan.arguments,
            module=plan.script if plan.is_module else "",
            threads=runner.pool.threads,
            limit=runner.limit,
            folder=folder if written else None,
        )


def _cost(measure: Measure, outcome: Outcome) -> float:
    if measure.kind != "pattern" and measure.curve not in outcome.curves:
        # Another loss function may be called now; it is the evaluation in the same place.
        number = measure.curve.split("#")[-1]
        same = [c for c in outcome.curves if c.endswith(f"#{number}")]
        measure = replace(measure, curve=same[0] if same else measure.curve)
    return measure.cost(outcome)


def _lines(text: str, path: str) -> list[str]:
    """What was printed, without the name of the file that printed it."""
    return [line for line in text.replace(path, "").splitlines() if line.strip()]
