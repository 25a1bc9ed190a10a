"""BMN101 chains-not-mixing."""

from __future__ import annotations

__all__ = ["ChainsNotMixing"]

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class ChainsNotMixing(Finding):
    """Persistent chains of a Boltzmann machine that do not cover what the data cover.

    What it looks for:
        How far the mean of the persistent chains lies from the data's mean, in the last quarter of
        the looks: times the squared distance that as many independent draws would have.

    Why it hurts:
        The gradient is the difference of the data and what the chains show of the model. Chains
        that cannot leave their mode show one mode: learning lowers it until all of them leave it
        together, and then the next one. The model's modes get shares that are far from the data's.

    When it is not a fault:
        In the first epochs, when the model is far from the data: only the end is judged. A rate
        that is too high drives chains as well; it shows here too.

    Thresholds:
        distance: times the squared distance of independent draws, from which it is reported.
        error_distance: distance from which it is an error.
        looks: how many must have been made.

    Sources:
        Tieleman 2008, "Training restricted Boltzmann machines using approximations to the
        likelihood gradient"; Desjardins, Courville, Bengio, Vincent & Delalleau 2010, "Tempered
        Markov chain Monte Carlo for training of restricted Boltzmann machines". Calibrated on
        healthy fits: 0.5 to 2.5 on digits, bars and stripes and MNIST
        (tests/boltzmann/test_findings.py).
    """

    code: ClassVar[str] = "BMN101"
    slug: ClassVar[str] = "chains-not-mixing"
    causes: ClassVar[tuple[str, ...]] = ("falling-likelihood",)
    remedies: ClassVar[tuple[str, ...]] = ("temper_chains", "lower_learning_rate")

    distance: float = 4.0
    error_distance: float = 20.0
    looks: int = 8

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the fits whose chains did not cover the data."""
        for machine in run.machines.values():
            far = run.series("machine", machine.number, "chain_distance").values
            if machine.algorithm not in ("pcd", "pt") or len(far) < self.looks:
                continue
            distance = median(far[-(len(far) // 4) :])
            if not distance >= self.distance:  # nor is one that is no number
                continue
            yield Sighting(
                machine.place,
                f"the chains of `{machine.name}` do not cover the data: their mean is "
                f"{distance:.3g} times as far from the data's, squared, as that of independent "
                f"draws, where {self.distance:g} is the limit",
                machine.updates,
                "error" if distance >= self.error_distance else "warning",
                {"distance": distance, "algorithm": machine.algorithm},
                min(1.0, distance / (2 * self.error_distance)),
            )
