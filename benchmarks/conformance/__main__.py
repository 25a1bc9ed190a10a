"""Watching changes nothing: the test suites of libraries, bare and watched, test by test.

    python -m benchmarks.conformance [SUITE ...] [--mode MODE] [--part] [--source FOLDER]
                                     [--keep FOLDER] [--out FILE] [--every N]

For every suite of `suites.py`: makes a virtual environment that sees the running interpreter's
torch, fetches the library and its source distribution from the package index, and runs its tests

- bare: `python -m pytest`, nothing watches;
- process: `python -m trainwell run -m pytest`, the probe watches the whole process;
- each-test: every test runs under its own `trainwell.watch()`.

Then compares the outcome of every test, its message, the state of the random generators behind it
and PyTorch's modes. Every difference is trainwell's fault until proven otherwise; the tests that
differ are run bare twice more, and what differs there too is called flaky. Prints a table and the
differences, and exits with 1 if there is any that is not flaky. It shows the steps that were
watched and the failures of trainwell itself too: where it has stopped watching, equal outcomes
prove nothing.

Outcomes are kept by suite, mode and content of trainwell's source: a rerun goes on where it was
interrupted, and runs bare nothing that is known. Slow: all suites take hours. `--part` is the small
pinned part that CI runs; it says so and exits with 0 where the package index cannot be reached.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.conformance.comparison import Difference, Session, compare, parse, settle
from benchmarks.conformance.suites import SUITES, Suite

HERE = Path(__file__).resolve().parent
PLUGINS = HERE / "plugins"
MODES = ("bare", "process", "each-test")
FORMAT = "1"
"""Raised when what the plugins write, or how they run the tests, changes."""
TEST_LIMIT = 300
"""Seconds that one test may take."""
RERUN_LIMIT = 900
"""Seconds that the tests which differ may take when they run bare once more."""
RUNNER_NEEDS = ("pytest-timeout==2.4.0",)
INDEX_LIMIT = 20
STEP = re.compile(r"\bstep \d+")
OWN_FAILURE = "trainwell itself failed"
SHOWN = 4
"""Differences with one symptom that are printed; `--out` has them all."""


class NotInstalledError(Exception):
    """The package index has not what was asked for, or it does not install."""


class UnreachableError(NotInstalledError):
    """The package index cannot be reached."""


class Environment:
    """Where one suite is installed, unpacked and run.

    Args:
        suite: the suite.
        keep: folder that holds all suites.
        source: folder that holds the trainwell package.
        part: run the small part only.
        every: look at every N-th step; None keeps to the budget.
    """

    def __init__(
        self, suite: Suite, keep: Path, source: Path, *, part: bool, every: int | None
    ) -> None:
        self.suite = suite
        self.folder = keep / f"{suite.name}-{suite.version}"
        self.source = source
        self.part = part
        self.every = every
        self.python = self.folder / "venv" / "bin" / "python"
        self.tests = self.folder / "source"
        machine = (sys.version, sys.prefix, version("torch"))
        build = (suite.name, suite.version, suite.needs, suite.build_needs, suite.dropped)
        self._installed = digest(repr((*machine, *build, suite.added)))
        ran = (suite.tests, suite.options, suite.ignored, suite.deselected, suite.variables)
        self._key = digest(FORMAT, self._installed, repr(ran))
        self._chosen = f"-part-{digest(repr(suite.part))}" if part else ""
        self._watching = digest(*sources(source)) + (f"-every-{every}" if every else "")

    def prepare(self) -> None:
        """Install and unpack what is not there yet.

        Raises:
            NotInstalledError: if the package index does not give what is needed.
        """
        stamp = self.folder / "ready"
        if stamp.exists() and stamp.read_text() == self._installed:
            return
        shutil.rmtree(self.folder / "venv", ignore_errors=True)
        shutil.rmtree(self.tests, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "venv", "--without-pip", self.folder / "venv"], check=True
        )
        (site,) = (self.folder / "venv").glob("lib/python*/site-packages")
        paths = sysconfig.get_paths()
        (site / "outer.pth").write_text(f"{paths['purelib']}\n{paths['platlib']}\n")
        library = f"{self.suite.name}=={self.suite.version}"
        self._pip("install", "--no-deps", library, *self.suite.needs, *RUNNER_NEEDS)
        self._fetch(library)
        for name in self.suite.dropped:
            shutil.rmtree(self.tests / name)
        for path, name in self.suite.added.items():
            shutil.copy(HERE / name, self.tests / path)
        stamp.write_text(self._installed)

    def _fetch(self, library: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            how = ["--no-build-isolation"] if self.suite.build_needs else []
            if how:
                self._pip("install", "--no-deps", *self.suite.build_needs)
            self._pip(
                "download",
                "--no-deps",
                *how,
                "--no-binary",
                self.suite.name,
                "--dest",
                folder,
                library,
            )
            (archive,) = Path(folder).iterdir()
            with tarfile.open(archive) as tar:
                tar.extractall(folder, filter="data")
            (unpacked,) = (path for path in Path(folder).iterdir() if path.is_dir())
            shutil.move(unpacked, self.tests)

    def _pip(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "pip", "--python", str(self.python), *arguments]
        done = subprocess.run(
            [*command, "--quiet", "--retries", "2", "--timeout", str(INDEX_LIMIT)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            lines = [line.strip() for line in done.stderr.splitlines() if "error" in line.lower()]
            reachable = not re.search("connection broken|Could not fetch URL", done.stderr)
            raise (NotInstalledError if reachable else UnreachableError)(
                "; ".join(lines[-2:]) or f"pip exited with {done.returncode}"
            )

    def results(self, mode: str) -> Path:
        """The file that keeps the outcomes of a mode."""
        name = f"{mode}-{self._key}" + (f"-{self._watching}" if mode != "bare" else "")
        return self.folder / "results" / f"{name}{self._chosen}.jsonl"

    def run(self, mode: str) -> Session:
        """Run the tests that have no outcome yet.

        A test in which the process dies counts as crashed, and the next process continues behind
        it.

        Raises:
            RuntimeError: if pytest fails bare.
        """
        file = self.results(mode)
        file.parent.mkdir(parents=True, exist_ok=True)
        ends = time.monotonic() + self.suite.limit
        while not read(file).finished:
            left = ends - time.monotonic()
            if left <= 0 or self._pytest(mode, file, limit=left) is None:
                break
            after = read(file)
            if after.finished:
                break
            if after.begun is None and mode == "bare":
                raise RuntimeError(
                    f"{self.suite.name}: pytest failed, see {file.with_suffix('.log')}"
                )
            died = after.begun or "(session)"
            entries: list[dict[str, object]] = [
                {"test": died, "outcome": "crashed", "message": self._last(file)}
            ]
            if after.begun is None:
                entries.append({"finished": 1})
            with file.open("a") as out:
                out.writelines(json.dumps(entry) + "\n" for entry in entries)
        return read(file)

    def again(self, tests: Sequence[str]) -> Session:
        """Run some tests bare, in a process of their own."""
        with tempfile.TemporaryDirectory() as folder:
            only, file = Path(folder) / "only.json", Path(folder) / "again.jsonl"
            only.write_text(json.dumps(list(tests)))
            self._pytest("bare", file, limit=RERUN_LIMIT, only=only)
            return read(file)

    def _last(self, file: Path) -> str:
        lines = file.with_suffix(".log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _pytest(
        self, mode: str, file: Path, *, limit: float, only: Path | None = None
    ) -> int | None:
        """Run pytest; None when it was stopped at the time limit."""
        suite = self.suite
        words: list[str] = [str(self.python)]
        report = file.with_suffix(".report.json")
        if mode == "process":
            words += ["-m", "trainwell", "run", "--no-record", "--isolated"]
            words += ["--every", str(self.every)] if self.every else []
            words += ["--json", "--output", str(report)]
        words += ["-m", "pytest", "-q", "-p", "pytest_timeout", "-p", "record_outcomes"]
        if mode == "each-test":
            words += ["-p", "watch_each_test"]
            words += ["--watch-every", str(self.every)] if self.every else []
        words += ["-p", "no:cacheprovider", "-o", "addopts=", "--continue-on-collection-errors"]
        words += ["--timeout", str(TEST_LIMIT), "--outcomes", str(file), "--tb", "short"]
        words += ["--only", str(only)] if only else []
        words += suite.options
        words += [word for path in suite.ignored for word in ("--ignore", path)]
        words += [word for test in suite.deselected for word in ("--deselect", test)]
        words += suite.part if self.part else suite.tests
        with file.with_suffix(".log").open("a") as log:
            process = subprocess.Popen(
                words, cwd=self.tests, env=self._variables(), stdout=log, stderr=subprocess.STDOUT
            )
            try:
                status = process.wait(limit)
            except subprocess.TimeoutExpired:
                status = None
            finally:
                process.kill()
                process.wait()
        if report.exists():
            seen = json.loads(report.read_text())
            with file.open("a") as out:
                print(json.dumps({"steps": seen["steps"], "notes": seen["notes"]}), file=out)
            report.unlink()
        return status

    def _variables(self) -> dict[str, str]:
        # The same in every mode, so that only the mode makes the difference.
        return {
            **os.environ,
            "PATH": os.pathsep.join([str(self.python.parent), os.environ["PATH"]]),
            "PYTHONPATH": os.pathsep.join([str(self.source), str(PLUGINS)]),
            "PYTHONHASHSEED": "0",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "",
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "MPLBACKEND": "Agg",
            "HF_HUB_OFFLINE": "1",
            **self.suite.variables,
        }


def read(file: Path) -> Session:
    """What is known so far of a session."""
    return parse(file.read_text().splitlines() if file.exists() else ())


def digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def sources(folder: Path) -> list[str]:
    """The text of all of trainwell's modules."""
    files = sorted((folder / "trainwell").rglob("*.py"))
    return [path.read_text() for path in files if "specimens" not in path.parts]


