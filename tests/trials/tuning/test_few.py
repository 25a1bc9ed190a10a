"""The Gaussian process learns from trials that were pruned or diverged, too."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import optuna
import pytest
import torch
from optuna.distributions import FloatDistribution
from optuna.samplers import TPESampler
from optuna.trial import TrialState, create_trial

from trainwell.trials.tuning.calling import tune
from trainwell.trials.tuning.few import FewTrialsSampler, fenced
from trainwell.trials.tuning.parameter import parse_parameter
from trainwell.trials.tuning.samplers import make_sampler


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _study(seed: int = 0, direction: str = "minimize") -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(sampler=FewTrialsSampler(4, seed), direction=direction)


def _add(
    study: optuna.Study, x: float, state: TrialState, value: float | None, **told: bool
) -> None:
    study.add_trial(
        create_trial(
            state=state,
            value=value if state == TrialState.COMPLETE else None,
            params={"x": x},
            distributions={"x": FloatDistribution(0, 1)},
            intermediate_values={1: value} if value is not None else {},
            user_attrs={"told": told},
        )
    )


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("told", [{"diverged": True}, {}])
def test_where_trials_went_wrong_it_does_not_look_again(sign: float, told: dict[str, bool]) -> None:
    study = _study(direction="minimize" if sign > 0 else "maximize")
    # Good trials grow better to the right, and just there all went wrong.
    for x in (0.1, 0.2, 0.3, 0.4, 0.5):
        _add(study, x, TrialState.COMPLETE, sign * (1 - x))
    for x in (0.6, 0.7, 0.8, 0.9, 1.0):
        _add(study, x, TrialState.PRUNED, None if told else sign * 9.0, **told)
    assert study.ask().suggest_float("x", 0, 1) < 0.65


def test_one_enormous_loss_does_not_hide_where_the_best_is() -> None:
    study = _study()
    for x in np.linspace(0, 0.9, 10):
        _add(study, float(x), TrialState.COMPLETE, (x - 0.35) ** 2)
    _add(study, 1.0, TrialState.COMPLETE, 1e9)
    assert study.ask().suggest_float("x", 0, 1) == pytest.approx(0.35, abs=0.06)


def test_the_best_is_not_proposed_again() -> None:
    study = _study()
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=25)
    tried = [t.params["x"] for t in study.trials]
    assert min(tried) < 0.001
    assert len(set(tried)) == 25


def test_values_are_drawn_in_to_the_fence() -> None:
    assert list(fenced([0.0, 1.0, 2.0, 3.0, 1e9])) == [0.0, 1.0, 2.0, 3.0, 6.0]
    assert list(fenced([0.0, 1.0, 2.0, 3.0, 4.0, math.inf])) == [0.0, 1.0, 2.0, 3.0, 4.0, 6.0]
    assert list(fenced([math.inf, math.inf])) == [0.0, 0.0]
    assert list(fenced([])) == []


def test_threads_are_as_before() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        study = _study()
        study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=6)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("search", ["gp", "cmaes"])
def test_defaults_outside_of_the_ranges_do_not_make_the_search_random(
    here: Path, search: str
) -> None:
    def far(x: float = 50.0, y: float = 50.0) -> float:
        return (x - 0.3) ** 2 + (y - 0.7) ** 2

    ranges = {"x": (0.0, 1.0), "y": (0.0, 1.0)}
    found = tune(far, ranges, search=search, engine="inline", trials=50, seeds=0)
    last = [t.value for t in found.trials[-15:] if t.value is not None]
    chance = random.Random(0)
    blind = sorted(far(chance.random(), chance.random()) for _ in range(999))
    assert sorted(last)[7] < blind[99], "half of the last are better than one in ten at random"
    first = found.trials[0]
    assert (first.is_default, first.state, first.value) == (True, "complete", far())


def test_bayes_is_a_process_only_where_that_is_the_better_choice() -> None:
    space = [parse_parameter(p) for p in ("way=a,b", "x=0..1 if way=a", "y=0..1 if way=b")]
    assert isinstance(make_sampler("bayes", space[:2], 60, 0), FewTrialsSampler)
    assert isinstance(make_sampler("bayes", space[:2], 61, 0), TPESampler)
    assert isinstance(make_sampler("bayes", space, 60, 0), TPESampler)
    assert isinstance(make_sampler("gp", space, 600, 0), FewTrialsSampler)
    assert isinstance(make_sampler("tpe", space, 6, 0), TPESampler)


def test_a_condition_is_kept_by_the_process(here: Path) -> None:
    def forked(way: str = "a", x: float = 0.9, y: float = 0.9) -> float:
        return abs(x - 0.2) if way == "a" else 0.05 + abs(y - 0.6)

    ranges = {"way": ["a", "b"], "x": "0..1 if way=a", "y": "0..1 if way=b"}
    found = tune(forked, ranges, search="gp", engine="inline", trials=40, seeds=0)
    last = sorted(t.value for t in found.trials[-15:] if t.value is not None)
    chance = random.Random(0)
    blind = sorted(
        forked(chance.choice("ab"), chance.random(), chance.random()) for _ in range(999)
    )
    assert last[7] < blind[299], "half of the last are better than three in ten at random"
    for trial in found.trials:
        if not trial.is_default:
            assert set(trial.values) == {"way", "x" if trial.values["way"] == "a" else "y"}
