"""OPT107 oscillating-loss."""

from __future__ import annotations

__all__ = ["OscillatingLoss"]

import math
from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean, median
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Objective, Run, Sighting, Undecided
from trainwell.record.reading import first_loss, harm, is_one_curve, is_taught, trained


@frozen
class OscillatingLoss(Finding):
    """A loss that goes up and down in waves instead of falling.

    What it looks for:
        Turns of the training loss in the later half of the run: how often it rises and falls by a
        large part of itself, in a series whose neighbours hang together (waves) or oppose each
        other (a zigzag from step to step). Noise does neither.

    Why it hurts:
        Each step, or the momentum of many, carries the weights past the valley and back. The end of
        the run is wherever the wave happened to be.

    When it is not a fault:
        Noise of small batches, whose losses are independent of each other; a loss that has fallen
        far, whose small remainder may swing.

    Thresholds:
        swing: how far the loss must turn, as a share of its level, for a turn to count.
        turns: turns that must be seen in the later half.
        waves: magnitude of the correlation of neighbouring losses from which it is no noise.
        left: share of the first loss at which the later half must lie.
        fall: fall between the last two quarters, relative to the loss, from which it is learning.

    Sources:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 8.3.2; Goh 2017, "Why momentum
        really works" (oscillation at a momentum near 1).
    """

    code: ClassVar[str] = "OPT107"
    slug: ClassVar[str] = "oscillating-loss"
    confidence: ClassVar[float] = 0.6
    causes: ClassVar[tuple[str, ...]] = (
        "trained-past-the-best",
        "underfitting",
        "overconfidence",
        "too-few-epochs",
    )
    remedies: ClassVar[tuple[str, ...]] = ("lower_momentum", "lower_learning_rate")

    swing: float = 0.25
    turns: int = 5
    waves: float = 0.5
    left: float = 0.3
    fall: float = 0.25

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the objectives that swing."""
        for objective in run.objectives.values():
            if not is_one_curve(run, objective) or is_taught(objective):
                continue
            values = run.loss(objective.number).values
            if len(values) < 32 or not all(map(math.isfinite, values)) or min(values) < 0:
                continue
            if not trained(run, objective):
                continue
            late = run.loss(objective.number).part(0.5, 1)
            if len(late) < 16:
                continue
            level, start = median(late), first_loss(run, objective)
            turns = _turns(late, self.swing * level)
            # A single jump links neighbours too, but not in both parts.
            linked = min(_correlation(late), _correlation(late[len(late) // 2 :]), key=abs)
            if level < self.left * start or turns < self.turns or abs(linked) < self.waves:
                continue
            half = len(late) // 2
            if fmean(late[half:]) < (1 - self.fall) * fmean(late[:half]):
                continue
            yield self._sighting(run, objective, late, turns, linked)

    def _sighting(
        self, run: Run, objective: Objective, late: list[float], turns: int, linked: float
    ) -> Sighting:
        optimizer = run.optimizer_of(objective)
        settings = {} if optimizer is None else optimizer.settings
        shown = ", ".join(
            f"{name.replace('lr', 'rate')} {settings[name]:g}"
            for name in ("lr", "momentum")
            if isinstance(settings.get(name), (int, float)) and settings[name]
        )
        return Sighting(
            objective.place if optimizer is None else optimizer.place,
            f"the loss swings between {min(late):.3g} and {max(late):.3g} in the later half of the "
            f"run, {turns} turns, and does not fall{f' ({shown})' if shown else ''}",
            objective.steps // 2,
            "error",
            {
                "turns": turns,
                "low": min(late),
                "high": max(late),
                "correlation": linked,
                "learning_rate": settings.get("lr"),
                "momentum": settings.get("momentum"),
            },
            harm(run, objective),
        )


def _turns(values: list[float], size: float) -> int:
    """How often a series turns by at least `size`."""
    turns, direction, extreme = 0, 0, values[0]
    for value in values[1:]:
        if direction >= 0 and value <= extreme - size:
            turns, direction, extreme = turns + (direction > 0), -1, value
        elif direction <= 0 and value >= extreme + size:
            turns, direction, extreme = turns + (direction < 0), 1, value
        else:
            extreme = max(extreme, value) if direction > 0 else min(extreme, value)
            if direction == 0:
                extreme = values[0]
    return turns


def _correlation(values: list[float]) -> float:
    """Of neighbours in a series; 0 for a constant one."""
    middle = fmean(values)
    off = [v - middle for v in values]
    square = math.fsum(o * o for o in off)
    if square <= 0 or not math.isfinite(square):
        return 0.0
    return math.fsum(a * b for a, b in pairwise(off)) / square
