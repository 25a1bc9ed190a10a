"""OPT101 learning-rate-too-high."""

from __future__ import annotations

__all__ = ["LearningRateTooHigh"]

from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean, median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import (
    Objective,
    Run,
    Sighting,
    Undecided,
)
from trainwell.record.comparison import at_another_rate, quoted, tried
from trainwell.record.reading import (
    first_loss,
    harm,
    is_summed,
    rate_of,
    swings_about_zero,
    uninformed_loss,
)


@frozen
class LearningRateTooHigh(Finding):
    """A learning rate so high that steps throw the weights about and the loss does not settle.

    What it looks for:
        How far a step moves the weights, relative to their size, together with a loss that has
        hardly fallen, or that jumps from step to step by as much as it ever fell. Under `--probe`,
        a lower rate that learns at least twice as much from the start; there, lower rates that
        learn less acquit the rate.

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
        fall: share of its start by which the loss must have fallen to count as learning; for
            losses around 0, of the spread of its values.
        climb: how far the loss must have risen above its start at some step, on the same scale, to
            count as unsettled; one that jumps by `fall` from step to step does too.
        swing: mean jump of the loss from step to step in the second half of the run, as a share of
            what it fell, from which it counts as swinging.
        blast: how many times its start the loss must have reached, by steps larger than the weights
            themselves, for the network to count as thrown away: then only a loss under half of what
            an uninformed network gets counts as learning.
        looks: updates that must have been looked at.

    Sources:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 11.4.1; Karpathy 2015
        (CS231n notes) on update ratios around 1e-3; known limits of earlier tools: 0.1
        (DeepDiagnosis, TheDeepChecker).
    """

    code: ClassVar[str] = "OPT101"
    slug: ClassVar[str] = "learning-rate-too-high"
    causes: ClassVar[tuple[str, ...]] = (
        "zero-gradients",
        "dying-relu",
        "saturated-activation",
        "exploding-gradient",
        "non-finite-loss",
        "non-finite-gradient",
        "collapsed-activations",
        "vanishing-gradient",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("lower_learning_rate", "clip_gradients")

    update: float = 0.03
    early: float = 0.1
    fall: float = 0.1
    climb: float = 0.5
    swing: float = 1.0
    blast: float = 10.0
    looks: int = 4

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the optimizer with the rate."""
        summed = {c.objective for c in run.losses.values() if is_summed(run, c)}
        for objective in run.objectives.values():
            # There the rate is right for a mean, and sum-reduced-loss says so.
            if objective.number in summed:
                continue
            if swings_about_zero(run, objective):
                yield Undecided("the loss takes both signs all the time: it need not fall")
                continue
            if self._is_gain(run, objective):
                yield Undecided("the loss is a gain, or what two networks play for")
                continue
            seen = tried(run, objective)
            sighting = self._judge(run, objective)
            if seen is None:
                if sighting is not None:
                    yield sighting
            elif seen.lower is not None:
                yield at_another_rate(run, objective, sighting, seen, seen.lower, "too high")
            elif sighting is not None and seen.lower_is_worse:
                yield Undecided("steps are large, but at lower rates the loss falls less far")
            elif sighting is not None:
                yield quoted(sighting, seen, "" if seen.other is None else seen.other.told())

    def _is_gain(self, run: Run, objective: Objective) -> bool:
        """Whether an optimizer maximises it, or networks train against each other without floor."""
        optimizer = run.optimizer_of(objective)
        rivals = [o for o in run.objectives.values() if o.steps >= 8 and o is not objective]
        shared = any(set(o.networks) & set(objective.networks) for o in rivals)
        below = min(run.loss(objective.number).finite, default=0.0) < 0
        maximises = optimizer is not None and optimizer.settings.get("maximize") is True
        return maximises or (shared and below)

    def _judge(self, run: Run, objective: Objective) -> Sighting | None:
        found = [
            values
            for number in objective.parameters
            if len(values := run.series("parameter", number, "update_ratio").finite) >= self.looks
        ]
        loss = run.loss(objective.number).finite
        if not found or len(loss) < 8:
            return None
        typical = median(median(values) for values in found)
        early = median(median(values[:5]) for values in found)
        start, end = first_loss(run, objective), run.loss(objective.number).end()
        scale = max(abs(start), median(abs(v - start) for v in loss), 1e-12)
        fallen = start - end
        late = loss[len(loss) // 2 :]
        jump = fmean(abs(b - a) for a, b in pairwise(late))
        # One step that throws the weights away may leave gradients of exactly 0.
        thrown = median(max(values[:5]) for values in found)
        large = typical >= self.update or early >= self.early or thrown >= 1.0
        unsettled = max(loss) - start > self.climb * scale or jump > self.fall * scale
        learned = fallen > self.fall * scale and jump < self.swing * fallen
        if early >= 1.0 and max(loss) > self.blast * scale:
            # The first steps threw the weights away: what fell since is only the wreck.
            known = uninformed_loss(run, objective)
            learned = learned and (known is None or end < known / 2)
        if not large or not unsettled or learned:
            return None
        lost = harm(run, objective)
        rate, shown, where = rate_of(run, objective)
        seen = (
            f"the loss went from {start:.3g} to {end:.3g}"
            if fallen <= self.fall * scale
            else f"the loss jumps by {jump:.3g} a step, where it has fallen by {fallen:.3g}"
        )
        moved = typical if typical >= self.update else early if early >= self.early else thrown
        return Sighting(
            where,
            f"a step moves the weights by {moved:.0%} of their size (0.1 % is usual), {seen}: "
            f"the rate {shown} is too high",
            0,
            "error",
            {
                "update_ratio": typical,
                "early_update_ratio": early,
                "jump": jump,
                "fallen": fallen,
                "learning_rate": rate,
            },
            lost,
        )
