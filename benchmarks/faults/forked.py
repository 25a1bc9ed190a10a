"""A script in a fork of this process, bare or under trainwell: what it printed, how it ended.

The fork has torch and scikit-learn loaded, whose import takes longer than most scripts do. It is
the in-process form of `trainwell run`, with the default budget, as in `tests/forked.py`.
"""

from __future__ import annotations

__all__ = ["Ended", "Named", "run_forked"]

import io
import json
import os
import runpy
import sys
import time
import traceback
import warnings
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import sklearn.datasets
import sklearn.model_selection
import sklearn.preprocessing  # noqa: F401 - all three: a script's imports cost nothing then
import torch
import torch._dynamo  # imported by the first optimizer otherwise, in every fork again

from trainwell.diagnosis import Diagnosis, diagnose
from trainwell.probes.counterfactuals import ask
from trainwell.probes.probe import Probe
from trainwell.probes.rehearsal import Rehearsal
from trainwell.record import Run
from trainwell.report.facts import render_facts

torch.set_num_threads(1)


@dataclass(frozen=True)
class Named:
    """One finding of a diagnosis: slug, severity, text, the slug it follows from, confidence."""

    slug: str
    severity: str
    message: str
    root: str | None = None
    confidence: float = 1.0


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        output: what the script printed, both streams.
        status: the exit status that Python would give.
        error: the last line of an exception that left the script, or "".
        notes: trouble that the probe noted.
        named: what was found, in the order of the report; nothing when the script ran bare.
        undecided: findings that stayed silent, each with its reason.
        seconds: wall time.
        facts: what `--format facts` prints.
    """

    output: str
    status: int
    error: str = ""
    notes: list[str] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    seconds: float = 0.0
    facts: str = ""

    @property
    def slugs(self) -> list[str]:
        """What was said in earnest: slugs of errors and warnings, in the report's order."""
        return [n.slug for n in self.named if n.severity != "info"]

    @property
    def last(self) -> dict[str, float]:
        """The numbers of the line `final: name=number ...`, empty without it."""
        lines = [s for s in self.output.splitlines() if s.startswith("final: ")]
        if not lines:
            return {}
        pairs = (pair.split("=") for pair in lines[-1].removeprefix("final: ").split())
        return {name: float(number) for name, number in pairs}


def run_forked(script: Path, *arguments: str, probed: bool, probing: bool = False) -> Ended:
    """Run a script in a fork.

    Args:
        script: its path.
        arguments: its command line.
        probed: under watch.
        probing: and trying other settings at its end, as under `--probe`.

    Raises:
        RuntimeError: if the fork died without an answer.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            with os.fdopen(writer, "w") as pipe:
                json.dump(asdict(_here(script, arguments, probed, probing)), pipe)
        except BaseException:  # noqa: BLE001 - the parent hears of it by the empty pipe
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    if not text:
        raise RuntimeError(f"the fork of {script} died")
    body: dict[str, Any] = json.loads(text)
    return Ended(**{**body, "named": [Named(**named) for named in body["named"]]})


def _here(script: Path, arguments: tuple[str, ...], probed: bool, probing: bool) -> Ended:
    run = Run("forked", str(script))
    probe = None
    if probed:
        probe = Probe(run, lambda _facts, _vitals: None, home=str(script.parent))
        probe.rehearsal = Rehearsal() if probing else None
        probe.attach()
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.parent))
    output, status, error = io.StringIO(), 0, ""
    began = time.perf_counter()
    warnings.simplefilter("default")
    try:
        with redirect_stdout(output), redirect_stderr(output):
            runpy.run_path(str(script), run_name="__main__")
    except SystemExit as exit_:
        code = exit_.code
        status = 0 if code is None else code if isinstance(code, int) else 1
    except BaseException as problem:  # noqa: BLE001 - whatever ends the script is its result
        status, error = 1, f"{type(problem).__name__}: {problem}"
        if probe is not None:
            probe.failed(problem)
    if probe is not None:
        probe.finish()
        if probe.rehearsal is not None:
            ask(probe.rehearsal, probe.ledger)
    seconds = time.perf_counter() - began
    if probe is None:
        return Ended(output.getvalue(), status, error, seconds=seconds)
    diagnosis = diagnose(run)
    named, undecided = _named(diagnosis)
    facts = render_facts(diagnosis, folder=str(script.parent))
    notes = list(run.notes)
    return Ended(output.getvalue(), status, error, notes, named, undecided, seconds, facts)


def _named(diagnosis: Diagnosis) -> tuple[list[Named], list[str]]:
    rows: list[Named] = []

    def add(entry: Any, root: str | None) -> None:
        rows.append(Named(entry.slug, entry.severity, entry.message, root, entry.confidence))
        for consequence in entry.consequences:
            add(consequence, entry.slug)

    for root in diagnosis.roots:
        add(root, None)
    return rows, [f"{code}: {reason}" for code, reason in diagnosis.undecided]
