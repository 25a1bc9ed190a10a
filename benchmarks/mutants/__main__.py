"""Judges trainwell by mutants: `python -m benchmarks.mutants` runs on, and prints the table.

Every healthy script, and every mutant of it, runs with three seeds, in forks of this process that
have torch loaded. A mutant counts where its harm is real: the metric that the script prints is
worse than the healthy script's on the same seeds (the 95 % interval of the difference excludes 0),
or it crashes. What is said of a mutant without harm is false where it is not that fault. What was
run is kept, one line of JSON each, and is not run again: stop it at any time. Even operators and
scripts are calibration; what is odd in both is judged once, at the end.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import re
import signal
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.mutants.operators import OPERATORS, Mutant, mutants

_ROOT = Path(__file__).parents[2]
_SCRIPTS = sorted(
    [*(_ROOT / "tests/healthy").glob("*.py"), *(_ROOT / "benchmarks/faults/healthy").glob("*.py")]
)
_SEEDS = ("0", "1", "2")
_STUDENT = 4.303
"""Student's t for a two-sided interval of 95 % with two degrees of freedom."""
_METRICS = (
    (re.compile(r"learned=(\S+)"), 1.0),
    (re.compile(r"accuracy (\S+?),?$", re.MULTILINE), 1.0),
    (re.compile(r"greedy policy (\S+)"), 1.0),
    (re.compile(r"test loss (\S+?)(?:,| |$)", re.MULTILINE), -1.0),
)
"""What the scripts print at last, the first that matches, and whether more of it is better."""


def _metric(output: str) -> float | None:
    for pattern, sign in _METRICS:
        found = pattern.findall(output)
        if found:
            try:
                return sign * float(found[-1])
            except ValueError:
                return None
    return None


