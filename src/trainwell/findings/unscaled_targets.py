"""DAT102 unscaled-targets."""

from __future__ import annotations

__all__ = ["UnscaledTargets"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import LossCall, Operation, Run, Sighting, Undecided
from trainwell.record.reading import harm as harm_of
from trainwell.record.reading import is_hidden


@frozen
class UnscaledTargets(Finding):
    """Regression targets on a scale far from the network's output at the start.

    What it looks for:
        The root mean square of the first batch of targets of a regression loss against that of the
        first predictions. In a loss written by hand, the first difference that is squared (or
        whose magnitude is taken) against the outputs that the last layer's initial weights give.

    Why it hurts:
        A fresh network answers with numbers around 1. To reach targets in the hundreds its last
        layer must first grow by that factor; until then the gradients are huge, everything before
        the last layer is pushed about, and most of the run is spent on the mean.

    When it is not a fault:
        Targets up to about 10; a last layer whose bias was set to the targets' mean.

    Thresholds:
        size: root mean square from which targets count as large.
        ratio: targets over first predictions from which they are far apart.
        tiny: deviation of the targets under which they count as tiny.
        harm: from this harm on (1: the loss did not fall at all) it is an error.
        learned: loss at the end, as a share of the targets' variance (of their deviation for other
            losses than squared error), under which the network has learned the scale.

    Sources:
        Bishop 1995, "Neural networks for pattern recognition", section 8.2; TheDeepChecker (Ben
        Braiek & Khomh 2023) checks targets as it does inputs.
    """

    code: ClassVar[str] = "DAT102"
    slug: ClassVar[str] = "unscaled-targets"
    causes: ClassVar[tuple[str, ...]] = (
        "zero-gradients",
        "exploding-gradient",
        "dying-relu",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "vanishing-gradient",
        "saturated-activation",
        "non-finite-loss",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("scale_targets",)

    size: float = 10.0
    ratio: float = 10.0
    tiny: float = 1e-3
    harm: float = 0.3
    learned: float = 0.1

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the regression losses with such targets."""
        yield from self._by_hand(run)
        for loss in run.losses.values():
            if loss.function not in LOSSES or loss.phase != "training":
                continue
            target, guess = loss.first.get("target_rms", 0.0), loss.first.get("prediction_rms", 0.0)
            objective = run.objective_of(loss)
            lost = harm_of(run, objective)
            evidence = {"target_rms": target, "first_prediction_rms": guess}
            if self._has_learned(run, loss):
                continue
            if target > self.size and target > self.ratio * guess:
                yield Sighting(
                    loss.place,
                    f"the targets of {loss.function} have a root mean square of {target:.3g} (mean "
                    f"{loss.first['target_mean']:.3g}, deviation {loss.first['target_std']:.3g}), "
                    f"the network starts with outputs of {guess:.3g}",
                    0,
                    "error" if lost >= self.harm else "warning",
                    evidence,
                    lost,
                )
            elif 0 < target < self.tiny and guess > self.ratio * target:
                yield Sighting(
                    loss.place,
                    f"the targets of {loss.function} are tiny (root mean square {target:.1e}) "
                    f"beside the outputs that the network starts with ({guess:.3g})",
                    0,
                    "warning",
                    evidence,
                    lost,
                )

    def _has_learned(self, run: Run, loss: LossCall) -> bool:
        """Whether most of the targets' differences are explained by the end."""
        spread, objective = loss.first.get("target_std", 0.0), run.objective_of(loss)
        if objective is None or loss.reduction != "mean" or spread <= 0:
            return False
        unit = spread**2 if loss.function == "mse_loss" else spread
        return run.loss(objective.number).end() <= self.learned * unit

    def _by_hand(self, run: Run) -> Iterator[Sighting]:
        for operation in run.operations.values():
            first = run.series("operation", operation.number, "operand_rms").finite[:1]
            before = run.inputs(operation)
            if not first or first[0] <= self.size or len(before) != 1:
                continue
            if before[0].kind != "subtract" or is_hidden(run, operation):
                continue
            guess = _expected_output(run, before[0])
            if guess is None or first[0] <= self.ratio * guess:
                continue
            lost = harm_of(run, run.objectives.get(operation.objective))
            yield Sighting(
                operation.place,
                f"prediction and target differ by {first[0]:.3g} (root mean square) at the start, "
                f"where the network's outputs are about {guess:.2g}: the targets are not scaled",
                0,
                "error" if lost >= self.harm else "warning",
                {"first_difference_rms": first[0], "expected_output_rms": guess},
                lost,
            )


def _expected_output(run: Run, operation: Operation) -> float | None:
    """Root mean square that the last layer's initial weights give to what it reads at first."""
    last = next((o for o in run.upstream(operation, frozenset()) if o.kind == "linear"), None)
    if last is None:
        return None
    known = [w for p in last.parameters if (w := run.parameters.get(p)) is not None]
    weight = next((w for w in known if w.is_weight), None)
    sizes = run.series("operation", last.number, "input_rms").finite
    for before in run.inputs(last):
        sizes = sizes or run.series("operation", before.number, "rms").finite
    if weight is None or not sizes or not weight.fresh:
        return None
    fan_in = weight.fan_in if last.shape[-1:] == weight.shape[:1] else weight.fan_out
    return float(weight.start["std"] * fan_in**0.5 * sizes[0])


LOSSES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
