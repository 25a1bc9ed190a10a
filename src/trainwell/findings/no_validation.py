"""GEN106 no-validation."""

from __future__ import annotations

__all__ = ["NoValidation"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class NoValidation(Finding):
    """A supervised network that was never evaluated.

    What it looks for:
        Runs with a loss against targets in which no loss function was called without a backward,
        and no network ran without gradients.

    Why it hurts:
        Nothing tells whether the network has learned the rule or the examples; overfitting stays
        invisible.

    When it is not a fault:
        The evaluation is another script, the loss has no targets (generative models), or the
        network acts on one observation at a time (reinforcement learning). A remark only: a run
        without evaluation may learn well.

    Thresholds:
        steps: steps from which a run counts as a training and not as a trial of the code.

    Sources:
        Humbatova et al. 2020, "Taxonomy of real faults in deep learning systems": missing
        validation data.
    """

    code: ClassVar[str] = "GEN106"
    slug: ClassVar[str] = "no-validation"
    confidence: ClassVar[float] = 0.95
    remedies: ClassVar[tuple[str, ...]] = ("hold_out_data",)

    steps: int = 100

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the loss that was only ever trained on."""
        if run.evaluations or run.steps < self.steps or run.exit_status not in (0, None):
            return
        if any(network.evaluation_forwards for network in run.networks.values()):
            return
        if any(0 < i.rows <= i.looks for i in run.inputs_seen.values()):
            # One observation at a time: an agent acts, and its data are its own.
            return
        losses = [c for c in run.losses.values() if c.phase == "training" and c.target]
        if not losses or len(run.objectives) != 1:
            return
        yield Sighting(
            losses[0].place,
            f"nothing was evaluated in {run.steps} steps: whether the network does well on other "
            "data than its training data is not known",
            0,
            "info",
            {"steps": run.steps},
        )
