"""GRD102 exploding-gradient."""

from __future__ import annotations

__all__ = ["ExplodingGradient"]

import math
from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import Layer, harm, label, layers


@frozen
class ExplodingGradient(Finding):
    """Gradients that grow from layer to layer or burst from step to step, and harm the loss.

    What it looks for:
        The gradient norm over all weights: its largest value against its typical one; and the root
        mean square gradient of the first layers against the last ones.

    Why it hurts:
        A step along a gradient a thousand times too large throws the weights far away; what was
        learned before is lost.

    When it is not a fault:
        Bursts that are clipped, or that an adaptive optimizer absorbs: then the loss falls all the
        same, and nothing is reported.

    Thresholds:
        burst: largest over median norm from which a run counts as bursting.
        growth: first over last layers' gradient from which it counts as growing.
        norm: gradient norm, relative to the norm of the weights, from which a typical step counts
            as exploded.
        fall: share of its start by which the loss must fall to count as learning.

    Sources:
        Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks",
        sections 2 and 3.2.
    """

    code: ClassVar[str] = "GRD102"
    slug: ClassVar[str] = "exploding-gradient"
    causes: ClassVar[tuple[str, ...]] = (
        "learning-rate-too-high",
        "non-finite-gradient",
        "non-finite-loss",
        "dying-relu",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("clip_gradients", "initialise_he", "lower_learning_rate")

    burst: float = 100.0
    growth: float = 1e3
    norm: float = 1e2
    fall: float = 0.1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the layer with the largest gradient."""
        for objective in run.objectives.values():
            found = layers(run, objective)
            lost = harm(run, objective)
            if not found or lost < 1 - self.fall:
                continue
            reason = self._reason(run, found)
            if reason is None:
                continue
            words, evidence = reason
            worst = max(found, key=lambda p: _peak(run, p))
            place = worst.operation.place
            series = run.series("parameter", worst.weight.number, "gradient_norm")
            peak = _peak(run, worst)
            step = next((s for s, v in series if v == peak), 0)
            yield Sighting(
                place,
                f"the gradient of {label(place)} reaches {peak:.1e} at step {step}: {words}, and "
                "the loss does not fall",
                step,
                "error",
                evidence,
                lost,
            )

    def _reason(self, run: Run, found: list[Layer]) -> tuple[str, dict[str, float]] | None:
        norms = _total(run, found, "gradient_norm")
        if not norms:
            return None
        typical, largest = median(norms), max(norms)
        size = median(_total(run, found, "weight_rms", scaled=True) or [math.inf])
        if size > 0 and typical > self.norm * size:
            return (
                f"{typical / size:.1e} times the weights' own norm on a typical step",
                {"typical_norm": typical, "weight_norm": size},
            )
        if len(norms) >= 4 and typical > 0 and largest > self.burst * typical and largest > size:
            return (
                f"{largest / typical:.1e} times a typical step",
                {"largest_norm": largest, "typical_norm": typical},
            )
        sizes = [run.series("parameter", p.weight.number, "gradient_rms").median() for p in found]
        if len(sizes) >= 4 and sizes[-1] > 0 and sizes[0] / sizes[-1] > self.growth:
            return (
                f"{sizes[0] / sizes[-1]:.1e} times that of the last layer",
                {"first": sizes[0], "last": sizes[-1]},
            )
        return None


def _peak(run: Run, layer: Layer) -> float:
    return max(run.series("parameter", layer.weight.number, "gradient_norm").finite, default=0.0)


def _total(run: Run, found: list[Layer], quantity: str, *, scaled: bool = False) -> list[float]:
    """The Euclidean norm over all layers, look by look."""
    squares: dict[int, float] = {}
    for layer in found:
        count = math.prod(layer.weight.shape) if scaled else 1
        for step, value in run.series("parameter", layer.weight.number, quantity):
            if math.isfinite(value):
                squares[step] = squares.get(step, 0.0) + value * value * count
    return [math.sqrt(s) for s in squares.values()]
