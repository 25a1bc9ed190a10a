"""BMN104 diverging-weights."""

from __future__ import annotations

__all__ = ["DivergingWeights"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class DivergingWeights(Finding):
    """Weights of a Boltzmann machine that grow without end.

    What it looks for:
        A fit that ended in parameters that are not finite; or a largest weight that is large in
        itself and has doubled over the second half of the looks.

    Why it hurts:
        A weight of 20 nats makes a unit decide another one with odds of five hundred million to
        one: chains no longer move, and every gradient that follows is noise.

    When it is not a fault:
        Data that follow a strict rule, as an exact code does, are learned by large weights; they
        grow slower and slower.

    Thresholds:
        weight: largest absolute weight from which it is reported.
        growth: how many times the weight of the middle look.
        looks: how many must have been made.

    Sources:
        Fischer & Igel 2010, "Empirical analysis of the divergence of Gibbs sampling based learning
        algorithms for restricted Boltzmann machines"; Hinton 2010, "A practical guide to training
        restricted Boltzmann machines", section 13.2, for Gaussian units.
    """

    code: ClassVar[str] = "BMN104"
    slug: ClassVar[str] = "diverging-weights"
    causes: ClassVar[tuple[str, ...]] = (
        "chains-not-mixing",
        "dead-hidden-units",
        "falling-likelihood",
    )
    remedies: ClassVar[tuple[str, ...]] = ("lower_learning_rate", "scale_inputs", "weight_decay")

    weight: float = 20.0
    growth: float = 2.0
    looks: int = 4

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the fits whose weights ran away."""
        for machine in run.machines.values():
            largest = run.series("machine", machine.number, "largest_weight").values
            if machine.stopped == "diverged":
                yield Sighting(
                    machine.place,
                    f"the parameters of `{machine.name}` are not finite after "
                    f"{machine.updates} updates and an epoch at a learning rate of "
                    f"{machine.learning_rate:g}",
                    machine.updates,
                    "error",
                    {"learning_rate": machine.learning_rate, "visible": machine.visible},
                    1.0,
                )
                continue
            if len(largest) < self.looks:
                continue
            middle, end = largest[len(largest) // 2 - 1], largest[-1]
            if not math.isfinite(end) or end < self.weight or end < self.growth * middle:
                continue
            yield Sighting(
                machine.place,
                f"the largest weight of `{machine.name}` grew from {middle:.3g} to {end:.3g} over "
                f"the second half of the fit, where {self.weight:g} is the limit",
                machine.updates,
                "error" if end >= 50 * self.weight else "warning",
                {"middle": middle, "end": end, "learning_rate": machine.learning_rate},
                min(1.0, end / (10 * self.weight)),
            )
