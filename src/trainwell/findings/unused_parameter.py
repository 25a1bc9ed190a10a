"""NET104 unused-parameter."""

from __future__ import annotations

__all__ = ["UnusedParameter"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.replaced import replaced


@frozen
class UnusedParameter(Finding):
    """A parameter that never gets a gradient.

    What it looks for:
        Trainable tensors of an optimizer without a gradient at every step that was looked at, while
        others of the same optimizer have one.

    Why it hurts:
        That part of the network stays as it was initialised: mostly a layer that forward() does
        not call, or one that is cut off by detach(), .data, .item() or a detour through NumPy.

    When it is not a fault:
        Frozen parameters (requires_grad=False), which are not looked at; parts that are used only
        now and then (experts, alternating tasks), which get a gradient at some look.

    Thresholds:
        looks: steps that must have been looked at.

    Sources:
        PyTorch documentation of `DistributedDataParallel`, `find_unused_parameters`; TheDeepChecker
        (Ben Braiek & Khomh 2023), "untrained parameters".
    """

    code: ClassVar[str] = "NET104"
    slug: ClassVar[str] = "unused-parameter"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = SYMPTOMS
    remedies: ClassVar[tuple[str, ...]] = ("connect_parameters",)

    looks: int = 5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the optimizers that hold such tensors."""
        dead = {found.optimizer.number for found in replaced(run)}
        for optimizer in run.optimizers.values():
            if optimizer.number in dead:
                continue
            names = optimizer.never_graded
            if not names or optimizer.empty_looks == optimizer.looks:
                continue
            if optimizer.looks < self.looks:
                yield Undecided(f"{optimizer.name} was looked at too few times")
                continue
            shown = ", ".join(f"`{name}`" for name in names[:3]) + (
                " ..." if len(names) > 3 else ""
            )
            yield Sighting(
                optimizer.place,
                f"{len(names)} of the {optimizer.parameter_count} tensors of {optimizer.name} "
                f"never got a gradient: {shown}",
                0,
                "warning",
                {"never": list(names), "tensors": optimizer.parameter_count},
                len(names) / max(optimizer.parameter_count, 1),
            )
