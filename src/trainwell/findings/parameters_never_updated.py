"""OPT104 parameters-never-updated."""

from __future__ import annotations

__all__ = ["ParametersNeverUpdated"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm
from trainwell.record.replaced import replaced


@frozen
class ParametersNeverUpdated(Finding):
    """Gradients are computed, but no parameter ever changes.

    What it looks for:
        An objective whose parameters got gradients and were the same at every look, before and
        after the update that should have come.

    Why it hurts:
        Nothing is learned: `optimizer.step()` is missing, the rate is 0, or the optimizer holds
        other tensors than the network.

    When it is not a fault:
        Gradients for their own sake: on a network that is trained elsewhere in the same run, or
        together with those of its inputs (adversarial examples, maps of salience).

    Thresholds:
        looks: updates that must have been looked at.
        steps: backward passes that must have been made.

    Sources:
        TheDeepChecker (Ben Braiek & Khomh 2023), "untrained parameters".
    """

    code: ClassVar[str] = "OPT104"
    slug: ClassVar[str] = "parameters-never-updated"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "learning-rate-too-low",
        "parameter-not-in-optimizer",
        "vanishing-gradient",
        "accumulating-gradients",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("step_optimizer", "register_parameters")

    looks: int = 3
    steps: int = 10

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the backward that is not followed by an update."""
        moving = {
            n
            for n in run.parameters
            if any(v > 0 for v in run.series("parameter", n, "moved").finite)
        }
        for objective in run.objectives.values():
            if objective.updates or objective.steps < self.steps:
                continue
            if moving & set(objective.parameters):
                continue
            if objective.update_looks < self.looks:
                yield Undecided("too few updates were looked at")
                continue
            graded = any(
                v > 0
                for n in objective.parameters
                for v in run.series("parameter", n, "gradient_norm").finite
            )
            if not graded:
                continue
            kinds = {p.is_parameter for n in objective.parameters if (p := run.parameters.get(n))}
            if len(kinds) == 2:
                yield Undecided(
                    "gradients of inputs are computed too: they may be all that is wanted"
                )
                continue
            if any(found.objective.number == objective.number for found in replaced(run)):
                yield Undecided("the optimizer holds weights that the network has no more")
                continue
            if any(
                0.0 in run.series("optimizer", h, "gradient_kept").values
                for n in objective.parameters
                if (p := run.parameters.get(n)) is not None
                for h in p.optimizers
            ):
                yield Undecided("the gradients are set to zero before the optimizer uses them")
                continue
            known = [p for n in objective.parameters if (p := run.parameters.get(n)) is not None]
            if all(p.remade for p in known):
                yield Undecided("what gets gradients is made afresh at every step: inputs")
                continue
            holders = {h for p in known for h in p.optimizers if h in run.optimizers}
            why = "no optimizer that holds them ever stepped"
            if holders:
                held = run.optimizers[min(holders)]
                why = f"{held.name} stepped {held.steps} times (lr {held.settings.get('lr')})"
            elif run.optimizers:
                why = "the optimizers that stepped hold other tensors"
            yield Sighting(
                objective.place,
                f"backward() was called {objective.steps} times, but none of the "
                f"{len(objective.parameters)} parameters ever changed: {why}",
                0,
                "error",
                {"backward": objective.steps, "looks": objective.update_looks},
                max(harm(run, objective), 0.9),
            )
