"""Judges trainwell by mutants: `python -m benchmarks.mutants` runs on, and prints the table.

A mutant is a healthy script with one fault. It counts where its harm is real: the metric that the
script prints is worse than the healthy script's on the same three seeds (the 95 % interval of the
difference excludes 0), or it crashes. What is said of a mutant without harm is false where it is
not that fault. Even operators on even scripts are calibration; odd operators on odd scripts are
judged once (`--judged`).

Everything runs in forks of one process that has torch loaded, one after the other, the shortest
scripts first, one mutant of every operator in turns. Fewer than three seeds are run where the first
one decides: a crash, the same output as the healthy script's, or no worse a metric (the interval
then holds 0 whatever the others give). What was run is kept, one line of JSON each, and is not run
again: stop it at any time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.mutants.operators import OPERATORS, Mutant, Operator, mutants
from benchmarks.unseen.data import MAKERS

_ROOT = Path(__file__).parents[2]
_SCRIPTS = sorted(
    [
        *(_ROOT / "tests/healthy").glob("*.py"),
        *(_ROOT / "benchmarks/faults/healthy").glob("*.py"),
        *(_ROOT / "benchmarks/unseen/scripts").glob("*.py"),
    ]
)
_SEEDS = ("0", "1", "2")
_STUDENT = 4.303
"""Student's t for a two-sided interval of 95 % with two degrees of freedom."""
_METRICS = (
    (re.compile(r"learned=(\S+)"), 1.0),
    (re.compile(r"^final: (?:accuracy|r2)=(\S+)", re.MULTILINE), 1.0),
    (re.compile(r"accuracy (\S+?),?$", re.MULTILINE), 1.0),
    (re.compile(r"greedy policy (\S+)"), 1.0),
    (re.compile(r"test loss (\S+?)(?:,| |$)", re.MULTILINE), -1.0),
)
"""What the scripts print at last, the first that matches, and whether more of it is better."""
_MISFITS = ("NameError", "TypeError", "AttributeError", "UnboundLocalError", "SyntaxError")
"""Errors of Python's own, which show that the operator does not fit there."""
_NEAR = 2
"""Lines between the changed one and the one that is named, at most: a statement put before another
one moves it by one, and a call may span lines."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What is known of one mutant: its harm, and the rows of its runs."""

    harmed: bool
    crashed: bool
    rows: list[Row]


def _metric(output: str) -> float | None:
    for pattern, sign in _METRICS:
        found = pattern.findall(output)
        if found:
            try:
                return sign * float(found[-1])
            except ValueError:
                return None
    return None


def _run(source: str, script: Path, seed: str, seconds: int) -> Row:
    """Run a script in a fork; what it printed, how it ended, and what was named."""
    from tests.forked import run_forked

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        arguments = [seed]
        if script.stem in MAKERS and script.parent.name == "scripts":
            MAKERS[script.stem](Path(folder), int(seed), "")
            arguments = [folder, seed]
        path = Path(folder) / script.name
        path.write_text(source)
        try:
            ended = run_forked(path, *arguments, every=None, seconds=seconds)
        except RuntimeError:
            return {
                "error": "killed",
                "metric": None,
                "output": "",
                "named": [],
                "seconds": seconds,
            }
    named = [
        [f["code"], f["severity"], [line for _, _, line in f["where"]], f["root"], f["message"]]
        for f in ended.found
    ]
    return {
        "error": ended.error.strip().splitlines()[-1][:200] if ended.error else "",
        "metric": _metric(ended.output),
        "output": hashlib.sha256(ended.output.encode()).hexdigest()[:16],
        "named": named,
        "seconds": round(time.perf_counter() - began, 2),
    }


def _is_in_half(script: Path, operator: Operator, *, judged: bool) -> bool:
    return _scripts_of(judged=judged).count(script) == 1 and (
        OPERATORS.index(operator) % 2 == judged
    )


def _scripts_of(*, judged: bool) -> list[Path]:
    return _SCRIPTS[1::2] if judged else _SCRIPTS[::2]


def _key(script: Path, mutant: Mutant | None, seed: str) -> str:
    what = "healthy" if mutant is None else f"{mutant.operator.name}@{mutant.place}"
    return f"{script.stem}/{what}/{seed}"


