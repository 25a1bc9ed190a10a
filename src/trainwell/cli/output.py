"""Where a report goes, and in which form."""

from __future__ import annotations

__all__ = ["Output", "is_coloured", "put", "terminal_width"]

import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from trainwell.configuration.options import Format
from trainwell.errors import BadInputError

if TYPE_CHECKING:
    from trainwell.diagnosis import Diagnosis


_PLAINER = str.maketrans("▁▂▃▄▅▆▇█×·→✗…│└─", "_.,-~=*#x->x~|`-")


@dataclass(frozen=True)
class Output:
    """What a reader asked for. Made before a script runs: what it changes does not matter.

    Attributes:
        format: what the report is written as. JSON and SARIF are one line on standard output, and
            indented in a file.
        file: path to write to instead of standard output.
        verbose: with what could not be judged.
        quiet: nothing at all.
        stream: standard output as it was before the script.
        folder: the working directory as it was before the script.

    Raises:
        BadInputError: if `file` cannot be written.
    """

    format: Format = Format.TEXT
    file: str | None = None
    verbose: bool = False
    quiet: bool = False
    stream: TextIO = field(default_factory=lambda: sys.stdout)
    folder: str = field(default_factory=os.getcwd)

    def __post_init__(self) -> None:
        if self.file is None:
            return
        path = os.path.join(self.folder, self.file)
        problem = None
        if os.path.isdir(path):
            problem = "it is a folder"
        elif not os.path.isdir(os.path.dirname(path)):
            problem = "its folder does not exist"
        elif not os.access(path if os.path.exists(path) else os.path.dirname(path), os.W_OK):
            problem = "no permission"
        if problem:
            raise BadInputError(f"cannot write the report to `{self.file}`: {problem}")

    def show(self, diagnosis: Diagnosis) -> None:
        """Render a diagnosis and put it where it belongs.

        Raises:
            BadInputError: if the file cannot be written.
        """
        if self.quiet:
            return
        if self.file is None:
            text = self._text(diagnosis, indent=None)
            if text and self.format is Format.GITHUB:
                # A command counts at the beginning of a line only, and the script may have left
                # one open.
                text = "\n" + text
            put(self.stream, text)
            return
        try:
            with open(os.path.join(self.folder, self.file), "w", encoding="utf-8") as file:
                file.write(self._text(diagnosis, indent=2))
        except OSError as error:
            raise BadInputError(
                f"cannot write the report to `{self.file}`: {error.strerror}"
            ) from error

    def _text(self, diagnosis: Diagnosis, indent: int | None) -> str:
        if self.format is Format.JSON:
            from trainwell.report.json import render_json

            return render_json(diagnosis, folder=self.folder, indent=indent) + "\n"
        if self.format is Format.SARIF:
            from trainwell.report.sarif import render_sarif

            text = render_sarif(
                diagnosis, folder=self.folder, root=_root(self.folder), indent=indent
            )
            return text + "\n"
        if self.format is Format.GITHUB:
            from trainwell.report.github import render_github

            return render_github(diagnosis, folder=self.folder, root=_root(self.folder))
        if self.format is Format.FACTS:
            from trainwell.report.facts import render_facts

            return render_facts(diagnosis, folder=self.folder)
        if self.format is Format.FACTS_JSON:
            from trainwell.report.facts import render_facts_json

            return render_facts_json(diagnosis, folder=self.folder, indent=indent) + "\n"
        from trainwell.report.text import render_text

        return render_text(
            diagnosis,
            folder=self.folder,
            width=100 if self.file else terminal_width(self.stream),
            colour=self.file is None and is_coloured(self.stream),
            verbose=self.verbose,
        )


def _root(folder: str) -> str:
    """The repository that a folder is in, from which hosts of code name files; else itself."""
    at = folder
    while not os.path.exists(os.path.join(at, ".git")):
        above = os.path.dirname(at)
        if above == at:
            return folder
        at = above
    return at


def put(stream: TextIO, text: str) -> None:
    """Write a text, behind whatever the script has still in its buffers.

    Where the stream's encoding lacks the characters that reports draw with, plainer ones stand in.
    A stream that the script has closed is opened again; a pipe whose reader has gone is no trouble.
    """
    for each in (sys.stdout, sys.stderr):
        with suppress(Exception):
            each.flush()
    with suppress(BrokenPipeError):
        if stream.closed:
            with suppress(OSError), open(1, "w", encoding="utf-8", closefd=False) as again:
                again.write(text)
            return
        encoding = stream.encoding or "utf-8"
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            text = text.translate(_PLAINER).encode(encoding, "replace").decode(encoding)
        stream.write(text)
        stream.flush()


def is_coloured(stream: TextIO) -> bool:
    """Whether it is a terminal whose reader has not asked for NO_COLOR (no-color.org)."""
    return not stream.closed and stream.isatty() and not os.environ.get("NO_COLOR")


def terminal_width(stream: TextIO) -> int:
    """Columns of the terminal; 100 where it is none and COLUMNS is not set."""
    if stream.closed or not stream.isatty():
        return int(os.environ.get("COLUMNS", "") or 100)
    return shutil.get_terminal_size().columns
