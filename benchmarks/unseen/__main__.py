"""What trainwell says of faults that stand in no line of the source.

    python -m benchmarks.unseen [--half calibration|judged] [--seeds 1] [--only NAME]
        [--check] [--show]

Every case is a script that shows no fault, and files that hold one: data, a checkpoint, settings.
Its twin is the same script with sound files. `truth.csv` says which findings name the fault, and by
which figure a reader of the facts (`--format facts`) would know it. A case is *detected* when an
error or warning is reported, *right* when an accepted one is among them, *first* when it is the
first. Rows of one half are for calibration; the other half is looked at when the rules stand.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.forked import Ended, run_forked
from benchmarks.unseen.data import MAKERS

FOLDER = Path(__file__).parent
GAIN = 0.1


@dataclass(frozen=True)
class Case:
    """One row of truth.csv.

    Attributes:
        name: of the case.
        script: its script, without suffix.
        fault: what its maker is told.
        half: "calibration" or "judged".
        accepted: slugs that name the fault.
        figure: a pattern that the facts must hold.
        what: the fault in words.
    """

    name: str
    script: str
    fault: str
    half: str
    accepted: frozenset[str]
    figure: str
    what: str


def cases() -> list[Case]:
    """The table."""
    with open(FOLDER / "truth.csv", newline="", encoding="utf-8") as file:
        return [
            Case(
                row["case"],
                row["script"],
                row["fault"],
                row["half"],
                frozenset(row["accepted"].split()),
                row["figure"],
                row["what"],
            )
            for row in csv.DictReader(file)
        ]


def run_case(script: str, fault: str, seed: int, *, probed: bool = True) -> Ended:
    """Make the files and run the script on them."""
    with tempfile.TemporaryDirectory() as folder:
        MAKERS[script](Path(folder), seed, fault)
        path = FOLDER / "scripts" / f"{script}.py"
        return run_forked(path, folder, str(seed), probed=probed)


def metric(ended: Ended) -> float:
    """The accuracy or R2 of the script's last line; -1 without one."""
    return next(iter(ended.last.values()), -1.0)


def check(chosen: list[Case], seeds: int) -> int:
    """Whether every fault does harm: bare runs beside those of the twins."""
    good = 0
    for case in chosen:
        sick = [metric(run_case(case.script, case.fault, s, probed=False)) for s in range(seeds)]
        sound = [metric(run_case(case.script, "", s, probed=False)) for s in range(seeds)]
        harmed = sum(sound) - sum(sick) >= GAIN * seeds or case.fault in ("overlap", "padding")
        good += harmed
        words = "as said" if harmed else "NOT AS SAID"
        print(f"{case.name:22} sick {_listed(sick)}  sound {_listed(sound)}  {words}", flush=True)
    print(f"{good} of {len(chosen)} as said")
    return 0 if good == len(chosen) else 1


def _listed(values: list[float]) -> str:
    return " ".join(f"{v:6.3f}" for v in values)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--half", choices=("calibration", "judged"))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--check", action="store_true", help="run bare: does every fault do harm?")
    parser.add_argument("--show", action="store_true", help="print the facts of every case")
    options = parser.parse_args()
    chosen = [c for c in cases() if options.half in (None, c.half) and options.only in c.name]
    if options.check:
        return check(chosen, options.seeds)
    marks = dict.fromkeys(("detected", "right", "first", "figure"), 0)
    count = 0
    for case in chosen:
        for seed in range(options.seeds):
            ended = run_case(case.script, case.fault, seed)
            said = ended.slugs
            hit = {
                "detected": bool(said),
                "right": bool(case.accepted & set(said)),
                "first": bool(said) and said[0] in case.accepted,
                "figure": re.search(case.figure, ended.facts) is not None,
            }
            count += 1
            for name, true in hit.items():
                marks[name] += true
            words = " ".join(name if true else "-" * len(name) for name, true in hit.items())
            print(f"{case.name:22} {words}  {', '.join(said) or 'nothing'}", flush=True)
            if ended.error:
                print(f"    {ended.error}", flush=True)
            if options.show:
                print(ended.facts, flush=True)
    alarms, twins = 0, sorted({c.script for c in chosen})
    for script in twins:
        for seed in range(options.seeds):
            said = run_case(script, "", seed).slugs
            alarms += bool(said)
            if said:
                print(f"{script:22} false alarm: {', '.join(said)}", flush=True)
    print(", ".join(f"{name} {true} of {count}" for name, true in marks.items()))
    print(f"false alarms on {alarms} of {len(twins) * options.seeds} runs with sound files")
    return 0


if __name__ == "__main__":
    sys.exit(main())
