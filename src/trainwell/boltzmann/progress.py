"""A progress bar for the terminal."""

from __future__ import annotations

__all__ = ["epochs_shown"]

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from trainwell.boltzmann.history import Moment


class Advance(Protocol):
    """Told at the end of every epoch."""

    def __call__(self, moment: Moment, /) -> None:
        """One epoch is over."""
        ...


@contextmanager
def epochs_shown(total: int, *, shown: bool, title: str) -> Iterator[Advance]:
    """A bar on standard error with the last look's numbers, for as long as the block lasts.

    Args:
        total: epochs to come.
        shown: draw it; without, nothing is imported or printed.
        title: what learns.
    """
    if not shown:
        yield lambda _: None
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
        task = progress.add_task(title, total=total, told="")

        def advance(moment: Moment) -> None:
            progress.update(task, advance=1, told=_told(moment))

        yield advance


def _told(moment: Moment) -> str:
    words = [f"reconstruction {moment.reconstruction_error:.4f}"]
    if moment.pseudo_likelihood is not None:
        words.append(f"pseudo-likelihood {moment.pseudo_likelihood:.1f}")
    if moment.log_likelihood is not None:
        low, high = moment.log_likelihood
        words.append(
            f"likelihood {low:.1f}" if low == high else f"likelihood {low:.1f}..{high:.1f}"
        )
    return ", ".join(words)
