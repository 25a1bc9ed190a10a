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
name, home, *arguments = sys.argv[1:]
sys.argv[:] = [name, *arguments]
sys.path[0] = home
random.seed(0)
import numpy, torch
numpy.random.seed(0)
torch.manual_seed(0)
torch.set_num_threads({threads})
{run}
"""
"""Runs a script without trainwell, seeded as the first trial: it matters where it does not seed."""

_RUN_PATH = 'runpy.run_path(name, run_name="__main__")'
_RUN_MODULE = 'runpy.run_module(name, run_name="__main__", alter_sys=True)'


def make_patch(script: str, arm: Arm, survey: Survey) -> Patch:
    """The patch of an arm.

    Args:
        script: path of the script, or of the module's source.
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
    return Patch(script, source, diff, tuple(by_hand))


def bare_run(
    script: str,
    source: str,
    arguments: tuple[str, ...],
    *,
    threads: int,
    limit: float,
    module: str = "",
    folder: str | None = None,
) -> tuple[int, str]:
    """Run a source in the place of a script, by Python alone.

    The file lies beside the script while it runs, so that what the script finds beside itself is
    found.

    Args:
        script: path of the script, or of the module's source.
        source: what runs.
        arguments: the script's.
        threads: that PyTorch may use.
        limit: seconds after which it is stopped.
        module: the dotted name, to run it as `python -m` does.
        folder: the working directory; this process's own when None.

    Returns:
        Exit status (-9 when it was stopped), and what it printed to standard output.
    """
    path, name = beside(script, module)
    home = os.getcwd() if module else os.path.dirname(os.path.realpath(path))
    run = _RUN_MODULE if module else _RUN_PATH
    write_source(path, source)
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                _BARE.format(threads=threads, run=run),
                name,
                home,
                *arguments,
            ],
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


def beside(script: str, module: str = "") -> tuple[str, str]:
    """Where a patched source stands while it is tried, and the name by which it is run.

    Args:
        script: path of the script, or of the module's source.
        module: the module's dotted name; "" for scripts.

    Returns:
        A path in the same folder, and that path again, or the dotted name of a module there.
    """
    folder, name = os.path.split(os.path.abspath(script))
    if not module:
        path = os.path.join(folder, f".trainwell-{os.getpid()}-{name}")
        return path, path
    stem = name.removesuffix(".py")
    package, _, last = module.rpartition(".")
    if stem == "__main__" and last != stem:
        package = module  # a package's name stands for its `__main__`
    # Its relative imports go on to work: it stands in the same package.
    stand_in = f"_trainwell_{os.getpid()}_{stem}"
    path = os.path.join(folder, stand_in + ".py")
    return path, f"{package}.{stand_in}" if package else stand_in


def write_source(path: str, source: str) -> None:
    """Write a script's text as it is, line ends included."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(source)
