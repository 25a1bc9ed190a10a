"""OPT106 frozen-parameter-in-optimizer."""

from __future__ import annotations

__all__ = ["FrozenParameterInOptimizer"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.replaced import replaced


@frozen
class FrozenParameterInOptimizer(Finding):
    """An optimizer whose parameters get no gradient.

    What it looks for:
        An optimizer none of whose tensors had a gradient at any step that was looked at, although
        backward() may have made some just before; as a remark, one whose tensors are partly
        frozen.

    Why it hurts:
        Its steps do nothing. Mostly it was made for another copy of the network, or the network is
        frozen by mistake.

    When it is not a fault:
        An optimizer over all parameters with a frozen backbone: the frozen ones are skipped. That
        is a remark only.

    Thresholds:
        looks: steps that must have been looked at.

    Sources:
        TrainCheck (Jiang et al. 2025), frozen parameters handed to an optimizer.
    """

    code: ClassVar[str] = "OPT106"
    slug: ClassVar[str] = "frozen-parameter-in-optimizer"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("parameters-never-updated", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("unfreeze_parameters", "register_parameters")

    looks: int = 3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the optimizers that step in vain."""
        dead = {found.optimizer.number for found in replaced(run)}
        for optimizer in run.optimizers.values():
            if optimizer.number in dead:
                yield Undecided("the optimizer holds weights that the network has no more")
                continue
            frozen = optimizer.parameter_count - optimizer.trainable_count
            if optimizer.looks < self.looks:
                continue
            evidence = {"tensors": optimizer.parameter_count, "frozen": frozen}
            if any(s.steps == s.looks >= self.looks for s in run.severed.values()):
                yield Undecided("the loss is cut off from everything (LOS113)")
            elif 0.0 in run.series("optimizer", optimizer.number, "gradient_kept").values:
                yield Undecided("the gradients are set to zero before the optimizer uses them")
            elif optimizer.empty_looks == optimizer.looks:
                why = (
                    "all of them have requires_grad=False"
                    if frozen == optimizer.parameter_count
                    else "they are zeroed between backward() and step()"
                    if self._reached(run, optimizer.number)
                    else "no backward() reaches them"
                )
                yield Sighting(
                    optimizer.place,
                    f"{optimizer.name} stepped {optimizer.steps} times, but none of its "
                    f"{optimizer.parameter_count} tensors ever had a gradient: {why}",
                    0,
                    "error",
                    dict(evidence),
                    0.8,
                )
            elif frozen:
                yield Sighting(
                    optimizer.place,
                    f"{frozen} of the {optimizer.parameter_count} tensors of {optimizer.name} are "
                    "frozen (requires_grad=False): it skips them",
                    0,
                    "info",
                    dict(evidence),
                )

    def _reached(self, run: Run, optimizer: int) -> bool:
        """Whether its tensors have gradients right after backward()."""
        return any(
            value > 0
            for p in run.parameters.values()
            if optimizer in p.optimizers
            for value in run.series("parameter", p.number, "gradient_norm").finite
        )
