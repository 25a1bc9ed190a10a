"""Progress of long work on a terminal, as a bar."""

from __future__ import annotations

__all__ = ["Advance", "shown"]

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Advance(Protocol):
    """Told how far something is."""

    def __call__(self, done: int, total: int, told: str = "", /) -> None:
        """So many of so many, and what there is to say."""
        ...


@contextmanager
def shown(title: str, *, wanted: bool) -> Iterator[Advance]:
    """A bar on standard error for as long as the block lasts.

    Args:
        title: what goes on.
        wanted: draw it; without, nothing is imported or printed.
    """
    if not wanted:
        yield _silent
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[told]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=None, told="")

        def advance(done: int, total: int, told: str = "", /) -> None:
            progress.update(task, completed=done, total=total, told=told)

        yield advance


def _silent(done: int, total: int, told: str = "", /) -> None:
    del done, total, told
