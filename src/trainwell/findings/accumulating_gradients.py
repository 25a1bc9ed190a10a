"""OPT103 accumulating-gradients."""

from __future__ import annotations

__all__ = ["AccumulatingGradients"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class AccumulatingGradients(Finding):
    """Gradients of the step before that are still there when the next ones are added.

    What it looks for:
        An optimizer between two of its steps: at every backward in between, a gradient that was
        used in the first step was still there. Without an optimizer, the same for parameters that
        were updated by hand.

    Why it hurts:
        Every step then follows the sum of all gradients so far: a momentum of 1 that never
        forgets. The effective rate grows with every step, and the loss swings or diverges.

    When it is not a fault:
        Accumulation over several batches, which zeroes after the step; a second network's backward
        that passes through this one (GANs). In both the gradient is gone at one backward at least.

    Thresholds:
        share: share of the steps looked at in which nothing was zeroed.
        looks: steps that must have been judged.

    Sources:
        PyTorch documentation of `torch.optim.Optimizer.zero_grad`; one of TrainCheck's (Jiang et
        al. 2025) most frequent silent faults.
    """

    code: ClassVar[str] = "OPT103"
    slug: ClassVar[str] = "accumulating-gradients"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "learning-rate-too-high",
        "exploding-gradient",
        "dying-relu",
        "saturated-activation",
        "non-finite-loss",
        "collapsed-activations",
        "vanishing-gradient",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("zero_gradients",)

    share: float = 0.8
    looks: int = 3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the optimizer and the backward that adds to its gradients."""
        yield from self._by_hand(run)
        for optimizer in run.optimizers.values():
            if optimizer.stale_chances < self.looks:
                if optimizer.steps:
                    yield Undecided(f"{optimizer.name} was looked at too few times")
                continue
            share = optimizer.stale_looks / optimizer.stale_chances
            if share < self.share:
                continue
            objective = next(
                (
                    o
                    for o in run.objectives.values()
                    if any(
                        optimizer.number in p.optimizers
                        for n in o.parameters
                        if (p := run.parameters.get(n)) is not None
                    )
                ),
                None,
            )
            yield Sighting(
                optimizer.place if objective is None else objective.place,
                f"the gradients that {optimizer.name} used are never zeroed: in "
                f"{optimizer.stale_looks} of {optimizer.stale_chances} steps looked at, backward() "
                "added to those of the step before",
                0,
                "error",
                {"stale": optimizer.stale_looks, "judged": optimizer.stale_chances},
                harm(run, objective),
            )

    def _by_hand(self, run: Run) -> Iterator[Sighting]:
        for objective in run.objectives.values():
            chances = objective.stale_chances
            if chances < self.looks or objective.stale_looks < self.share * chances:
                continue
            yield Sighting(
                objective.place,
                f"the gradients that the update by hand used are never zeroed: in "
                f"{objective.stale_looks} of {chances} steps looked at, backward() added to those "
                "of the step before",
                0,
                "error",
                {"stale": objective.stale_looks, "judged": chances},
                harm(run, objective),
            )
