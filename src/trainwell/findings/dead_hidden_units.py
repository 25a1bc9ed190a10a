"""BMN103 dead-hidden-units."""

from __future__ import annotations

__all__ = ["DeadHiddenUnits"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class DeadHiddenUnits(Finding):
    """Hidden units of a Boltzmann machine that answer every row alike.

    What it looks for:
        The share of hidden units whose probability varies over the looked-at rows by a standard
        deviation below 0.01, at the last look.

    Why it hurts:
        A unit that is always on is a bias, one that is always off is nothing: the machine is as
        large as its living units, and pays for all.

    When it is not a fault:
        A machine that has hardly learned yet, which is not judged, and one with far more units than
        its data can fill, as with a strong weight decay that is wanted.

    Thresholds:
        share: of the hidden units, from which it is reported.
        error_share: from which it is an error.
        looks: how many must have been made.
        weight: largest absolute weight that there must be: below it nothing is learned yet.

    Sources:
        Hinton 2010, "A practical guide to training restricted Boltzmann machines", sections 11 and
        16; Montavon & Müller 2012, "Deep Boltzmann machines and the centering trick".
    """

    code: ClassVar[str] = "BMN103"
    slug: ClassVar[str] = "dead-hidden-units"
    remedies: ClassVar[tuple[str, ...]] = ("lower_learning_rate", "train_longer")

    share: float = 0.25
    error_share: float = 0.75
    looks: int = 3
    weight: float = 1.0

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the fits that end with dead units."""
        for machine in run.machines.values():
            dead = run.series("machine", machine.number, "dead_hidden").values
            largest = run.series("machine", machine.number, "largest_weight").values
            if len(dead) < self.looks or not largest or not machine.hidden:
                continue
            # Written so that a number that is none is no sighting.
            if not (self.share <= dead[-1] <= 1.0 and largest[-1] >= self.weight):
                continue
            count = round(dead[-1] * machine.hidden)
            yield Sighting(
                machine.place,
                f"{count} of {machine.hidden} hidden units of `{machine.name}` answer every row "
                f"alike ({dead[-1]:.0%}, where {self.share:.0%} is the limit)",
                machine.updates,
                "error" if dead[-1] >= self.error_share else "warning",
                {"dead": count, "hidden": machine.hidden, "share": dead[-1]},
                min(1.0, dead[-1]),
            )
