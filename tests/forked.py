"""Runs a script under the probe in a fork of this process, which has torch loaded already.

Importing torch takes longer than most of the scripts do. The fork runs the script as
`trainwell run` does, in its own process, and sends the diagnosis back.
"""

from __future__ import annotations

import io
import json
import os
import runpy
import signal
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch._dynamo  # imported by the first optimizer otherwise, in every fork again

from trainwell.diagnosis import diagnose
from trainwell.probes.counterfactuals import ask
from trainwell.probes.offspring import Inheritance, Offspring
from trainwell.probes.probe import Probe
from trainwell.probes.rehearsal import Rehearsal
from trainwell.record import Run
from trainwell.record.codec import run_from_json, run_to_json
from trainwell.record.gathering import gather
from trainwell.record.store import Store


@dataclass
class Forked:
    """What came back.

    Attributes:
        output: what the script printed.
        error: the traceback of an exception that left the script, or "".
        run: the record, None when the script ran bare.
        found: (code, severity, message, [(file, line)], root code or None), in report order.
    """

    output: str
    error: str
    run: Run | None = None
    found: list[dict[str, Any]] = field(default_factory=list)

    @property
    def codes(self) -> list[str]:
        """Codes of what was found, remarks left out, in the order of the report."""
        return [f["code"] for f in self.found if f["severity"] != "info"]

    @property
    def remarks(self) -> list[str]:
        """Codes of the remarks, in the order of the report."""
        return [f["code"] for f in self.found if f["severity"] == "info"]


def run_forked(
    script: Path,
    *arguments: str,
    probed: bool = True,
    every: int | None = 3,
    probing: bool = False,
    seconds: int = 0,
) -> Forked:
    """Run a script in a fork.

    Args:
        script: its path.
        arguments: its command line.
        probed: with the probe attached.
        every: look at every N-th backward; None for the default budget.
        probing: try other settings at the end.
        seconds: end the fork after so long; 0 for never.

    Raises:
        RuntimeError: if the fork died without an answer.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        signal.alarm(seconds)
        try:
            os.close(reader)
            with os.fdopen(writer, "w") as pipe:
                json.dump(_child(script, arguments, probed, every, probing), pipe)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if not text:
        raise RuntimeError(f"the fork of {script} died with status {status}")
    body = json.loads(text)
    run = run_from_json(body["run"]) if body["run"] else None
    return Forked(body["output"], body["error"], run, body["found"])


def run_all(jobs: list[tuple[Any, ...]], **options: Any) -> list[Forked]:
    """Several of them, two at a time: (script, arguments...) each."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda job: run_forked(*job, **options), jobs))


def _child(
    script: Path, arguments: tuple[str, ...], probed: bool, every: int | None, probing: bool
) -> dict[str, Any]:
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    run = Run("forked", str(script), started=time.time())
    probe = None
    folder = tempfile.TemporaryDirectory()
    home = str(script.parent)
    record = os.path.join(folder.name, "runs.db")
    offspring = Offspring(Inheritance(record, run.id, run.script, arguments, 0.03, every, home))
    if probed:
        probe = Probe(run, lambda facts, vitals: None, every=every, home=home)
        probe.rehearsal = Rehearsal() if probing else None
        probe.attach()
        offspring.attach()
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.parent))
    output, error = io.StringIO(), ""
    try:
        with redirect_stdout(output), redirect_stderr(output):
            runpy.run_path(str(script), run_name="__main__")
    except SystemExit:
        pass
    except BaseException as problem:
        error = traceback.format_exc()
        if probe is not None:
            probe.failed(problem)
    if probe is not None:
        offspring.detach()
        probe.finish()
        if probe.rehearsal is not None:
            ask(probe.rehearsal, probe.ledger)
        if os.path.exists(record):
            store = Store(record, create=False)
            run = gather(store, run)
            store.close()
    folder.cleanup()
    found = [] if probe is None else _found(run)
    return {
        "output": output.getvalue(),
        "error": error,
        "run": run_to_json(run) if probe is not None else None,
        "found": found,
    }


def _found(run: Run) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []

    def add(entry: Any, root: str | None) -> None:
        rows.append(
            {
                "code": entry.code,
                "severity": entry.severity,
                "message": entry.message,
                "where": [[p.layer, p.file, p.line] for p in entry.where],
                "root": root,
            }
        )
        for consequence in entry.consequences:
            add(consequence, entry.code)

    for root in diagnose(run).roots:
        add(root, None)
    return rows
