"""OPT102 learning-rate-too-low."""

from __future__ import annotations

__all__ = ["LearningRateTooLow"]

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import (
    Objective,
    Run,
    Sighting,
    Undecided,
)
from trainwell.record.comparison import at_another_rate, quoted, tried
from trainwell.record.rates import rate_line
from trainwell.record.reading import (
    first_loss,
    harm,
    rate_of,
    takes_raw_gradients,
    trained,
    typical_update,
    uninformed_loss,
)


@frozen
class LearningRateTooLow(Finding):
    """A learning rate so low that the loss has hardly begun to fall.

    What it looks for:
        Updates that are tiny beside the weights in every layer, together with a loss that has
        hardly moved although gradients arrive. Under `--probe`, a higher rate that learns at least
        twice as much from the start; there, higher rates that learn less acquit the rate.

    Why it hurts:
        The run ends long before the network has learned; more epochs would help only in proportion.

    When it is not a fault:
        A converged or pretrained network, whose loss is low from the start (told where the loss
        of an uninformed network is known: cross-entropies and squared error); a rate that a
        schedule brings to zero at the end.

    Thresholds:
        update: typical update relative to the weight, in the layer that moves most, under which
            steps count as tiny.
        fall: share of its start by which the loss must have fallen to count as learning.
        looks: updates that must have been looked at.
        steps: steps that the run must have had.
        coherent: cosine between the gradients of successive looks, typically, from which they ask
            for more of the same: then steps up to `small` count as tiny if the loss has not fallen
            by `moved`.
        small: see `coherent`; a tenth of a percent is usual.
        moved: see `coherent`.
        known: first loss, as a share of what an uninformed network gets, under which the network
            counts as trained before.
        large: an update, relative to the weight, that no rate makes that is too low.
        left: share of the rate that a schedule leaves, or of the gradients that clipping leaves,
            up to which these are the cause.
        half: agreement of the gradients from which plain gradient descent, whose steps are as small
            as the gradients, gets nowhere if steps are at most `modest`.
        modest: see `half`.
        still: see `half`; share of the first loss that must be left.

    Sources:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 11.4.1; known limits of
        earlier tools: 1e-4 (TheDeepChecker), 1e-5 (DeepDiagnosis).
    """

    code: ClassVar[str] = "OPT102"
    slug: ClassVar[str] = "learning-rate-too-low"
    causes: ClassVar[tuple[str, ...]] = SYMPTOMS
    remedies: ClassVar[tuple[str, ...]] = ("raise_learning_rate", "change_optimizer")

    update: float = 1e-4
    fall: float = 0.1
    looks: int = 4
    steps: int = 50
    coherent: float = 0.4
    small: float = 1.5e-3
    moved: float = 0.05
    known: float = 0.5
    large: float = 0.1
    left: float = 0.1
    half: float = 0.2
    modest: float = 5e-3
    still: float = 0.97

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the optimizer with the rate."""
        for objective in run.objectives.values():
            if not trained(run, objective):
                continue
            seen = tried(run, objective)
            sighting = self._judge(run, objective)
            if seen is None:
                if sighting is not None:
                    yield sighting
            elif seen.higher is not None:
                yield at_another_rate(run, objective, sighting, seen, seen.higher, "too low")
            elif sighting is not None and seen.higher_is_worse:
                yield Undecided("steps are tiny, but at higher rates the loss falls less far")
            elif sighting is not None:
                yield quoted(sighting, seen, "" if seen.other is None else seen.other.told())

    def _judge(self, run: Run, objective: Objective) -> Sighting | None:
        update = typical_update(run, objective, self.looks)
        lost = harm(run, objective)
        if objective.steps < self.steps or update is None or self._knows(run, objective):
            return None
        if self._has_moved(run, objective) or self._is_taken_away(run, objective):
            return None
        if not self._too_low(run, objective, update, lost):
            return None
        fall = run.loss(objective.number).fall()
        rate, shown, where = rate_of(run, objective)
        return Sighting(
            where,
            f"a step moves no layer by more than {update:.1e} of its weights (1e-3 is "
            f"usual) and the loss has fallen by {max(fall, 0.0):.1%} in {objective.steps} "
            f"steps: the rate {shown} is too low",
            0,
            "error",
            {"update_ratio": update, "fall": fall, "learning_rate": rate},
            lost,
        )

    def _too_low(self, run: Run, objective: Objective, update: float, lost: float) -> bool:
        if update < self.update and lost >= 1 - self.fall:
            return True
        found = run.series("objective", objective.number, "gradient_agreement").finite
        agree = median(found) if len(found) >= self.looks else -1.0
        raw = takes_raw_gradients(run, objective)
        if raw and agree >= self.half and update < self.modest and lost >= self.still:
            return True
        coherent = agree >= self.coherent
        return coherent and update < self.small and lost >= 1 - self.moved

    def _is_taken_away(self, run: Run, objective: Objective) -> bool:
        """Whether something between the rate that is set and the weights makes the steps small.

        That is a schedule which leaves a tenth of the rate, or which has raised it to where a step
        was of a usual size; or whatever leaves a tenth of the gradients.
        """
        optimizer = run.optimizer_of(objective)
        if optimizer is None:
            return False
        kept = run.series("optimizer", optimizer.number, "gradient_kept").finite
        if len(kept) >= self.looks and median(kept) <= self.left:
            return True
        line = rate_line(run, optimizer)
        if line is None or not optimizer.rate_changes:
            return False
        named = optimizer.settings.get("lr")
        if isinstance(named, (int, float)) and max(line.rates) >= named / self.left:
            return True
        if line.budget <= self.left or line.is_rising:
            return True
        best = max(zip(line.rates, line.starts, strict=True))[1]
        ratios = [
            v
            for n in objective.parameters
            for s, v in run.series("parameter", n, "update_ratio")
            if abs(s - best) <= 0.1 * run.steps
        ]
        return bool(ratios) and max(ratios) >= self.small

    def _has_moved(self, run: Run, objective: Objective) -> bool:
        """Whether some step was large: then the others are not small for want of rate."""
        series = (run.series("parameter", n, "update_ratio") for n in objective.parameters)
        return any(value >= self.large for each in series for value in each.finite)

    def _knows(self, run: Run, objective: Objective) -> bool:
        """Whether the loss was low from the start: a converged or pretrained network."""
        uninformed = uninformed_loss(run, objective)
        return uninformed is not None and first_loss(run, objective) < self.known * uninformed
