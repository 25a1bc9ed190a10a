"""OPT105 parameter-not-in-optimizer."""

from __future__ import annotations

__all__ = ["ParameterNotInOptimizer"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Parameter, Place, Run, Sighting, Undecided
from trainwell.record.reading import harm
from trainwell.record.replaced import replaced


@frozen
class ParameterNotInOptimizer(Finding):
    """A parameter that gets gradients, but that no optimizer holds.

    What it looks for:
        Weights that got gradients and never moved, held by no optimizer, while other weights in
        the same graph are trained.

    Why it hurts:
        That part of the network stays as it was initialised, and the time for its gradients is
        wasted.

    When it is not a fault:
        A backbone that is frozen by leaving it out of the optimizer: it works (and is why this is
        a warning only), but `requires_grad_(False)` says so and saves its backward pass.

    Thresholds:
        looks: updates that must have been looked at.

    Sources:
        TrainCheck (Jiang et al. 2025), parameters missing from the optimizer.
    """

    code: ClassVar[str] = "OPT105"
    slug: ClassVar[str] = "parameter-not-in-optimizer"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("symmetric-weights", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("register_parameters",)

    looks: int = 3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the layers whose weights nobody trains, one sighting an objective."""
        told = {w.number for found in replaced(run) for w in found.weights}
        for objective in run.objectives.values():
            left: list[Parameter] = []
            trained = 0
            for number in objective.parameters:
                parameter = run.parameters.get(number)
                if parameter is None:
                    continue
                moved = run.series("parameter", number, "moved").finite
                norms = run.series("parameter", number, "gradient_norm").finite
                if parameter.optimizers or any(v > 0 for v in moved):
                    trained += 1
                elif (
                    len(moved) >= self.looks
                    and any(v > 0 for v in norms)
                    and parameter.is_parameter
                    and number not in told
                ):
                    left.append(parameter)
            if not left or not trained:
                continue
            told |= {p.number for p in left}
            first = left[0]
            names = ", ".join(f"`{p.name}`" for p in left[:3]) + (" ..." if len(left) > 3 else "")
            optimizer = next(iter(run.optimizers.values()), None)
            place = objective.place if optimizer is None else optimizer.place
            yield Sighting(
                Place(first.layer, place.file, place.line, place.code),
                f"{len(left)} weights get gradients but belong to no optimizer and never move: "
                f"{names}",
                0,
                "warning",
                {"parameters": [p.name for p in left], "trained": trained},
                harm(run, objective),
            )
