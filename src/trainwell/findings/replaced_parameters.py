"""OPT111 replaced-parameters."""

from __future__ import annotations

__all__ = ["ReplacedParameters"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Detail, Place, Run, Sighting, Undecided
from trainwell.record.reading import harm
from trainwell.record.replaced import Replaced, replaced


@frozen
class ReplacedParameters(Finding):
    """The optimizer holds weights that the network has no more.

    What it looks for:
        An optimizer with tensors that never get a gradient, in a run in which other weights get
        gradients and are held by no optimizer: weights of a layer that was built after the
        optimizer, or of the same shapes, or all of the network's.

    Why it hurts:
        `optimizer.step()` moves tensors that nothing reads. The new head, layer or network stays
        as it was initialised.

    When it is not a fault:
        A backbone that is left out of the optimizer on purpose: the optimizer's own tensors get
        gradients then.

    Thresholds:
        looks: steps of the optimizer that must have been looked at.

    Sources:
        PyTorch documentation of `torch.optim`, "Constructing it": parameters must be the same
        objects when the optimizer is built and used.
    """

    code: ClassVar[str] = "OPT111"
    slug: ClassVar[str] = "replaced-parameters"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "frozen-parameter-in-optimizer",
        "parameters-never-updated",
        "parameter-not-in-optimizer",
        "unused-parameter",
        "learning-rate-too-low",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("build_optimizer_last",)

    looks: int = 3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line that builds the optimizer, then that which builds the layer."""
        for found in replaced(run, self.looks):
            optimizer, first = found.optimizer, found.weights[0]
            lost = max(harm(run, found.objective), 0.5)
            names = ", ".join(f"`{w.name}`" for w in found.weights[:3])
            more = " ..." if len(found.weights) > 3 else ""
            message = (
                f"{found.dead} of the {optimizer.parameter_count} tensors of {optimizer.name} "
                f"never get a gradient, and no optimizer holds {names}{more}, which get one and "
                f"never move{self._order(found)}"
            )
            evidence: dict[str, Detail] = {
                "dead": found.dead,
                "left": [w.name for w in found.weights],
            }
            place = optimizer.place
            yield Sighting(
                Place(first.layer, place.file, place.line, place.code),
                message,
                0,
                "error",
                evidence,
                lost,
            )
            if found.built_after and first.place.file:
                yield Sighting(first.place, message, 0, "error", evidence, 0.99 * lost)

    def _order(self, found: Replaced) -> str:
        layer = found.weights[0].place
        if not found.built_after or layer.line is None:
            return "; the optimizer was built before the weights were replaced"
        return (
            f"; `{found.weights[0].layer}` was built at line {layer.line}, after the optimizer had "
            "taken the parameters"
        )
