"""LOS110 sum-reduced-loss."""

from __future__ import annotations

__all__ = ["SumReducedLoss"]

import math
from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm, is_summed


@frozen
class SumReducedLoss(Finding):
    """A loss summed over the batch, with a rate that is meant for a mean.

    What it looks for:
        `reduction="sum"` under an optimizer that takes gradients as they are (SGD), whose steps
        then move the weights too far, or whose loss leaves the numbers.

    Why it hurts:
        The gradient is as many times larger as there are examples in the batch, and so is the step:
        a rate of 0.1 acts like 6.4 at a batch of 64, and changes with the batch size.

    When it is not a fault:
        A rate chosen for the sum, whose steps have their usual size; Adam and its kin, which divide
        by the gradients' own size.

    Thresholds:
        update: update relative to the weight, at the first five looks, from which steps are too
            large; 1e-3 is usual.
        batch: examples from which a sum is another thing than a mean.
        left: share of the first loss that must be left at the end.

    Sources:
        Goyal et al. 2017, "Accurate, large minibatch SGD", section 3.3 (remark 3); TheDeepChecker
        (Ben Braiek & Khomh 2023): the loss must not double with the batch.
    """

    code: ClassVar[str] = "LOS110"
    slug: ClassVar[str] = "sum-reduced-loss"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "learning-rate-too-high",
        "exploding-gradient",
        "non-finite-loss",
        "non-finite-gradient",
        "dying-relu",
        "saturated-activation",
        "collapsed-activations",
        "implausible-initial-loss",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("average_loss", "lower_learning_rate")

    update: float = 0.05
    batch: int = 8
    left: float = 0.3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the summed losses that throw the weights about."""
        for loss in run.losses.values():
            objective = run.objective_of(loss)
            if objective is None or not is_summed(run, loss, self.batch):
                continue
            early = [
                median(values[:5])
                for number in objective.parameters
                if (values := run.series("parameter", number, "update_ratio").finite)
            ]
            lost = harm(run, objective)
            moved = median(early) if early else math.nan
            if lost < self.left or not (moved >= self.update or objective.non_finite):
                continue
            rows = loss.prediction_shape[0]
            yield Sighting(
                loss.place,
                f"{loss.function} is summed over the {rows} examples of a batch: gradients are "
                f"{rows} times those of the mean, and the first steps move the weights by "
                f"{moved:.0%} of their size (0.1 % is usual)",
                0,
                "error",
                {"examples": rows, "update_ratio": moved},
                lost,
            )
