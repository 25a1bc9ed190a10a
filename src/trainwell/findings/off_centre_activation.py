"""NET107 off-centre-activation."""

from __future__ import annotations

__all__ = ["OffCentreActivation"]

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Objective, Run, Sighting, Undecided
from trainwell.record.reading import harm, is_hidden, layers, title, typical_update


@frozen
class OffCentreActivation(Finding):
    """Hidden sigmoids whose outputs hardly vary around one half.

    What it looks for:
        Hidden sigmoids whose mean is many times the spread of their outputs over the examples, in a
        network that hardly learns.

    Why it hurts:
        What the next layer reads is positive and nearly constant: all weights of a unit get
        gradients of one sign, which can only move them together, in zigzags; and the little that
        differs between examples drowns in the constant.

    When it is not a fault:
        Sigmoids as gates (LSTM, attention), which multiply instead of feeding a layer; a network
        that learns all the same; units at their ends, which saturated-activation names.

    Thresholds:
        ratio: mean over spread from which a layer is off-centre.
        left: share of the first loss that must be left at the end.
        looks: looks that must have been made.
        update: typical update relative to the weight under which the rate is to blame.
        steps: steps that the run must have had.
        fades: in four layers or more, gradient of the first weights over that of the last ones,
        under which
            vanishing-gradient names the harm.

    Sources:
        LeCun et al. 1998, "Efficient backprop", sections 4.3 and 4.4; Glorot & Bengio 2010, section
        3.1 (sigmoids).
    """

    code: ClassVar[str] = "NET107"
    slug: ClassVar[str] = "off-centre-activation"
    confidence: ClassVar[float] = 0.6
    causes: ClassVar[tuple[str, ...]] = (
        "vanishing-gradient",
        "collapsed-activations",
        "learning-rate-too-low",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("use_tanh", "use_relu", "add_batch_norm")

    ratio: float = 4.0
    left: float = 0.7
    looks: int = 4
    update: float = 1e-4
    steps: int = 200
    fades: float = 1e-2

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the layers that stay on one side."""
        for operation in run.operations.values():
            objective = run.objectives.get(operation.objective)
            if operation.kind != "sigmoid" or objective is None or not is_hidden(run, operation):
                continue
            means = run.series("operation", operation.number, "mean").finite
            spreads = run.series("operation", operation.number, "spread").finite
            lost, update = harm(run, objective), typical_update(run, objective)
            if min(len(means), len(spreads)) < self.looks or lost < self.left:
                continue
            mean, spread = median(means), median(spreads)
            if not 0.2 < mean < 0.8 or mean < self.ratio * spread:
                continue
            if update is None or update < self.update or objective.steps < self.steps:
                continue
            if self._fades(run, objective):
                continue
            yield Sighting(
                operation.place,
                f"the outputs of {title(operation)} lie around {mean:.2f} and differ by "
                f"{spread:.2g} between examples: the next layer reads nearly the same positive "
                "numbers whatever it is shown",
                0,
                "warning",
                {"mean": mean, "spread": spread},
                lost,
            )

    def _fades(self, run: Run, objective: Objective) -> bool:
        """Whether hardly any gradient reaches the first layer."""
        sizes = [
            run.series("parameter", layer.weight.number, "gradient_rms").median()
            for layer in layers(run, objective)
        ]
        return len(sizes) >= 4 and sizes[-1] > 0 and sizes[0] < self.fades * sizes[-1]
