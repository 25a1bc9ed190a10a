"""Ranks of one training find each other in the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from trainwell.record import Rank, Run
from trainwell.record.gathering import gather, leader, wait_for_ranks
from trainwell.record.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(str(tmp_path / "runs.db"))
    yield made
    made.close()


def write(
    store: Store, name: str, rank: int | None, group: str = "g", *, ended: float | None = 20.0
) -> Run:
    run = Run(name, "train.py", started=10.0)
    store.begin(run)
    if rank is not None:
        run.ranks[0] = Rank(0, rank, 3, group)
        store.write(run, [run.ranks[0]], [])
    if ended is not None:
        run.ended, run.exit_status = ended, 0
        store.finish(run)
    return run


def test_a_run_without_ranks_is_itself(store: Store) -> None:
    run = write(store, "alone", None)
    write(store, "other", 0)
    assert gather(store, run) is run
    assert leader(run) is run
    assert run.siblings == []


def test_side_by_side_each_finds_the_others(store: Store) -> None:
    runs = [write(store, f"r{rank}", rank) for rank in (2, 0, 1)]
    write(store, "stranger", 1, "elsewhere")
    assert gather(store, runs[0]) is runs[0]
    assert [s.id for s in runs[0].siblings] == ["r0", "r1"]
    first = leader(runs[0])
    assert (first.id, [s.id for s in first.siblings]) == ("r0", ["r1", "r2"])


def test_a_run_that_started_ranks_lets_the_first_speak(store: Store) -> None:
    parent = write(store, "parent", None)
    parent.exit_status, parent.notes = 1, ["seen by the parent"]
    parent.error = {"type": "ProcessRaisedException", "message": "", "file": None, "line": None}
    for rank in (1, 0):
        write(store, f"parent-rank{rank}", rank, "parent")
    first = gather(store, parent)
    assert (first.id, [s.id for s in first.siblings]) == ("parent-rank0", ["parent-rank1"])
    assert (first.exit_status, first.error) == (1, parent.error)
    assert first.notes == ["seen by the parent"]


def test_an_address_that_served_before_is_not_mixed_up(store: Store) -> None:
    write(store, "old0", 0, "localhost:29500", ended=11.0)
    write(store, "old1", 1, "localhost:29500", ended=11.0)
    now = write(store, "new0", 0, "localhost:29500")
    now.started = 15.0
    write(store, "new1", 1, "localhost:29500")
    assert [s.id for s in gather(store, now).siblings] == ["new1"]


def test_the_rank_that_was_started_again_counts(store: Store) -> None:
    run = write(store, "r0", 0)
    write(store, "r1", 1)
    write(store, "r1-again", 1)
    assert [s.id for s in gather(store, run).siblings] == ["r1-again"]


def test_the_wait_for_ranks_ends(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    running = write(store, "r1", 1, ended=None)

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            running.ended = 20.0
            store.finish(running)

    monkeypatch.setattr("trainwell.record.gathering.time.sleep", sleep)
    wait_for_ranks(store, write(store, "alone", None))
    assert slept == []
    run = write(store, "r0", 0)
    wait_for_ranks(store, run)
    assert len(slept) == 3
    # One that never ends is given up.
    write(store, "r2", 2, ended=None)
    now = iter(range(100))
    monkeypatch.setattr("trainwell.record.gathering.time.monotonic", lambda: float(next(now)))
    wait_for_ranks(store, replace(run))
    assert len(slept) < 8


def test_the_beginning_of_a_runs_id_means_the_run_and_not_its_ranks(store: Store) -> None:
    write(store, "20261124-1", None)
    write(store, "20261124-1-rank0", 0, "20261124-1")
    assert store.load("20261124").id == "20261124-1"
    assert store.load("20261124-1-r").id == "20261124-1-rank0"
