"""Does treatment cure? On real faults, specimens and healthy scripts, with what it costs.

    python -m benchmarks.treat [WHAT] [--only NAME] [--part I/N] [--out FILE]

Each subject is one line of the JSON Lines file FILE, and is skipped when it is there already, so
that the benchmark can be stopped and gone on with. The tables are printed from the file.

* Cured: a remedy is declared to help, and on four fresh seeds the treated script has come at least
  half of the way from the sick script to its cured twin.
* The patch reproduces: the patched script, run by Python alone, ends well, and its measure on three
  seeds is the trial's, within a tenth of the effect.
* Random search: as many runs as the treatment took, each on a random set of one to three of the
  same remedies and a seed of its own; its best set beside the treatment's on the four fresh seeds.
* Racing: round one on the full grid of arms and ten seeds; which share of it the race needs, and
  whether it finds the grid's winner.
* Healthy: nothing may be declared to help. Beside the treatment as users call it, remedies that do
  nothing but draw random numbers (noise of 1e-7) stand in for cures that are none.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.treat.subjects import ROOT, Subject, healthy, sick

from trainwell.errors import TrainwellError
from trainwell.remedies.catalogue import REMEDIES
from trainwell.trials.answer import Answer
from trainwell.trials.arms import AS_IT_IS, Arm, compatible
from trainwell.trials.confirming_race import ConfirmingRace
from trainwell.trials.exact_race import ExactRace
from trainwell.trials.job import Job, Outcome
from trainwell.trials.measure import Measure, choose_measure
from trainwell.trials.plan import Plan
from trainwell.trials.pool import Pool
from trainwell.trials.race import Rules
from trainwell.trials.treatment import Treatment

FRESH = range(100, 104)
BUDGET = 300.0
MODULES = ("sklearn.datasets", "sklearn.model_selection", "sklearn.preprocessing")
PLACEBOS = "input_noise=1e-7,weight_noise=1e-7,dropout=1e-7"


def run_all(pool: Pool, jobs: Sequence[Job], limit: float = 120.0) -> list[Outcome]:
    """Run jobs in parallel; outcomes in their order."""
    found: dict[int, Outcome] = {}
    running: dict[int, int] = {}
    waiting = list(enumerate(jobs))
    while waiting or running:
        while waiting and pool.free:
            at, job = waiting.pop(0)
            running[pool.start(job)] = at
        number, outcome = pool.wait(limit)
        found[running.pop(number)] = outcome
    return [found[i] for i in range(len(jobs))]


def job(script: Path, seed: int, arm: Arm | None = None) -> Job:
    return Job(
        script=str(script),
        seed=seed,
        remedies=tuple(r.to_json() for r in (arm.remedies if arm else ())),
        folder=str(ROOT),
        home=str(script.parent),
    )


def costs(
    pool: Pool, script: Path, arm: Arm, measure: Measure, seeds: Iterable[int]
) -> list[float]:
    outcomes = run_all(pool, [job(script, s, arm) for s in seeds])
    return [measure.cost(o) for o in outcomes]


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def treat(pool: Pool, subject: Subject) -> tuple[Treatment, Answer]:
    plan = Plan(
        script=str(subject.sick),
        folder=str(ROOT),
        budget=BUDGET,
        metric=subject.metric,
        maximize=subject.maximize,
    )
    treatment = Treatment(plan, pool=pool)
    return treatment, treatment.run()


def one_sick(pool: Pool, subject: Subject, *, rivals: bool) -> dict[str, Any]:
    began = time.perf_counter()
    try:
        treatment, answer = treat(pool, subject)
    except TrainwellError as error:
        return {"kind": "sick", "name": subject.name, "error": str(error)}
    measure = answer.measure
    assert measure is not None
    twin_first = run_all(pool, [job(subject.cured, FRESH[0])])[0]
    twin = measure
    if measure.kind != "pattern":
        twin, other = choose_measure(twin_first, None, maximize=False, by_accuracy=measure.maximize)
        if twin.kind != measure.kind:
            twin = other or twin
    base = costs(pool, subject.sick, Arm(), measure, FRESH)
    cured = [twin.cost(twin_first), *costs(pool, subject.cured, Arm(), twin, FRESH[1:])]
    row: dict[str, Any] = {
        "kind": "sick",
        "name": subject.name,
        "measure": measure.name,
        "found": [r.slug for r in answer.diagnosis.roots],
        "winner": None if answer.winner is None else answer.winner.label,
        "tried": [r.label for r in answer.arms],
        "unfit": answer.unfit,
        "runs": answer.runs,
        "proven_after": answer.proven_after,
        "stopped": answer.stopped,
        "base": mean(base),
        "twin": mean(cured),
        "treated": None,
        "share": 0.0,
    }
    if answer.winner is not None:
        arm = treatment.arms[answer.winner.label]
        treated = costs(pool, subject.sick, arm, measure, FRESH)
        row["treated"] = mean(treated)
        row["share"] = way(mean(base), mean(treated), mean(cured))
        patch = answer.patch
        row["patch"] = bool(patch and patch.whole)
        row["by_hand"] = [b[0] for b in patch.by_hand] if patch else []
        row["agrees"] = bool(patch and patch.checked and patch.checked.agrees)
        row["gap"] = patch.checked.difference if patch and patch.checked else None
    # A twin that is no better leaves nothing to cure.
    row["loses"] = loses(base, cured)
    row["cured"] = answer.winner is not None and row["share"] >= 0.5
    if rivals and row["loses"]:
        row |= random_search(pool, subject, treatment, answer, measure, row)
    row["seconds"] = time.perf_counter() - began
    return row


def way(base: float, treated: float, twin: float) -> float:
    """How far treatment has come from the sick script to its twin."""
    if not math.isfinite(treated):
        return 0.0
    if not math.isfinite(base):
        # The sick script diverges: whoever ends within twice the twin's distance from 0 is there.
        return 1.0 if treated <= twin + abs(twin) else 0.0
    return (base - treated) / (base - twin) if base > twin else 0.0


def loses(base: Sequence[float], twin: Sequence[float]) -> bool:
    """Whether the sick script is worse than its twin by more than the seeds' scatter."""
    if not all(map(math.isfinite, base)):
        return True
    gap = mean(base) - mean(twin)
    scatter = (max(base) - min(base) + max(twin) - min(twin)) / 2
    return gap > 0 and gap > 0.5 * scatter


