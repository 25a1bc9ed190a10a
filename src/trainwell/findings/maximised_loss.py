"""LOS116 maximised-loss."""

from __future__ import annotations

__all__ = ["MaximisedLoss"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Objective, Place, Run, Sighting, Undecided
from trainwell.record.reading import trained


@frozen
class MaximisedLoss(Finding):
    """Training makes the loss larger: its sign is turned, or the optimizer maximises.

    What it looks for:
        A run with one objective whose first value is exactly the negative of what the loss
        functions of PyTorch returned in that step (or a whole multiple of it); or an optimizer with
        `maximize=True` on an objective that is their plain sum.

    Why it hurts:
        Every step goes uphill: the network learns to be as wrong as it can.

    When it is not a fault:
        Rewards, likelihoods and other gains that the script computes itself; adversaries, whose
        gain is another network's loss (they come with a second objective).

    Thresholds:
        multiple: largest whole number by which the script may divide its loss.
        error: how far from such a number the ratio may be, relative to it.

    Sources:
        TheDeepChecker (Ben Braiek & Khomh 2023), faults of the gradient's sign; PyTorch
        documentation of `torch.optim`, `maximize`.
    """

    code: ClassVar[str] = "LOS116"
    slug: ClassVar[str] = "maximised-loss"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "learning-rate-too-low",
        "learning-rate-too-high",
        "exploding-gradient",
        "vanishing-gradient",
        "non-finite-loss",
        "non-finite-gradient",
        "collapsed-activations",
        "saturated-activation",
        "dying-relu",
        "mis-scaled-init",
        "implausible-initial-loss",
        "overfitting",
        "unrelated-labels",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("minimise_loss",)

    multiple: int = 64
    error: float = 1e-4

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line that turns the sign, or the optimizer that maximises."""
        objectives = [o for o in run.objectives.values() if o.steps >= 8]
        if len(objectives) != 1 or not trained(run, objectives[0]):
            return
        objective = objectives[0]
        calls = [
            c
            for c in run.losses.values()
            if c.objective == objective.number and c.phase == "training"
        ]
        values = run.loss(objective.number).finite
        total = sum(c.first.get("loss", 0.0) for c in calls)
        if not values or not values[0] or not total:
            return
        ratio = total / values[0]
        whole = round(ratio)
        if not 1 <= abs(whole) <= self.multiple or abs(ratio - whole) > self.error * abs(whole):
            return
        optimizer = run.optimizer_of(objective)
        maximises = optimizer is not None and optimizer.settings.get("maximize") is True
        if maximises == (whole < 0):
            return
        what = " + ".join(dict.fromkeys(c.function for c in calls))
        end = abs(values[-1] * whole)
        if maximises and optimizer is not None:
            place, how = optimizer.place, f"{optimizer.name} has `maximize=True`"
        else:
            place, how = self._where(run, objective), "backward() starts from its negative"
        yield Sighting(
            place,
            f"training makes {what} larger: {how}, and it went from {abs(total):.3g} to "
            f"{end:.3g} in {objective.steps} steps",
            0,
            "error",
            {"first": abs(total), "last": end, "maximize": maximises},
            1.0,
        )

    def _where(self, run: Run, objective: Objective) -> Place:
        """The line of the last operation, which turns the sign."""
        root = None if objective.root is None else run.operations.get(objective.root)
        return objective.place if root is None or root.place.line is None else root.place
