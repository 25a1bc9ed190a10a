"""`trainwell runs`: the runs of this project."""

from __future__ import annotations

__all__ = ["runs"]

import sys
from typing import Annotated

import typer

from trainwell.cli.output import is_coloured, put, terminal_width
from trainwell.configuration.settings import settings_for
from trainwell.record.store import RECORD, Store


def runs(
    json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="N", help="The last N runs only.")
    ] = 20,
) -> int:
    """List the runs of this folder, the last one first."""
    from trainwell.diagnosis import diagnose
    from trainwell.report.runs import render_runs, render_runs_json

    store = Store(RECORD, create=False)
    summaries = store.summaries()
    # What `show` would say of them.
    some = [
        (s, diagnose(store.load(s.id), settings_for(s.script).findings()))
        for s in summaries[:limit]
    ]
    store.close()
    if json:
        put(sys.stdout, render_runs_json(some) + "\n")
    else:
        put(
            sys.stdout,
            render_runs(
                some,
                left_out=len(summaries) - len(some),
                width=terminal_width(sys.stdout),
                colour=is_coloured(sys.stdout),
            ),
        )
    return 0
