"""Bayesian search by a Gaussian process that learns from the trials that went wrong, too."""

from __future__ import annotations

__all__ = ["FewTrialsSampler"]

import copy
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from optuna.distributions import BaseDistribution
from optuna.samplers import GPSampler, TPESampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState


class FewTrialsSampler(GPSampler):
    """Optuna's Gaussian process, for studies of neural networks with few trials.

    Three things differ. A trial that was pruned counts with its last evaluation, and one that
    diverged as bad; else its neighbourhood would look unexplored, and be tried again and again.
    Values far worse than most (a loss of 10,000) are drawn in to the fence of a box plot, since
    one of them would make all good ones look alike to the process. And what it cannot say, a
    parameter with a condition (not part of every trial) or anything new once it proposes what was
    tried already, is chosen by a tree of Parzen estimators.

    Args:
        first: trials at random before the process is asked.
        seed: of the sampler.

    Sources:
        Tukey 1977, "Exploratory Data Analysis" (the fence).
    """

    def __init__(self, first: int, seed: int) -> None:
        super().__init__(
            n_startup_trials=first,
            independent_sampler=TPESampler(n_startup_trials=first, seed=seed),
            warn_independent_sampling=False,
            seed=seed,
        )

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The setting that promises most, as far as all trials have its parameters."""
        seen: Any = _Seen(study, search_space)
        with _one_thread():
            chosen = super().sample_relative(seen, trial, search_space)
        # Sure of the best, on an edge say, it would propose just that again and again.
        known = any(chosen.items() <= t.params.items() for t in study.get_trials(deepcopy=False))
        return {} if known else chosen


class _Seen:
    """A study in which every trial that showed something is complete, and none is far off."""

    def __init__(self, study: Study, space: dict[str, BaseDistribution]) -> None:
        self._study = study
        self._space = space

    def __getattr__(self, name: str) -> Any:
        return getattr(self._study, name)

    def _get_trials(
        self, deepcopy: bool, states: Container[TrialState], use_cache: bool
    ) -> list[FrozenTrial]:
        del deepcopy, use_cache
        trials = self._study.get_trials(deepcopy=False)
        kept = [t for t in trials if t.state in states and t.state != TrialState.COMPLETE]
        if TrialState.COMPLETE not in states:
            return kept
        ended = [
            t
            for t in trials
            if t.state in (TrialState.COMPLETE, TrialState.PRUNED)
            and self._space.keys() <= t.params.keys()
        ]
        sign = -1.0 if self._study.direction == StudyDirection.MAXIMIZE else 1.0
        values = sign * fenced([sign * _shown(t, sign) for t in ended])
        return kept + [_completed(t, float(v)) for t, v in zip(ended, values, strict=True)]


def fenced(values: Sequence[float]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Values to be minimised, the bad ones drawn in.

    Args:
        values: infinite ones are bad; NaN is not allowed.

    Returns:
        The same, none above the third quartile and one and a half times the distance of the
        quartiles (of the finite ones).
    """
    given = np.asarray(values, dtype=np.float64)
    finite = given[np.isfinite(given)]
    if not len(finite):
        return np.zeros_like(given)
    low, high = map(float, np.quantile(finite, [0.25, 0.75]))
    fence: np.ndarray[Any, np.dtype[np.float64]] = np.minimum(given, high + 1.5 * (high - low))
    return fence


def _shown(trial: FrozenTrial, sign: float) -> float:
    """What a trial gave, or its last evaluation; the worst there is if it diverged."""
    told = trial.user_attrs.get("told") or {}
    if told.get("diverged"):
        return sign * float("inf")
    if trial.value is not None:
        return trial.value
    last = trial.last_step
    return sign * float("inf") if last is None else trial.intermediate_values[last]


def _completed(trial: FrozenTrial, value: float) -> FrozenTrial:
    seen = copy.copy(trial)
    seen.state = TrialState.COMPLETE
    seen.value = value
    return seen


@contextmanager
def _one_thread() -> Iterator[None]:
    # On matrices of 40 rows more threads only wait for each other.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
