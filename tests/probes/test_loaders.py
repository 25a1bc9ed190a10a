"""Data loaders under the probe: what is timed, and that loaders stay what they are."""

from __future__ import annotations

import inspect
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset, dataloader

from trainwell.probes.probe import Probe
from trainwell.record import Run

Watched = Callable[..., Run]


class _Clock:
    """Time that passes only when something takes it."""

    def __init__(self) -> None:
        self.now = 100.0

    def take(self, seconds: float) -> None:
        self.now += seconds


class _Slow(Dataset[torch.Tensor]):
    def __init__(self, clock: _Clock, seconds: float) -> None:
        self.clock, self.seconds = clock, seconds

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: int) -> torch.Tensor:
        self.clock.take(self.seconds)
        return torch.ones(4)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> _Clock:
    made = _Clock()
    # Budget and schedules read it too: their own time is 0 then.
    monkeypatch.setattr(time, "perf_counter", lambda: made.now)
    return made


def _epochs(loader: Any, clock: _Clock, step: float, *, count: int = 2) -> Callable[[], None]:
    def train() -> None:
        model = nn.Linear(4, 1)
        for _ in range(count):
            for x in loader:
                model(x).sum().backward()
                clock.take(step)

    return train


def test_waits_and_steps_are_timed_but_for_the_first_batch_of_a_pass(
    watched: Watched, clock: _Clock
) -> None:
    loader = DataLoader(_Slow(clock, 0.5), batch_size=3)
    (seen,) = watched(_epochs(loader, clock, 1.0)).loaders.values()
    assert (seen.dataset, seen.batch_size, seen.workers) == ("_Slow", 3, 0)
    assert seen.place.code == "for x in loader:"
    assert seen.batches == 6
    assert seen.waited == pytest.approx(6 * 1.5)
    assert seen.busy == pytest.approx(6 * 1.0)


def test_a_wait_while_the_device_works_costs_nothing(
    watched: Watched, clock: _Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainwell.probes.loaders._device_works", lambda: True)
    loader = DataLoader(_Slow(clock, 0.5), batch_size=3)
    (seen,) = watched(_epochs(loader, clock, 1.0)).loaders.values()
    assert seen.waited == 0
    assert seen.busy == pytest.approx(6 * 2.5)


def test_batches_that_nothing_is_trained_on_are_not_timed(watched: Watched, clock: _Clock) -> None:
    loader = DataLoader(_Slow(clock, 0.5), batch_size=3)
    (seen,) = watched(lambda: [x.sum() for x in loader]).loaders.values()
    assert (seen.batches, seen.waited, seen.busy) == (0, 0, 0)


def test_lines_are_told_apart(watched: Watched, clock: _Clock) -> None:
    def train() -> None:
        model = nn.Linear(4, 1)
        for x in DataLoader(_Slow(clock, 0.5), batch_size=3):
            model(x).sum().backward()
        for x in DataLoader(_Slow(clock, 2.0), batch_size=6):
            model(x).sum().backward()

    first, second = watched(train).loaders.values()
    assert (first.batches, first.waited) == (3, pytest.approx(4.5))
    assert (second.batches, second.waited) == (1, pytest.approx(12.0))


def test_everything_is_given_back() -> None:
    before = [owner._next_data for owner in _owners()]
    probe = Probe(Run("test", "test.py"), lambda facts, vitals: None)
    probe.attach()
    assert [owner._next_data for owner in _owners()] != before
    probe.finish()
    assert [owner._next_data for owner in _owners()] == before


def _owners() -> list[Any]:
    return [dataloader._SingleProcessDataLoaderIter, dataloader._MultiProcessingDataLoaderIter]


def test_what_a_loader_returns_stays_pytorchs_own(watched: Watched) -> None:
    def use() -> None:
        loader = DataLoader(TensorDataset(torch.arange(10.0)), batch_size=2)
        iterator = iter(loader)
        assert type(iterator) is dataloader._SingleProcessDataLoaderIter
        assert len(iterator) == len(loader) == 5
        assert next(iterator)[0].tolist() == [0, 1]
        assert [x.tolist() for (x,) in iterator] == [[2, 3], [4, 5], [6, 7], [8, 9]]
        with pytest.raises(StopIteration):
            next(iterator)

    watched(use)


class _Liar(IterableDataset[int]):
    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[int]:
        return iter(range(3))


def test_a_warning_of_the_loader_points_at_the_users_line(watched: Watched) -> None:
    def use() -> None:
        loader = DataLoader(_Liar(), batch_size=None)
        len(loader)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            list(loader)
        assert {w.filename for w in caught} == {__file__}

    watched(use)


def test_pytorch_still_makes_its_batches_there() -> None:
    # What is replaced is private: this fails where a newer PyTorch does it otherwise.
    assert "self._next_data()" in inspect.getsource(dataloader._BaseDataLoaderIter.__next__)
