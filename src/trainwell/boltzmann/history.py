"""What was measured while a machine learned."""

from __future__ import annotations

__all__ = ["History", "Moment"]

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from trainwell.boltzmann.estimates import LogPartition


@dataclass(frozen=True)
class Moment:
    """One look at a machine.

    Attributes:
        epoch: epochs made, from 1.
        updates: updates made.
        seconds: since learning began.
        reconstruction_error: mean squared difference of data and their reconstruction.
        pseudo_likelihood: log, nats a row, by one flipped unit a row; None where it is not defined.
        log_likelihood: (low, high), nats a training row: the reverse annealed and the annealed
            estimate, equal when exact; None when not measured.
        held_out: the same of the held-out rows.
        loss: mean loss over an epoch of fine-tuning; None of machines.
        error, held_out_error: share of rows that a classifier gets wrong; None of other machines.
        partition: the estimates of log Z behind them, annealed first; empty when not measured.
        largest_weight: the largest absolute weight.
        dead_hidden: share of hidden units that hardly ever change over the data.
        stuck_chains: correlation of chains with themselves an epoch before, beyond that of chains
            with each other; None without persistent chains.
        chain_distance: mean squared distance of the chains' mean from the data's, over what as many
            independent draws would have, per unit; None without persistent chains.
    """

    epoch: int
    updates: int
    seconds: float = 0.0
    reconstruction_error: float = math.nan
    pseudo_likelihood: float | None = None
    log_likelihood: tuple[float, float] | None = None
    held_out: tuple[float, float] | None = None
    loss: float | None = None
    error: float | None = None
    held_out_error: float | None = None
    partition: tuple[LogPartition, ...] = ()
    largest_weight: float = 0.0
    dead_hidden: float = 0.0
    stuck_chains: float | None = None
    chain_distance: float | None = None

    @property
    def merit(self) -> float | None:
        """What early stopping goes by, more being better; None when nothing was held out."""
        if self.held_out_error is not None:
            return -self.held_out_error
        return None if self.held_out is None else sum(self.held_out) / 2


@dataclass
class History:
    """All looks of a fit, the first first.

    Attributes:
        moments: the looks.
        stopped: why learning ended before `n_iter`: "early stopping", "callback", "interrupted",
            "diverged"; None when it did not.
        best_epoch: the epoch whose weights were kept, when early stopping chose them.
    """

    moments: list[Moment] = field(default_factory=list)
    stopped: str | None = None
    best_epoch: int | None = None

    def __len__(self) -> int:
        return len(self.moments)

    def __iter__(self) -> Iterator[Moment]:
        return iter(self.moments)

    def curve(self, quantity: str) -> tuple[list[int], list[float]]:
        """Epochs and values of a quantity, where it was measured.

        Args:
            quantity: a field of `Moment`; of brackets the middle is taken.
        """
        epochs, values = [], []
        for moment in self.moments:
            value = getattr(moment, quantity)
            if value is not None:
                epochs.append(moment.epoch)
                values.append(sum(value) / 2 if isinstance(value, tuple) else float(value))
        return epochs, values
