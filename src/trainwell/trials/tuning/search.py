"""The search: asks for settings, runs them, tells what they gave, scores the best again."""

from __future__ import annotations

__all__ = ["Search"]

import math
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import optuna
from optuna.trial import TrialState

from trainwell.errors import BadInputError
from trainwell.record.run import new_id
from trainwell.trials.job import Outcome
from trainwell.trials.measure import Measure
from trainwell.trials.pool import Point, PoolDiedError
from trainwell.trials.tuning.book import Booked, StudyBook
from trainwell.trials.tuning.collecting import tuned_from
from trainwell.trials.tuning.defaults import keep_default, kept_default, run_default
from trainwell.trials.tuning.domain import only
from trainwell.trials.tuning.engines import Engine, make_engine
from trainwell.trials.tuning.function import FunctionSubject
from trainwell.trials.tuning.parameter import Parameter, Values, combinations, parse_parameter
from trainwell.trials.tuning.plan import Standing, TunePlan, differences, plan_to_json
from trainwell.trials.tuning.reporter import Reporter
from trainwell.trials.tuning.rescoring import Rescoring
from trainwell.trials.tuning.samplers import make_pruner, make_sampler, proposes
from trainwell.trials.tuning.storage import locked, open_storage, study_names
from trainwell.trials.tuning.subject import ScriptSubject, Subject
from trainwell.trials.tuning.tuned import Tuned

_SLOWER = 20.0
"""How many times as long as the defaults a trial may take."""

_LEAST = 60.0
"""Seconds that a trial may take in any case."""

_ALL_FAIL = 8
"""Trials after which a search ends in which none has succeeded."""

_RESTARTS = 5
"""How often a process for trials that was killed is started again."""

_INTERRUPTED = "interrupted"


@dataclass
class _Running:
    booked: Booked
    seeds: list[int]
    values: list[float] = field(default_factory=list)
    seconds: float = 0.0
    points: int = 0
    began: float = field(default_factory=time.monotonic)
    prunable: bool = False
    unused: dict[str, str] = field(default_factory=dict)


