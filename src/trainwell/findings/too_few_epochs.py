"""GEN104 too-few-epochs."""

from __future__ import annotations

__all__ = ["TooFewEpochs"]

import math
from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean, median, pstdev
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Counterfactual, Objective, Run, Sighting, Undecided
from trainwell.record.comparison import Tried, quoted, tried
from trainwell.record.reading import (
    curves,
    first_loss,
    harm,
    is_one_curve,
    is_taught,
    trained,
    typical_update,
    uninformed_loss,
)


@frozen
class TooFewEpochs(Finding):
    """A run that ended while its loss was still falling in nearly a straight line.

    What it looks for:
        The training loss, quarter by quarter: how much of its whole fall came between the last two
        quarters (a straight line puts 0.29 there, a converged run nothing), with most of the loss
        still there at the end. Where the data are evaluated, that loss must have been falling too.
        Or a run of a few dozen steps whose loss has not begun to fall, although its gradients
        agree. Under `--probe`, further steps that bring the loss down nearly as fast as the run's
        own did; there, further steps that bring nothing acquit the run.

    Why it hurts:
        What the network could have learned with the same code and more steps was never learned.

    When it is not a fault:
        Steps so small that the rate is to blame (learning-rate-too-low says so); losses that can be
        negative, and networks that train against each other, whose losses have no floor to reach; a
        loss that has fallen far and creeps on.

    Thresholds:
        share: share of the whole fall between the last two quarters from which it is reported: half
            of what a straight line has there.
        left: share of the first loss that must still be there.
        hardly: the same, of a run of at most `few` steps.
        certainty: how many standard errors of the last quarter the fall must be.
        steps: steps that the run must have had for the training loss to be judged.
        update: typical update relative to the weight under which the rate is to blame.
        few: steps up to which a run counts as hardly begun.
        began: share of the first loss that is left when learning has not begun.
        coherent: cosine between the gradients of successive looks, typically, from which they still
            ask for the same.
        step: share by which the last of a short run's evaluations must have fallen.

    Sources:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 8.1; 11 of DeepFD's 58 faults
        (Cao et al. 2022) are too few epochs.
    """

    code: ClassVar[str] = "GEN104"
    slug: ClassVar[str] = "too-few-epochs"
    confidence: ClassVar[float] = 0.6
    causes: ClassVar[tuple[str, ...]] = ("underfitting",)
    remedies: ClassVar[tuple[str, ...]] = ("train_longer", "raise_learning_rate")

    share: float = 0.14
    left: float = 0.5
    hardly: float = 0.2
    certainty: float = 4.0
    steps: int = 12
    update: float = 1e-4
    few: int = 100
    began: float = 0.9
    coherent: float = 0.2
    step: float = 0.05

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the objective that was still improving."""
        for objective in run.objectives.values():
            if objective.steps < self.steps or not trained(run, objective):
                continue
            if not is_one_curve(run, objective):
                yield Undecided("several trainings share a loss, or several losses a training")
                continue
            if is_taught(objective):
                yield Undecided("another network makes the targets, which move")
                continue
            update = typical_update(run, objective)
            if update is None or update < self.update:
                continue
            tests = (self._judge, self._hardly_began, self._evaluated)
            sighting = next((x for t in tests if (x := t(run, objective)) is not None), None)
            seen = tried(run, objective)
            if seen is None:
                if sighting is not None:
                    yield sighting
            elif sighting is not None and seen.is_at_rest:
                yield Undecided("the loss was still falling, but further steps bring no more")
            elif seen.on_its_way is not None:
                yield self._with(run, objective, sighting, seen, seen.on_its_way)
            elif sighting is not None:
                yield sighting

    def _with(
        self,
        run: Run,
        objective: Objective,
        sighting: Sighting | None,
        seen: Tried,
        more: Counterfactual,
    ) -> Sighting:
        """The sighting, or one for the sake of the further steps alone."""
        if sighting is not None:
            return quoted(sighting, seen, f"{more.told()}, from {more.before:.3g}")
        message = (
            f"{more.told()}, from the {more.before:.3g} that {more.run_steps} steps reached: "
            "training ended too early"
        )
        step, lost = max(objective.steps - 1, 0), harm(run, objective)
        evidence = {"steps": objective.steps, "loss": more.before, "later_loss": more.after}
        return quoted(Sighting(objective.place, message, step, "warning", evidence, lost), seen)

    def _judge(self, run: Run, objective: Objective) -> Sighting | None:
        series = run.loss(objective.number)
        values = series.values
        if len(values) < self.steps or not all(map(math.isfinite, values)):
            return None
        third, last = series.part(0.5, 0.75), series.part(0.75, 1)
        if min(len(third), len(last)) < 2:
            return None
        start, before, end = first_loss(run, objective), fmean(third), fmean(last)
        error = pstdev(last) / math.sqrt(len(last))
        reference = min(start, uninformed_loss(run, objective) or start)
        short = objective.steps <= self.few
        # In a short run, what the first steps take away that only find the targets' mean is most of
        # the fall, but none of what is to be learned.
        share = (before - end) / max((reference if short else start) - end, 1e-12)
        # A straight line over the few blocks of a short run needs less to be one.
        certainty = self.certainty / (2 if short and share >= 2 * self.share else 1)
        if before - end < certainty * error or reference <= end or share < self.share:
            return None
        # Without a floor nothing tells how much is left, but for a run that was short.
        least = self.hardly if short else self.left
        gone = not short if min(values) < 0 else end < least * reference
        if gone or not self._evaluation_falls(run):
            return None
        return Sighting(
            objective.place,
            f"the loss was still falling when training ended: from {start:.3g} to {end:.3g} in "
            f"{objective.steps} steps, {before - end:.3g} of that in the last two quarters",
            max(objective.steps - 1, 0),
            "warning",
            {"share_of_fall": share, "steps": objective.steps, "loss": end},
            harm(run, objective),
        )

    def _hardly_began(self, run: Run, objective: Objective) -> Sighting | None:
        found = run.series("objective", objective.number, "gradient_agreement").finite
        lost = harm(run, objective)
        if objective.steps > self.few or len(found) < 4 or median(found) < self.coherent:
            return None
        values = run.loss(objective.number).values
        if lost < self.began or not all(map(math.isfinite, values)) or min(values) < 0:
            return None
        if max(values) > (2 - self.began) * max(values[0], fmean(values)):
            return None
        return Sighting(
            objective.place,
            f"training ended after {objective.steps} steps, before the loss had fallen: gradients "
            f"of successive looks still agree ({median(found):.2f}, where 1 is the same direction)",
            max(objective.steps - 1, 0),
            "warning",
            {"steps": objective.steps, "agreement": median(found)},
            lost,
        )

    def _evaluated(self, run: Run, objective: Objective) -> Sighting | None:
        """A short run whose evaluations fell every time, and fast to the last."""
        lost = harm(run, objective)
        for curve in curves(run) if objective.steps <= self.few and lost >= self.left else []:
            losses = [e.loss for e in curve]
            falls = [a - b for a, b in pairwise(losses)]
            if len(falls) >= 2 and min(falls) > 0 and falls[-1] >= self.step * losses[-2]:
                listed = ", ".join(f"{x:.3g}" for x in losses[-3:])
                message = f"the evaluation loss was still falling when training ended: {listed}"
                at, evidence = curve[-1].step, {"loss": losses[-1]}
                return Sighting(objective.place, message, at, "warning", evidence, lost)
        return None

    def _evaluation_falls(self, run: Run) -> bool:
        """Whether the last evaluation was among the better ones, where there were several."""
        long = [[e.loss for e in c] for c in curves(run) if len(c) >= 4]
        return not long or any(fmean(c[-len(c) // 4 :]) < fmean(c[: len(c) // 2]) for c in long)
