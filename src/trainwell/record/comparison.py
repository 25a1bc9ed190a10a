"""What the settings that were tried after a run (`--probe`) say about the run's own."""

from __future__ import annotations

__all__ = ["Tried", "at_another_rate", "quoted", "tried"]

from collections.abc import Iterable
from dataclasses import dataclass, replace

from trainwell.record.counterfactual import Counterfactual
from trainwell.record.facts import Detail, Objective
from trainwell.record.reading import harm, is_taught, rate_of
from trainwell.record.run import Run
from trainwell.record.series import finite_or
from trainwell.record.sightings import Sighting

_TIMES = 2.0
"""How many times the run's own fall of the loss another setting must bring to be far better."""
_WORTH = 0.1
"""And at least this share of the loss at the start: twice nothing is nothing."""
_LEFT = 0.25
"""Or: the loss that it leaves, over the loss that the run left. Of the 52 healthy scripts of
`benchmarks.faults` none comes near either."""
_HARMED = 0.4
"""Where at least that share of the first loss was left."""
_STRAIGHT = 0.6
"""How fast the loss must fall in further steps, over its mean pace in the run, to be still on its
way. A run that settles goes on at a tenth of it."""


@dataclass(frozen=True)
class Tried:
    """All settings that were tried for one objective, by what they answer.

    Attributes:
        own: the script's own setting from the start; it tells how the trial compares with the run.
        rates: the script's optimizer at other rates, from the start.
        others: other optimizers, from the start.
        more: the script's own setting, on from the end.
        larger: the same with several batches taken together.
    """

    own: Counterfactual
    rates: tuple[Counterfactual, ...] = ()
    others: tuple[Counterfactual, ...] = ()
    more: Counterfactual | None = None
    larger: Counterfactual | None = None

    @property
    def higher(self) -> Counterfactual | None:
        """The best higher rate, if it learns far more than the run did, and than lower ones."""
        best = self._best_rate
        return best if best is not None and best.factor > 1 else None

    @property
    def lower(self) -> Counterfactual | None:
        """The best lower rate, if it learns far more than the run did, and than higher ones."""
        best = self._best_rate
        return best if best is not None and best.factor < 1 else None

    @property
    def other(self) -> Counterfactual | None:
        """The best other optimizer, if it learns far more than the run did."""
        return _best(c for c in self.others if self._is_far_better(c))

    @property
    def higher_is_worse(self) -> bool:
        """Whether no higher rate brought the loss as far down as the script's own."""
        return self._all_worse([c for c in self.rates if c.factor > 1])

    @property
    def lower_is_worse(self) -> bool:
        """The same of lower rates; only where the script's own does learn."""
        learns = self.own.after + self.own.spread <= 0.5 * self.own.before
        return learns and self._all_worse([c for c in self.rates if c.factor < 1])

    @property
    def on_its_way(self) -> Counterfactual | None:
        """Further steps, if the loss falls in them nearly as fast as it did in the run."""
        more = self.more
        if more is None or self.own.before <= 0 or more.reached < _HARMED * self.own.before:
            return None
        gained = more.before - more.after - more.spread
        fallen = max(self.own.before - more.reached, 0.0)
        pace = fallen * more.steps / max(self.own.run_steps, 1)
        return more if gained >= max(_STRAIGHT * pace, 0.03 * more.before) else None

    @property
    def is_at_rest(self) -> bool:
        """Whether a quarter as many steps again as the run had brought no more than 3 %."""
        more = self.more
        return (
            more is not None
            and 4 * more.steps >= more.run_steps
            and more.after + more.spread >= 0.97 * more.before > 0
        )

    @property
    def larger_is_better(self) -> bool:
        """Whether larger batches brought the loss clearly further down from the end."""
        if self.larger is None or self.more is None:
            return False
        return self.larger.after + self.larger.spread <= 0.8 * min(
            self.more.after - self.more.spread, self.more.before
        )

    @property
    def evidence(self) -> dict[str, Detail]:
        """The losses that were reached from the start, by setting."""
        settings = (self.own, *self.rates, *self.others)
        losses: dict[str, Detail] = {
            f"{c.optimizer} at {c.learning_rate:g}": c.after for c in settings
        }
        return {"steps_tried": self.own.steps, "loss_then": losses}

    @property
    def _best_rate(self) -> Counterfactual | None:
        return _best(c for c in self.rates if self._is_far_better(c))

    def _is_far_better(self, setting: Counterfactual) -> bool:
        worst = setting.after + setting.spread
        gain = setting.before - worst
        # A run that left the numbers gained nothing.
        reached = finite_or(setting.reached, setting.before)
        own = min(reached, finite_or(self.own.after - self.own.spread, setting.before))
        fell = max(setting.before - own, 0.0)
        if gain >= _TIMES * fell and gain >= _WORTH * abs(setting.before):
            return True
        return 0 <= worst <= _LEFT * own and reached >= _HARMED * setting.before

    def _all_worse(self, settings: list[Counterfactual]) -> bool:
        limit = self.own.after + self.own.spread
        return bool(settings) and all(not c.after - c.spread <= limit for c in settings)


def tried(run: Run, objective: Objective) -> Tried | None:
    """What was tried for an objective; None without `--probe`, or where it could not be tried.

    What another network makes the targets of was not tried either: the remembered ones are those of
    earlier weights, and a loss against them says nothing of the run's own.
    """
    if is_taught(objective):
        return None
    found = [c for c in run.counterfactuals.values() if c.objective == objective.number]
    first = [c for c in found if c.start == "initial"]
    own = next((c for c in first if c.is_baseline), None)
    if own is None:
        return None
    last = [c for c in found if c.start == "final"]
    return Tried(
        own,
        tuple(c for c in first if c.factor != 1),
        tuple(c for c in first if c.factor == 1 and not c.is_baseline),
        next((c for c in last if c.is_baseline), None),
        next((c for c in last if c.batches > 1), None),
    )


def quoted(sighting: Sighting, seen: Tried, text: str = "") -> Sighting:
    """A sighting with what was tried as evidence.

    Args:
        sighting: as it is without.
        seen: what was tried.
        text: put in brackets behind the message.
    """
    return replace(
        sighting,
        message=f"{sighting.message} ({text})" if text else sighting.message,
        evidence={**sighting.evidence, **seen.evidence},
    )


def _best(settings: Iterable[Counterfactual]) -> Counterfactual | None:
    return min(settings, key=lambda c: c.after + c.spread, default=None)


def at_another_rate(
    run: Run,
    objective: Objective,
    sighting: Sighting | None,
    seen: Tried,
    better: Counterfactual,
    wrong: str,
) -> Sighting:
    """A sighting that quotes a better rate, or one for the better rate's sake alone.

    Args:
        run: the record.
        objective: whose rate it is.
        sighting: what was seen without trying, or None.
        seen: what was tried.
        better: the better rate.
        wrong: what the run's own rate is: "too high" or "too low".
    """
    if sighting is not None:
        return quoted(sighting, seen, f"{better.told()}, not {better.reached:.3g}")
    rate, shown, where = rate_of(run, objective)
    message = (
        f"{better.told()}, where all {better.run_steps} steps of the run reached "
        f"{better.reached:.3g}: the rate {shown} is {wrong}"
    )
    evidence = {"learning_rate": rate}
    lost = harm(run, objective)
    return quoted(Sighting(where, message, 0, "warning", evidence, lost), seen)
