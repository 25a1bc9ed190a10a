"""How settings are chosen, and which trials end early: Optuna's samplers and pruners."""

from __future__ import annotations

__all__ = ["SEARCHES", "make_pruner", "make_sampler", "proposes"]

import warnings
from collections.abc import Sequence

from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, NopPruner, SuccessiveHalvingPruner, WilcoxonPruner
from optuna.samplers import (
    BaseSampler,
    CmaEsSampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.trials.tuning.domain import Choice
from trainwell.trials.tuning.few import FewTrialsSampler
from trainwell.trials.tuning.parameter import Parameter

SEARCHES = {
    "bayes": "learns which settings are good: gp up to 60 trials, tpe beyond (the default)",
    "gp": "Gaussian process: makes most of few trials, thinks a fraction of a second",
    "tpe": "tree of Parzen estimators: quick, for many trials",
    "cmaes": "CMA-ES: evolves a cloud of settings, for many trials of numbers",
    "random": "evenly at random",
    "quasirandom": "scrambled Sobol points: random, but without gaps",
    "grid": "every combination",
    "manual": "the settings of a table, or those that you type",
}
"""What `--search` takes."""

_FEW = 60
"""Trials up to which `bayes` is a Gaussian process: beyond them its thinking takes seconds."""


def proposes(search: str) -> bool:
    """Whether a sampler chooses the settings, and not a table.

    Raises:
        UnknownNameError: if there is no such search.
    """
    if search not in SEARCHES:
        raise UnknownNameError("search", search, SEARCHES)
    return search not in ("grid", "manual")


def make_sampler(
    search: str, parameters: Sequence[Parameter], trials: int, seed: int
) -> BaseSampler:
    """The sampler of a search.

    Args:
        search: of `SEARCHES`.
        parameters: what is searched.
        trials: how many there will be.
        seed: of the sampler.

    Raises:
        BadInputError: if it cannot search these.
    """
    # A few trials at random show where to begin, but must not be all there are.
    first = max(4, min(10, trials // 4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        if search == "gp" or (search == "bayes" and _suits_a_process(parameters, trials)):
            return FewTrialsSampler(first, seed)
        if search in ("bayes", "tpe"):
            # Trials that run count as bad, so that two workers do not try the same.
            return TPESampler(
                n_startup_trials=first, multivariate=True, group=True, constant_liar=True, seed=seed
            )
        if search == "cmaes":
            if any(isinstance(p.domain, Choice) or p.condition for p in parameters):
                raise BadInputError(
                    "`--search cmaes` takes ranges without conditions only; bayes takes all"
                )
            return CmaEsSampler(n_startup_trials=first, seed=seed)
        if search == "quasirandom":
            return QMCSampler(scramble=True, seed=seed)
    return RandomSampler(seed=seed)


def _suits_a_process(parameters: Sequence[Parameter], trials: int) -> bool:
    """Few trials, and most parameters a part of each, since the process models these only."""
    conditional = sum(p.condition is not None for p in parameters)
    return trials <= _FEW and 2 * conditional <= len(parameters)


def make_pruner(evaluations: int, repeats: int, *, prune: bool) -> BasePruner:
    """The pruner of a study.

    Args:
        evaluations: of the script as it is.
        repeats: seeds of every trial; more than one are compared by Wilcoxon's test.
        prune: whether trials may end early at all.

    Sources:
        Li et al. 2020, "A system for massively parallel hyperparameter tuning" (ASHA).
    """
    if not prune:
        return NopPruner()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        if repeats > 1:
            return WilcoxonPruner(p_threshold=0.1)
    if evaluations < 4:
        return NopPruner()
    # Gently: samplers learn little from trials that did not reach their end.
    return SuccessiveHalvingPruner(min_resource=evaluations // 4, reduction_factor=2)