def _sample(
    scripts: list[Path], operators: tuple[Operator, ...], each: int
) -> Iterator[tuple[Path, Mutant]]:
    """Mutants in turns: one of every operator, on the scripts in their order, then the next.

    Args:
        scripts: the shortest first.
        operators: which.
        each: of one operator, at most.
    """
    turn = random.Random(0)
    places: dict[str, list[list[tuple[Path, Mutant]]]] = defaultdict(list)
    for script in sorted(scripts):
        every = defaultdict(list)
        for mutant in mutants(script.read_text(), operators):
            every[mutant.operator.name].append((script, mutant))
        for name, found in every.items():
            turn.shuffle(found)
            places[name].append(found)
    ranked = []
    for name, found in places.items():
        found.sort(key=lambda some: scripts.index(some[0][0]))
        drawn = [
            some[rank]
            for rank in range(max(len(some) for some in found))
            for some in found
            if rank < len(some)
        ]
        order = next(i for i, o in enumerate(operators) if o.name == name)
        ranked += [(at, order, pair) for at, pair in enumerate(drawn[:each])]
    ranked.sort(key=lambda row: row[:2])
    yield from (pair for _, _, pair in ranked)


def _is_decided(healthy: Row, row: Row) -> bool:
    """Whether the first seed settles it: see the module's docstring."""
    if row["error"] or row["output"] == healthy["output"] or healthy["metric"] is None:
        return True
    return row["metric"] is not None and row["metric"] >= healthy["metric"]


def _verdict(healthy: list[Row | None], rows: list[Row | None]) -> Verdict | None:
    """The harm of a mutant; None where it is not known (yet), or where it does not run."""
    first, sound = rows[0], healthy[0]
    if first is None or sound is None or first["error"] == "killed":
        return None
    if first["error"].partition(":")[0] in _MISFITS:
        return None
    if first["error"]:
        return Verdict(True, True, [first])
    if sound["metric"] is None and first["output"] != sound["output"]:
        return None
    if _is_decided(sound, first):
        return Verdict(False, False, [first])
    every = [r for r in rows if r is not None]
    sounds = [h for h in healthy if h is not None]
    if len(every) < len(_SEEDS) or len(sounds) < len(_SEEDS):
        return None
    if any(r["error"] for r in every):
        return Verdict(True, True, every)
    if any(r["metric"] is None or not math.isfinite(r["metric"]) for r in every):
        return Verdict(True, False, every)
    losses = [h["metric"] - r["metric"] for h, r in zip(sounds, every, strict=True)]
    mean, spread = statistics.fmean(losses), statistics.stdev(losses)
    harmed = mean - _STUDENT * spread / math.sqrt(len(losses)) > 0
    return Verdict(harmed, False, every)


def _verdicts(kept: dict[str, Row], *, judged: bool) -> Iterator[tuple[Operator, str, Verdict]]:
    """Every mutant of a half of which all is known, with its name."""
    names = sorted({key.rpartition("/")[0] for key in kept})
    operators = {o.name: o for o in OPERATORS}
    for script in _scripts_of(judged=judged):
        healthy = [kept.get(_key(script, None, s)) for s in _SEEDS]
        for name in names:
            stem, _, what = name.partition("/")
            operator = operators.get(what.partition("@")[0])
            if stem != script.stem or operator is None:
                continue
            if OPERATORS.index(operator) % 2 != judged:
                continue
            verdict = _verdict(healthy, [kept.get(f"{name}/{s}") for s in _SEEDS])
            if verdict is not None:
                yield operator, name, verdict


def _slugs() -> dict[str, str]:
    from trainwell.findings.catalogue import FINDINGS

    return {code: finding.slug for code, finding in FINDINGS.items()}


def _marks(operator: Operator, verdict: Verdict, slugs: dict[str, str]) -> dict[str, bool]:
    """What was said of one mutant: detected, right, first, line; or false."""
    earnest = [[n for n in r["named"] if n[1] != "info"] for r in verdict.rows]
    if not verdict.harmed:
        roots = [slugs[n[0]] for e in earnest for n in e if n[3] is None]
        return {"false": any(slug not in operator.accepted for slug in roots)}
    right = [[n for n in e if slugs[n[0]] in operator.accepted] for e in earnest]
    line = verdict.rows[0]["line"]
    return {
        "detected": all(earnest),
        "right": all(right),
        "first": all(e and slugs[e[0][0]] in operator.accepted for e in earnest),
        "line": all(
            any(x is not None and abs(line - x) <= _NEAR for n in r for x in n[2]) for r in right
        ),
    }


_COLUMNS = ("n", "harmful", "detected", "right", "first", "line", "false")


