"""The loop over epochs: batches, rate, looks, early stopping, Ctrl-C."""

from __future__ import annotations

__all__ = ["Callback", "DivergedError", "Learning", "Looking", "Plan", "train"]

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import torch

from trainwell.boltzmann.data import Rows
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.history import History, Moment
from trainwell.boltzmann.progress import epochs_shown
from trainwell.boltzmann.rules import rate_at
from trainwell.errors import TrainwellError

Callback: TypeAlias = Callable[[Any, Moment], "bool | None"]
"""Called with the estimator and the epoch's look; true ends learning."""


class DivergedError(TrainwellError):
    """Parameters that are not finite any more."""


class Learning(Protocol):
    """What can be trained."""

    @property
    def chains(self) -> torch.Tensor | None:
        """Persistent chains, (chains, units)."""
        ...

    def step(self, x: torch.Tensor, rate: float) -> None:
        """Learn from a batch."""
        ...


class Looking(Protocol):
    """What measures at the end of an epoch."""

    def look(self, epoch: int, updates: int, chains: torch.Tensor | None, *, last: bool) -> Moment:
        """Measure."""
        ...


@dataclass(frozen=True)
class Plan:
    """How long and how fast.

    Attributes:
        n_iter: epochs.
        batch_size: rows of a batch, or "auto".
        learning_rate: at the start.
        schedule: "linear" or "constant".
        patience: looks at the held-out rows without a better one before learning ends; 0: no
            early stopping.
        shown: draw a progress bar.
    """

    n_iter: int
    batch_size: int | str
    learning_rate: float
    schedule: str
    patience: int
    shown: bool


def train(
    owner: Any,
    learner: Learning,
    parameters: Sequence[torch.Tensor],
    rows: Rows,
    plan: Plan,
    draws: Draws,
    monitor: Looking,
    callbacks: Sequence[Callback],
    history: History,
) -> None:
    """Train until the plan, early stopping, a callback or Ctrl-C ends it; the model stays.

    Args:
        owner: the estimator, for callbacks and the bar's title.
        learner: makes the steps.
        parameters: what it changes; early stopping restores the best.
        rows: the data.
        plan: how long and how fast.
        draws: shuffle the rows.
        monitor: looks at the end of every epoch.
        callbacks: called after every look.
        history: is filled.

    Raises:
        DivergedError: if parameters are not finite any more.
    """
    total = plan.n_iter * rows.batches_per_epoch(plan.batch_size)
    best, waited, kept = -float("inf"), 0, [p.clone() for p in parameters]
    updates = 0
    title = type(owner).__name__
    try:
        with epochs_shown(plan.n_iter, shown=plan.shown, title=title) as advance:
            for epoch in range(1, plan.n_iter + 1):
                for x in rows.batches(plan.batch_size, draws):
                    rate = rate_at(plan.learning_rate, plan.schedule, updates / total)
                    learner.step(x, rate)
                    updates += 1
                if not all(bool(p.isfinite().all()) for p in parameters):
                    history.stopped = "diverged"
                    raise DivergedError(
                        f"the parameters of {title} are not finite after epoch {epoch}: lower "
                        f"`learning_rate` (now {plan.learning_rate:g})"
                    )
                last = epoch == plan.n_iter
                moment = monitor.look(epoch, updates, learner.chains, last=last)
                history.moments.append(moment)
                advance(moment)
                if plan.patience and moment.merit is not None:
                    if moment.merit > best:
                        best, waited, history.best_epoch = moment.merit, 0, epoch
                        kept = [p.clone() for p in parameters]
                    else:
                        waited += 1
                    if waited >= plan.patience:
                        history.stopped = "early stopping"
                        break
                wishes = [bool(callback(owner, moment)) for callback in callbacks]
                if any(wishes):
                    history.stopped = "callback"
                    break
    except KeyboardInterrupt:
        history.stopped = "interrupted"
        warnings.warn(
            f"{title} was interrupted after {updates} of {total} updates; the model is kept",
            stacklevel=3,
        )
    if history.best_epoch is not None:
        for parameter, value in zip(parameters, kept, strict=True):
            parameter.copy_(value)
