"""LOS114 posterior-collapse."""

from __future__ import annotations

__all__ = ["PosteriorCollapse"]

import math
from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import LossCall, Objective, Operation, Run, Sighting, Undecided


@frozen
class PosteriorCollapse(Finding):
    """A variational autoencoder whose decoder gives every example the same output.

    What it looks for:
        A reconstruction loss whose prediction is computed from noise times a deviation that the
        network computes (the reparameterisation), beside another term in the same sum, where the
        predictions of a batch hardly differ any more although the targets do.

    Why it hurts:
        The code carries nothing: the term that draws it to the prior outweighs the reconstruction.
        Mostly the reconstruction is a mean over all numbers of an example and the divergence a sum
        over the latents, so that the first is smaller by the number of inputs.

    When it is not a fault:
        At the very beginning of training, which is not judged.

    Thresholds:
        explained: share of the variance between examples that the predictions explain, below which
            nothing is said to come through.
        looks: batches that must have been measured.
        steps: training steps before which nothing is said.

    Sources:
        Kingma & Welling 2014, "Auto-Encoding Variational Bayes"; Bowman et al. 2016, section 3.1;
        Higgins et al. 2017 on the weight of the divergence.
    """

    code: ClassVar[str] = "LOS114"
    slug: ClassVar[str] = "posterior-collapse"
    confidence: ClassVar[float] = 0.8
    causes: ClassVar[tuple[str, ...]] = (
        "saturated-activation",
        "vanishing-gradient",
        "collapsed-activations",
        "learning-rate-too-low",
        "dying-relu",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("weigh_divergence",)

    explained: float = 0.1
    looks: int = 4
    steps: int = 100

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the reconstruction losses."""
        for loss in run.losses.values():
            objective = run.objective_of(loss)
            made = run.prediction_of(loss)
            if loss.phase != "training" or objective is None or made is None:
                continue
            if not self._is_one_term(run, loss, objective) or not _is_sampled(run, made):
                continue
            explained = [
                median(values)
                for c in run.losses.values()
                if (c.function, c.place) == (loss.function, loss.place)
                and (values := run.series("loss", c.number, "explained").last(3))
            ]
            looks = len(run.series("loss", loss.number, "explained"))
            if not explained or looks < self.looks or objective.steps < self.steps:
                yield Undecided("the reconstruction was measured too few times")
                continue
            # Evaluation looks later than training does where the budget is small.
            share = max(explained)
            if not share < self.explained:
                continue
            size = math.prod(loss.prediction_shape[1:])
            over = f" of {size} numbers" if size > 1 else ""
            averaged = f", which is a mean{over}," if loss.reduction == "mean" else ""
            yield Sighting(
                loss.place,
                f"posterior collapse: the outputs explain {max(share, 0):.0%} of what differs"
                f" between the examples; the divergence that is added to {loss.function}"
                f"{averaged} outweighs it",
                max(objective.steps - 1, 0),
                "error",
                {"explained": share, "numbers": size},
                0.9,
            )

    def _is_one_term(self, run: Run, loss: LossCall, objective: Objective) -> bool:
        """Whether the loss is added to something else."""
        root = run.operations.get(objective.root) if objective.root is not None else None
        return root is not None and root.kind != loss.function and root.kind in _SUMS


_SUMS = frozenset({"add", "subtract", "mean", "sum", "multiply", "divide"})

_PASSED = frozenset({"multiply", "divide", "square_root", "add"})


def _is_sampled(run: Run, made: Operation) -> bool:
    """Whether noise times a positive number that the network computes leads to an operation."""
    waiting, seen = [made], {made.number}
    while waiting:
        for before in run.inputs(waiting.pop()):
            if before.number in seen:
                continue
            seen.add(before.number)
            waiting.append(before)
            if before.kind == "multiply" and before.details.get("beside_data"):
                scales = [*run.inputs(before), *run.upstream(before, _PASSED)]
                if any(o.kind in ("exponential", "softplus") for o in scales):
                    return True
    return False
