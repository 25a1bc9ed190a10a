"""OPT115 excessive-weight-decay."""

from __future__ import annotations

__all__ = ["ExcessiveWeightDecay"]

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Parameter, Run, Sighting, Undecided
from trainwell.record.reading import first_loss, uninformed_loss


@frozen
class ExcessiveWeightDecay(Finding):
    """Weight decay that takes away more than the gradients bring.

    What it looks for:
        Weights that shrink over the run under an optimizer with weight decay, while the loss stays
        near that of a network that knows nothing.

    Why it hurts:
        The weights are pulled to 0 faster than the loss can hold them: the outputs become the same
        for every example, and the loss rests at the uninformed guess.

    When it is not a fault:
        Weights that shrink while the loss falls: decay at work.

    Thresholds:
        decay: weight decay from which it can be to blame.
        shrunk: size of a typical weight at the end, relative to its start, under which it counts.
        share: training loss at the end, as a share of the uninformed loss, from which it hurts.
        looks: looks that a weight must have had.
        pull: decay times the weights, as a multiple of the loss's gradient, from which decay
            counts as the stronger one where no formula says what an uninformed guess gets.
        gross: weight decay that is ten times as much as anybody uses.
        some: the same as `share` for such a decay.

    Sources:
        Krogh & Hertz 1991, "A simple weight decay can improve generalization"; Loshchilov & Hutter
        2019, "Decoupled weight decay regularization" (usual values lie below 0.1).
    """

    code: ClassVar[str] = "OPT115"
    slug: ClassVar[str] = "excessive-weight-decay"
    causes: ClassVar[tuple[str, ...]] = (
        "collapsed-activations",
        "foreign-statistics",
        "dying-relu",
        "vanishing-gradient",
        "exploding-gradient",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "class-imbalance",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("lower_weight_decay",)

    decay: float = 0.02
    shrunk: float = 0.5
    share: float = 0.75
    looks: int = 4
    pull: float = 3.0
    gross: float = 1.0
    some: float = 0.3

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the optimizers whose weights shrink away."""
        for optimizer in run.optimizers.values():
            decay = optimizer.settings.get("weight_decay")
            if not isinstance(decay, int | float) or decay < self.decay:
                continue
            ratios = []
            held = [
                p
                for p in run.parameters.values()
                if optimizer.number in p.optimizers and p.is_weight
            ]
            for parameter in held:
                sizes = run.series("parameter", parameter.number, "weight_rms").finite
                if len(sizes) >= self.looks and sizes[0] > 0:
                    ratios.append(sizes[-1] / sizes[0])
            if not ratios or median(ratios) >= self.shrunk:
                continue
            numbers = {p.number for p in held}
            for objective in run.objectives.values():
                guess = uninformed_loss(run, objective)
                what = "an uninformed guess gives"
                if guess is None and self._pull(run, held, decay) >= self.pull:
                    guess, what = first_loss(run, objective), "it began at"
                end = run.loss(objective.number).end()
                if guess is None or not numbers & set(objective.parameters):
                    continue
                share = self.some if decay >= self.gross else self.share
                if not end >= share * guess > 0:
                    continue
                yield Sighting(
                    optimizer.place,
                    f"weight decay {decay:g} shrinks the weights to {median(ratios):.2g} of their "
                    f"size, and the training loss stays at {end:.3g} ({what} {guess:.3g})",
                    max(objective.steps - 1, 0),
                    "error",
                    {"weight_decay": decay, "shrunk_to": median(ratios), "loss": end},
                    min(1.0, end / guess),
                )
                break

    def _pull(self, run: Run, held: list[Parameter], decay: float) -> float:
        """How many times as strong as the loss's gradient the decay of a weight typically is."""
        pulls = []
        for parameter in held:
            sizes = run.series("parameter", parameter.number, "weight_rms").finite
            gradients = run.series("parameter", parameter.number, "gradient_rms").finite
            if sizes and gradients and median(gradients) > 0:
                pulls.append(decay * median(sizes) / median(gradients))
        return median(pulls) if pulls else 0.0
