"""Searches over functions: samplers, pruning, repeats, sharing, what survives a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.trials.tuning.book import StudyBook, values_of
from trainwell.trials.tuning.calling import tune
from trainwell.trials.tuning.owners import is_alive, own_name
from trainwell.trials.tuning.parameter import parse_parameter
from trainwell.trials.tuning.plan import Standing
from trainwell.trials.tuning.storage import open_storage
from trainwell.trials.tuning.tuned import Tuned


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bowl(x: float = 3.0, y: float = 0.0) -> float:
    return (x - 1) ** 2 + y**2


def _inline(function: Callable[..., Any], parameters: dict[str, Any], **options: Any) -> Tuned:
    return tune(function, parameters, engine="inline", **{"seeds": 2, "trials": 25, **options})


@pytest.mark.parametrize("search", ["bayes", "gp", "tpe", "cmaes", "random", "quasirandom"])
def test_every_search_finds_the_bottom_of_a_bowl(search: str) -> None:
    found = _inline(bowl, {"x": (-4.0, 4.0), "y": (-1.0, 1.0)}, search=search)
    assert found.best is not None
    assert found.best.value is not None
    assert found.best.value < 1.0 < found.default == 4.0
    assert found.count("complete") == 25 + 1
    assert found.holds is True


def test_a_maximum_is_found_as_well() -> None:
    found = _inline(lambda x=3.0: -bowl(x), {"x": (-4.0, 4.0)}, maximize=True)
    assert found.best is not None
    assert found.best.value is not None
    assert found.best.value > found.default == -4.0
    assert found.best.value == max(t.value for t in found.trials if t.value is not None)


def test_a_grid_is_tried_in_full_and_each_setting_once() -> None:
    found = _inline(
        bowl, {"x": (-1.0, 1.0), "y": "0,0.5 if x=1.0"}, search="grid", points=3, trials=100
    )
    settings = [tuple(sorted(t.values.items())) for t in found.trials if not t.is_default]
    assert sorted(settings) == [
        (("x", -1.0),),
        (("x", 0.0),),
        (("x", 1.0), ("y", 0)),
        (("x", 1.0), ("y", 0.5)),
    ]


def test_a_table_is_tried_in_its_order() -> None:
    rows = [{"x": 2.0}, {"x": 0.5, "y": 0.5}, {"x": 1.0, "y": 0.0}]
    found = _inline(bowl, {}, search="manual", table=rows)
    assert [t.values for t in found.trials if not t.is_default] == rows
    assert found.best is not None
    assert found.best.values == rows[2]


def test_the_defaults_are_an_arm_from_which_the_sampler_learns() -> None:
    found = _inline(bowl, {"x": (-4.0, 4.0)}, trials=3)
    first = found.trials[0]
    assert (first.is_default, first.values, first.value) == (True, {"x": 3.0}, 4.0)
    assert found.default == 4.0


def test_a_function_without_defaults_is_searched_all_the_same() -> None:
    found = _inline(lambda x: bowl(x), {"x": (0.0, 2.0)})
    assert found.default is None
    assert found.holds is None
    assert found.best is not None
    assert [r.number is None for r in found.rescored] == [False] * 3


def test_hopeless_trials_end_early() -> None:
    calls: list[int] = []

    def learns(x: float = 0.0) -> Iterator[float]:
        for epoch in range(12):
            calls.append(epoch)
            yield (x - 1) ** 2 + 1 / (epoch + 1)

    found = _inline(learns, {"x": (-4.0, 4.0)}, search="random", top=0)
    pruned = found.count("pruned")
    assert 8 <= pruned <= 23
    assert len(calls) < 26 * 12 - 3 * pruned
    best = min(t.value for t in found.trials if t.value is not None)
    assert found.best is not None
    assert found.best.value == best


def test_nothing_ends_early_when_that_is_asked() -> None:
    def learns(x: float = 0.0) -> Iterator[float]:
        for epoch in range(12):
            yield (x - 1) ** 2 + 1 / (epoch + 1)

    assert _inline(learns, {"x": (-4.0, 4.0)}, prune=False, trials=9).count("pruned") == 0


def test_repeats_give_the_mean_over_seeds_and_end_early_by_wilcoxon() -> None:
    import random

    def noisy(x: float = 0.0) -> float:
        return x + random.random()

    ranges = {"x": (0.0, 9.0)}
    found = tune(noisy, ranges, search="random", repeats=8, trials=12, seeds=0, jobs=2)
    told = [t.user_attrs["told"] for t in found.optuna_study.trials if "told" in t.user_attrs]
    assert found.count("pruned") > 0
    for trial, one in zip(found.trials[1:], told, strict=True):
        assert len(one["each"]) == 8 or trial.state == "pruned"
        if trial.value is not None:
            assert trial.value == pytest.approx(sum(one["each"]) / 8)
            assert len(set(one["each"])) == 8


def test_what_is_not_finite_has_diverged() -> None:
    found = _inline(lambda x=1.0: float("nan") if x > 1 else x, {"x": (0.0, 2.0)}, trials=12)
    assert found.count("diverged") > 0
    assert all((t.state == "diverged") == (t.values["x"] > 1) for t in found.trials)


def test_a_setting_that_comes_twice_is_run_once() -> None:
    calls: list[str] = []

    def pick(kind: str = "a") -> float:
        calls.append(kind)
        return float(ord(kind))

    found = _inline(pick, {"kind": ["a", "b", "c"]}, trials=15, top=0)
    assert sorted(calls[1:]) == ["a", "b", "c"]
    assert found.count("complete") == 16


def test_overtuning_is_told() -> None:
    import random

    def luck(x: float = 0.5) -> float:
        random.seed(f"{x} {random.random()}")
        return random.random()

    found = tune(luck, {"x": (0.0, 1.0)}, search="random", trials=30, seeds=12, jobs=2)
    assert found.overtuning is not None
    assert found.overtuning > 0.5
    assert found.holds is not True


def test_conditions_hold_in_every_trial() -> None:
    def f(kind: str = "a", z: float = 0.0) -> float:
        return z if kind == "b" else 0.5

    found = _inline(f, {"kind": ["a", "b"], "z": "-1..1 if kind=b"})
    assert {("z" in t.values) == (t.values["kind"] == "b") for t in found.trials} == {True}


@pytest.mark.parametrize(
    ("parameters", "options", "line"),
    [
        ({"x": "2..1"}, {}, "the range 2..1 is the wrong way round"),
        ({"x": "log:0..1"}, {}, "a logarithmic range begins above 0, got 0"),
        ({"xx": (0.0, 1.0)}, {}, "unknown parameter of `bowl`: `xx`; did you mean `x`?"),
        ({}, {}, "nothing to search: give ranges"),
        ({"x": (0.0, 1.0)}, {"search": "baies"}, "unknown search `baies`; did you mean `bayes`?"),
        ({"x": (0.0, 1.0)}, {"engine": "pol"}, "unknown engine `pol`; did you mean `pool`?"),
        ({"x": [1, 2]}, {"search": "cmaes"}, "takes ranges without conditions only"),
        ({}, {"search": "manual"}, "`--search manual` needs settings: --table FILE.csv"),
        ({"x": (0.0, 1.0)}, {"storage": "no://where"}, "`--storage`: cannot open `no://where`"),
        ({"x": (0.0, 1.0)}, {"ray_address": "auto"}, "goes with `--engine ray`"),
    ],
)
def test_bad_input_is_one_line(
    parameters: dict[str, Any], options: dict[str, Any], line: str
) -> None:
    with pytest.raises(BadInputError) as error:
        tune(bowl, parameters, **{"engine": "inline", **options})
    assert line in str(error.value)


def test_a_function_that_fails_with_its_defaults_is_refused() -> None:
    def fails(x: float = 0.0) -> float:
        raise ValueError("no data")

    with pytest.raises(BadInputError, match="its own defaults: ValueError: no data"):
        _inline(fails, {"x": (0.0, 1.0)})


def test_a_search_in_which_all_fail_ends_soon() -> None:
    calls: list[float] = []

    def fails(x: float) -> float:
        calls.append(x)
        raise ValueError("no data")

    with pytest.raises(BadInputError, match=r"all 8 trials failed: ValueError: no data"):
        _inline(fails, {"x": (0.0, 1.0)})
    assert len(calls) == 8


def test_some_may_fail() -> None:
    def fails(x: float = 0.0) -> float:
        if x > 1:
            raise ValueError("too large")
        return x

    found = _inline(fails, {"x": (0.0, 2.0)}, search="random")
    failed = [t for t in found.trials if t.state == "failed"]
    assert failed
    assert all(t.values["x"] > 1 and t.error == "ValueError: too large" for t in failed)


def test_the_standing_is_told() -> None:
    told: list[Standing] = []
    _inline(bowl, {"x": (-4.0, 4.0)}, trials=5, tell=told.append)
    assert told[0].stage == "calling the defaults"
    assert told[-1].stage == "scoring the best again on fresh seeds"
    assert told[-1].complete == 5
    assert max(s.complete for s in told) == 5
    assert told[-1].best == min(s.best for s in told if s.best is not None)


def test_a_study_goes_on_where_it_ended() -> None:
    first = _inline(bowl, {"x": (-4.0, 4.0)}, trials=5, study="s")
    again = _inline(bowl, {"x": (-4.0, 4.0)}, trials=9, study="s")
    assert [t.values for t in again.trials[:6]] == [t.values for t in first.trials]
    assert len(again.trials) == 10
    with pytest.raises(BadInputError, match="`s` was begun with other parameters: take the same"):
        _inline(bowl, {"x": (-4.0, 3.0)}, trials=9, study="s")


def test_ctrl_c_keeps_what_has_ended_and_queues_what_has_not() -> None:
    calls: list[float] = []

    def interrupted(x: float = 0.0) -> float:
        calls.append(x)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return x

    found = _inline(interrupted, {"x": (0.0, 1.0)}, study="s")
    assert found.stopped == "interrupted"
    assert found.count("complete") == 3
    again = _inline(interrupted, {"x": (0.0, 1.0)}, trials=6, study="s")
    assert again.count("complete") == 7
    # What was running when it came is tried first.
    assert calls[4] == calls[3]


def test_the_budget_ends_a_search() -> None:
    def slow(x: float = 0.0) -> float:
        time.sleep(0.05)
        return x

    found = _inline(slow, {"x": (0.0, 1.0)}, trials=500, budget=0.4)
    assert found.stopped == "the budget is used up"
    assert 1 < len(found.trials) < 12


# What survives a kill.

_PARAMETERS = [parse_parameter("x=0..1"), parse_parameter("kind=a,b")]


def _book(name: str = "s", place: str | None = None) -> StudyBook:
    storage = open_storage(place, create=True)
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        load_if_exists=True,
        sampler=optuna.samplers.RandomSampler(seed=0),
    )
    return StudyBook(study, storage, place)


_DIES = """
import os, signal, sys
sys.path.insert(0, {root!r})
from tests.trials.tuning.test_search import _PARAMETERS, _book
book = _book(place={place!r})
booked = book.begin(_PARAMETERS, 5)
print(booked.values, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("place", [None, "sqlite:///studies.db"])
def test_a_trial_of_a_killed_process_is_tried_again_first(folder: Path, place: str | None) -> None:
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", _DIES.format(root=root, place=place)],
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    book = _book(place=place)
    booked = book.begin(_PARAMETERS, 5)
    assert booked is not None
    assert str(booked.values) == done.stdout.strip()
    assert booked.attempt == 1
    book.end(booked, 0.5)
    # The lost one counts for nothing.
    assert book.wanted(5) == 4


def test_a_living_process_keeps_its_trial() -> None:
    book = _book()
    first = book.begin(_PARAMETERS, 5)
    second = _book().begin(_PARAMETERS, 5)
    assert first is not None
    assert second is not None
    assert first.trial.number != second.trial.number
    assert second.attempt == 0
    assert [t.state.name for t in book.study.trials] == ["RUNNING"] * 2


def test_a_trial_is_counted_once_when_it_was_given_to_another() -> None:
    book = _book()
    late = book.begin(_PARAMETERS, 2)
    assert late is not None
    assert book.lose(late, "taken for dead")
    again = book.begin(_PARAMETERS, 2)
    assert again is not None
    assert again.values == late.values
    book.end(again, 0.25)
    book.end(late, 0.75)
    complete = [t for t in book.study.trials if t.state == optuna.trial.TrialState.COMPLETE]
    assert [t.value for t in complete] == [0.25]


def test_a_setting_that_kills_its_process_is_given_up() -> None:
    book = _book()
    attempts = []
    while (booked := book.begin(_PARAMETERS, 1)) is not None:
        attempts.append(booked.values)
        book.lose(booked, "killed by SIGKILL")
    assert len(attempts) == 3
    assert all(v == attempts[0] for v in attempts)
    assert [t.state.name for t in book.study.trials] == ["FAIL"] * 3


def test_never_more_trials_than_asked_for() -> None:
    book = _book()
    booked = [book.begin(_PARAMETERS, 3) for _ in range(5)]
    assert [b is not None for b in booked] == [True, True, True, False, False]


def test_settings_are_queued_once() -> None:
    rows: list[Any] = [{"x": 0.5, "kind": "a"}, {"x": 0.5, "kind": "a"}, {"x": 7.0}]
    for _ in range(2):
        _book().enqueue(rows, _PARAMETERS)
    book = _book()
    found = []
    while (booked := book.begin(_PARAMETERS, 3)) is not None:
        found.append(booked.values)
        book.end(booked, 1.0)
    # The last one lies outside of the space: it is run as it was given.
    assert found == rows
    assert [values_of(t) for t in book.study.trials] == rows


def test_processes_are_known_alive_and_dead() -> None:
    host, pid, began = own_name().rsplit(":", 2)
    assert is_alive(own_name(), {})
    assert not is_alive(f"{host}:{pid}:{int(began) - 1}", {})
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    assert not is_alive(f"{host}:{child.pid}:1", {})
    other = f"elsewhere:{pid}:{began}"
    assert is_alive(other, {other: time.time() - 60})
    assert not is_alive(other, {other: time.time() - 600})
    assert not is_alive(other, {})


_SHARES = """
import os, sys, time
from trainwell.trials.tuning.calling import tune

def f(x):
    time.sleep(0.02)
    with open("calls", "a") as file:
        file.write(f"{os.getpid()} {x}\\n")
    return x

if __name__ == "__main__":
    found = tune(f, {"x": (0.0, 1.0)}, trials=30, engine="inline", study="s", seeds=0)
    print(len(found.trials))
"""


def test_two_processes_share_a_study(folder: Path) -> None:
    (folder / "shares.py").write_text(_SHARES)
    both = [
        subprocess.Popen(
            [sys.executable, "shares.py"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for one in both:
        _, errors = one.communicate(timeout=120)
        assert one.returncode == 0, errors
    calls = (folder / "calls").read_text().splitlines()
    assert len(calls) == 30
    assert len({c.split()[0] for c in calls}) == 2
    assert len({c.split()[1] for c in calls}) == 30


def test_a_killed_driver_loses_no_finished_trial_and_counts_none_twice(folder: Path) -> None:
    (folder / "shares.py").write_text(_SHARES)
    driver = subprocess.Popen([sys.executable, "shares.py"])
    calls = folder / "calls"
    end = time.monotonic() + 60
    while not calls.exists() or len(calls.read_text().splitlines()) < 10:
        assert time.monotonic() < end
        os.sched_yield()
    driver.kill()
    driver.wait()
    before = _complete()
    subprocess.run([sys.executable, "shares.py"], check=True, timeout=120)
    after = _complete()
    assert len(after) == 30
    assert before.items() <= after.items()
    settings = [json.dumps(t.params) for t in after.values()]
    assert len(set(settings)) == 30


def _complete() -> dict[int, Any]:
    study = optuna.load_study(study_name="s", storage=open_storage(None, create=False))
    state = optuna.trial.TrialState.COMPLETE
    return {t.number: t for t in study.get_trials(states=(state,))}


def test_errors_of_names_are_of_their_kind() -> None:
    with pytest.raises(UnknownNameError):
        tune(bowl, {"x": (0.0, 1.0)}, search="parzen")
