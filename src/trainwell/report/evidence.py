"""The numbers behind a finding: what it measured itself, and each layer's where that tells more."""

from __future__ import annotations

__all__ = ["figures", "layer_table"]

from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from trainwell.diagnosis import Entry
from trainwell.record import Detail, Run, Series
from trainwell.report.numbers import figure, sparkline


@dataclass(frozen=True)
class _Column:
    kind: str
    quantity: str
    heading: str
    share: bool = False


_COLUMNS = {
    "ACT101": _Column("operation", "silent_share", "silent units", share=True),
    "ACT102": _Column("operation", "saturated_share", "saturated", share=True),
    "ACT103": _Column("operation", "spread", "spread over examples"),
    "GRD101": _Column("parameter", "gradient_rms", "gradient rms"),
    "GRD102": _Column("parameter", "gradient_rms", "gradient rms"),
    "OPT101": _Column("parameter", "update_ratio", "update / weight"),
    "OPT102": _Column("parameter", "update_ratio", "update / weight"),
}
"""Which series tells a finding's story layer by layer, where one does."""

_ROWS = 12


def figures(entry: Entry) -> list[str]:
    """The numbers of an entry's evidence, one text each, in the order of the finding."""
    return [
        f"{name.replace('_', ' ')} {text}"
        for name, value in entry.evidence.items()
        if (text := _spelled(value))
    ]


def layer_table(entry: Entry, run: Run) -> Table | None:
    """One row a layer with the course of what the entry is about; the layers at fault are marked.

    Returns:
        None where the run has no such series, or of a single layer.
    """
    column = _COLUMNS.get(entry.code)
    rows = [] if column is None else _rows(column, run)
    if column is None or len(rows) < 2:
        return None
    return _table(column, rows, {place.layer for place in entry.where})


def _rows(column: _Column, run: Run) -> list[tuple[str, str | None, Series]]:
    depths = {n: o.depth for o in run.operations.values() for n in reversed(o.parameters)}
    rows = []
    for (kind, number, quantity), series in run.vitals.items():
        if (kind, quantity) != (column.kind, column.quantity) or not len(series):
            continue
        if kind == "operation":
            operation = run.operations.get(number)
            if operation is not None:
                layer = operation.place.layer
                rows.append((operation.depth, number, layer or operation.kind, layer, series))
        else:
            parameter = run.parameters.get(number)
            if parameter is not None and parameter.is_weight:
                depth = depths.get(number, 0)
                rows.append((depth, number, parameter.name, parameter.layer, series))
    return [row[2:] for row in sorted(rows, key=lambda row: row[:2])]


def _table(
    column: _Column, rows: list[tuple[str, str | None, Series]], at_fault: set[str | None]
) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("layer", overflow="ellipsis", max_width=32)
    table.add_column(column.heading, justify="right")
    table.add_column("over the steps")
    shown = rows
    if len(rows) > _ROWS:
        # The middle of a deep network is left out: its ends tell which way the numbers run.
        half = _ROWS // 2
        shown = [*rows[:half], *rows[-half:]]
    for at, (name, layer, series) in enumerate(shown):
        if len(rows) > _ROWS and at == _ROWS // 2:
            table.add_row(Text(f"… {len(rows) - _ROWS} more", style="dim"), "", "")
        value = series.end()
        text = f"{100 * value:.0f} %" if column.share and value == value else figure(value)
        style = "bold" if layer is not None and layer in at_fault else ""
        table.add_row(Text(name, style=style), Text(text, style=style), sparkline(series.values))
    return table


def _spelled(value: Detail) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return figure(value)
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        # By layer, mostly.
        parts = [f"{k} {text}" for k, v in value.items() if (text := _spelled(v))]
        return _listed(parts)
    if len(value) > 3 and all(isinstance(v, int | float) for v in value):
        numbers = [float(v) for v in value if isinstance(v, int | float)]
        return f"{figure(numbers[0])} {sparkline(numbers)} {figure(numbers[-1])}"
    return _listed([_spelled(v) for v in value])


def _listed(parts: list[str]) -> str:
    more = len(parts) - 6
    return (
        "(" + ", ".join(parts[:6] + ([f"{more} more"] if more > 0 else [])) + ")" if parts else ""
    )
