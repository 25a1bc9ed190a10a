"""What is worth a search, as text."""

from __future__ import annotations

__all__ = ["render_suggestions"]

import io
import shlex
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from trainwell.trials.tuning.suggestion import Suggestions

_LAYERS = 12


def render_suggestions(
    suggestions: Suggestions, script: str, *, width: int = 100, colour: bool = False
) -> str:
    """The text: what is learned, what is set, and a command that searches it.

    Args:
        suggestions: what was found.
        script: the script and its arguments, as they were typed.
        width: columns.
        colour: with the terminal's colours.
    """
    buffer = io.StringIO()
    console = Console(
        file=buffer, width=width, force_terminal=colour, no_color=not colour, highlight=False
    )
    total = sum(count for _, count in suggestions.learned)
    console.print(Text(f"Learned by training: {total:,} parameters", style="bold"))
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 2))
    for layer, count in suggestions.learned[:_LAYERS]:
        table.add_row(layer, f"{count:,}")
    if len(suggestions.learned) > _LAYERS:
        table.add_row(f"and {len(suggestions.learned) - _LAYERS} more layers", "")
    console.print(table)
    heading = f"Set by you: {len(suggestions.found)} hyperparameters worth a search"
    console.print(Text(heading, style="bold"))
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 2))
    for one in suggestions.found:
        default = "" if one.default is None else f"now {_value(one.default)}"
        table.add_row(Text(one.text), default, one.reason)
    console.print(table)
    console.print(Text("Search them:", style="bold"))
    words = [f"-p {shlex.quote(one.text)}" for one in suggestions.found]
    lines = ["trainwell tune", *words, script]
    text = buffer.getvalue() + "  " + " \\\n    ".join(lines) + "\n"
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
