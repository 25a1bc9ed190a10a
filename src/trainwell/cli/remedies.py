"""`trainwell remedies`: what can be tried."""

from __future__ import annotations

__all__ = ["remedies"]

import sys
from dataclasses import fields
from typing import Annotated

import typer

from trainwell.cli.output import is_coloured, put, terminal_width


def remedies(
    name: Annotated[
        str | None, typer.Argument(help="Tell more of this one.", show_default=False)
    ] = None,
) -> int:
    """List the remedies that `trainwell treat` tries and `trainwell run --with` applies."""
    import inspect

    from rich import box
    from rich.table import Table

    from trainwell.errors import UnknownNameError
    from trainwell.remedies.catalogue import REMEDIES
    from trainwell.report.canvas import Canvas

    canvas = Canvas(terminal_width(sys.stdout), is_coloured(sys.stdout))
    if name is not None:
        kind = REMEDIES.get(name)
        if kind is None:
            raise UnknownNameError("remedy", name, REMEDIES)
        canvas.line(kind().label, "bold")
        canvas.line(inspect.cleandoc(kind.__doc__ or ""))
        put(sys.stdout, canvas.text)
        return 0
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in ("remedy", "setting", "changes", "what it does"):
        table.add_column(column, no_wrap=column != "what it does")
    for key in sorted(REMEDIES):
        made = REMEDIES[key]()
        own = [f.name for f in fields(made) if not f.name.startswith("at_")]
        setting = f"{own[0]}={getattr(made, own[0])}" if own else ""
        table.add_row(key, setting, made.safety.value, made.advice)
    canvas.draw(table)
    put(sys.stdout, canvas.text)
    return 0
