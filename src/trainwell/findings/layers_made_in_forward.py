"""NET108 layers-made-in-forward."""

from __future__ import annotations

__all__ = ["LayersMadeInForward"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class LayersMadeInForward(Finding):
    """A layer that is made anew at every forward pass.

    What it looks for:
        Layers with weights that were constructed since the last step and are called in this one,
        at most of the steps that were looked at.

    Why it hurts:
        Every forward pass gets other random weights, and no optimizer holds them: that part of the
        network never learns, and what comes after it sees noise. In evaluation the weights are
        others again.

    When it is not a fault:
        A network that is made once for each fold or trial; layers without weights (activations,
        pooling), which may be made anywhere.

    Thresholds:
        looks: steps at which it must have been seen.
        share: of the steps looked at since the first of them.

    Sources:
        PyTorch documentation, "Modules": layers are made in `__init__`; Humbatova et al. 2020,
        "Taxonomy of real faults in deep learning systems", wrong network architecture.
    """

    code: ClassVar[str] = "NET108"
    slug: ClassVar[str] = "layers-made-in-forward"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "parameter-not-in-optimizer",
        "parameters-never-updated",
        "unused-parameter",
        "mis-scaled-init",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "dying-relu",
        "vanishing-gradient",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("make_layers_once",)

    looks: int = 3
    share: float = 0.5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the lines that make them."""
        for made in run.made.values():
            if made.looks < self.share * made.chances:
                continue
            if made.looks < self.looks:
                yield Undecided(f"{made.layer} was made anew at {made.looks} steps only")
                continue
            network = run.networks.get(made.network) if made.network is not None else None
            inside = f" in the forward pass of {network.name}" if network else ""
            yield Sighting(
                made.place,
                f"a `{made.layer}` is made anew{inside} at every step (seen at {made.looks} of"
                f" {made.chances}): its weights are random each time and no optimizer holds them",
                made.first,
                "error",
                {"looks": made.looks, "chances": made.chances},
                0.9,
            )
