"""Runs one trial in this process, which does nothing else and ends with it."""

from __future__ import annotations

__all__ = ["follow_into", "redirect", "work"]

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch

from trainwell.errors import TrainwellError
from trainwell.probes.ending import Ending
from trainwell.probes.probe import Probe
from trainwell.probes.script import Script, execute
from trainwell.record import Run
from trainwell.record.codec import run_to_json
from trainwell.record.facts import Evaluation, Fact
from trainwell.remedies.live import Live
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.survey import Survey
from trainwell.remedies.surveyor import Surveyor
from trainwell.trials.job import Job, Outcome
from trainwell.trials.loading import load_treated
from trainwell.trials.pool import points_path
from trainwell.trials.scratch import WrittenFiles, mirror
from trainwell.trials.seeds import impose
from trainwell.trials.tuning.arguments import listen
from trainwell.trials.tuning.settings import setting_from_json

_OUTPUT = 1 << 20
"""Bytes of the script's output that are kept: the last ones."""

_NEVER = 1 << 60
"""Steps between two looks of a probe that only follows the evaluations."""


def work(job: Job, output: str) -> Outcome:
    """Run the job's script.

    Args:
        job: what to run.
        output: path of the file that takes what it prints. Standard output and standard error of
            this process lead there from now on.
    """
    os.chdir(_folder(job, output))
    os.environ.update(job.environment)
    torch.set_num_threads(job.threads)
    redirect(output)
    run = Run("trial", job.script, list(job.arguments))
    remedies = [setting_from_json(dict(body)) for body in job.remedies]
    live = Live(frozenset((file, line) for file, line in job.evaluates_at))
    surveyor = Surveyor(job.script) if job.survey else None
    # Without a record only evaluations count: those are seen between looks as well.
    every = None if job.record else _NEVER
    probe = Probe(run, lambda _facts, _vitals: None, every=every, home=job.home)
    if job.follow:
        probe.ledger.heard.append(_Following(follow_into(points_path(output))).hear)
    try:
        script = load_treated(
            job.script,
            job.arguments,
            remedies,
            is_module=job.is_module,
            constants=job.constants,
            # A mirror of the working directory does not change where the module itself lies.
            home=job.home if job.is_module else None,
        )
    except TrainwellError as problem:
        return Outcome(2, str(problem))
    written = WrittenFiles(job.folder) if job.survey else None
    options = listen() if job.survey else None
    if remedies:
        # Compiled code would run without them.
        torch.compiler.set_stance("force_eager")
    probe.attach()
    if remedies or surveyor is not None:
        if surveyor is not None:
            surveyor.attach(live)
        live.attach(remedies)
    impose(job.seed)
    began = time.perf_counter()
    status, error = _execute(script, probe)
    seconds = time.perf_counter() - began
    probe.finish()
    if written is not None:
        written.stop()
    for stream in (sys.stdout, sys.stderr):
        with suppress(ValueError):  # the script may have closed it
            stream.flush()
    return Outcome(
        status=status,
        error=error,
        curves=_curves(run),
        output=_tail(output),
        seconds=seconds,
        steps=run.steps,
        unused=live.unused(remedies) | _partly(live, remedies),
        survey=None if surveyor is None else _survey(surveyor, job).to_json(),
        run=run_to_json(run) if job.record else None,
        notes=tuple(run.notes),
        written=tuple(sorted(written.inside)) if written is not None else (),
        written_whole=tuple(sorted(written.elsewhere)) if written is not None else (),
        options=options or None,
        epochs=0 if surveyor is None else surveyor.epochs,
    )


def _survey(surveyor: Surveyor, job: Job) -> Survey:
    """What was learned, with the path of the source in the place of a module's name."""
    survey = surveyor.finish()
    path = getattr(sys.modules["__main__"], "__file__", None) if job.is_module else None
    return survey if path is None else replace(survey, script=path)


def _folder(job: Job, output: str) -> str:
    """The working directory: the script's own, or a mirror beside the trial's output."""
    if not job.scratch:
        return job.folder
    path = output + ".folder"
    os.mkdir(path)
    mirror(os.path.abspath(job.folder), path, job.scratch)
    return path


def _execute(script: Script, probe: Probe) -> tuple[int, str]:
    ending = Ending(lambda: 0)
    error = ""
    try:
        problem = execute(script, ending, probe.failed)
        if problem is not None:
            return 2, str(problem)
        # Python waits for a script's threads before it ends.
        threading._shutdown()  # type: ignore[attr-defined]
    except SystemExit as stop:
        if isinstance(stop.code, str):
            error = stop.code
    except BaseException as problem:  # noqa: BLE001 - whatever ends the script is its result
        text = str(problem).strip().splitlines()
        error = f"{type(problem).__name__}: {text[0] if text else ''}"
        return ending.status or 1, error
    return ending.status, error


def _curves(run: Run) -> dict[str, list[list[float | None]]]:
    """The evaluations by place, named by function and by the order in which they came first.

    The record's own keys hold line numbers, which a patch moves.
    """
    names: dict[str, str] = {}
    curves: dict[str, list[list[float | None]]] = {}
    for evaluation in run.evaluations.values():
        name = names.setdefault(evaluation.key, f"{evaluation.function}#{len(names)}")
        point = [evaluation.step, evaluation.loss, evaluation.accuracy, evaluation.examples]
        curves.setdefault(name, []).append(point)
    return curves


def _partly(live: Live, remedies: list[Remedy]) -> dict[str, str]:
    """Parts of settings that did nothing, with the reason."""
    whole = {r.name for r in remedies}
    return {name: reason for name, reason in live.reasons.items() if name not in whole}


def follow_into(path: str) -> Callable[[str, float, float | None], None]:
    """What writes an evaluation into a file as soon as it has ended: a line of JSON each.

    Args:
        path: of the file.

    Returns:
        A function of the curve's name, the loss, and the accuracy or None.
    """
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def tell(name: str, loss: float, accuracy: float | None) -> None:
        # In one call, so that no reader sees half a line.
        os.write(file, (json.dumps([name, loss, accuracy]) + "\n").encode())

    return tell


class _Following:
    """Tells of every evaluation, under the names that `_curves` gives."""

    def __init__(self, tell: Callable[[str, float, float | None], None]) -> None:
        self._names: dict[str, str] = {}
        self._tell = tell

    def hear(self, fact: Fact) -> None:
        if isinstance(fact, Evaluation):
            name = self._names.setdefault(fact.key, f"{fact.function}#{len(self._names)}")
            self._tell(name, fact.loss, fact.accuracy)


def redirect(path: str) -> None:
    """Let the standard streams of this process lead to a file, and read nothing."""
    target = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(target, 1)
    os.dup2(target, 2)
    os.close(target)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    # The streams were made for other files, and may hold what the parent had not written yet.
    sys.stdout, sys.stderr = _stream(1), _stream(2)


def _stream(descriptor: int) -> Any:
    return open(descriptor, "w", encoding="utf-8", errors="replace", buffering=1, closefd=False)


def _tail(path: str) -> str:
    with open(path, "rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - _OUTPUT))
        return file.read().decode("utf-8", errors="replace")
