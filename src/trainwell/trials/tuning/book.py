"""A study as the search keeps it: trials begun, ended, taken back from the dead, counted once."""

from __future__ import annotations

__all__ = ["Booked", "StudyBook", "values_of"]

import json
import math
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning, UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from trainwell.trials.tuning.owners import BEAT, is_alive, own_name
from trainwell.trials.tuning.parameter import Parameter, Values, active
from trainwell.trials.tuning.storage import locked

_ATTEMPTS = 3
"""How often a setting is tried whose process was killed."""

_LOST = 60.0
"""Seconds after which a trial without an owner counts as lost, where no lock tells."""


@dataclass(frozen=True)
class Booked:
    """A trial that this process works at.

    Attributes:
        trial: Optuna's.
        values: its setting.
        attempt: from 0 on: how often it was tried before.
    """

    trial: Trial
    values: Values
    attempt: int = 0


class StudyBook:
    """Books trials of a study that several processes may share.

    Args:
        study: Optuna's.
        storage: that holds it.
        place: of the storage, as `open_storage` takes it.
    """

    def __init__(self, study: optuna.Study, storage: BaseStorage, place: str | None) -> None:
        self.study = study
        self._storage = storage
        self._place = place
        self.me = own_name()
        self._beaten = 0.0

    def begin(self, parameters: Sequence[Parameter], most: int) -> Booked | None:
        """Take the next trial.

        Args:
            parameters: in the order of their conditions.
            most: trials of the study, those that were given up not counted.

        Returns:
            None when there are enough.
        """
        with self._alone() as alone:
            self._take_back(ownerless_are_lost=alone)
            if self.wanted(most) <= 0:
                return None
            with _quietly():
                trial = self.study.ask()
            trial.set_user_attr("owner", self.me)
        frozen = self._frozen(trial)
        typed = frozen.user_attrs.get("typed")
        values = dict(json.loads(typed)) if typed else _suggested(trial, parameters)
        return Booked(trial, values, int(frozen.user_attrs.get("attempt", 0)))

    @property
    def counted(self) -> list[FrozenTrial]:
        """The trials without the defaults, those that were given up, and those that wait."""
        return [
            t
            for t in self.study.get_trials(deepcopy=False)
            if t.state != TrialState.WAITING
            and not t.user_attrs.get("is_default")
            and not t.user_attrs.get("lost")
        ]

    @property
    def best(self) -> FrozenTrial | None:
        """The best of them that ran to its end."""
        sign = -1.0 if self.study.direction == StudyDirection.MAXIMIZE else 1.0
        complete = [t for t in self.counted if t.state == TrialState.COMPLETE]
        return min(complete, key=lambda t: sign * (t.value or 0.0), default=None)

    def wanted(self, most: int) -> int:
        """How many more trials there may be."""
        return most - len(self.counted)

    def end(self, booked: Booked, value: float, **told: Any) -> None:
        """Book a value; one that is not finite means that training diverged.

        Args:
            booked: the trial.
            value: what it gave.
            told: kept with it.
        """
        if math.isfinite(value):
            self._note(booked, told)
            self._tell(booked, TrialState.COMPLETE, value)
        else:
            # Samplers take a pruned trial for a bad one; a failed one they would not learn from.
            self._note(booked, {"diverged": True, **told})
            self._tell(booked, TrialState.PRUNED)

    def prune(self, booked: Booked, **told: Any) -> None:
        """Book that it was hopeless."""
        self._note(booked, told)
        self._tell(booked, TrialState.PRUNED)

    def fail(self, booked: Booked, reason: str, **told: Any) -> None:
        """Book that it failed by itself."""
        self._note(booked, {"error": reason, **told})
        self._tell(booked, TrialState.FAIL)

    def lose(self, booked: Booked, reason: str) -> bool:
        """Book that its process was killed; its setting is tried again, a few times.

        Returns:
            Whether it is.
        """
        if booked.attempt + 1 >= _ATTEMPTS:
            self.fail(booked, reason)
            return False
        self._note(booked, {"error": reason})
        self._give_up(self._frozen(booked.trial))
        return True

    def report(self, booked: Booked, value: float, step: int) -> bool:
        """Tell the pruner of an evaluation.

        Returns:
            Whether the trial is hopeless.
        """
        if not math.isfinite(value):
            return False
        with _quietly():
            booked.trial.report(value, step)
            return booked.trial.should_prune()

    def enqueue(self, table: Sequence[Values], parameters: Sequence[Parameter]) -> None:
        """Enter settings that are to be tried, those that are there already not again."""
        domains = {p.name: p.domain for p in parameters}
        with self._alone():
            known: Counter[str | None] = Counter(
                t.user_attrs.get("row")
                for t in self.study.get_trials(deepcopy=False)
                if not t.user_attrs.get("lost")
            )
            for number, values in enumerate(table):
                row = f"{number} {json.dumps(values, sort_keys=True)}"
                if known[row]:
                    continue
                fits = all(n in domains and domains[n].holds(v) for n, v in values.items())
                told = {"row": row} if fits else {"row": row, "typed": json.dumps(values)}
                with _quietly():
                    self.study.enqueue_trial(dict(values) if fits else {}, user_attrs=told)

    def enter_default(
        self, values: Values, parameters: Sequence[Parameter], value: float, *, repeats: int
    ) -> None:
        """Enter the defaults, so that samplers learn from them, where they lie in the space."""
        with self._alone():
            trials = self.study.get_trials(deepcopy=False)
            if any(t.user_attrs.get("is_default") for t in trials):
                return
            counted = [p for p in parameters if active(p, values)]
            fits = all(p.name in values and p.domain.holds(values[p.name]) for p in counted)
            known = counted if fits else []
            self.study.add_trial(
                create_trial(
                    # A complete trial without parameters would leave the samplers that model what
                    # all complete trials have in common (GP, CMA-ES) with nothing: they draw
                    # at random then, and do not say so. And a value of one seed is no match for
                    # means of several: as the best it would keep Wilcoxon's test from all pruning.
                    state=TrialState.COMPLETE if fits and repeats == 1 else TrialState.PRUNED,
                    value=value,
                    params={p.name: values[p.name] for p in known},
                    distributions={p.name: p.domain.distribution() for p in known},
                    user_attrs={"is_default": True},
                )
            )

    def same_as(self, values: Values) -> FrozenTrial | None:
        """A trial that has given a value for just this setting."""
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
            if not trial.user_attrs.get("is_default") and values_of(trial) == values:
                return trial
        return None

    def beat(self) -> None:
        """Give a sign of life, now and then."""
        if time.monotonic() - self._beaten > BEAT:
            self._beaten = time.monotonic()
            self.study.set_user_attr(f"beat:{self.me}", time.time())

    @property
    def others(self) -> bool:
        """Other processes that live work at trials of this study."""
        beats = self._beats()
        running = self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        owners = {t.user_attrs.get("owner") for t in running} - {None, self.me}
        return any(is_alive(str(owner), beats) for owner in owners)

    def _beats(self) -> Mapping[str, Any]:
        told = self.study.user_attrs.items()
        return {k.removeprefix("beat:"): v for k, v in told if k.startswith("beat:")}

    def _take_back(self, *, ownerless_are_lost: bool) -> None:
        """Give up the trials whose process is dead, and queue their settings again."""
        beats = self._beats()
        trials = self.study.get_trials(deepcopy=False)
        again = {t.user_attrs.get("retry_of") for t in trials}
        for trial in trials:
            if trial.state == TrialState.RUNNING:
                owner = trial.user_attrs.get("owner")
                if owner is None:
                    began = trial.datetime_start
                    old = began is not None and time.time() - began.timestamp() > _LOST
                    lost = ownerless_are_lost or old
                else:
                    lost = not is_alive(owner, beats)
                if lost:
                    self._give_up(trial)
            elif trial.user_attrs.get("lost") and trial.number not in again:
                # Its process was killed between giving up and queueing.
                self._queue_again(trial)

    def _give_up(self, trial: FrozenTrial) -> None:
        key = trial._trial_id
        try:
            self._storage.set_trial_user_attr(key, "lost", True)
            self._storage.set_trial_state_values(key, TrialState.FAIL)
        except UpdateFinishedTrialError:
            return  # another process was quicker
        self._queue_again(trial)

    def _queue_again(self, trial: FrozenTrial) -> None:
        told: dict[str, Any] = {
            k: trial.user_attrs[k] for k in ("row", "typed") if k in trial.user_attrs
        }
        told["retry_of"] = trial.number
        told["attempt"] = int(trial.user_attrs.get("attempt", 0)) + 1
        with _quietly():
            self.study.enqueue_trial(trial.params, user_attrs=told)

    def _frozen(self, trial: Trial) -> FrozenTrial:
        return self._storage.get_trial(trial._trial_id)

    def _note(self, booked: Booked, told: Mapping[str, Any]) -> None:
        # One note, since each is a write that waits for the disk.
        with suppress(UpdateFinishedTrialError):
            booked.trial.set_user_attr("told", dict(told))

    def _tell(self, booked: Booked, state: TrialState, value: float | None = None) -> None:
        # A process that was taken for dead comes late: its trial was given to another one.
        with _quietly(), suppress(UpdateFinishedTrialError):
            self.study.tell(booked.trial, value, state, skip_if_finished=True)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        with locked(self._place, self.study.study_name) as alone:
            yield alone


def _suggested(trial: Trial, parameters: Sequence[Parameter]) -> Values:
    values: Values = {}
    for parameter in parameters:
        if active(parameter, values):
            distribution = parameter.domain.distribution()
            with _quietly():
                values[parameter.name] = _suggest(trial, parameter.name, distribution)
    return values


def _suggest(trial: Trial, name: str, distribution: Any) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return trial.suggest_categorical(name, distribution.choices)
    if isinstance(distribution, IntDistribution):
        return trial.suggest_int(
            name, distribution.low, distribution.high, step=distribution.step, log=distribution.log
        )
    assert isinstance(distribution, FloatDistribution)
    return trial.suggest_float(
        name, distribution.low, distribution.high, step=distribution.step, log=distribution.log
    )


def values_of(trial: FrozenTrial) -> Values:
    """The setting of a trial."""
    typed = trial.user_attrs.get("typed")
    return dict(json.loads(typed)) if typed else dict(trial.params)


@contextmanager
def _quietly() -> Iterator[None]:
    # What Optuna calls experimental has been so for years; what it warns of is said in our words.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        warnings.simplefilter("ignore", UserWarning)
        yield
