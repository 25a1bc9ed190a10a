"""Is every case sick, and every healthy script healthy? Runs all of them bare.

    python -m benchmarks.faults.check [--seeds 3] [--only NAME]

A case is sick when its cure gains clearly: accuracy or r2 by 0.1 or more (r2 below -1 and NaN count
as -1), or an evaluation loss of at most 0.7 of what it was, on average over the seeds, and no
seed on which the cure is worse. `eval_loss` serves only where both scripts compute the same loss.
A control that counts as healthy must gain less than that; a dropped one is only shown.
A healthy script must end without error and print what it learned: the line
`final: ... learned=...`, which it computes itself, must hold at least 0.5, where 0 is what it would
do without training and 1 is perfect.
"""

from __future__ import annotations

import argparse
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import fmean

from benchmarks.faults.cases import CASES, Case
from benchmarks.faults.forked import Ended, run_forked

HEALTHY = Path(__file__).parent / "healthy"
GAIN, SHARE, LEARNED = 0.1, 0.7, 0.5


def reached(ended: Ended, metric: str) -> float:
    """The metric of a run; the worst there is if it crashed or is not a number."""
    worst = math.inf if metric == "eval_loss" else -1.0
    value = ended.last.get(metric, math.nan)
    if math.isnan(value):
        return worst
    return value if metric == "eval_loss" else max(value, worst)


def gains(metric: str, sick: list[float], cured: list[float]) -> bool:
    """Whether the cure gains clearly: on average, and on no seed a loss."""
    if metric == "eval_loss":
        worse = any(c > s for s, c in zip(sick, cured, strict=True))
        return fmean(cured) <= SHARE * fmean(sick) and not worse
    worse = any(c < s for s, c in zip(sick, cured, strict=True))
    return fmean(cured) - fmean(sick) >= GAIN and not worse


def check_case(case: Case, seeds: int, pool: ThreadPoolExecutor) -> bool:
    """Run one case's two scripts on some seeds; print and judge."""
    jobs = [(path, str(seed)) for path in (case.sick, case.cured) for seed in range(seeds)]
    ended = list(pool.map(lambda job: run_forked(*job, probed=False), jobs))
    values = [reached(e, case.metric) for e in ended]
    sick, cured = values[:seeds], values[seeds:]
    crashed = sorted({e.error for e in ended if e.error})
    gained = gains(case.metric, sick, cured)
    good = (case.kind == "dropped" or gained == (case.kind == "fault")) and not crashed
    before, after = (" ".join(f"{v:.3g}" for v in values) for values in (sick, cured))
    print(
        f"{case.name:34} {case.kind:8} {case.metric:9} sick {before:24} cured {after:24}"
        f" {max(e.seconds for e in ended):4.1f} s  {'as said' if good else 'NOT AS SAID'}"
        f"{''.join(' ' + text for text in crashed)}",
        flush=True,
    )
    return good


def check_healthy(path: Path, seeds: int, pool: ThreadPoolExecutor) -> bool:
    """Run one healthy script on some seeds; print and judge."""
    ended = list(pool.map(lambda s: run_forked(path, str(s), probed=False), range(seeds)))
    learned = [reached(e, "learned") for e in ended]
    good = min(learned) >= LEARNED and not any(e.error or e.status for e in ended)
    print(
        f"{path.stem:34} healthy  learned   {' '.join(f'{v:.3g}' for v in learned):59} "
        f"{max(e.seconds for e in ended):4.1f} s  {'as said' if good else 'NOT AS SAID'}"
        f"{''.join(sorted({' ' + e.error for e in ended if e.error}))}",
        flush=True,
    )
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="", help="scripts whose name holds this")
    options = parser.parse_args()
    with ThreadPoolExecutor(2) as pool:
        good = [check_case(c, options.seeds, pool) for c in CASES if options.only in c.name]
        good += [
            check_healthy(path, options.seeds, pool)
            for path in sorted(HEALTHY.glob("*.py"))
            if options.only in path.stem
        ]
    print(f"{sum(good)} of {len(good)} as said")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