def _run(source: str, name: str, seed: str, seconds: float) -> dict[str, Any]:
    """Run a script in a fork; what it printed, how it ended, and what was named."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            signal.alarm(int(seconds))
            with tempfile.TemporaryDirectory() as folder, os.fdopen(writer, "w") as pipe:
                script = Path(folder) / name
                script.write_text(source)
                json.dump(_child(script, seed), pipe)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    if not text:
        return {"error": "killed", "metric": None, "named": []}
    body: dict[str, Any] = json.loads(text)
    return body


def _child(script: Path, seed: str) -> dict[str, Any]:
    from tests.forked import run_forked

    # In a fork of its own already: this one may be killed by the alarm.
    ended = run_forked(script, seed, every=None)
    error = ended.error.strip().splitlines()[-1] if ended.error else ""
    named = [
        [f["code"], f["severity"], [line for _, _, line in f["where"]], f["root"]]
        for f in ended.found
    ]
    return {"error": error, "metric": _metric(ended.output), "named": named}


def _jobs(scripts: list[Path], turn: random.Random) -> Iterator[tuple[Path, Mutant | None]]:
    """The healthy scripts first, then the mutants, one of each operator in turns."""
    yield from ((script, None) for script in scripts)
    every = [
        (script, mutant) for script in scripts for mutant in mutants(script.read_text(), OPERATORS)
    ]
    turn.shuffle(every)
    seen: dict[str, int] = {}
    ranked = []
    for script, mutant in every:
        rank = seen[mutant.operator.name] = seen.get(mutant.operator.name, 0) + 1
        ranked.append((rank, script, mutant))
    ranked.sort(key=lambda row: row[0])
    yield from ((script, mutant) for _, script, mutant in ranked)


def _key(script: Path, mutant: Mutant | None, seed: str) -> str:
    what = "healthy" if mutant is None else f"{mutant.operator.name}@{mutant.place}"
    return f"{script.stem}/{what}/{seed}"


def _is_judged(script: Path, operator: str) -> bool:
    names = [o.name for o in OPERATORS]
    return names.index(operator) % 2 == 1 and _SCRIPTS.index(script) % 2 == 1


def _is_harmed(healthy: list[dict[str, Any]], rows: list[dict[str, Any]]) -> bool | None:
    """Whether a mutant does harm for certain; None where the metric is unknown."""
    if any(r["error"] for r in rows):
        return True
    pairs = [(h["metric"], r["metric"]) for h, r in zip(healthy, rows, strict=True)]
    if any(h is None for h, _ in pairs):
        return None
    if any(r is None or not math.isfinite(r) for _, r in pairs):
        return True
    losses = [h - r for h, r in pairs]
    mean, spread = statistics.fmean(losses), statistics.stdev(losses)
    return mean - _STUDENT * spread / math.sqrt(len(losses)) > 0


def _table(kept: dict[str, dict[str, Any]], *, judged: bool) -> str:
    from trainwell.findings.catalogue import FINDINGS

    slugs = {code: finding.slug for code, finding in FINDINGS.items()}
    lines = [f"{'operator':26} mutants harmful detected right first line | said of harmless"]
    sums = [0] * 7
    for operator in OPERATORS:
        counts = [0] * 7
        for script in _SCRIPTS:
            if _is_judged(script, operator.name) != judged:
                continue
            healthy = [kept.get(_key(script, None, s)) for s in _SEEDS]
            places = {
                key.split("/")[1]
                for key in kept
                if key.startswith(f"{script.stem}/{operator.name}@")
            }
            for place in places:
                rows = [kept.get(f"{script.stem}/{place}/{s}") for s in _SEEDS]
                if any(r is None for r in rows) or any(h is None for h in healthy):
                    continue
                found = [r for r in rows if r is not None]
                harmed = _is_harmed([h for h in healthy if h is not None], found)
                if harmed is None:
                    continue
                counts[0] += 1
                earnest = [[n for n in r["named"] if n[1] != "info"] for r in found]
                if not harmed:
                    roots = [slugs[n[0]] for e in earnest for n in e if n[3] is None]
                    counts[6] += any(slug not in operator.accepted for slug in roots)
                    continue
                counts[1] += 1
                counts[2] += all(earnest)
                right = [[n for n in e if slugs[n[0]] in operator.accepted] for e in earnest]
                counts[3] += all(right)
                counts[4] += all(e and slugs[e[0][0]] in operator.accepted for e in earnest)
                line = found[0]["line"]
                counts[5] += all(
                    any(x is not None and line - 1 <= x <= line + 2 for n in r for x in n[2])
                    for r in right
                )
        sums = [a + b for a, b in zip(sums, counts, strict=True)]
        if counts[0]:
            lines.append(_row(operator.name, counts))
    lines.append(_row("together", sums))
    wrong = sum(
        any(n[1] != "info" for n in row["named"])
        for key, row in kept.items()
        if key.split("/")[1] == "healthy"
    )
    total = sum(key.split("/")[1] == "healthy" for key in kept)
    lines.append(f"healthy runs with an error or a warning: {wrong} of {total}")
    return "\n".join(lines)


def _row(name: str, counts: list[int]) -> str:
    every, harmed, detected, right, first, line, false = counts
    return (
        f"{name:26} {every:7} {harmed:7} {detected:8} {right:5} {first:5} {line:4} |"
        f" {false} of {every - harmed}"
    )


def main() -> int:
    """Run what has not been run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kept", default=".trainwell/mutants.jsonl", help="what was run already")
    parser.add_argument("--most", type=int, default=10**9, help="runs now, at most")
    parser.add_argument("--seconds", type=float, default=60.0, help="longest run")
    parser.add_argument("--only", default="", help="scripts and operators whose names hold this")
    parser.add_argument("--judged", action="store_true", help="print the judged half instead")
    options = parser.parse_args()
    path = Path(options.kept)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept: dict[str, dict[str, Any]] = {}
    if path.exists():
        for text in path.read_text().splitlines():
            if text.endswith("}"):
                row = json.loads(text)
                kept[row.pop("key")] = row
    sys.path.insert(0, str(_ROOT))
    import tests.forked  # noqa: F401 - torch is loaded once, here

    done = 0
    with path.open("a") as file:
        for script, mutant in _jobs(_SCRIPTS, random.Random(0)):
            source = script.read_text() if mutant is None else mutant.source
            for seed in _SEEDS:
                key = _key(script, mutant, seed)
                if key in kept or options.only not in key or done >= options.most:
                    continue
                row = _run(source, script.name, seed, options.seconds)
                row["line"] = None if mutant is None else mutant.line
                kept[key] = row
                file.write(json.dumps({"key": key, **row}) + "\n")
                file.flush()
                done += 1
    print(_table(kept, judged=options.judged))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
