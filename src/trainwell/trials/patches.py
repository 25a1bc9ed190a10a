"""From the arm that won to a patch of the script, and the check that it does what the trial did."""

from __future__ import annotations

__all__ = ["bare_run", "beside", "make_patch", "write_source"]

import os
import subprocess
import sys

from trainwell.errors import CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import unified_diff
from trainwell.remedies.moving import move_remedy, move_survey, moved
from trainwell.remedies.survey import Survey
from trainwell.trials.arms import Arm
from trainwell.trials.patch import Patch

_BARE = """\
import os, random, runpy, sys
path, *arguments = sys.argv[1:]
sys.argv[:] = [path, *arguments]
sys.path[0] = os.path.dirname(os.path.realpath(path))
random.seed(0)
import numpy, torch
numpy.random.seed(0)
torch.manual_seed(0)
torch.set_num_threads({threads})
runpy.run_path(path, run_name="__main__")
"""
"""Runs a script without trainwell, seeded as the first trial: it matters where it does not seed."""


def make_patch(script: str, arm: Arm, survey: Survey) -> Patch:
    """The patch of an arm.

    Args:
        script: path of the script.
        arm: fitted remedies.
        survey: of the script as it is.
    """
    with open(script, encoding="utf-8", newline="") as file:
        original = file.read()
    source, at = original, survey
    remedies = list(arm.remedies)
    by_hand: list[tuple[str, str, str]] = []
    for i, remedy in enumerate(remedies):
        try:
            edited = remedies[i].patch(source, at)
        except (UnsafeEditError, CannotApplyError) as error:
            by_hand.append((remedy.label, str(error), remedy.lines(survey)))
            continue
        move = moved(source, edited)
        # Where the lines were matters for telling the script's own, so the survey moves last.
        remedies = [move_remedy(r, at, move) for r in remedies]
        at = move_survey(at, move)
        source = edited
    diff = unified_diff(original, source, script) if source != original else ""
    return Patch(source, diff, tuple(by_hand))


def bare_run(
    script: str,
    source: str,
    arguments: tuple[str, ...],
    *,
    threads: int,
    limit: float,
    folder: str | None = None,
) -> tuple[int, str]:
    """Run a source in the place of a script, by Python alone.

    The file lies beside the script while it runs, so that what the script finds beside itself is
    found.

    Args:
        script: path of the script.
        source: what runs.
        arguments: the script's.
        threads: that PyTorch may use.
        limit: seconds after which it is stopped.
        folder: the working directory; this process's own when None.

    Returns:
        Exit status (-9 when it was stopped), and what it printed to standard output.
    """
    path = beside(script)
    write_source(path, source)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _BARE.format(threads=threads), path, *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
            cwd=folder,
            check=False,
            env=os.environ | {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": str(threads)},
        )
    except subprocess.TimeoutExpired:
        return -9, ""
    finally:
        os.unlink(path)
    return done.returncode, done.stdout


def beside(script: str) -> str:
    """A path for a patched script: in the same folder, hidden."""
    folder, name = os.path.split(os.path.abspath(script))
    return os.path.join(folder, f".trainwell-{os.getpid()}-{name}")


def write_source(path: str, source: str) -> None:
    """Write a script's text as it is, line ends included."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(source)
