"""`trainwell show`: the diagnosis of an earlier run."""

from __future__ import annotations

__all__ = ["show"]

from typing import Annotated

import typer

from trainwell.cli.options import FailOn, fails
from trainwell.cli.output import Output
from trainwell.errors import RecordError
from trainwell.record.store import RECORD, Store


def show(
    run: Annotated[
        str | None,
        typer.Argument(help="The run's id, or how it begins. The last run when left out."),
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit with 1 when something as bad was found.")
    ] = FailOn.NEVER,
    json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write the report to a file."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also say what could not be judged, and why.")
    ] = False,
) -> int:
    """Print a run's diagnosis again."""
    from trainwell.diagnosis import diagnose

    target = Output(as_json=json, file=output, verbose=verbose)
    store = Store(RECORD, create=False)
    name = run or store.latest()
    if name is None:
        raise RecordError(f"the record `{RECORD}` holds no runs yet")
    diagnosis = diagnose(store.load(name))
    store.close()
    target.show(diagnosis)
    return 1 if fails(diagnosis, fail_on) else 0
