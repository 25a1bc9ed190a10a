"""Epochs on the progress bar."""

from __future__ import annotations

__all__ = ["epochs_shown"]

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from trainwell import progress
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
    with progress.shown(title, wanted=shown) as tell:

        def advance(moment: Moment) -> None:
            tell(moment.epoch, total, _told(moment))

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
