"""The list of runs."""

from __future__ import annotations

__all__ = ["render_runs", "render_runs_json", "status_of"]

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from trainwell.diagnosis import Diagnosis
from trainwell.record.store import RunSummary
from trainwell.report.canvas import Canvas

_STYLES = {"error": "red", "warning": "yellow", "info": "cyan"}


def render_runs(
    runs: Sequence[tuple[RunSummary, Diagnosis]],
    *,
    left_out: int = 0,
    width: int = 100,
    colour: bool = False,
) -> str:
    """The runs as a table, one line each.

    Args:
        runs: in the order of the table.
        left_out: how many older ones are not among them.
        width: columns of the terminal.
        colour: with the control codes of a terminal; plain text otherwise.
    """
    if not runs:
        return "no runs yet\n"
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    # Only the script and the finding may be cut: the rest is short, and is needed whole.
    widths = {h: max(len(h), *(len(_cells(s)[h]) for s, _ in runs)) for h in _cells(runs[0][0])}
    left = width - sum(w + 2 for h, w in widths.items() if h != "script") - 2
    widths["script"] = max(6, min(widths["script"], left // 2))
    for heading, columns in widths.items():
        table.add_column(
            heading,
            no_wrap=True,
            overflow="ellipsis",
            justify="right" if heading == "steps" else "left",
            width=columns,
        )
    table.add_column(
        "worst finding", no_wrap=True, overflow="ellipsis", width=max(13, left - widths["script"])
    )
    for summary, diagnosis in runs:
        worst = Text("none" if summary.steps else "")
        if diagnosis.roots:
            root = diagnosis.roots[0]
            worst = Text(f"{root.code} {root.slug}", style=_STYLES[root.severity])
            if len(diagnosis.roots) > 1:
                worst.append(f" +{len(diagnosis.roots) - 1}", style="dim")
        cells = _cells(summary)
        table.add_row(*(Text(cells[heading]) for heading in cells), worst)
    canvas = Canvas(width, colour)
    canvas.draw(table)
    if left_out:
        canvas.line(f"and {left_out:,} older", "dim")
    return canvas.text


def _cells(summary: RunSummary) -> dict[str, str]:
    started = datetime.fromtimestamp(summary.started, UTC).astimezone()
    return {
        "run": summary.id,
        "script": " ".join([summary.script, *summary.arguments]),
        "started": started.strftime("%m-%d %H:%M"),
        "steps": f"{summary.steps:,}",
        "status": status_of(summary),
    }


def render_runs_json(runs: Sequence[tuple[RunSummary, Diagnosis]]) -> str:
    """The runs as one line of JSON."""
    return json.dumps(
        {
            "schema": 1,
            "runs": [
                {
                    "run": summary.id,
                    "script": summary.script,
                    "arguments": list(summary.arguments),
                    "started": summary.started,
                    "ended": summary.ended,
                    "steps": summary.steps,
                    "status": status_of(summary),
                    "exit_status": summary.exit_status,
                    "findings": [e.code for e in diagnosis.entries],
                }
                for summary, diagnosis in runs
            ],
        },
        ensure_ascii=False,
        allow_nan=False,
    )


def status_of(summary: RunSummary) -> str:
    """How a run stands: "running", "ok", "exit 1", "interrupted", "signal 15", "lost"."""
    if summary.ended is None:
        return "running" if summary.alive else "lost"
    status = summary.exit_status or 0
    if status < 0:
        return "interrupted" if status == -2 else f"signal {-status}"
    return f"exit {status}" if status else "ok"
