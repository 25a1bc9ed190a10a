"""GRD101 vanishing-gradient."""

from __future__ import annotations

__all__ = ["VanishingGradient"]

import math
from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm, label, layers


@frozen
class VanishingGradient(Finding):
    """Gradients that fade from the last layer to the first, while the loss does not fall.

    What it looks for:
        The root mean square gradient of each layer's weight, typical over the looks: the first
        layers against the last ones, in a network of four layers or more.

    Why it hurts:
        The first layers, which see the data, do not move: the rest of the network learns on top of
        random features, or not at all.

    When it is not a fault:
        A loss that falls shows that enough arrives. Biases before batch norm, embeddings and frozen
        layers are not looked at. Small gradients alone (a converged network) are no sign either:
        the layers are compared with each other.

    Thresholds:
        ratio: first layers' gradient relative to the last ones', under which it counts as vanished.
        fall: share of its start by which the loss must fall to count as learning.
        depth: layers that a network must have.

    Sources:
        Hochreiter 1991; Bengio, Simard & Frasconi 1994; Glorot & Bengio 2010, section 4.2.2.
    """

    code: ClassVar[str] = "GRD101"
    slug: ClassVar[str] = "vanishing-gradient"
    causes: ClassVar[tuple[str, ...]] = ("learning-rate-too-low", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("use_relu", "add_batch_norm", "initialise_xavier")

    ratio: float = 1e-2
    fall: float = 0.1
    depth: int = 4

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the first layer of every objective whose gradients vanish."""
        for objective in run.objectives.values():
            found = []
            for layer in layers(run, objective):
                size = run.series("parameter", layer.weight.number, "gradient_rms").median()
                if layer.operation.kind != "recurrent" and math.isfinite(size):
                    found.append((layer, size))
            if len(found) < self.depth or found[-1][0].operation.depth < self.depth:
                continue
            third = max(1, len(found) // 3)
            first = median(s for _, s in found[:third])
            last = median(s for _, s in found[-third:])
            if last <= 0 or first / last > self.ratio:
                continue
            lost = harm(run, objective)
            if lost < 1 - self.fall:
                continue
            (top, top_size), (bottom, bottom_size) = found[-1], found[0]
            yield Sighting(
                bottom.operation.place,
                f"the gradient fades from {top_size:.1e} at {label(top.operation.place)} to "
                f"{bottom_size:.1e} at {label(bottom.operation.place)}, over {len(found)} layers, "
                "and the loss does not fall",
                0,
                "error",
                {"first_layers": first, "last_layers": last, "ratio": first / last},
                lost,
            )
