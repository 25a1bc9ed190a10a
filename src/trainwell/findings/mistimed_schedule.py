"""OPT109 mistimed-schedule."""

from __future__ import annotations

__all__ = ["MistimedSchedule"]

from collections.abc import Iterator
from statistics import fmean
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Objective, Optimizer, Place, Run, Scheduler, Sighting, Undecided
from trainwell.record.rates import (
    RateLine,
    epochs_of,
    lost_by,
    objective_of,
    rate_line,
    schedule_of,
    was_learning,
)

_SHOWN = ("step_size", "milestones", "T_max", "total_steps", "total_iters", "gamma", "patience")


@frozen
class MistimedSchedule(Finding):
    """A learning rate schedule that does not fit the length of the run.

    What it looks for:
        The rate that every step really used, whoever set it. It fades to next to nothing while the
        loss is still falling (a scheduler that counts epochs, stepped after every batch; a decay
        that is far too fast); or it is still rising when the run ends (a warm-up that is longer
        than the run, a schedule that counts batches, stepped once an epoch); or it swings up and
        down because it is stepped far beyond the length that it was given.

    Why it hurts:
        The network is trained at a useful rate for a small part of the run only. The rest of the
        steps do nothing, and more epochs do not help.

    When it is not a fault:
        A rate that fades after the loss has come to rest, or in a run that has learned well: then
        nothing is lost. A search for a learning rate, which raises it by a constant factor.

    Thresholds:
        steps: steps that the run must have had.
        budget: mean rate of the run, as a share of the rate that the schedule starts from, under
            which it was taken away. A cosine leaves 0.5, a decay by 10,000 in the run 0.1.
        unused: share of the steps at a hundredth of that rate or less from which it was, too.
        left: share of the first loss that must be left.
        rising: how far the rate must have got, as a share of the rate that it leads to, for a
            warm-up to count as over.
        beyond: lengths of its own after which a schedule has been stepped too often.

    Sources:
        PyTorch documentation, "How to adjust learning rate"; Goyal et al. 2017, section 2.2.
    """

    code: ClassVar[str] = "OPT109"
    slug: ClassVar[str] = "mistimed-schedule"
    causes: ClassVar[tuple[str, ...]] = (
        "learning-rate-too-low",
        "learning-rate-too-high",
        "vanishing-gradient",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("fit_schedule",)

    steps: int = 50
    budget: float = 0.05
    unused: float = 0.7
    left: float = 0.1
    rising: float = 0.5
    beyond: float = 3.0

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the schedule, or the line that sets the rate."""
        for optimizer in run.optimizers.values():
            line = rate_line(run, optimizer)
            objective = objective_of(run, optimizer)
            if line is None or objective is None or optimizer.steps < self.steps:
                continue
            lost = lost_by(run, objective, line)
            schedule = schedule_of(run, optimizer)
            yield from (
                self._rising(run, optimizer, line, schedule, lost)
                or self._faded(run, optimizer, objective, line, schedule, lost)
                or self._swinging(run, optimizer, line, schedule)
            )

    def _faded(
        self,
        run: Run,
        optimizer: Optimizer,
        objective: Objective,
        line: RateLine,
        schedule: Scheduler | None,
        lost: float,
    ) -> list[Sighting]:
        step = line.faded_at(0.1)
        taken = line.budget <= self.budget or line.under(0.01) >= self.unused
        if step is None or lost < self.left or not taken:
            return []
        if not was_learning(run, objective, line, step):
            return []
        share, low, steps = line.under(0.01), line.rates[-1], line.end - line.starts[0]
        end = fmean([v for s, v in run.loss(objective.number) if s <= line.end][-5:] or [0.0])
        return [
            Sighting(
                self._where(optimizer, schedule, too_often=True),
                f"the learning rate falls from {line.reference:.3g} to a tenth within "
                f"{step - line.starts[0]} of {steps} steps and ends at {low:.2g}: {share:.0%} of "
                f"the steps use less than a hundredth of it, and the loss stays at {end:.3g}"
                + self._told(run, schedule),
                step,
                "error",
                {
                    "rate": line.reference,
                    "last_rate": low,
                    "mean_share": line.budget,
                    "share_under_1_percent": share,
                    "schedule": None if schedule is None else schedule.name,
                },
                max(lost, 0.9),
            )
        ]

    def _rising(
        self,
        run: Run,
        optimizer: Optimizer,
        line: RateLine,
        schedule: Scheduler | None,
        lost: float,
    ) -> list[Sighting]:
        known = line.reference > 1.01 * max(line.rates)
        over = known and max(line.rates) > self.rising * line.reference
        if over or not line.is_rising or lost < (2.5 * self.left if known else 0.5):
            return []
        reached = f", of the {line.reference:.3g} that it leads to" if known else ""
        return [
            Sighting(
                self._where(optimizer, schedule, too_often=False),
                f"the learning rate is still rising when the run ends after {run.steps} steps: it "
                f"gets from {line.rates[0]:.2g} to {max(line.rates):.2g}{reached}"
                + self._told(run, schedule),
                0,
                "error",
                {
                    "first_rate": line.rates[0],
                    "highest_rate": max(line.rates),
                    "rate": line.reference,
                    "schedule": None if schedule is None else schedule.name,
                },
                max(lost, 0.9),
            )
        ]

    def _swinging(
        self, run: Run, optimizer: Optimizer, line: RateLine, schedule: Scheduler | None
    ) -> list[Sighting]:
        epochs = epochs_of(run)
        if schedule is None or schedule.name != "CosineAnnealingLR" or epochs is None:
            return []
        length = schedule.settings.get("T_max")
        if not isinstance(length, (int, float)) or not 0 < length <= schedule.steps / self.beyond:
            return []
        # Its length is that of the run in epochs: it counts these, and is given something else.
        if abs(length - epochs) > max(1, 0.1 * epochs):
            return []
        return [
            Sighting(
                self._where(optimizer, schedule, too_often=True),
                f"the learning rate swings between {line.reference:.3g} and "
                f"{min(line.rates):.2g}, {schedule.steps / length / 2:.0f} times, instead of "
                "falling once" + self._told(run, schedule),
                int(length),
                "warning",
                {"length": length, "steps": schedule.steps, "epochs": epochs},
                0.5,
            )
        ]

    def _where(self, optimizer: Optimizer, schedule: Scheduler | None, *, too_often: bool) -> Place:
        if schedule is None:
            return optimizer.rate_place or optimizer.step_place or optimizer.place
        each = schedule.steps >= 0.5 * schedule.updates
        place = schedule.step_place if each == too_often else schedule.place
        return place if place.file else schedule.step_place

    def _told(self, run: Run, schedule: Scheduler | None) -> str:
        """What the schedule counts, and what it is given to count."""
        if schedule is None:
            return "; the script sets it by hand"
        shown = ", ".join(f"{n}={schedule.settings[n]}" for n in _SHOWN if n in schedule.settings)
        epochs, steps, updates = epochs_of(run), schedule.steps, schedule.updates
        text = f"; {schedule.name}({shown}) is stepped {steps} times in {updates} steps"
        if steps >= 0.5 * updates and epochs and steps >= 2 * epochs:
            return f"{text}, {steps / epochs:.0f} times in each of {epochs} epochs"
        return text + (", once an epoch" if epochs and steps <= epochs + 1 else "")
