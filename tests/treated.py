"""Runs training with remedies: a trial in a fork of this process, or a loop in this process."""

from __future__ import annotations

import gc
import json
import os
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch._dynamo  # noqa: F401 - imported by the first optimizer otherwise, in every fork again

from trainwell.record import Run
from trainwell.record.codec import run_from_json
from trainwell.remedies.live import Live
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.survey import Survey
from trainwell.trials.job import Job, Outcome
from trainwell.trials.worker import work


def trial(
    script: Path, *arguments: str, remedies: Sequence[Remedy] = (), seed: int = 0, **options: Any
) -> Outcome:
    """A trial, as `trainwell treat` runs it, but in a fork of this process.

    Args:
        script: its path; its folder is the working directory.
        arguments: its own.
        remedies: applied to it.
        seed: of the trial.
        options: of the `Job`.
    """
    job = Job(
        script=str(script),
        arguments=arguments,
        seed=seed,
        remedies=tuple(r.to_json() for r in remedies),
        folder=str(script.parent),
        home=str(script.parent),
        **options,
    )
    reader, writer = os.pipe()
    with tempfile.NamedTemporaryFile() as output:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(reader)
                # What this process has made is none of the script's, and costs time to go through.
                gc.freeze()
                outcome = work(Job.from_text(job.to_text()), output.name)
                with os.fdopen(writer, "w") as pipe:
                    json.dump(outcome.to_json(), pipe)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
        if not text:
            raise RuntimeError(f"the trial of {script} died: {Path(output.name).read_text()}")
    return Outcome.from_json(json.loads(text))


def surveyed(script: Path, *arguments: str) -> tuple[Run, Survey, Outcome]:
    """The script run once as it is: its record, and what was learned for the remedies."""
    outcome = trial(script, *arguments, survey=True, record=True)
    assert outcome.status == 0, outcome.error + outcome.output
    assert outcome.run is not None
    assert outcome.survey is not None
    run = run_from_json(outcome.run)
    run.script = str(script)
    return run, Survey.from_json(outcome.survey), replace(outcome, run=None)


@contextmanager
def treated(
    *remedies: Remedy, evaluates_at: frozenset[tuple[str, int]] = frozenset()
) -> Iterator[Live]:
    """What happens inside is treated."""
    live = Live(evaluates_at)
    try:
        live.attach(remedies)
        yield live
    finally:
        live.detach()
