"""What trainwell says of real faults and of healthy scripts, beside four earlier tools.

    python -m benchmarks.faults [--seeds 1] [--only NAME] [--probe] [--json FILE]

Every sick case, every cured one and every healthy script runs twice: bare, and under trainwell with
its default budget. Detected: an error or a warning at all. Right: one of the accepted causes named.
First: an accepted cause named before anything else. A false alarm is an error or a warning on a
healthy script. Cases with even numbers are for calibration, those with odd numbers are held back;
both halves are shown. Where one script runs on several seeds, each run counts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.faults.cases import CASES, EARLIER, Case
from benchmarks.faults.forked import Ended, Named, run_forked

ROOT = Path(__file__).parents[2]
HEALTHY = (Path(__file__).parent / "healthy", ROOT / "tests" / "healthy")


@dataclass(frozen=True)
class Watched:
    """A script on one seed, watched and bare."""

    script: str
    seed: int
    watched: Ended
    bare: Ended

    @property
    def unchanged(self) -> bool:
        """Whether output, exit status and exception are as under bare Python."""
        seen = (self.watched.output, self.watched.status, self.watched.error)
        return seen == (self.bare.output, self.bare.status, self.bare.error)


@dataclass(frozen=True)
class Verdict:
    """What a diagnosis is worth on a case: three marks, 0 or 1 each."""

    detected: bool
    right: bool
    first: bool


def judge(case: Case, slugs: list[str]) -> Verdict:
    """Compare what was named, in its order, with what the case accepts."""
    return Verdict(
        bool(slugs), bool(case.accepted & set(slugs)), bool(slugs) and slugs[0] in case.accepted
    )


def watch(job: tuple[Path, int], probing: bool = False) -> Watched:
    """Run a script on a seed, bare and watched."""
    script, seed = job
    bare = run_forked(script, str(seed), probed=False)
    watched = run_forked(script, str(seed), probed=True, probing=probing)
    return Watched(str(script.relative_to(ROOT)), seed, watched, bare)


def share(marks: Iterable[bool]) -> str:
    """How many of them, as text: `12 of 20  60.0%`."""
    marks = list(marks)
    of = f"{sum(marks):3} of {len(marks):3}"
    return f"{of}  {sum(marks) / len(marks):6.1%}" if marks else f"{of}       -"


def print_cases(faults: list[tuple[Case, Watched, Verdict]]) -> None:
    """One line a run: marks, and all that was named."""
    print(f"{'case':33} {'seed':>4} {'found':>5} {'right':>5} {'first':>5}  named, in this order")
    for case, run, verdict in faults:
        marks = (verdict.detected, verdict.right, verdict.first)
        crosses = " ".join("    x" if mark else "    ." for mark in marks)
        shown = [_mark(case, n) for n in run.watched.named if n.severity != "info"]
        print(
            f"{case.name:33} {run.seed:4} {crosses}  "
            f"{', '.join(shown) or '(nothing)'}{'' if run.unchanged else '  RUN CHANGED'}"
        )
    print("(...) a consequence; + there as well, but not in the table; ? neither\n")


def _mark(case: Case, named: Named) -> str:
    mark = "" if named.slug in case.accepted else "+" if named.slug in case.beyond else "?"
    return f"{named.slug}{mark}" if named.root is None else f"({named.slug}{mark})"


def print_totals(faults: list[tuple[Case, Watched, Verdict]]) -> None:
    """Both halves and the whole, beside the earlier tools on the same rows."""
    halves = {
        "even (calibration)": [f for f in faults if f[0].number % 2 == 0],
        "odd (held back)": [f for f in faults if f[0].number % 2],
        "together": faults,
    }
    print(f"{'':20} {'tool':13} {'detected':>20} {'right fault':>20} {'right first':>20}")
    for name, rows in halves.items():
        verdicts = [verdict for *_, verdict in rows]
        print(
            f"{name:20} {'trainwell':13} {share(v.detected for v in verdicts):>20} "
            f"{share(v.right for v in verdicts):>20} {share(v.first for v in verdicts):>20}"
        )
        known = {c.number: c for c, *_ in rows if c.detected}.values()
        for i, tool in enumerate(EARLIER):
            print(
                f"{'':20} {tool:13} {share(c.detected[i] == '1' for c in known):>20} "
                f"{share(c.right[i] == '1' for c in known):>20} {'-':>20}"
            )
    print("The earlier tools' verdicts are the table's, on the Keras originals.\n")


def print_confidence(faults: list[tuple[Case, Watched, Verdict]], healthy: list[Watched]) -> None:
    """How often what was named is a fault that the case is known to have, by stated confidence."""
    named: dict[float, list[bool]] = {}
    for case, run, _ in faults:
        for one in run.watched.named:
            if one.severity != "info":
                known = one.slug in case.accepted | case.beyond
                named.setdefault(one.confidence, []).append(known)
    for run in healthy:
        for one in run.watched.named:
            if one.severity != "info":
                named.setdefault(one.confidence, []).append(False)
    for confidence in sorted(named, reverse=True):
        print(f"stated confidence {confidence:.0%}: a known fault in {share(named[confidence])}")
    print(
        "What is neither accepted nor listed as present counts as wrong, consequences included.\n"
    )


def print_healthy(groups: dict[str, list[Watched]]) -> None:
    """False alarms, group by group, with what was said."""
    for name, runs in groups.items():
        print(f"false alarms, {name:24} {share(bool(r.watched.slugs) for r in runs)}")
    everything = [run for runs in groups.values() for run in runs]
    print(f"false alarms, {'together':24} {share(bool(r.watched.slugs) for r in everything)}")
    print("earlier tools on healthy programs: UMLAUT 91 %, DeepLocalize 72 %, DeepDiagnosis 36 %")
    for run in everything:
        for named in run.watched.named:
            if named.severity != "info":
                print(f"  {run.script} {run.seed}: {named.slug} ({named.severity}) {named.message}")
    print()


def print_changes(runs: list[Watched]) -> None:
    """Whether watching changed what the scripts did."""
    print(f"output and exit status as under bare python: {share(r.unchanged for r in runs)}")
    for run in runs:
        if not run.unchanged:
            print(f"  {run.script} {run.seed}: status {run.watched.status}, bare {run.bare.status}")
    for run in runs:
        for text in (*run.watched.notes, run.watched.error):
            if text:
                print(f"  {run.script} {run.seed}: {text}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1, help="runs of each script")
    parser.add_argument("--only", default="", help="scripts whose path holds this")
    parser.add_argument("--probe", action="store_true", help="try other settings at each end")
    parser.add_argument("--json", type=Path, help="write everything there")
    options = parser.parse_args()
    cases = [c for c in CASES if c.kind == "fault"]
    groups: dict[str, list[Path]] = {
        "cured cases": [c.cured for c in cases],
        "controls": [p for c in CASES if c.kind == "healthy" for p in (c.sick, c.cured)],
        **{str(folder.relative_to(ROOT)): sorted(folder.glob("*.py")) for folder in HEALTHY},
    }
    wanted = [c.sick for c in cases] + [p for paths in groups.values() for p in paths]
    jobs = [(p, s) for p in wanted if options.only in str(p) for s in range(options.seeds)]
    look = partial(watch, probing=options.probe)
    done: dict[Path, list[Watched]] = {p: [] for p in wanted}
    with ThreadPoolExecutor(2) as pool:
        for count, ((path, _), run) in enumerate(zip(jobs, pool.map(look, jobs), strict=True)):
            done[path].append(run)
            print(f"\r{count + 1} of {len(jobs)} runs", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    faults = [(c, run, judge(c, run.watched.slugs)) for c in cases for run in done[c.sick]]
    healthy = {name: [r for p in paths for r in done[p]] for name, paths in groups.items()}
    everything = [run for runs in done.values() for run in runs]
    print_cases(faults)
    print_totals(faults)
    print_healthy(healthy)
    print_confidence(faults, [run for runs in healthy.values() for run in runs])
    print_changes(everything)
    if options.json:
        body = {
            "faults": [
                {"case": c.number, "name": c.name, "accepted": sorted(c.accepted)}
                | asdict(verdict)
                | {"unchanged": run.unchanged, "run": asdict(run)}
                for c, run, verdict in faults
            ],
            "healthy": {name: [asdict(r) for r in runs] for name, runs in healthy.items()},
        }
        options.json.write_text(json.dumps(body, indent=1))
    return 0 if all(run.unchanged for run in everything) else 1


if __name__ == "__main__":
    sys.exit(main())
