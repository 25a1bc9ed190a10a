"""NET102 symmetric-weights."""

from __future__ import annotations

__all__ = ["SymmetricWeights"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm, is_hidden, label, layers


@frozen
class SymmetricWeights(Finding):
    """Units of a hidden layer that start as copies of each other and stay so.

    What it looks for:
        A weight of a hidden layer most of whose rows (units) are equal at the first look and at
        the latest one.

    Why it hurts:
        Units that compute the same get the same gradient and remain the same for ever: a layer of
        64 of them has the power of one.

    When it is not a fault:
        Zero weights in the last layer (there the examples' errors differ by unit), which is not
        looked at; biases; layers of one unit.

    Thresholds:
        distinct: share of distinct rows up to which a layer counts as symmetric.

    Sources:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 8.4: initial parameters need
        to break symmetry between units.
    """

    code: ClassVar[str] = "NET102"
    slug: ClassVar[str] = "symmetric-weights"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "zero-gradients",
        "mis-scaled-init",
        "dying-relu",
        "collapsed-activations",
        "vanishing-gradient",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("initialise_he", "initialise_xavier")

    distinct: float = 0.25

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the symmetric layers."""
        for objective in run.objectives.values():
            for layer in layers(run, objective):
                weight, rows = layer.weight, layer.weight.shape[0]
                seen = run.series("parameter", weight.number, "distinct_rows").finite
                if rows < 2 or len(seen) < 2 or not weight.trainable:
                    continue
                limit = max(self.distinct, 1.01 / min(rows, 64))
                if weight.start.get("distinct_rows", 1.0) > limit or seen[-1] > limit:
                    continue
                if is_hidden(run, layer.operation):
                    place = layer.weight.place
                    if place.file is None:
                        place = layer.operation.place
                    yield Sighting(
                        place,
                        f"the {rows} units of {label(place)} started as copies of each other and "
                        f"still are: only {seen[-1]:.0%} of them differ",
                        0,
                        "error",
                        {
                            "units": rows,
                            "distinct_at_start": weight.start["distinct_rows"],
                            "distinct_now": seen[-1],
                        },
                        harm(run, objective),
                    )
