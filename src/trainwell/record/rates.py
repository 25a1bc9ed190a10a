"""The learning rate that every step of an optimizer used, and what it cost the training."""

from __future__ import annotations

__all__ = [
    "RateLine",
    "epochs_of",
    "lost_by",
    "objective_of",
    "rate_line",
    "schedule_of",
    "was_learning",
]

import math
from dataclasses import dataclass
from statistics import fmean, median, pstdev

from trainwell.record.facts import Objective, Optimizer
from trainwell.record.reading import harm
from trainwell.record.run import Run
from trainwell.record.timeline import Scheduler

_ABSOLUTE = frozenset({"LambdaLR", "MultiplicativeLR"})
"""Schedulers whose functions often give the rate itself, on a base rate of 1."""

_FRESH_STEPS = 64
_FRESH_SHARE = 0.05
"""Steps, and share of the run, within which no network has learned what it can: it is still
learning when its rate fades there."""


@dataclass(frozen=True)
class RateLine:
    """Stretches of steps, each with the rate that it used.

    Attributes:
        starts: first step (backward pass of the run) of every stretch.
        rates: mean rate of every stretch.
        end: steps of the run.
        reference: the rate that the schedule starts from or leads to, as far as it is known; else
            the highest that was used.
    """

    starts: tuple[int, ...]
    rates: tuple[float, ...]
    end: int
    reference: float

    @property
    def lengths(self) -> list[int]:
        """Steps of every stretch."""
        return [b - a for a, b in zip(self.starts, (*self.starts[1:], self.end), strict=True)]

    @property
    def budget(self) -> float:
        """The mean rate, as a share of the reference."""
        total = sum(n * r for n, r in zip(self.lengths, self.rates, strict=True))
        steps = self.end - self.starts[0]
        return total / steps / self.reference if steps and self.reference else 1.0

    def under(self, share: float) -> float:
        """The share of the steps whose rate is at most this share of the reference."""
        low = [
            n for n, r in zip(self.lengths, self.rates, strict=True) if r <= share * self.reference
        ]
        return sum(low) / max(self.end - self.starts[0], 1)

    def faded_at(self, share: float) -> int | None:
        """The step from which the rate stays at or under this share of the reference; or None."""
        step = None
        for start, rate in zip(reversed(self.starts), reversed(self.rates), strict=True):
            if rate > share * self.reference:
                break
            step = start
        return step

    @property
    def is_rising(self) -> bool:
        """Whether the rate still rises at the end, as in a warm-up, not by a constant factor."""
        last, first = self.mean(0.95, 1.0), self.mean(0.0, 0.1)
        highest = max(self.rates)
        return last >= 0.9 * highest and first <= 0.7 * last <= 3.5 * self.mean(0.45, 0.55)

    def mean(self, begin: float, end: float) -> float:
        """Mean rate of a part of the run, from one share of its steps to another."""
        first, span = self.starts[0], self.end - self.starts[0]
        low, high = first + begin * span, first + end * span
        parts = [
            (min(s + n, high) - max(s, low), r)
            for s, n, r in zip(self.starts, self.lengths, self.rates, strict=True)
        ]
        kept = [(n, r) for n, r in parts if n > 0]
        total = sum(n for n, _ in kept)
        return sum(n * r for n, r in kept) / total if total else math.nan


def rate_line(run: Run, optimizer: Optimizer) -> RateLine | None:
    """The rates of an optimizer; None where they were not seen or were never above 0."""
    series = run.series("optimizer", optimizer.number, "rate")
    if not len(series):
        series = run.series("optimizer", optimizer.number, "learning_rate")
    pairs = [(s, r) for s, r in series if math.isfinite(r)]
    if not pairs:
        return None
    bases = [
        s.base
        for s in run.schedulers.values()
        if s.optimizer == optimizer.number and not _ABSOLUTE & {s.name, *s.parts}
    ]
    reference = max([r for _, r in pairs] + bases)
    if reference <= 0:
        return None
    starts, rates = zip(*pairs, strict=True)
    end = optimizer.last_step or run.steps
    return RateLine(starts, rates, max(end, starts[-1] + 1), reference)


def lost_by(run: Run, objective: Objective, line: RateLine) -> float:
    """How little the loss fell while an optimizer was at work: `harm` of that part of the run."""
    series = run.loss(objective.number)
    pairs = [(s, v) for s, v in series if line.starts[0] <= s <= line.end]
    if len(pairs) == len(series):
        return harm(run, objective)
    values = [v for _, v in pairs if math.isfinite(v)]
    if len(values) < 2:
        return 0.5
    tenth = max(1, len(values) // 10)
    first = min(values[0], fmean(values[:tenth]))
    if first <= 0:
        return 0.5
    return max(0.0, min(1.0, fmean(values[-tenth:]) / first))


def objective_of(run: Run, optimizer: Optimizer) -> Objective | None:
    """The objective that an optimizer serves: that with most steps among those it could."""
    own = [
        o
        for o in run.objectives.values()
        if any(
            optimizer.number in p.optimizers
            for n in o.parameters
            if (p := run.parameters.get(n)) is not None
        )
    ]
    return max(own, key=lambda o: o.steps, default=None)


def schedule_of(run: Run, optimizer: Optimizer) -> Scheduler | None:
    """The scheduler that sets an optimizer's rate; None where most changes are made by hand."""
    own = [s for s in run.schedulers.values() if s.optimizer == optimizer.number and s.steps]
    found = max(own, key=lambda s: s.steps, default=None)
    return None if found is None or optimizer.rate_changes > 2 * found.steps + 2 else found


def epochs_of(run: Run) -> int | None:
    """How often the training went through its data, as far as loaders or evaluations show it."""
    passes = max((ld.passes for ld in run.loaders.values()), default=0)
    if passes > 1:
        return passes
    counts: dict[str, int] = {}
    for evaluation in run.evaluations.values():
        counts[evaluation.key] = counts.get(evaluation.key, 0) + 1
    most = max(counts.values(), default=0)
    return most if most > 1 else None


def was_learning(run: Run, objective: Objective, line: RateLine, step: int) -> bool:
    """Whether the loss was still falling at a step of a run.

    The third quarter of the steps until there is compared with the fourth: the mean must fall by
    3 %, and by twice the standard error. Within the first steps of a run nothing is at rest.
    """
    first = line.starts[0]
    if step - first <= max(_FRESH_STEPS, _FRESH_SHARE * (line.end - first)):
        return True
    values = [v for s, v in run.loss(objective.number) if first <= s < step and math.isfinite(v)]
    quarter = len(values) // 4
    if quarter < 2:
        return True
    before, after = values[-2 * quarter : -quarter], values[-quarter:]
    fall = fmean(before) - fmean(after)
    error = math.hypot(pstdev(before), pstdev(after)) / math.sqrt(quarter)
    return fall > max(0.03 * abs(median(before)), 2 * error)
