"""A search as text: what was found, whether it holds, and what to do with it."""

from __future__ import annotations

__all__ = ["number", "render_tuned", "setting"]

import io
import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from trainwell.trials.tuning.tuned import Rescored, Tuned

_SHOWN = 5
"""Trials in the table of the best."""


def render_tuned(found: Tuned, *, width: int = 100, colour: bool = False) -> str:
    """The text.

    Args:
        found: what the search found.
        width: columns.
        colour: with the terminal's colours.
    """
    buffer = io.StringIO()
    console = Console(
        file=buffer, width=width, force_terminal=colour, no_color=not colour, highlight=False
    )
    console.print(Text(_heading(found), style="bold"))
    for line in _failures(found):
        console.print(Text(line, style="yellow"))
    if found.best is None:
        console.print(Text("no trial gave a value"))
    else:
        console.print(_trials(found))
        if found.rescored:
            console.print(Text(f"Again, on {_seeds(found)} fresh seeds:"))
            console.print(_again(found))
        for line in _verdict(found):
            console.print(Text(line))
    for name, (reason, count) in found.unused.items():
        console.print(Text(f"{name} did nothing in {count} trials: {reason}", style="yellow"))
    for line in _next(found):
        console.print(Text(line))
    # Lines of a table end in blanks.
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def setting(values: Mapping[str, Any]) -> str:
    """A setting in one line, as it would be typed."""
    return " ".join(f"{name}={_value(v)}" for name, v in values.items()) or "(the defaults)"


def number(value: float | None) -> str:
    """A value to four digits."""
    return "-" if value is None or not math.isfinite(value) else f"{value:.4g}"


def _value(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _heading(found: Tuned) -> str:
    kinds = ("complete", "pruned", "diverged", "failed", "running")
    counts = Counter(t.state for t in found.trials if not t.is_default)
    told = ", ".join(f"{counts[k]} {k}" for k in kinds if counts[k]) or "no trials"
    stopped = f" ({found.stopped})" if found.stopped else ""
    way = "higher" if found.maximize else "lower"
    return f"{found.script}: {told}; {found.metric}, {way} is better{stopped}"


def _failures(found: Tuned) -> list[str]:
    reasons = Counter(t.error for t in found.trials if t.state == "failed")
    return [f"failed {count}x: {reason}" for reason, count in reasons.most_common(3)]


def _trials(found: Tuned) -> Table:
    sign = -1.0 if found.maximize else 1.0
    complete = [t for t in found.trials if t.value is not None and not t.is_default]
    complete.sort(key=lambda t: sign * (t.value or 0.0))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("trial", justify="right")
    table.add_column("value", justify="right")
    table.add_column("setting", overflow="fold")
    for trial in complete[:_SHOWN]:
        table.add_row(str(trial.number), number(trial.value), setting(trial.values))
    if found.default is not None:
        table.add_row("as it is", number(found.default), "")
    return table


def _again(found: Tuned) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("trial", "in the search", "on fresh seeds", "beside the defaults", "95 %"):
        table.add_column(heading, justify="right")
    for one in found.rescored:
        name = "as it is" if one.number is None else str(one.number)
        effect = f"{one.effect:+.4g}" if math.isfinite(one.effect) else ""
        table.add_row(name, number(one.believed), number(one.mean), effect, _range(one))
    return table


def _range(one: Rescored) -> str:
    return f"{one.low:+.4g} .. {one.high:+.4g}" if math.isfinite(one.low) else ""


def _seeds(found: Tuned) -> int:
    return max(len(r.each) for r in found.rescored)


def _verdict(found: Tuned) -> list[str]:
    best = found.best
    assert best is not None
    lines = []
    values = {t.value for t in found.trials if t.value is not None}
    if values == {found.default}:
        lines.append("All trials gave just what the defaults gave: what was set changes nothing.")
    elif found.holds is True:
        lines.append(f"Trial {best.number} holds: it is better than the defaults on fresh seeds.")
    elif found.holds is False:
        lines.append("Keep the defaults: on fresh seeds no setting is better.")
    elif any(r.number is None for r in found.rescored):
        lines.append(
            "Open: on fresh seeds the difference from the defaults may be chance; more --seeds"
            " would tell."
        )
    if found.overtuning is not None and found.overtuning > 0.1:
        share = min(1.0, found.overtuning)
        lines.append(
            f"Overtuning: on fresh seeds the gain is {share:.0%} smaller than the search believed."
        )
    lines.append(f"Best: {setting(best.values)}")
    return lines


def _next(found: Tuned) -> list[str]:
    lines = []
    if found.command:
        lines.append(f"Run it:      {found.command}")
    if found.best is not None:
        lines.append(
            f"Run it here: trainwell tune --replay {found.best.number} --study {found.study}"
        )
    lines.append(f"See more:    trainwell tune --show {found.study} --html study.html")
    if found.stopped:
        lines.append(f"Go on:       trainwell tune --resume --study {found.study}")
    return lines
