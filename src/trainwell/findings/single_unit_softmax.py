"""LOS103 single-unit-softmax."""

from __future__ import annotations

__all__ = ["SingleUnitSoftmax"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm, is_hidden, title


@frozen
class SingleUnitSoftmax(Finding):
    """A softmax over one unit, which is always 1.

    What it looks for:
        A softmax or log-softmax whose dimension has size 1, between the last layer and the loss.

    Why it hurts:
        exp(x) / exp(x) = 1 whatever the network says: the output is constant and no gradient
        flows.

    When it is not a fault:
        Attention over a single key; softmaxes before the last layer are not looked at.

    Sources:
        Humbatova et al. 2020, "Taxonomy of real faults in deep learning systems"; 26 of the 109
        bugs collected for deepmufl (Ghanbari et al. 2023) are output activations of this kind.
    """

    code: ClassVar[str] = "LOS103"
    slug: ClassVar[str] = "single-unit-softmax"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "vanishing-gradient",
        "parameters-never-updated",
        "learning-rate-too-low",
        "implausible-initial-loss",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("use_sigmoid",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the softmax over one unit."""
        for operation in run.operations.values():
            if operation.kind not in ("softmax", "log_softmax"):
                continue
            if operation.details.get("size") == 1 and not is_hidden(run, operation):
                yield Sighting(
                    operation.place,
                    f"{title(operation)} runs over a single unit (output shape "
                    f"{'x'.join(map(str, operation.shape))}): its result is always 1, so nothing "
                    "can be learned",
                    0,
                    "error",
                    {"shape": list(operation.shape), "dim": operation.details.get("dim")},
                    harm(run, run.objectives.get(operation.objective)),
                )
