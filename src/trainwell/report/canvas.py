"""What the text renderers draw on."""

from __future__ import annotations

__all__ = ["Canvas"]

import io

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text


class Canvas:
    """Takes rich's renderables, gives a string.

    Args:
        width: columns of the terminal.
        colour: with the control codes of a terminal; plain text otherwise.
    """

    def __init__(self, width: int, colour: bool) -> None:
        self._file = io.StringIO()
        self._console = Console(
            file=self._file,
            width=width,
            force_terminal=colour,
            color_system="standard" if colour else None,
            legacy_windows=False,
            highlight=False,
            markup=False,
            emoji=False,
        )

    def draw(self, what: RenderableType = "", *, indent: int = 0) -> None:
        """Draw one renderable below the last."""
        self._console.print(Padding(what, (0, 0, 0, indent)) if indent else what)

    def line(self, text: str, style: str = "", *, indent: int = 0) -> None:
        """Draw a text in one style."""
        self.draw(Text(text, style=style), indent=indent)

    def raw(self, text: str, style: str = "") -> None:
        """Draw one line as it is, however long: a patch that is wrapped applies no more."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    def gap(self) -> None:
        """Draw one empty line, unless there is one."""
        if not self._file.getvalue().endswith("\n\n"):
            self.draw()

    @property
    def text(self) -> str:
        """All of it. Rich fills lines with spaces; who copies a line does not want those."""
        return "".join(line.rstrip() + "\n" for line in self._file.getvalue().splitlines())
