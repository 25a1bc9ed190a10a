"""`trainwell explain`: what a finding means, and what it looks like when it happens."""

from __future__ import annotations

__all__ = ["explain"]

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from trainwell.cli.output import is_coloured, put, terminal_width
from trainwell.errors import BadInputError

if TYPE_CHECKING:
    from trainwell.findings.finding import Finding

_SPECIMENS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "specimens")


def explain(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[CODE|SLUG]", help="The finding. All of them in one list when left out."
        ),
    ] = None,
    show: Annotated[
        bool,
        typer.Option("--run", help="Run a script that has the fault, and the cured one."),
    ] = False,
) -> int:
    """Explain a finding, or list all that can be found."""
    from trainwell.findings.catalogue import FINDINGS, by_name
    from trainwell.report.page import render_catalogue, render_page

    width, colour = terminal_width(sys.stdout), is_coloured(sys.stdout)
    if name is None:
        if show:
            raise BadInputError("`--run` needs a finding: trainwell explain CODE --run")
        put(sys.stdout, render_catalogue(FINDINGS.values(), width=width, colour=colour))
        return 0
    finding = by_name(name)
    if show:
        return _run_specimens(finding)
    put(
        sys.stdout,
        render_page(
            finding,
            caused_by=[f for f in FINDINGS.values() if finding.slug in f.causes],
            specimens=_specimens(finding),
            width=width,
            colour=colour,
        ),
    )
    return 0


def _specimens(finding: Finding) -> tuple[str, str] | None:
    sick, cured = (os.path.join(_folder(finding), name) for name in ("sick.py", "cured.py"))
    if not (os.path.exists(sick) and os.path.exists(cured)):
        return None
    with open(sick, encoding="utf-8") as one, open(cured, encoding="utf-8") as other:
        return one.read(), other.read()


def _folder(finding: Finding) -> str:
    return os.path.join(_SPECIMENS, finding.slug)


def _run_specimens(finding: Finding) -> int:
    if _specimens(finding) is None:
        raise BadInputError(f"`{finding.slug}` has no specimens to run")
    for name in ("sick.py", "cured.py"):
        put(sys.stdout, f"$ cd {_folder(finding)}; trainwell run --no-record {name}\n")
        done = subprocess.run(
            # Isolated: a virtual environment may lie in a project that ignores this very finding.
            [sys.executable, "-m", "trainwell", "run", "--no-record", "--isolated", name],
            cwd=_folder(finding),
            # `-m` puts the working directory before everything else: not here.
            env={**os.environ, "PYTHONSAFEPATH": "1"},
            check=False,
        )
        # A sick script may die of its fault: that is what there is to see.
        if done.returncode and (name, done.returncode) != ("sick.py", 1):
            return done.returncode
        put(sys.stdout, "\n")
    return 0
