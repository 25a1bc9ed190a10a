"""GRD103 non-finite-gradient."""

from __future__ import annotations

__all__ = ["NonFiniteGradient"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Objective, Operation, Run, Sighting, Undecided
from trainwell.record.reading import title


@frozen
class NonFiniteGradient(Finding):
    """Gradients that are NaN or infinite although the loss is a number.

    What it looks for:
        The first backward that leaves NaN or infinity in a gradient after a finite loss. Operations
        whose slope is infinite at what they were given (the root of exactly 0, a norm of zeros) are
        named; they are watched at every look, the gradients at every step.

    Why it hurts:
        The next update makes the weights NaN, and every loss after it.

    When it is not a fault:
        Steps that a gradient scaler skips, which are not looked at.

    Sources:
        PyTorch documentation, "Autograd mechanics", gradients for non-differentiable functions.
    """

    code: ClassVar[str] = "GRD103"
    slug: ClassVar[str] = "non-finite-gradient"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("non-finite-loss", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("guard_operation", "clip_gradients")

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the operation to blame, for each objective."""
        for objective in run.objectives.values():
            broken = objective.non_finite_gradient
            if broken is None:
                continue
            step = broken["step"] if isinstance(broken["step"], int) else 0
            lost = objective.non_finite
            if lost is not None and isinstance(lost["step"], int) and lost["step"] <= step:
                continue
            suspect = self._suspect(run, objective)
            place = objective.place if suspect is None else suspect.place
            names = broken.get("parameters")
            count = len(names) if isinstance(names, list) else 0
            reason = broken.get("reason") or "its slope can be infinite"
            first = f"`{names[0]}`" if isinstance(names, list) and names else "the parameters"
            what = (
                "no single operation stands out"
                if suspect is None
                else f"{title(suspect)}: {reason}"
            )
            yield Sighting(
                place,
                f"the gradient of {first}{f' and {count - 1} more' if count > 1 else ''} is not "
                f"finite at step {step}, although the loss is; {what}",
                step,
                "error",
                dict(broken),
                1.0,
            )

    def _suspect(self, run: Run, objective: Objective) -> Operation | None:
        broken = objective.non_finite_gradient or {}
        number = broken.get("operation")
        if isinstance(number, int):
            return run.operations.get(number)
        risky = [
            o
            for o in run.operations.values()
            if o.objective == objective.number and o.kind in INFINITE_SLOPES
        ]
        return risky[-1] if risky else None


INFINITE_SLOPES = frozenset({"square_root", "power", "divide", "logarithm", "norm", "arc"})
