"""ACT102 saturated-activation."""

from __future__ import annotations

__all__ = ["SaturatedActivation"]

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm as harm_of
from trainwell.record.reading import is_hidden, title


@frozen
class SaturatedActivation(Finding):
    """Sigmoid or tanh units of a hidden layer that are pinned to their ends.

    What it looks for:
        The share of units whose slope, averaged over the examples of a look, is under 5 % of the
        function's steepest slope.

    Why it hurts:
        The gradient is multiplied by the slope. Behind pinned units next to nothing arrives, and
        the layers before them do not learn.

    When it is not a fault:
        Output units, which end up pinned when the network is rightly sure, and gates that open and
        close by example; only hidden layers are looked at, and a majority of units must be pinned
        on the average example.

    Thresholds:
        share: share of pinned units from which it is reported.
        harm: from this harm on (1: the loss did not fall at all) it is an error.
        looks: looks that must have been made.

    Sources:
        Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural
        networks", section 3.1; Rakitianskaia & Engelbrecht 2015, "Measuring saturation in neural
        networks".
    """

    code: ClassVar[str] = "ACT102"
    slug: ClassVar[str] = "saturated-activation"
    causes: ClassVar[tuple[str, ...]] = (
        "zero-gradients",
        "vanishing-gradient",
        "collapsed-activations",
        "learning-rate-too-low",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("initialise_xavier", "scale_inputs", "add_batch_norm")

    share: float = 0.5
    harm: float = 0.5
    looks: int = 3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the pinned layers."""
        for operation in run.operations.values():
            if operation.kind not in ("sigmoid", "tanh") or not is_hidden(run, operation):
                continue
            series = run.series("operation", operation.number, "saturated_share")
            recent = series.last(5)
            if len(recent) < self.looks:
                continue
            share = median(recent)
            if share < self.share:
                continue
            began = next(s for s, v in series if v >= self.share)
            lost = harm_of(run, run.objectives.get(operation.objective))
            yield Sighting(
                operation.place,
                f"{share:.0%} of the units of {title(operation)} are pinned "
                f"to their ends since step {began}: their slope is under 5 % of the steepest",
                began,
                "error" if lost >= self.harm else "warning",
                {"saturated_share": share, "kind": operation.kind},
                lost,
            )