def _table(kept: dict[str, Row], *, judged: bool) -> str:
    slugs, counts = _slugs(), {o.name: dict.fromkeys(_COLUMNS, 0) for o in OPERATORS}
    for operator, _, verdict in _verdicts(kept, judged=judged):
        row = counts[operator.name]
        row["n"] += 1
        row["harmful"] += verdict.harmed
        for mark, true in _marks(operator, verdict, slugs).items():
            row[mark] += true
    lines = [f"{'operator':38} n harmful detected right first line | said falsely of harmless"]
    lines += [_row(name, row) for name, row in counts.items() if row["n"]]
    sums = {c: sum(row[c] for row in counts.values()) for c in _COLUMNS}
    lines.append(_row("together", sums))
    for mark in ("detected", "right", "first", "line"):
        share = 100 * sums[mark] / max(1, sums["harmful"])
        lines.append(f"{mark} {sums[mark]} of {sums['harmful']} harmful ({share:.0f} %)")
    harmless = sums["n"] - sums["harmful"]
    lines.append(f"said falsely of {sums['false']} of {harmless} harmless mutants")
    sound = [
        row
        for script in _scripts_of(judged=judged)
        for seed in _SEEDS
        if (row := kept.get(_key(script, None, seed))) is not None
    ]
    wrong = sum(any(n[1] != "info" for n in row["named"]) for row in sound)
    lines.append(f"healthy runs with an error or a warning: {wrong} of {len(sound)}")
    return "\n".join(lines)


def _row(name: str, row: dict[str, int]) -> str:
    return (
        f"{name:38} {row['n']:3} {row['harmful']:5} {row['detected']:6} {row['right']:6}"
        f" {row['first']:5} {row['line']:5} | {row['false']} of {row['n'] - row['harmful']}"
    )


def _listing(kept: dict[str, Row], *, judged: bool) -> str:
    """Every mutant of which less than all was right, with what was said."""
    slugs, lines = _slugs(), []
    for operator, name, verdict in _verdicts(kept, judged=judged):
        marks = _marks(operator, verdict, slugs)
        if marks.get("false", not all(marks.values())) is False:
            continue
        said = " | ".join(
            ", ".join(
                f"{slugs[n[0]]}{'' if n[3] is None else '<'}{n[2]}"
                for n in row["named"]
                if n[1] != "info"
            )
            or "nothing"
            for row in verdict.rows
        )
        missed = " ".join(m for m, true in marks.items() if true == (m == "false"))
        line, error = verdict.rows[0]["line"], verdict.rows[0]["error"][:70]
        lines.append(f"{name}:{line} {missed}: {error} {said}")
    return "\n".join(lines)


def _load(path: Path) -> dict[str, Row]:
    kept: dict[str, Row] = {}
    if path.exists():
        for text in path.read_text().splitlines():
            if text.endswith("}"):
                row = json.loads(text)
                kept[row.pop("key")] = row
    return kept


def main() -> int:
    """Run what has not been run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kept", default=".trainwell/mutants.jsonl", help="what was run already")
    parser.add_argument("--judged", action="store_true", help="the half that is judged once")
    parser.add_argument("--each", type=int, default=12, help="mutants of an operator, at most")
    parser.add_argument("--minutes", type=float, default=35.0, help="begin nothing after so long")
    parser.add_argument("--seconds", type=int, default=60, help="longest run")
    parser.add_argument("--only", default="", help="scripts and operators whose names hold this")
    parser.add_argument("--list", action="store_true", help="run nothing; say what was not right")
    options = parser.parse_args()
    path = Path(options.kept)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = _load(path)
    if options.list:
        print(_listing(kept, judged=options.judged))
        return 0
    sys.path.insert(0, str(_ROOT))
    # What scripts and their diagnosis import is loaded once, here, and not in every fork.
    import sklearn.datasets
    import sklearn.model_selection
    import sklearn.preprocessing  # noqa: F401

    import trainwell.findings.catalogue  # noqa: F401

    end = time.monotonic() + 60 * options.minutes
    with path.open("a") as file:

        def known(script: Path, mutant: Mutant | None, seed: str) -> Row | None:
            key = _key(script, mutant, seed)
            if key not in kept and time.monotonic() < end and options.only in key:
                source = script.read_text() if mutant is None else mutant.source
                row = _run(source, script, seed, options.seconds)
                row["line"] = None if mutant is None else mutant.line
                kept[key] = row
                file.write(json.dumps({"key": key, **row}) + "\n")
                file.flush()
            return kept.get(key)

        scripts = _scripts_of(judged=options.judged)
        sound = {script: [known(script, None, s) for s in _SEEDS] for script in scripts}
        took = {
            s: statistics.median(r["seconds"] for r in rows if r)
            for s, rows in sound.items()
            if any(rows)
        }
        ordered = sorted(took, key=lambda s: took[s])
        operators = OPERATORS[1::2] if options.judged else OPERATORS[::2]
        for script, mutant in _sample(ordered, operators, options.each):
            first, healthy = known(script, mutant, _SEEDS[0]), sound[script][0]
            if first is None or healthy is None or _is_decided(healthy, first):
                continue
            for seed in _SEEDS[1:]:
                known(script, mutant, seed)
    print(_table(kept, judged=options.judged))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
