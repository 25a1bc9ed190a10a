"""How a search stands, on standard error: a live table in a terminal, else a line a trial."""

from __future__ import annotations

__all__ = ["Shown"]

import sys
from typing import TYPE_CHECKING

from trainwell.cli.output import put

if TYPE_CHECKING:
    from rich.console import RenderableType

    from trainwell.trials.tuning.plan import Standing


class Shown:
    """Shows it.

    Args:
        live: draw a live table where there is a terminal.
    """

    def __init__(self, *, live: bool) -> None:
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True)
        self._is_live = live and console.is_terminal
        self._live = Live(console=console, transient=True, auto_refresh=False)
        self._stage = ""
        self._told: set[tuple[int, str]] = set()

    def __enter__(self) -> Shown:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def tell(self, standing: Standing) -> None:
        """Show it."""
        if self._is_live:
            self._live.update(_drawn(standing), refresh=True)
            return
        if standing.stage != self._stage:
            self._stage = standing.stage
            put(sys.stderr, f"trainwell: {standing.stage}\n")
        for number, state, value, values in standing.recent:
            if (number, state) not in self._told:
                self._told.add((number, state))
                from trainwell.report.tuning import number as digits
                from trainwell.report.tuning import setting

                done = standing.complete + standing.pruned + standing.failed
                put(
                    sys.stderr,
                    f"trainwell: {done}/{standing.trials}: trial {number} {state}"
                    f" {digits(value)}: {setting(values)}\n",
                )


def _drawn(standing: Standing) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from trainwell.report.tuning import number, setting

    left = "" if standing.left is None else f", about {_time(standing.left)} left"
    done = standing.complete + standing.pruned + standing.failed
    head = Text(
        f"{standing.stage}: {done} of {standing.trials} trials ({standing.complete} complete,"
        f" {standing.pruned} pruned, {standing.failed} failed), {standing.running} running{left}",
        style="bold",
    )
    best = Text(
        f"best so far {number(standing.best)}"
        + (f", as it is {number(standing.default)}" if standing.default is not None else "")
        + (f": {setting(standing.best_values)}" if standing.best is not None else ""),
        style="green",
    )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("trial", "", "value", "setting"):
        table.add_column(heading, justify="right" if heading in ("trial", "value") else "left")
    for at, state, value, values in standing.recent:
        table.add_row(str(at), state, number(value), Text(setting(values)))
    reasons = [
        Text(f"failed {count}x: {reason}", style="yellow")
        for reason, count in standing.failures.items()
    ]
    return Group(head, best, table, *reasons)


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
