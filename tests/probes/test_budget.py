"""The probe's looks are spaced to stay inside their share of the time."""

from __future__ import annotations

import itertools

import pytest

from trainwell.probes import budget as budgets
from trainwell.probes.budget import ALLOWANCE, Budget, Schedule


class _Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(budgets.time, "perf_counter", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    return _Clock(monkeypatch)


def _train(clock: _Clock, budget: Budget, steps: int, step: float, look: float) -> Schedule:
    """A training of `steps` steps of `step` seconds, whose looks cost `look` seconds."""
    schedule = Schedule()
    began = clock.now
    for _ in range(steps):
        due = schedule.is_due
        schedule.calls += 1
        if due:
            clock.now += look
            budget.spent += look
            schedule.looked(budget, look, (clock.now - began) / schedule.calls)
        clock.now += step
    return schedule


@pytest.mark.parametrize("share", [0.01, 0.03, 0.2])
@pytest.mark.parametrize(("step", "look"), [(0.001, 0.002), (0.01, 0.003), (0.1, 0.5), (1.0, 0.1)])
def test_a_long_run_stays_inside_its_share(
    clock: _Clock, share: float, step: float, look: float
) -> None:
    budget = Budget(share)
    steps = round(200 / step)
    schedule = _train(clock, budget, min(steps, 40_000), step, look)
    # The first look comes whatever it costs.
    assert budget.spent <= share * budget.elapsed + look
    assert schedule.looks >= 1


def test_a_short_run_is_looked_at_more_than_once(clock: _Clock) -> None:
    schedule = _train(clock, Budget(0.03), 200, 0.001, 0.002)
    assert schedule.looks >= 10
    assert schedule.looks * 0.002 <= ALLOWANCE


def test_a_fixed_spacing_is_kept_whatever_it_costs(clock: _Clock) -> None:
    assert _train(clock, Budget(0.03, every=1), 50, 0.001, 1.0).looks == 50
    assert _train(clock, Budget(0.03, every=7), 50, 0.001, 1.0).looks == 8


def test_a_cheap_look_at_a_very_long_run_does_not_fill_the_record(clock: _Clock) -> None:
    schedule = _train(clock, Budget(0.5), 300_000, 0.001, 1e-6)
    assert 100 < schedule.looks < 1_000


def test_looks_do_not_keep_step_with_even_epochs(clock: _Clock) -> None:
    schedule, seen = Schedule(), []
    budget = Budget(0.03)
    for call in range(400):
        due = schedule.is_due
        schedule.calls += 1
        if due:
            seen.append(call)
            schedule.looked(budget, 1e-5, 0.001)
        clock.now += 0.001
    gaps = {b - a for a, b in itertools.pairwise(seen)}
    assert all(gap % 2 for gap in gaps)


def test_a_stopped_schedule_is_never_due_again() -> None:
    schedule = Schedule()
    schedule.stop()
    assert not schedule.is_due
