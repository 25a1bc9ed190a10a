"""BMN105 data-outside-unit-interval."""

from __future__ import annotations

__all__ = ["DataOutsideUnitInterval"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class DataOutsideUnitInterval(Finding):
    """Data outside [0, 1] for a Boltzmann machine whose visible units are 0 or 1.

    What it looks for:
        The smallest and the largest value of the rows that `fit` was given.

    Why it hurts:
        A value between 0 and 1 is the probability that a unit is 1; one of 16 is nothing. The fit
        is refused: its gradients would push the biases towards values that no unit can take.

    When it is not a fault:
        Never: real data want Gaussian units.

    Sources:
        Hinton 2010, "A practical guide to training restricted Boltzmann machines", section 13.
    """

    code: ClassVar[str] = "BMN105"
    slug: ClassVar[str] = "data-outside-unit-interval"
    confidence: ClassVar[float] = 0.95
    remedies: ClassVar[tuple[str, ...]] = ("scale_to_unit",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the fits that were refused."""
        for machine in run.machines.values():
            if not machine.outside:
                continue
            assert machine.low is not None
            assert machine.high is not None
            yield Sighting(
                machine.place,
                f"the data of `{machine.name}` lie between {machine.low:.4g} and "
                f"{machine.high:.4g}, {machine.outside:.1%} of them outside [0, 1], where its "
                f"{machine.visible} units are 0 or 1",
                0,
                "error",
                {"low": machine.low, "high": machine.high, "outside": machine.outside},
                1.0,
            )
