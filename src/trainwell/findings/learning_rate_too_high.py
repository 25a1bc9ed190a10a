"""OPT101 learning-rate-too-high."""

from __future__ import annotations

__all__ = ["LearningRateTooHigh"]

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean, median
from typing import ClassVar

from trainwell.findings.finding import Finding
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import first_loss, layers
from trainwell.record.reading import harm as harm_of


@dataclass(frozen=True)
class LearningRateTooHigh(Finding):
    """A learning rate so high that steps throw the weights about and the loss does not settle.

    What it looks for:
        How far a step moves the weights, relative to their size, together with a loss that rises,
        swings as wide as it ever fell, or leaves the numbers.

    Why it hurts:
        Steps beyond the curvature's reach climb the other side of the valley: the loss bounces or
        diverges, units die or saturate on the way.

    When it is not a fault:
        Large steps with a falling loss (the first steps of Adam, small weights, a warm-up): both
        signs must be there.

    Thresholds:
        update: typical update relative to the weight from which steps count as large; 1e-3 is
            usual.
        early: the same for the first five looks, where adaptive optimizers may take larger steps.
        swing: mean jump of the loss between steps, as a share of its start, from which it counts
            as swinging.
        climb: highest loss over the first from which it counts as climbing.
        harm: share of the start at which the loss must remain to count as harmed.
        looks: updates that must have been looked at.

    Sources:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 11.4.1; Karpathy 2015
        (CS231n notes) on update ratios around 1e-3; known limits of earlier tools: 0.1
        (DeepDiagnosis, TheDeepChecker).
    """

    code: ClassVar[str] = "OPT101"
    slug: ClassVar[str] = "learning-rate-too-high"
    causes: ClassVar[tuple[str, ...]] = (
        "dying-relu",
        "saturated-activation",
        "exploding-gradient",
        "non-finite-loss",
        "non-finite-gradient",
        "oscillating-loss",
        "collapsed-activations",
        "vanishing-gradient",
    )
    remedies: ClassVar[tuple[str, ...]] = ("lower_learning_rate", "clip_gradients")

    update: float = 0.03
    early: float = 0.1
    swing: float = 0.1
    climb: float = 2.0
    harm: float = 0.5
    looks: int = 4

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the optimizer with the rate."""
        for objective in run.objectives.values():
            found = [
                values
                for layer in layers(run, objective)
                if len(
                    values := run.series("parameter", layer.weight.number, "update_ratio").finite
                )
                >= self.looks
            ]
            loss = run.loss(objective.number).finite
            if not found or len(loss) < 8:
                continue
            typical = median(median(values) for values in found)
            early = median(median(values[:5]) for values in found)
            start = max(abs(first_loss(run, objective)), 1e-12)
            late = loss[len(loss) // 2 :]
            jump = fmean(abs(b - a) for a, b in itertools.pairwise(late)) / start
            climb = max(loss) / start
            lost = harm_of(run, objective)
            large = typical >= self.update or early >= self.early
            if not large or lost < self.harm or (jump < self.swing and climb < self.climb):
                continue
            optimizer = run.optimizer_of(objective)
            rate = None if optimizer is None else optimizer.settings.get("lr")
            shown = f"{rate:g}" if isinstance(rate, (int, float)) else "unknown"
            seen = (
                f"the loss climbed to {climb:.3g} times its start"
                if climb >= self.climb
                else f"the loss jumps by {jump:.0%} of its start from step to step"
            )
            moved = typical if typical >= self.update else early
            yield Sighting(
                objective.place if optimizer is None else optimizer.place,
                f"a step moves the weights by {moved:.0%} of their size (0.1 % is usual), {seen}, "
                f"and it did not fall by half: the rate {shown} is too high",
                0,
                "error",
                {
                    "update_ratio": typical,
                    "early_update_ratio": early,
                    "jump": jump,
                    "climb": climb,
                    "learning_rate": rate,
                },
                lost,
            )
