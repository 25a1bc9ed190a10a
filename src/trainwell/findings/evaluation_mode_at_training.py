"""MOD102 evaluation-mode-at-training."""

from __future__ import annotations

__all__ = ["EvaluationModeAtTraining"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class EvaluationModeAtTraining(Finding):
    """A network trained in evaluation mode, with its dropout off or its batch statistics frozen.

    What it looks for:
        Forward passes with gradients of a network with dropout or batch norm layers that is, as a
        whole, in evaluation mode.

    Why it hurts:
        Usually `model.train()` was not called again after the first evaluation. Dropout no longer
        regularises; batch norm normalises with statistics that stand still while the weights
        move, so that the activations drift.

    When it is not a fault:
        Fine-tuning with frozen batch norm: where only these layers are in evaluation mode it is
        not reported, where the whole network is and some of its parameters are frozen it is a
        remark.

    Thresholds:
        share: share of the training passes in evaluation mode from which it is reported.
        looks: training passes that must have been looked at.

    Sources:
        Ioffe & Szegedy 2015, "Batch normalization", section 3.1; PyTorch documentation of
        `torch.nn.Module.train`.
    """

    code: ClassVar[str] = "MOD102"
    slug: ClassVar[str] = "evaluation-mode-at-training"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "overfitting",
        "exploding-gradient",
        "learning-rate-too-high",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("train_in_train_mode",)

    share: float = 0.3
    looks: int = 3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the networks."""
        for network in run.networks.values():
            counts = network.training_forwards
            total, wrong = sum(counts.values()), counts.get("eval", 0)
            if not network.dropout and not network.batch_norm:
                continue
            if total < self.looks:
                yield Undecided(f"{network.name} was looked at in training too few times")
                continue
            if not wrong or wrong < self.share * total:
                continue
            parts = []
            if network.dropout:
                parts.append(f"{len(network.dropout)} dropout layers are off")
            if network.batch_norm:
                parts.append(f"{len(network.batch_norm)} batch norm layers use frozen statistics")
            yield Sighting(
                network.training_place or network.place,
                f"{network.name} is trained in evaluation mode ({wrong} of {total} passes looked "
                f"at): {' and '.join(parts)}",
                0,
                "info" if network.frozen else "error",
                {"evaluation_mode": wrong, "passes": total},
                0.5,
            )