def examine(
    environment: Environment, modes: Sequence[str]
) -> tuple[Mapping[str, Session], list[Difference]]:
    """Run a suite in some modes and compare them with the bare one."""
    sessions = {mode: environment.run(mode) for mode in modes}
    found = [
        difference
        for mode in modes
        if mode != "bare"
        for difference in compare(sessions["bare"], sessions[mode], mode)
    ]
    tests = list(dict.fromkeys(difference.test for difference in found))
    if tests:
        again = [environment.again(tests) for _ in range(2)]
        found = settle(found, sessions["bare"], again)
    return sessions, found


def line(suite: Suite, sessions: Mapping[str, Session], found: Sequence[Difference]) -> str:
    """The suite's row of the table."""
    bare = sessions["bare"]
    cells = [f"{suite.name + ' ' + suite.version:30}", f"{len(bare.outcomes):6}"]
    cells.append(f"{bare.count('passed'):6}")
    for mode in MODES[1:]:
        if mode not in sessions:
            cells.append(f"{'-':>9}")
            continue
        differing = {d.test for d in found if d.mode == mode and not d.flaky}
        cells.append(f"{len(differing):9}{'' if sessions[mode].finished else '*'}")
    cells.append(f"{len({d.test for d in found if d.flaky}):5}")
    cells.append("  ".join(f"{s.seconds:6.0f}" for s in sessions.values()))
    return " ".join(cells)


