"""Runs the trials of a treatment: in parallel, each once, within the budget, all of them kept."""

from __future__ import annotations

__all__ = ["OutOfBudgetError", "Runner", "duration"]

import os
import time
from collections.abc import Callable, Iterable

from trainwell.record.treatments import Treatments
from trainwell.trials.arms import AS_IT_IS, Arm
from trainwell.trials.job import Job, Outcome
from trainwell.trials.plan import Plan, Progress
from trainwell.trials.pool import Pool

_SLOWER = 20.0
"""How many times as long as the script as it is a trial may take."""

_LEAST = 60.0
"""Seconds that a trial may take in any case."""


class OutOfBudgetError(Exception):
    """No more trials may start; its text says why."""


class Runner:
    """Runs arms on seeds.

    Args:
        plan: what is asked for.
        pool: runs them.
        name: of the treatment.
        treatments: where outcomes are kept, or None.
        tell: is told how it stands, whenever a trial begins or ends.
        outcomes: of earlier trials of this treatment, by the arm's label and the seed.

    Attributes:
        outcomes: of all trials so far.
        stage, best: what `tell` is told.
        evaluates_at: (file, line) of losses that evaluate though gradients are on.
        standing_in: paths of the scripts that candidates run, by the arm's label.
    """

    def __init__(
        self,
        plan: Plan,
        pool: Pool,
        name: str,
        treatments: Treatments | None,
        tell: Callable[[Progress], None],
        outcomes: dict[tuple[str, int], Outcome],
    ) -> None:
        self.outcomes = outcomes
        self.stage = "running the script as it is"
        self.best = ""
        self.evaluates_at: tuple[tuple[str, int], ...] = ()
        self.standing_in: dict[str, str] = {}
        self.pool = pool
        self._plan = plan
        self._name = name
        self._treatments = treatments
        self._tell = tell
        self._began = time.monotonic()
        self._started = 0

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    @property
    def limit(self) -> float:
        """Seconds that a trial may take."""
        first = self.outcomes.get((AS_IT_IS, 0))
        return float("inf") if first is None else _LEAST + _SLOWER * first.seconds

    def need(self, pairs: Iterable[tuple[Arm, int]]) -> None:
        """Run the trials among these that were not run yet.

        Raises:
            OutOfBudgetError: if not all of them may start. Those that had started have ended then.
        """
        waiting = [(a, s) for a, s in pairs if (a.label, s) not in self.outcomes]
        running: dict[int, tuple[Arm, int]] = {}
        reason = ""
        while (waiting and not reason) or running:
            while waiting and not reason and self.pool.free:
                reason = self._over()
                if not reason:
                    arm, seed = waiting.pop(0)
                    running[self.pool.start(self.job(arm, seed))] = (arm, seed)
                    self._started += 1
            self._say(len(waiting))
            if running:
                number, outcome = self.pool.wait(self.limit)
                arm, seed = running.pop(number)
                self.outcomes[arm.label, seed] = outcome
                if self._treatments is not None:
                    self._treatments.add(self._name, arm.label, seed, outcome.to_json())
        if reason:
            raise OutOfBudgetError(reason)

    def run_each(self, jobs: dict[int, Job]) -> dict[int, Outcome]:
        """Run jobs that are no arms; they count for no budget."""
        found: dict[int, Outcome] = {}
        running: dict[int, int] = {}
        waiting = dict(jobs)
        while waiting or running:
            while waiting and self.pool.free:
                key = next(iter(waiting))
                running[self.pool.start(waiting.pop(key))] = key
            number, outcome = self.pool.wait(self.limit)
            found[running.pop(number)] = outcome
        return found

    def job(self, arm: Arm, seed: int) -> Job:
        """The job of an arm on a seed."""
        plan = self._plan
        as_it_is = arm.label == AS_IT_IS
        first = self.outcomes.get((AS_IT_IS, 0))
        script = plan.script
        if first is not None and first.written and not plan.is_module:
            # The mirror does not change where the script itself lies.
            script = os.path.abspath(os.path.join(plan.folder, script))
        arguments = plan.arguments
        if arm.candidate is not None:
            script, arguments = self.standing_in[arm.label], arm.candidate.arguments
        return Job(
            script=script,
            arguments=arguments,
            seed=seed,
            remedies=tuple(r.to_json() for r in arm.remedies),
            survey=as_it_is and seed == 0,
            # The record of the first seed tells what is still wrong in the treated run.
            record=seed == 0,
            evaluates_at=self.evaluates_at,
            is_module=plan.is_module,
            folder=plan.folder,
            scratch=() if first is None else first.written,
            threads=self.pool.threads,
            home=_home(plan),
        )

    def _over(self) -> str:
        plan = self._plan
        if not self.outcomes and not self._started:
            return ""
        if self.seconds > plan.budget:
            return f"the budget of {duration(plan.budget)} is used up"
        if plan.trials is not None and self._started >= plan.trials:
            return f"the {plan.trials} trials are used up"
        return ""

    def announce(self, news: str) -> None:
        """Tell something once, that stays."""
        self._say(0, news)

    def _say(self, waiting: int, news: str = "") -> None:
        left = max(0.0, self._plan.budget - self.seconds)
        self._tell(Progress(self.stage, self._started, waiting, self.best, left, news))


def duration(seconds: float) -> str:
    """A time in words."""
    if seconds < 10:
        return f"{seconds:.2g} seconds"
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"


def _home(plan: Plan) -> str:
    if plan.is_module:
        return os.path.abspath(plan.folder)
    return os.path.dirname(os.path.realpath(os.path.join(plan.folder, plan.script)))