def random_search(
    pool: Pool,
    subject: Subject,
    treatment: Treatment,
    answer: Answer,
    measure: Measure,
    row: dict[str, Any],
) -> dict[str, Any]:
    remedies = list({r.label: r for a in treatment.arms.values() for r in a.remedies}.values())
    if not remedies:
        return {}
    chance = random.Random(0)
    arms: list[Arm] = []
    while len(arms) < answer.runs:
        chosen: list[Any] = []
        for remedy in chance.sample(remedies, k=min(len(remedies), chance.randint(1, 3))):
            if compatible(chosen, remedy):
                chosen.append(remedy)
        arms.append(Arm(tuple(chosen)))
    outcomes = run_all(pool, [job(subject.sick, 1000 + i, a) for i, a in enumerate(arms)])
    best = min(range(len(arms)), key=lambda i: measure.cost(outcomes[i]))
    found = mean(costs(pool, subject.sick, arms[best], measure, FRESH))
    own = row["treated"] if row["treated"] is not None else row["base"]
    gap = abs(row["base"] - row["twin"])
    # Nearer than a twentieth of the way to the twin, the two are as good as each other.
    beats = 1.0 if own < found - 0.05 * gap else 0.0 if own > found + 0.05 * gap else 0.5
    return {"random": found, "random_arm": arms[best].label, "beats": beats}


def one_grid(pool: Pool, subject: Subject) -> dict[str, Any]:
    plan = Plan(
        script=str(subject.sick), folder=str(ROOT), budget=BUDGET, rounds=1,
        metric=subject.metric, maximize=subject.maximize,
    )  # fmt: skip
    treatment = Treatment(plan, pool=pool)
    try:
        answer = treatment.run()
    except TrainwellError as error:
        return {"kind": "grid", "name": subject.name, "error": str(error)}
    assert answer.measure is not None
    singles = [a for a in treatment.arms.values() if len(a.remedies) == 1]
    if len(singles) < 2:
        return {"kind": "grid", "name": subject.name, "error": f"{len(singles)} arms"}
    grid: dict[tuple[str, int], float] = {}
    for arm in (Arm(), *singles):
        for seed, cost in enumerate(costs(pool, subject.sick, arm, answer.measure, range(10))):
            grid[arm.label, seed] = cost
    labels = [a.label for a in singles]
    race = ConfirmingRace(AS_IT_IS, labels)
    took = race.replay(grid)
    full = ExactRace(AS_IT_IS, labels, Rules(first=10))
    full.replay(grid)
    return {
        "kind": "grid",
        "name": subject.name,
        "arms": len(singles),
        "took": took,
        "of": len(grid),
        "race": None if race.winner() is None else race.winner().arm,
        "grid": None if full.winner() is None else full.winner().arm,
    }


