"""CKP104 untrained-frozen-layers."""

from __future__ import annotations

__all__ = ["UntrainedFrozenLayers"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Place, Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class UntrainedFrozenLayers(Finding):
    """Layers are frozen at their random initialisation.

    What it looks for:
        Layers with `requires_grad=False` in a network that is trained, whose weights are spread
        exactly as PyTorch initialises linear and convolutional layers: uniformly up to
        1/sqrt(fan_in). Training moves weights beyond that edge. It is a remark where the script
        neither loads weights nor trains another network nor gives the layers to an optimizer.

    Why it hurts:
        What was meant to be a pretrained backbone gives random features, and may not learn.

    When it is not a fault:
        One frozen layer of random features; an echo state network; a network that does well on
        random features.

    Thresholds:
        layers: such layers that there must be, unless an optimizer holds them.
        share: their share of the frozen layers that can be judged.
        left: loss at the end, as a share of the first, from which it costs something.

    Sources:
        He et al. 2015; PyTorch documentation of `torch.nn.Linear`, initialisation of `weight`.
    """

    code: ClassVar[str] = "CKP104"
    slug: ClassVar[str] = "untrained-frozen-layers"
    confidence: ClassVar[float] = 0.8
    causes: ClassVar[tuple[str, ...]] = SYMPTOMS
    remedies: ClassVar[tuple[str, ...]] = ("load_last", "unfreeze_parameters")

    layers: int = 2
    share: float = 0.8
    left: float = 0.1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the network."""
        for network in run.networks.values():
            fresh = network.frozen_fresh
            if not fresh or len(fresh) < self.share * network.frozen_weights:
                continue
            objective = max(
                (o for o in run.objectives.values() if network.number in o.networks),
                key=lambda o: o.steps,
                default=None,
            )
            if objective is None or harm(run, objective) < self.left:
                continue
            # Without weights that were loaded or trained before, it may be meant so.
            trained = {n for o in run.objectives.values() for n in o.networks}
            loads = any(c.action in ("load", "read") for c in run.checkpoints.values())
            # Who hands them to an optimizer means them to learn.
            optimizer = run.optimizer_of(objective)
            held = optimizer is not None and (
                optimizer.parameter_count - optimizer.trainable_count >= len(fresh)
            )
            if len(fresh) < self.layers and not held:
                continue
            expected = len(trained) > 1 or loads or held
            names = ", ".join(f"`{n}`" for n in fresh[:3]) + (" ..." if len(fresh) > 3 else "")
            place = network.place
            yield Sighting(
                Place(fresh[0].rpartition(".")[0] or None, place.file, place.line, place.code),
                f"{len(fresh)} of the {network.frozen_weights} frozen weights of `{network.name}` "
                f"are at PyTorch's random initialisation: {names}: nothing was loaded into them, "
                "and they never learn",
                0,
                "warning" if expected else "info",
                {"frozen": network.frozen_weights, "fresh": list(fresh)},
                harm(run, objective),
            )