class Search:
    """One process of a search. `run` does it; what has ended is kept, whatever happens.

    Args:
        plan: what is asked for.
        function: that is tuned; None: the plan's script.
        tell: is told how it stands, whenever a trial begins or ends.
        typed: gives the next setting that is typed, for "manual" without a table, and None at the
            end; it is given what was wrong with the one before, or "".

    Raises:
        BadInputError: if the plan cannot be carried out.
    """

    def __init__(
        self,
        plan: TunePlan,
        function: Callable[..., Any] | None = None,
        tell: Callable[[Standing], None] = lambda _: None,
        typed: Callable[[str], Values | None] | None = None,
    ) -> None:
        self._plan = plan = replace(plan, study=plan.study or _new_name(plan.script))
        self._function = function
        self._typed = typed
        self._wanted_parameters = [parse_parameter(p) for p in plan.parameters]
        self._proposes = proposes(plan.search)
        if self._proposes or plan.search == "grid":
            if not plan.parameters:
                raise BadInputError(
                    "nothing to search: give ranges, as in --param lr=log:1e-5..1e-1"
                    " (`trainwell tune --suggest SCRIPT` proposes some)"
                )
            # What cannot be searched so shows before anything runs.
            make_sampler(plan.search, self._wanted_parameters, plan.trials, plan.sampler_seed)
        elif not plan.table and typed is None:
            raise BadInputError("`--search manual` needs settings: --table FILE.csv")
        self._storage = open_storage(plan.storage, create=True)
        self._began = time.monotonic()
        self._running: dict[int, _Running] = {}
        stage = "running the script as it is" if function is None else "calling the defaults"
        self._reporter = Reporter(tell, stage, plan.trials)
        self._limit = float("inf")
        self._stopped = ""
        self._restarts = 0
        self._book: StudyBook
        self._subject: Subject
        self._measure: Measure
        self._parameters: tuple[Parameter, ...] = ()

    def run(self) -> Tuned:
        """Do it.

        Returns:
            What was found; after Ctrl-C that of the trials so far.

        Raises:
            BadInputError: if the defaults fail, a setting is rejected, or all fail.
        """
        rescored: Rescoring | None = None
        self._engine: Engine = make_engine(self._plan, self._function)
        try:
            self._prepare()
            try:
                self._search()
                if not self._book.others:
                    rescored = self._rescore()
            except KeyboardInterrupt:
                self._stopped = _INTERRUPTED
                self._release()
        finally:
            # Not `with`: a process for trials that was killed is replaced by another one.
            self._engine.__exit__(None, None, None)
        return tuned_from(
            self._book.study,
            self._plan,
            self._measure,
            self._subject,
            rescored,
            stopped=self._stopped,
            seconds=time.monotonic() - self._began,
        )

    def _prepare(self) -> None:
        plan = self._plan
        if self._function is not None:
            self._subject = FunctionSubject(plan, self._function)
            self._measure = self._subject.measure
        else:
            self._subject = ScriptSubject(plan, self._engine.threads)
        known = plan.study in study_names(self._storage)
        self._reporter.say(None)
        kept = kept_default(plan) if known else None
        outcome = run_default(self._subject, self._engine) if kept is None else kept
        if outcome is not None:
            self._measure = self._subject.learn(outcome)
            self._reporter.default = self._measure.value(outcome)
            self._limit = _LEAST + _SLOWER * outcome.seconds
        self._parameters = self._subject.fit(self._wanted_parameters)
        # One at a time: of two processes that begin at once, the second has to know of the first.
        with locked(plan.storage, str(plan.study)):
            study = self._open()
        self._book = StudyBook(study, self._storage, plan.storage)
        if kept is None and outcome is not None:
            keep_default(plan, outcome)
        self._enter()

    def _open(self) -> optuna.Study:
        plan = self._plan
        known = plan.study in study_names(self._storage)
        # Two processes that share a study must not draw alike.
        seed = plan.sampler_seed + (os.getpid() if known else 0)
        sampler = make_sampler(plan.search, self._parameters, plan.trials, seed)
        pruner = make_pruner(self._subject.evaluations, plan.repeats, prune=plan.prune)
        name = plan.study
        study = optuna.create_study(
            storage=self._storage,
            sampler=sampler,
            pruner=pruner,
            study_name=name,
            direction="maximize" if self._measure.maximize else "minimize",
            load_if_exists=True,
        )
        body = study.user_attrs.get("plan")
        if body is None:
            study.set_user_attr("plan", plan_to_json(plan))
            study.set_user_attr("measure", self._measure.name)
            study.set_user_attr("began", time.time())
        elif other := differences(plan, body):
            raise BadInputError(
                f"the study `{name}` was begun with other {', '.join(other)}:"
                " take the same, or another --study"
            )
        return study

    def _enter(self) -> None:
        plan, default = self._plan, self._reporter.default
        if default is not None:
            values = self._subject.default_values(self._parameters)
            self._book.study.set_user_attr("default", default)
            self._book.enter_default(values, self._parameters, default, repeats=plan.repeats)
        if plan.search == "grid":
            table = combinations(self._parameters, plan.points)
            self._reporter.most = min(plan.trials, len(table)) if plan.trials else len(table)
            self._book.enqueue(table[: self._reporter.most], self._parameters)
        elif plan.search == "manual" and plan.table:
            self._reporter.most = len(plan.table)
            self._book.enqueue(plan.table, self._parameters)
        else:
            self._reporter.most = plan.trials

    def _search(self) -> None:
        self._reporter.stage = "searching"
        while True:
            try:
                self._fill()
                if not self._running:
                    # Another process may have been given up meanwhile, and left its trials.
                    if self._stopped or not self._book.others:
                        return
                    time.sleep(0.2)
                    continue
                ended = self._engine.follow(self._hear, self._limit, until=1.0)
                self._book.beat()
                if ended is not None:
                    self._end(*ended)
            except PoolDiedError as error:
                self._restart(error)
                continue
            self._say()

    def _fill(self) -> None:
        while self._engine.free > 0 and not self._stopped:
            if time.monotonic() - self._began > self._plan.budget:
                self._stopped = "the budget is used up"
                return
            if self._typed is not None and not self._running and not self._take_typed():
                return
            booked = self._book.begin(self._parameters, self._reporter.most)
            if booked is None:
                return
            same = self._book.same_as(booked.values)
            if same is not None and same.value is not None:
                self._book.end(booked, same.value, same_as=same.number, seconds=0.0)
                self._note(booked, "complete", same.value)
                continue
            running = _Running(booked, list(range(self._plan.repeats)))
            running.prunable = self._plan.prune and not self._subject.regularises(booked.values)
            self._start(running)
            self._say()

    def _take_typed(self) -> bool:
        """Queue the next setting that is typed; says whether there is one."""
        assert self._typed is not None
        wrong = ""
        while (values := self._typed(wrong)) is not None:
            try:
                fits = self._subject.fit([Parameter(n, only(v)) for n, v in values.items()])
            except BadInputError as error:
                wrong = str(error)
                continue
            self._reporter.most = len(self._book.counted) + 1
            self._book.enqueue([{p.name: p.domain.grid(1)[0] for p in fits}], ())
            return True
        return False

    def _start(self, running: _Running) -> None:
        seed = running.seeds[len(running.values)]
        follow = running.prunable and self._plan.repeats == 1
        job = self._subject.job(running.booked.values, seed, follow=follow)
        try:
            number = self._engine.start(job)
        except PoolDiedError as error:
            self._book.lose(running.booked, str(error))
            raise
        self._running[number] = running

    def _hear(self, number: int, point: Point) -> None:
        running = self._running.get(number)
        name, loss, accuracy = point
        if running is None or name != self._measure.curve or self._measure.kind == "pattern":
            return
        value = loss if self._measure.kind == "loss" else accuracy
        running.points += 1
        if value is None or not self._book.report(running.booked, value, running.points):
            return
        self._engine.stop(number)
        del self._running[number]
        seconds = round(time.monotonic() - running.began, 3)
        self._book.prune(running.booked, points=running.points, seconds=seconds)
        self._note(running.booked, "pruned", value)

    def _end(self, number: int, outcome: Outcome) -> None:
        running = self._running.pop(number)
        booked = running.booked
        running.seconds += outcome.seconds
        running.unused |= outcome.unused
        if outcome.failed:
            self._fail(running, outcome)
            return
        value = self._measure.value(outcome)
        running.values.append(value)
        told: dict[str, Any] = {
            "seconds": round(running.seconds, 3),
            "unused": running.unused,
        }
        if len(running.seeds) > 1:
            told["each"] = running.values
            hopeless = running.prunable and self._book.report(booked, value, len(running.values))
            if hopeless and len(running.values) < len(running.seeds):
                self._book.prune(booked, **told)
                self._note(booked, "pruned", value)
                return
            if len(running.values) < len(running.seeds) and math.isfinite(value):
                self._start(running)
                return
        self._reporter.seconds.append(running.seconds)
        mean = math.fsum(running.values) / len(running.values)
        self._book.end(booked, mean, **told)
        finite = math.isfinite(mean)
        self._note(booked, "complete" if finite else "diverged", mean if finite else None)
        if not math.isfinite(mean) and not outcome.curves and self._measure.kind != "pattern":
            self._reporter.failures["no evaluation was seen"] += 1

    def _fail(self, running: _Running, outcome: Outcome) -> None:
        reason = outcome.error or (outcome.output.strip().splitlines() or ["no message"])[-1]
        if outcome.status < 0 and not reason.startswith("stopped after"):
            again = self._book.lose(running.booked, reason)
            self._note(running.booked, "killed, tried again" if again else "killed", None)
            return
        self._book.fail(running.booked, reason, seconds=round(running.seconds, 3))
        self._reporter.failures[reason] += 1
        self._note(running.booked, "failed", None)
        states = Counter(t.state for t in self._book.counted)
        if states[TrialState.COMPLETE] or states[TrialState.PRUNED]:
            return
        failed = states[TrialState.FAIL]
        if outcome.status == 2 and any(n.startswith("-") for n in running.booked.values):
            said = (outcome.output.strip().splitlines() or [reason])[-1]
            self._release()
            raise BadInputError(f"the script rejects its arguments: {said}")
        if failed >= min(_ALL_FAIL, self._reporter.most):
            self._release()
            how = f"all {failed} trials" if failed > 1 else "the only trial"
            common, count = self._reporter.failures.most_common(1)[0]
            times = f" ({count} times)" if 1 < count < failed else ""
            raise BadInputError(f"{how} failed: {common}{times}")

    def _rescore(self) -> Rescoring | None:
        if self._plan.seeds < 1 or self._plan.top < 1:
            return None
        self._reporter.stage = "scoring the best again on fresh seeds"
        found = Rescoring(self._book.study, self._plan, self._measure, self._subject)
        waiting = found.wanted()
        running: dict[int, tuple[str, int, Values]] = {}
        while waiting or running:
            try:
                while waiting and self._engine.free > 0:
                    label, seed, values = waiting[0]
                    number = self._engine.start(self._subject.job(values, seed, follow=False))
                    running[number] = waiting.pop(0)
                self._say(left=len(waiting) + len(running))
                ended = self._engine.follow(None, self._limit, until=1.0)
            except PoolDiedError as error:
                waiting = [*running.values(), *waiting]
                running.clear()
                self._restart(error)
                continue
            self._book.beat()
            if ended is not None:
                number, outcome = ended
                label, seed, _ = running.pop(number)
                found.add(label, seed, self._measure.value(outcome))
        return found

    def _restart(self, error: PoolDiedError) -> None:
        """Go on with a new process for trials: the old one was killed, and all that it ran.

        Raises:
            PoolDiedError: the given one, when too many of them have died.
        """
        self._restarts += 1
        if self._restarts > _RESTARTS:
            raise error
        running, self._running = self._running, {}
        for one in running.values():
            self._book.lose(one.booked, str(error))
        self._engine.__exit__(None, None, None)
        self._engine = make_engine(self._plan, self._function)

    def _release(self) -> None:
        """Queue again what is running, so that whoever resumes tries it first."""
        for number, running in list(self._running.items()):
            self._engine.stop(number)
            self._book.lose(running.booked, _INTERRUPTED)
        self._running.clear()

    def _note(self, booked: Booked, state: str, value: float | None) -> None:
        self._reporter.note(booked.trial.number, state, value, booked.values)

    def _say(self, left: int | None = None) -> None:
        running = len(self._running)
        size = running + max(0, self._engine.free)
        self._reporter.say(self._book, running=running, size=size, left=left)


def _new_name(script: str) -> str:
    stem = os.path.splitext(os.path.basename(script))[0]
    return f"{stem}-{new_id()}"