def overfitting(pool: Pool) -> dict[str, Any]:
    """Every remedy against overfitting alone, on ten seeds, on one script that overfits."""
    script = Path(__file__).parent / "overfitting.py"
    names = ",".join(n for n, kind in REMEDIES.items() if kind.against_overfitting)
    plan = Plan(script=str(script), folder=str(ROOT), remedies=names, trials=1)
    treatment = Treatment(plan, pool=pool)
    answer = treatment.run()
    assert answer.measure is not None
    measures = [m for m in (answer.measure, answer.other) if m is not None]
    arms = [Arm(), *(a for a in treatment.arms.values() if len(a.remedies) == 1)]
    outcomes = {
        (a.label, s): o
        for a in arms
        for s, o in enumerate(run_all(pool, [job(script, s, a) for s in range(10)]))
    }
    rows = []
    for measure in measures:
        values = {key: measure.cost(o) for key, o in outcomes.items()}
        race = ExactRace(AS_IT_IS, [a.label for a in arms[1:]], values=values)
        for found in race.comparisons():
            ends = sorted((measure.shown(found.low), measure.shown(found.high)))
            effect = measure.shown(found.effect)
            rows.append([measure.name, found.arm, effect, *ends, found.p, found.verdict])
    base = [m.shown(mean([m.cost(outcomes[AS_IT_IS, s]) for s in range(10)])) for m in measures]
    return {"kind": "overfitting", "name": script.name, "base": base, "rows": rows}


def one_healthy(pool: Pool, script: Path) -> dict[str, Any]:
    row: dict[str, Any] = {"kind": "healthy", "name": str(script.relative_to(ROOT))}
    for key, remedies, budget in (("usual", None, 300.0), ("placebo", PLACEBOS, 150.0)):
        plan = Plan(
            script=str(script), folder=str(ROOT), budget=budget, remedies=remedies, rounds=1
        )
        try:
            answer = Treatment(plan, pool=pool).run()
        except TrainwellError as error:
            row[key] = {"error": str(error)}
            continue
        row[key] = {
            "arms": len(answer.arms),
            "helps": [r.label for r in answer.arms if r.comparison.verdict == "helps"],
            "runs": answer.runs,
        }
    return row


def work(path: Path, name: str, make: Callable[[], dict[str, Any]]) -> None:
    """Do one subject, unless it is in the file."""
    done = {(r["kind"], r["name"]) for r in rows(path)}
    kind, _, subject = name.partition(":")
    if (kind, subject) in done:
        return
    row = make()
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    shown = {k: v for k, v in row.items() if k in ("winner", "share", "cured", "agrees", "error")}
    print(f"{name}: {shown}", file=sys.stderr, flush=True)


