"""Faults that people reported: does trainwell name one at its line, and is the cure silent?

    python -m benchmarks.reports FOLDER [--jobs N] [--only NAME]

The folder holds `truth.csv` (columns `case` and `line`) and, for every case, a folder with
`train.py` and its cure, `cured.py`. Each runs under the default budget in a folder of its own.
Prints, for every case, the first finding and its line beside the line of the truth, and what is
said of the cure (errors and warnings). Whether the finding is the right one is for the reader: the
truth is a sentence.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NEAR = 1
"""Lines by which the finding may stand beside the truth."""


@dataclass(frozen=True)
class Said:
    """What was said of one script: (severity, slug, lines) of every root, the worst first."""

    roots: tuple[tuple[str, str, tuple[int, ...]], ...]
    status: int

    @property
    def loud(self) -> list[str]:
        """Slugs of errors and warnings."""
        return [slug for severity, slug, _ in self.roots if severity != "info"]


def ask(script: Path) -> Said:
    """Run a script under `trainwell run` in a copy of its folder."""
    with tempfile.TemporaryDirectory() as folder:
        for each in script.parent.iterdir():
            if each.is_file():
                shutil.copy(each, folder)
        report = Path(folder, "report.json")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "trainwell", "run", "--format", "json"),
                *("-o", str(report), script.name),
            ],
            cwd=folder,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            check=False,
        )
        entries = json.loads(report.read_text())["findings"] if report.exists() else []
    roots = [(e["severity"], e["slug"], _lines(e["where"])) for e in entries if e["root"] is None]
    return Said(tuple(roots), done.returncode)


def _lines(where: Any) -> tuple[int, ...]:
    """The lines of one place or several."""
    places = where if isinstance(where, list) else [where]
    return tuple(p["line"] for p in places if p.get("line"))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=1, help="scripts at once (default: 1)")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    options = parser.parse_args()
    with open(options.folder / "truth.csv", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if options.only in row["case"]]
    scripts = [options.folder / row["case"] / f"{k}.py" for row in rows for k in ("train", "cured")]
    with ThreadPoolExecutor(options.jobs) as pool:
        answers = list(pool.map(ask, scripts))
    found = near = silent = 0
    print(f"{'case':<28}{'first finding':<32}{'line':>6}{'truth':>7}  cure")
    for row, sick, cured in zip(rows, answers[::2], answers[1::2], strict=True):
        first = sick.roots[0] if sick.loud else ("", "-", ())
        truth = int(row["line"])
        hit = any(abs(line - truth) <= _NEAR for line in first[2])
        found += bool(sick.loud)
        near += hit
        silent += not cured.loud
        shown = str(first[2][0]) if first[2] else "-"
        said = ", ".join(cured.loud) or "silent"
        print(f"{row['case']:<28}{first[1]:<32}{shown:>6}{truth:>7}  {said}")
    count = len(rows)
    print(f"said {found} of {count}, at the line {near}, cures silent {silent}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
