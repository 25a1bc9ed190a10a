"""From the arm that won to a patch of the script, and the check that it does what the trial did."""

from __future__ import annotations

__all__ = ["Checked", "Patch", "bare_run", "make_patch"]

import os
import subprocess
import sys
from dataclasses import dataclass

from trainwell.errors import CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import unified_diff
from trainwell.remedies.moving import move_remedy, move_survey, moved
from trainwell.remedies.survey import Survey
from trainwell.trials.arms import Arm

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


@dataclass(frozen=True)
class Checked:
    """How a patched script did when it was run.

    Attributes:
        agrees: its result is the trial's.
        bare_status: exit status under bare Python.
        same_output: bare, it prints what it prints under watch; None where it prints times.
        difference: mean distance from the trial's results over the seeds, in the measure's unit.
        seeds: how many were run.
    """

    agrees: bool
    bare_status: int
    same_output: bool
    difference: float
    seeds: int


@dataclass(frozen=True)
class Patch:
    """What to change in the script.

    Attributes:
        source: the script with the changes.
        diff: a unified diff; "" when no remedy has a patch.
        by_hand: for remedies without a safe patch: (label, why not, lines to add).
        checked: how the patched script did; None when it was not run.
    """

    source: str
    diff: str
    by_hand: tuple[tuple[str, str, str], ...] = ()
    checked: Checked | None = None

    @property
    def whole(self) -> bool:
        """It holds every remedy of the arm."""
        return bool(self.diff) and not self.by_hand


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
    script: str, source: str, arguments: tuple[str, ...], *, threads: int, limit: float
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
