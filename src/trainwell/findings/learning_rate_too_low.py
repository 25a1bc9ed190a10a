"""OPT102 learning-rate-too-low."""

from __future__ import annotations

__all__ = ["LearningRateTooLow"]

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import Finding
from trainwell.record import LossCall, Objective, Run, Sighting, Undecided
from trainwell.record.reading import first_loss, harm, trained


@dataclass(frozen=True)
class LearningRateTooLow(Finding):
    """A learning rate so low that the loss has hardly begun to fall.

    What it looks for:
        Updates that are tiny beside the weights in every layer, together with a loss that has
        hardly moved although gradients arrive.

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
        known: first loss, as a share of what an uninformed network gets, under which the network
            counts as trained before.

    Sources:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 11.4.1; known limits of
        earlier tools: 1e-4 (TheDeepChecker), 1e-5 (DeepDiagnosis).
    """

    code: ClassVar[str] = "OPT102"
    slug: ClassVar[str] = "learning-rate-too-low"
    causes: ClassVar[tuple[str, ...]] = ("too-few-epochs", "underfitting")
    remedies: ClassVar[tuple[str, ...]] = ("raise_learning_rate", "change_optimizer")

    update: float = 1e-4
    fall: float = 0.1
    looks: int = 4
    steps: int = 50
    known: float = 0.5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the optimizer with the rate."""
        for objective in run.objectives.values():
            if objective.steps < self.steps or not trained(run, objective):
                continue
            ratios = [
                max(median(values), median(values[:5]))
                for number in objective.parameters
                if len(values := run.series("parameter", number, "update_ratio").finite)
                >= self.looks
            ]
            lost = harm(run, objective)
            if not ratios or max(ratios) >= self.update or lost < 1 - self.fall:
                continue
            if self._knows(run, objective):
                continue
            optimizer = run.optimizer_of(objective)
            rate = None if optimizer is None else optimizer.settings.get("lr")
            shown = f"{rate:g}" if isinstance(rate, (int, float)) else "unknown"
            fall = run.loss(objective.number).fall()
            yield Sighting(
                objective.place if optimizer is None else optimizer.place,
                f"a step moves no layer by more than {max(ratios):.1e} of its weights (1e-3 is "
                f"usual) and the loss has fallen by {max(fall, 0.0):.1%} in {objective.steps} "
                f"steps: the rate {shown} is too low",
                0,
                "error",
                {"update_ratio": max(ratios), "fall": fall, "learning_rate": rate},
                lost,
            )

    def _knows(self, run: Run, objective: Objective) -> bool:
        """Whether the loss was low from the start: a converged or pretrained network."""
        start = first_loss(run, objective)
        uninformed = [
            value
            for loss in run.losses.values()
            if loss.objective == objective.number and (value := _uninformed(loss)) is not None
        ]
        return bool(uninformed) and start < self.known * sum(uninformed)


def _uninformed(loss: LossCall) -> float | None:
    """The loss of a network that knows nothing but the targets' mean; None if it has no formula."""
    if loss.reduction != "mean":
        return None
    if loss.function in ("cross_entropy", "nll_loss") and len(loss.prediction_shape) > 1:
        return math.log(max(loss.prediction_shape[1], 2))
    if loss.function.startswith("binary_cross_entropy"):
        return math.log(2)
    if loss.function == "mse_loss" and "target_std" in loss.first:
        return loss.first["target_std"] ** 2
    return None