def steps_of(session: Session) -> tuple[int, Counter[str]]:
    """Steps that were watched, and notes with the number of tests (or processes) they come from.

    Step numbers in the notes are left out, so that equal notes count together.
    """
    notes = Counter(session.notes)
    steps = session.steps
    for outcome in session.outcomes.values():
        if outcome.watched is not None:
            steps += outcome.watched.get("steps", 0)
            notes.update(outcome.watched.get("notes", ()))
            if "refused" in outcome.watched:
                notes[f"not watched: {outcome.watched['refused']}"] += 1
    alike: Counter[str] = Counter()
    for note, times in notes.items():
        alike[STEP.sub("step N", note)] += times
    return steps, alike


def failures_of(session: Session) -> int:
    """How often trainwell failed itself: from there on it watched less than it should."""
    return sum(times for note, times in steps_of(session)[1].items() if OWN_FAILURE in note)


def show(suite: Suite, sessions: Mapping[str, Session], found: Sequence[Difference]) -> None:
    """Print what differs, and how much was watched at all."""
    for mode, session in sessions.items():
        if not session.finished:
            print(f"  {mode}: the time limit of {suite.limit} s ended it; its other tests count")
        if mode == "bare":
            continue
        steps, notes = steps_of(session)
        failures = failures_of(session)
        print(
            f"  {mode}: {steps} steps watched"
            + (f"; trainwell itself failed {failures} times" if failures else "")
        )
        for note, times in notes.most_common(12):
            print(f"    note, {times} times: {note}")
    shown: Counter[tuple[str, ...]] = Counter()
    for difference in found:
        head = f"{'flaky ' if difference.flaky else ''}{difference.mode} {difference.kind}"
        # Digests of random states differ in every test.
        symptom = (head, difference.watched if difference.kind in ("outcome", "message") else "")
        shown[symptom] += 1
        if shown[symptom] <= SHOWN:
            print(f"  {head}: {difference.test}")
            print(f"      bare:    {difference.bare}\n      watched: {difference.watched}")
    for symptom, count in shown.items():
        if count > SHOWN:
            print(f"  {' '.join(symptom)}: {count - SHOWN} more")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.conformance", description=__doc__.splitlines()[0]
    )
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--mode", action="append", choices=MODES, help="default: all three")
    parser.add_argument("--part", action="store_true", help="the small pinned part")
    parser.add_argument("--every", type=int, metavar="N", help="look at every N-th step")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write all results there, as JSON")
    parser.add_argument(
        "--source",
        type=Path,
        default=HERE.parents[1] / "src",
        metavar="FOLDER",
        help="the folder that holds the trainwell package (default: this checkout's src)",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        default=Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        / "trainwell"
        / "conformance",
        metavar="FOLDER",
        help="where environments, sources and outcomes are kept (default: %(default)s)",
    )
    options = parser.parse_args()
    for name in options.suites:
        if name not in SUITES:
            parser.error(f"no such suite: `{name}`; there are {', '.join(SUITES)}")
    chosen = [SUITES[name] for name in options.suites or SUITES]
    if options.part:
        chosen = [suite for suite in chosen if suite.part]
    modes = tuple(mode for mode in MODES if mode == "bare" or mode in (options.mode or MODES))
    source = options.source.resolve()
    if not (source / "trainwell").is_dir():
        parser.error(f"`--source` holds no trainwell package: `{source}`")

    print(
        f"{'suite':30} {'tests':>6} {'passed':>6} {'process':>9} {'each-test':>9} {'flaky':>5}  "
        f"seconds: {', '.join(modes)}"
    )
    rows, faults, absent = [], 0, 0
    for suite in chosen:
        environment = Environment(
            suite, options.keep.resolve(), source, part=options.part, every=options.every
        )
        try:
            environment.prepare()
        except NotInstalledError as problem:
            unreachable = isinstance(problem, UnreachableError)
            reason = "the package index cannot be reached" if unreachable else "not installed"
            print(f"{suite.name + ' ' + suite.version:30} skipped: {reason}: {problem}", flush=True)
            absent += not (options.part and unreachable)
            continue
        sessions, found = examine(environment, modes)
        print(line(suite, sessions, found), flush=True)
        show(suite, sessions, found)
        faults += sum(not difference.flaky for difference in found)
        rows.append(
            {
                "suite": suite.name,
                "version": suite.version,
                "sessions": {mode: asdict(session) for mode, session in sessions.items()},
                "differences": [asdict(difference) for difference in found],
            }
        )
        if options.out is not None:
            options.out.write_text(json.dumps(rows, indent=1))
    skipped = len(chosen) - len(rows)
    print(
        f"{faults or 'no'} differences in {len(rows)} suites"
        + (f"; {skipped} skipped" if skipped else "")
    )
    return 1 if faults or absent else 0


if __name__ == "__main__":
    raise SystemExit(main())
