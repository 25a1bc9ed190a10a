"""GRD108 zero-gradients."""

from __future__ import annotations

__all__ = ["ZeroGradients"]

import sys
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Objective, Parameter, Place, Run, Sighting, Undecided
from trainwell.record.reading import label, title


@frozen
class ZeroGradients(Finding):
    """The gradient of every weight is exactly 0, from the first step to the last.

    What it looks for:
        An objective with weights (parameters of two or more dimensions), all of whose gradients
        were exactly 0 at every look. Biases may get some.

    Why it hurts:
        No weight learns anything from the data; weight decay is all that moves them. A factor of 0
        before the loss, a constant loss, weights that all start at 0 or a layer that gives nothing
        but 0 do this.

    When it is not a fault:
        A loss that has reached 0 and gives no gradient any more: then there were some before.
        Silent units and a softmax over one value have findings of their own.

    Thresholds:
        looks: steps at which the gradients must have been looked at.
        steps: backward passes that must have been made.

    Sources:
        TheDeepChecker (Ben Braiek & Khomh 2023), vanishing gradients and untrained parameters.
    """

    code: ClassVar[str] = "GRD108"
    slug: ClassVar[str] = "zero-gradients"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "vanishing-gradient",
        "parameters-never-updated",
        "learning-rate-too-low",
        "excessive-weight-decay",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("connect_loss", "initialise_he")

    looks: int = 3
    steps: int = 10

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the objective whose weights get nothing."""
        for objective in run.objectives.values():
            known = [p for n in objective.parameters if (p := run.parameters.get(n)) is not None]
            weights = [p for p in known if p.is_weight and p.trainable and p.optimizers]
            if not weights or objective.steps < self.steps:
                continue
            if not all(self._is_zero(run, p) for p in weights):
                continue
            if self._is_told(run, objective):
                yield Undecided("silent units or a softmax over one value are why")
                continue
            others = [
                p for p in known if any(run.series("parameter", p.number, "gradient_norm").values)
            ]
            place, why = self._why(run, weights, objective, others)
            yield Sighting(
                place,
                f"the gradients of all {len(weights)} weights are exactly 0 at every step that was "
                f"looked at: {why}",
                0,
                "error",
                {"weights": len(weights), "others": len(others)},
                1.0,
            )

    def _is_zero(self, run: Run, parameter: Parameter) -> bool:
        norms = run.series("parameter", parameter.number, "gradient_norm").values
        return len(norms) >= self.looks and not any(norms)

    def _is_told(self, run: Run, objective: Objective) -> bool:
        """Whether dying-relu or single-unit-softmax names the operation that does it."""
        for operation in run.operations.values():
            if operation.objective != objective.number:
                continue
            silent = run.series("operation", operation.number, "silent_share").finite
            if len(silent) >= self.looks and silent[-1] >= 0.9:
                return True
            if "softmax" in operation.kind and operation.details.get("size") == 1:
                return True
        return False

    def _why(
        self, run: Run, weights: list[Parameter], objective: Objective, others: list[Parameter]
    ) -> tuple[Place, str]:
        for operation in run.operations.values():
            given = run.series("operation", operation.number, "input_rms").values
            makers = run.inputs(operation)
            if len(given) >= self.looks and not any(given) and makers:
                return makers[0].place, f"{title(makers[0])} gives nothing but 0"
        dead = [p for p in weights if p.start.get("peak") == 0.0]
        dead.sort(key=lambda p: p.place.line or sys.maxsize)
        if dead:
            return dead[0].place, f"{len(dead)} of them, {label(dead[0].place)} first, are all 0"
        if others:
            return objective.place, "only biases get some, so what the layers read is 0 or cut off"
        return objective.place, "the loss does not depend on them, as if it were multiplied by 0"