def rows(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def share(marks: Iterable[float]) -> str:
    marks = list(marks)
    if not marks:
        return "-"
    return f"{sum(marks):g} of {len(marks)} ({sum(marks) / len(marks):.1%})"


def print_tables(found: list[dict[str, Any]]) -> None:
    print(f"{'script':32} {'loses':5} {'way':>6} {'runs':>4} {'proof':>5} {'patch':6} winner")
    treated = [r for r in found if r["kind"] == "sick"]
    for row in treated:
        if "error" in row:
            print(f"{row['name']:32} {row['error'][:80]}")
            continue
        patch = "agrees" if row.get("agrees") else "differs" if row.get("patch") else ""
        way_ = f"{row['share']:6.0%}" if row["winner"] else ""
        print(
            f"{row['name']:32} {'yes' if row['loses'] else 'no':5} {way_:>6} {row['runs']:4} "
            f"{row.get('proven_after') or '-':>5} {patch:6} {row['winner'] or '-'}"
        )
    losing = [r for r in treated if r.get("loses")]
    patched = [r for r in treated if r.get("patch")]
    rivals = [r for r in losing if "beats" in r]
    print(f"\ncured (>= 80 %): {share(r['cured'] for r in losing)}")
    proofs = sorted(r["proven_after"] for r in losing if r.get("proven_after"))
    if proofs:
        late = proofs[min(len(proofs) - 1, round(0.9 * len(proofs)))]
        print(
            f"first proof after (median <= 14, nine in ten <= 25): {proofs[len(proofs) // 2]} runs,"
            f" nine in ten {late}"
        )
    print(f"some remedy helps: {share(r['winner'] is not None for r in losing)}")
    print(f"patch reproduces (>= 95 %): {share(r['agrees'] for r in patched)}")
    print(f"beats random search, ties half (>= 70 %): {share(r['beats'] for r in rivals)}")
    print(
        f"  strictly better: {share(r['beats'] == 1 for r in rivals)}, "
        f"strictly worse: {share(r['beats'] == 0 for r in rivals)}"
    )
    grids = [r for r in found if r["kind"] == "grid" and "took" in r]
    for row in grids:
        print(
            f"race {row['name']:30} {row['took']:3} of {row['of']:3} runs, {row['arms']} arms: "
            f"{row['race']} (grid: {row['grid']})"
        )
    if grids:
        took, of = sum(r["took"] for r in grids), sum(r["of"] for r in grids)
        print(
            f"racing takes (<= 40 %): {took} of {of} runs ({took / of:.1%}), same winner: "
            f"{share(r['race'] == r['grid'] for r in grids)}"
        )
    for row in (r for r in found if r["kind"] == "overfitting"):
        print(f"overfitting: as it is {row['base']}")
        for name, arm, effect, low, high, p, verdict in row["rows"]:
            print(f"  {name:20} {arm:20} {effect:+.4f} [{low:+.4f}, {high:+.4f}] {p:.3f} {verdict}")
    well = [r for r in found if r["kind"] == "healthy"]
    for key in ("usual", "placebo"):
        known = [r[key] for r in well if "error" not in r.get(key, {"error": ""})]
        arms = sum(k["arms"] for k in known)
        print(
            f"healthy, {key}: nothing declared better (>= 95 %): "
            f"{share(not k['helps'] for k in known)}; {arms} arms"
        )
        for row in well:
            if row.get(key, {}).get("helps"):
                print(f"  {row['name']}: {', '.join(row[key]['helps'])}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "what", nargs="?", default="all", help="sick, healthy, grid, overfitting, all, show"
    )
    parser.add_argument("--only", default="", help="subjects whose name holds this")
    parser.add_argument("--set", choices=("faults", "specimens"), help="only these of the sick")
    parser.add_argument("--part", default="0/1", help="every Nth subject from the Ith on")
    parser.add_argument("--rivals", type=int, default=1, help="random search on every Nth subject")
    parser.add_argument("--jobs", type=int, default=2, help="trials at a time")
    parser.add_argument("--out", type=Path, default=Path("treat.jsonl"))
    options = parser.parse_args()
    start, step = map(int, options.part.split("/"))
    os.chdir(ROOT)
    subjects = [s for s in sick() if options.only in s.name]
    if options.set is not None:
        faults = options.set == "faults"
        subjects = [s for s in subjects if s.name[:2].isdigit() == faults]
    subjects = subjects[start::step]
    well = [p for p in healthy() if options.only in str(p)][start::step]
    if options.what != "show":
        with Pool(options.jobs, MODULES) as pool:
            for i, subject in enumerate(subjects if options.what in ("sick", "all") else ()):
                rivals = i % options.rivals == 0
                work(
                    options.out,
                    f"sick:{subject.name}",
                    lambda s=subject, r=rivals: one_sick(pool, s, rivals=r),
                )
            if options.what in ("overfitting", "all"):
                work(options.out, "overfitting:overfitting.py", lambda: overfitting(pool))
            for subject in subjects if options.what in ("grid", "all") else ():
                work(options.out, f"grid:{subject.name}", lambda s=subject: one_grid(pool, s))
            for path in well if options.what in ("healthy", "all") else ():
                name = str(path.relative_to(ROOT))
                work(options.out, f"healthy:{name}", lambda p=path: one_healthy(pool, p))
    print_tables(rows(options.out))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
