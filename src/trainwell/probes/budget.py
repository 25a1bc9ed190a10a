"""When to look: the probe's own cost is measured, and its looks spaced to stay inside a share."""

from __future__ import annotations

__all__ = ["ALLOWANCE", "Budget", "Schedule"]

import math
import time
from dataclasses import dataclass

from trainwell.hooks.guard import Guard

ALLOWANCE = 0.25
"""Seconds of looking that every run may spend whatever its length, so that a script that trains
for two seconds, on a machine that others use too, is looked at some dozens of times. It is part of
the share, not added to it: a run longer than ALLOWANCE / share (8 s at 3 %) stays inside its share
as a whole."""

_DENSITY = 48
"""Looks at one objective while its step count doubles are about 0.7 times this many."""

_MARGIN = 0.5
"""Share of the budget that measured time may use: caches that a look has emptied cost the script
time that no clock inside the probe sees. On a 50-layer network, where 2.8 % were measured inside,
4.1 % were measured outside (benchmarks/overhead.py)."""


class Budget:
    """Measures the probe's own time against the run's.

    Args:
        share: wall time that the probe may take, as a share of the run's, in (0, 1].
        every: look at every N-th step instead, whatever it costs.
        guard: knows the time that was spent; it counts from here on as well.
    """

    def __init__(
        self, share: float = 0.03, every: int | None = None, guard: Guard | None = None
    ) -> None:
        self.share = share
        self.every = every
        self._guard = guard or Guard(lambda trouble: None)
        self.first_step_spent = 0.0
        self.began = time.perf_counter()

    def first_step_over(self) -> None:
        """Start to count: what the first step cost is reported apart."""
        self.first_step_spent = self.spent
        self.spent = 0.0
        self.began = time.perf_counter()

    @property
    def spent(self) -> float:
        """Seconds that the probe took since the first step ended."""
        return self._guard.spent

    @spent.setter
    def spent(self, seconds: float) -> None:
        self._guard.spent = seconds

    @property
    def elapsed(self) -> float:
        """Seconds since the first step ended."""
        return time.perf_counter() - self.began

    def overhead(self) -> float:
        """The share of the time since the first step that the probe took itself."""
        elapsed = self.elapsed
        return self.spent / elapsed if elapsed > 0 else 0.0

    def seconds_until(self, cost: float) -> float:
        """How long until a look that costs `cost` seconds fits in."""
        if self.spent + cost <= ALLOWANCE * _MARGIN:
            return 0.0
        return max(0.0, (self.spent + cost) / (self.share * _MARGIN) - self.elapsed)


@dataclass
class Schedule:
    """When the next look at one objective is due, in calls of that objective.

    Attributes:
        calls: how often the objective was called, the call that is under way included.
        due: the call (counted from 0) at which it is looked at next.
        looks: how often it was looked at.
        cost: seconds of a typical look, the slow first ones forgotten.
        stopped: there is nothing more to see.
    """

    calls: int = 0
    due: int = 0
    looks: int = 0
    cost: float = 0.0

    stopped: bool = False

    @property
    def is_due(self) -> bool:
        """Whether the next call is to be looked at."""
        return self.calls >= self.due and not self.stopped

    def stop(self) -> None:
        """Look no more."""
        self.stopped = True

    def looked(self, budget: Budget, cost: float, step_time: float) -> None:
        """Plan the next look after one that cost `cost` seconds.

        Args:
            budget: the run's budget.
            cost: seconds that this look took.
            step_time: seconds from one call of this objective to the next.
        """
        self.looks += 1
        self.cost = cost if self.looks <= 3 else 0.7 * self.cost + 0.3 * cost
        if budget.every is not None:
            self.due = self.calls - 1 + budget.every
            return
        wait = math.ceil(budget.seconds_until(self.cost) / max(step_time, 1e-6))
        # An odd gap does not keep step with an even number of batches an epoch.
        self.due = self.calls - 1 + (max(1 + self.calls // _DENSITY, wait) | 1)
