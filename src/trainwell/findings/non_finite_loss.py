"""LOS109 non-finite-loss."""

from __future__ import annotations

__all__ = ["NonFiniteLoss"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Place, Run, Sighting, Undecided
from trainwell.record.reading import title


@frozen
class NonFiniteLoss(Finding):
    """A loss that is NaN or infinite, with the first operation that made it so.

    What it looks for:
        The first backward on a NaN or infinite loss. Its graph still holds what the operations
        were given: the first one whose operand lies outside of its domain (logarithm of 0,
        division by 0, root of a negative number, an exponential that overflows) is named.

    Why it hurts:
        One such step makes every weight NaN; nothing is learned after it.

    When it is not a fault:
        Loss scaling, which skips such steps (losses are divided by the scale first). NaN that came
        with the data is reported as non-finite-input, NaN that came out of the backward pass as
        non-finite-gradient.

    Sources:
        Goldberg 1991, "What every computer scientist should know about floating-point
        arithmetic".
    """

    code: ClassVar[str] = "LOS109"
    slug: ClassVar[str] = "non-finite-loss"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = SYMPTOMS
    remedies: ClassVar[tuple[str, ...]] = ("guard_operation", "lower_learning_rate")

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the first operation that was not finite, for each objective."""
        for objective in run.objectives.values():
            lost = objective.non_finite
            if lost is None or lost.get("source") == "data":
                continue
            broken = objective.non_finite_gradient
            if lost.get("source") == "weights" and broken is not None:
                continue
            number = lost.get("operation")
            made = run.operations.get(number) if isinstance(number, int) else None
            place: Place = objective.place if made is None else made.place
            step = lost["step"] if isinstance(lost["step"], int) else 0
            reason = lost.get("reason") or "no single operation stands out"
            what = "the loss" if made is None else title(made)
            yield Sighting(
                place,
                f"the loss is {lost['value']} at step {step}; first seen at {what}: {reason}",
                step,
                "error",
                dict(lost),
                1.0,
            )
