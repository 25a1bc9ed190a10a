"""ACT103 collapsed-activations."""

from __future__ import annotations

__all__ = ["CollapsedActivations"]

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Operation, Run, Sighting, Undecided
from trainwell.record.reading import depends_on_data, harm, title


@frozen
class CollapsedActivations(Finding):
    """An operation that makes its output the same for every example.

    What it looks for:
        Hidden activations, and what layers read, whose deviation over the examples of a look is
        next to nothing beside their size, although what came before still differed.

    Why it hurts:
        Whatever comes after such a layer cannot tell the examples apart: the best it can learn is
        one constant answer. Typical makers are a normalisation over a single value and a mean over
        the examples instead of the positions.

    When it is not a fault:
        Paths that do not depend on the data (learned queries, positions), which are not looked at.
        Differences that fade over many layers are the vanishing signal of a deep network, units
        that are all zero are dead: both have findings of their own.

    Thresholds:
        spread: deviation over examples, relative to the root mean square, under which an output
            counts as collapsed; healthy layers have 0.1 to 1.
        kept: share of the spread before it that an operation must keep.
        looks: looks that must agree.

    Sources:
        Schoenholz et al. 2017, "Deep information propagation", section 3, on correlations that
        converge to 1; Ba, Kiros & Hinton 2016, "Layer normalization", section 3.
    """

    code: ClassVar[str] = "ACT103"
    slug: ClassVar[str] = "collapsed-activations"
    causes: ClassVar[tuple[str, ...]] = (
        "zero-gradients",
        "vanishing-gradient",
        "learning-rate-too-low",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("mend_reduction", "initialise_he", "add_batch_norm")

    spread: float = 5e-3
    kept: float = 1e-2
    looks: int = 3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the operations that make their output constant."""
        told: set[int] = set()
        for operation in run.operations.values():
            if operation.reads_data or not depends_on_data(run, operation):
                continue
            for quantity in ("input_spread", "spread"):
                series = run.series("operation", operation.number, quantity)
                recent = series.last(5)
                if len(recent) < self.looks or median(recent) >= self.spread:
                    continue
                before = self._before(run, operation)
                if before is None or median(recent) >= self.kept * before:
                    continue
                made = operation
                if quantity == "input_spread":
                    made = next(iter(run.inputs(operation)), operation)
                # Pinned and dead units have findings of their own.
                if made.number in told or made.kind in ("sigmoid", "tanh", "relu"):
                    continue
                told.add(made.number)
                yield Sighting(
                    made.place,
                    f"{title(made)} gives the same for every "
                    f"example: it deviates by {median(recent):.1e} of its size, where its input "
                    f"deviated by {before:.2g}",
                    next(s for s, v in series if v < self.spread),
                    "error",
                    {"spread": median(recent), "spread_before": before},
                    harm(run, run.objectives.get(operation.objective)),
                )

    def _before(self, run: Run, operation: Operation) -> float | None:
        """The spread that was measured last before an operation."""
        waiting, seen = list(run.inputs(operation)), {operation.number}
        while waiting:
            here = waiting.pop(0)
            if here.number in seen:
                continue
            seen.add(here.number)
            for quantity in ("spread", "input_spread"):
                recent = run.series("operation", here.number, quantity).last(5)
                if recent:
                    return median(recent)
            if here.kind == "embedding":
                # Its rows differ as the indices do; they are not measured.
                return 1.0
            waiting += run.inputs(here)
        return None
