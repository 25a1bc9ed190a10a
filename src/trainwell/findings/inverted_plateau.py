"""OPT110 inverted-plateau."""

from __future__ import annotations

__all__ = ["InvertedPlateau"]

import math
from collections.abc import Iterator
from statistics import fmean, pstdev
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Objective, Run, Sighting, Undecided
from trainwell.record.rates import objective_of, rate_line
from trainwell.record.reading import harm


@frozen
class InvertedPlateau(Finding):
    """A rate that is lowered because the metric improves.

    What it looks for:
        `ReduceLROnPlateau` in mode "min" that is given a metric which rises while the training
        loss falls (an accuracy), or in mode "max" one that falls (a loss), and that has lowered
        the rate for it. A metric that goes along with an evaluation loss or accuracy of the run is
        known for what it is; any other one is judged by its course.

    Why it hurts:
        The better the network gets, the lower the rate: the run stands still long before the end.

    When it is not a fault:
        An evaluation loss that rises because the network overfits: mode "min" is right for it.

    Thresholds:
        metrics: values of the metric that must have been seen.
        alike: correlation from which the metric is that of an evaluation.

    Sources:
        PyTorch documentation of `torch.optim.lr_scheduler.ReduceLROnPlateau`.
    """

    code: ClassVar[str] = "OPT110"
    slug: ClassVar[str] = "inverted-plateau"
    causes: ClassVar[tuple[str, ...]] = ("mistimed-schedule", "learning-rate-too-low", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("turn_plateau",)

    metrics: int = 4
    alike: float = 0.98

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the scheduler."""
        for schedule in run.schedulers.values():
            mode = schedule.settings.get("mode")
            values = run.series("scheduler", schedule.number, "metric").finite
            if mode not in ("min", "max") or not schedule.reductions:
                continue
            optimizer = run.optimizers.get(-1 if schedule.optimizer is None else schedule.optimizer)
            objective = None if optimizer is None else objective_of(run, optimizer)
            if optimizer is None or objective is None or len(values) < self.metrics:
                continue
            if not self._is_inverted(run, objective, values, str(mode)):
                continue
            line = rate_line(run, optimizer)
            budget = 1.0 if line is None else line.budget
            rate = "" if line is None else f" from {line.reference:.3g} to {line.rates[-1]:.2g}"
            lost = harm(run, objective)
            kind, way = ("rises", "max") if mode == "min" else ("falls", "min")
            yield Sighting(
                schedule.place if schedule.place.file else schedule.step_place,
                f'ReduceLROnPlateau(mode="{mode}") lowers the learning rate{rate}, in '
                f"{schedule.reductions} steps, while its metric {kind} from {values[0]:.3g} to "
                f"{values[-1]:.3g} and the network gets better: a metric that {kind} as the "
                f'network learns needs mode="{way}"',
                0,
                "error" if budget <= 0.5 and lost >= 0.1 else "warning",
                {
                    "mode": mode,
                    "first": values[0],
                    "last": values[-1],
                    "reductions": schedule.reductions,
                    "mean_share": budget,
                },
                max(lost, 0.8),
            )

    def _is_inverted(self, run: Run, objective: Objective, values: list[float], mode: str) -> bool:
        kind = self._kind(run, values)
        if kind is not None:
            return kind == ("accuracy" if mode == "min" else "loss")
        loss = run.loss(objective.number)
        if not loss.fall() > 0:
            return False
        third = max(1, len(values) // 3)
        spread = max(values) - min(values)
        change = fmean(values[-third:]) - fmean(values[: max(1, len(values) // 10)])
        best = min if mode == "min" else max
        # The scheduler's best comes first, and it only gets worse from there: no overfitting.
        early = values.index(best(values)) <= len(values) // 5
        if mode == "max":
            return early and change < -0.3 * spread and values[-1] < 0.9 * values[0]
        bounded = min(values) >= 0 and (max(values) <= 1 or 1 <= min(values) <= max(values) <= 100)
        unseen = not run.evaluations
        return early and bounded and unseen and change > 0.3 * spread

    def _kind(self, run: Run, values: list[float]) -> str | None:
        """Whether the metric is the loss or the accuracy of an evaluation of the run."""
        curves: dict[str, tuple[list[float], list[float | None]]] = {}
        for evaluation in run.evaluations.values():
            losses, accuracies = curves.setdefault(evaluation.key, ([], []))
            losses.append(evaluation.loss)
            accuracies.append(evaluation.accuracy)
        found = None
        for losses, accuracies in curves.values():
            if len(losses) != len(values):
                continue
            if _correlation(losses, values) >= self.alike:
                return "loss"
            rights = [a for a in accuracies if a is not None]
            if len(rights) == len(values) and _correlation(rights, values) >= self.alike:
                found = "accuracy"
            elif _correlation(losses, values) <= -0.5 and found is None:
                # Higher where the loss is lower: a score.
                found = "accuracy"
        return found


def _correlation(first: list[float], second: list[float]) -> float:
    """Pearson's correlation; 0 where one of them does not vary."""
    if len(first) < 3 or not all(map(math.isfinite, first)):
        return 0.0
    a, b = fmean(first), fmean(second)
    scale = pstdev(first) * pstdev(second) * len(first)
    product = sum((x - a) * (y - b) for x, y in zip(first, second, strict=True))
    return product / scale if scale > 0 else 0.0
