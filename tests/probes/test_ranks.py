"""Real ranks: processes that are forked here and train together under the probe."""

from __future__ import annotations

import math
import multiprocessing
import os
import sqlite3
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import torch
import torch._dynamo  # imported by the first optimizer otherwise, in every fork again
import torch.distributed as dist
import torch.multiprocessing as processes
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, TensorDataset

from trainwell.measures.sketches import sketch
from trainwell.probes.offspring import Inheritance, Offspring
from trainwell.probes.ranks import common_step
from trainwell.record import Run
from trainwell.record.gathering import gather, leader
from trainwell.record.ranks import distances, rows_by_step
from trainwell.record.store import Store

Parent = tuple[Run, str]


def join(rank: int, folder: str, world: int = 2) -> None:
    meet = f"file://{folder}/meet"
    dist.init_process_group("gloo", init_method=meet, rank=rank, world_size=world)
    torch.set_num_threads(1)


def train(rank: int, folder: str, apart: bool, wrapped: bool, steps: int = 12) -> None:
    join(rank, folder)
    torch.manual_seed(rank * apart)
    model: nn.Module = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
    if wrapped:
        model = DistributedDataParallel(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    draw = torch.Generator().manual_seed(7)
    x = torch.randn(2, steps, 4, 6, generator=draw)[rank]
    for step in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[step]), x[step, :, :2].argmax(1)).backward()
        if not wrapped:
            for parameter in model.parameters():
                dist.all_reduce(parameter.grad)
        optimizer.step()


def fails(rank: int, folder: str) -> None:
    join(rank, folder)
    nn.functional.mse_loss(nn.Linear(3, 1)(torch.ones(2, 3)), torch.ones(2, 1)).backward()
    nn.functional.cross_entropy(torch.ones(2, 2), torch.ones(2, 5, 7))


def ends_with(rank: int, folder: str) -> None:
    join(rank, folder)
    raise SystemExit(3)


def works_alone(folder: str) -> None:
    model = nn.Linear(4, 1)
    for (x,) in DataLoader(TensorDataset(torch.randn(8, 4)), num_workers=1):
        model(x).sum().backward()
    (Path(folder) / "done").touch()


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[Parent]:
    run = Run("parent", "train.py")
    given = Inheritance(str(tmp_path / "runs.db"), "parent", "train.py", (), 0.03, 1, str(tmp_path))
    offspring = Offspring(given)
    offspring.attach()
    try:
        yield run, str(tmp_path)
    finally:
        offspring.detach()


def fork(function: Callable[..., None], *args: Any) -> None:
    processes.start_processes(function, args, nprocs=2, start_method="fork")


def ranks(parent: Parent) -> list[Run]:
    run, folder = parent
    store = Store(os.path.join(folder, "runs.db"), create=False)
    first = gather(store, run)
    store.close()
    return [first, *first.siblings]


def test_the_common_steps_are_few_and_hold_every_round_number() -> None:
    steps, at = [], 0
    while at < 100_000:
        at = common_step(at)
        steps.append(at)
        at += 1
    assert steps[:14] == [0, 1, 2, 4, 5, 8, 10, 16, 20, 25, 32, 40, 50, 64]
    assert len(steps) < 75
    assert {100, 500, 1000, 10_000, 100_000} <= set(steps)
    assert all(common_step(step) == step for step in steps)


@pytest.mark.parametrize("wrapped", [True, False])
def test_copies_that_share_everything_have_equal_sketches(parent: Parent, wrapped: bool) -> None:
    fork(train, parent[1], False, wrapped)
    first, second = ranks(parent)
    assert [r.ranks[0].rank for r in (first, second)] == [0, 1]
    assert {r.ranks[0].world for r in (first, second)} == {2}
    assert (first.steps, second.steps, second.exit_status) == (12, 12, 0)
    found = distances(first, second)
    assert [d.step for d in found] == [0, 1, 2, 4, 5, 8, 10]
    assert all(d.share == 0 and len(d.parameters) == 4 for d in found)
    names = {p.name for p in first.parameters.values()}
    assert ("module.0.weight" if wrapped else "0.weight") in names
    rows = [rows_by_step(r) for r in (first, second)]
    assert [len(marks) for marks in rows[0].values()] == [4] * 7
    assert not {m for marks in rows[0].values() for m in marks} & {
        m for marks in rows[1].values() for m in marks
    }
    assert first.ranks[0].place.code is not None
    assert "model(x[step])" in first.ranks[0].place.code
    assert not [n for r in (first, second) for n in r.notes if "failed" in n]


def test_the_distance_of_copies_is_that_of_their_weights(parent: Parent) -> None:
    fork(train, parent[1], True, False)
    first = distances(*ranks(parent))[0]
    copies = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))
        copies.append([p.detach().double().flatten().numpy() for p in model.parameters()])
    parts = [sketch(a) - sketch(b) for a, b in zip(*copies, strict=True)]
    norms = [math.sqrt(sum(float(a @ a) for a in copy)) for copy in copies]
    assert first.step == 0
    assert first.share == pytest.approx(math.hypot(*parts) / max(norms))


def test_an_exception_reaches_the_parent_without_our_frames(parent: Parent) -> None:
    with pytest.raises(processes.ProcessRaisedException) as caught:
        fork(fails, parent[1])
    text = str(caught.value)
    assert "in fails" in text
    assert f"trainwell{os.sep}probes" not in text
    failed = [r for r in ranks(parent) if r.error is not None]
    assert failed[0].error is not None
    assert os.path.basename(str(failed[0].error["file"])) == "test_ranks.py"


def test_an_exit_status_stays(parent: Parent) -> None:
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=ends_with, args=(r, parent[1])) for r in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [c.exitcode for c in children] == [3, 3]
    assert [r.exit_status for r in ranks(parent)[1:]] == [3]


def works_without_training(folder: str) -> None:
    nn.Linear(3, 2)(torch.randn(4, 3))
    (Path(folder) / "done").touch()


def _one_child(parent: Parent, target: Callable[[str], None]) -> None:
    child = multiprocessing.get_context("fork").Process(target=target, args=(parent[1],))
    child.start()
    child.join()
    assert child.exitcode == 0


def test_a_child_that_trains_alone_is_watched_and_speaks_for_its_parent(parent: Parent) -> None:
    _one_child(parent, works_alone)
    store = Store(os.path.join(parent[1], "runs.db"), create=False)
    run = gather(store, Run("parent", "train.py"))
    store.close()
    assert run.id.startswith("parent-child")
    assert run.steps > 0
    assert run.loss(0).values
    assert run.notes == []


def test_processes_that_train_apart_are_named(parent: Parent) -> None:
    _one_child(parent, works_alone)
    _one_child(parent, works_alone)
    store = Store(os.path.join(parent[1], "runs.db"), create=False)
    own = Run("parent", "train.py", steps=5)
    run = gather(store, own)
    names = store.children_of("parent")
    store.close()
    assert run is own
    assert len(names) == 2
    (note,) = run.notes
    assert note.startswith("2 other processes of the script trained")
    assert all(f"`trainwell show {name}`" in note for name in names)


def test_of_a_child_that_trains_nothing_nothing_is_written(parent: Parent) -> None:
    _one_child(parent, works_without_training)
    assert sorted(os.listdir(parent[1])) == ["done"]


def test_the_start_of_processes_is_given_back() -> None:
    before = BaseProcess.start
    offspring = Offspring(Inheritance("runs.db", "parent", "train.py", (), 0.03, None, "."))
    offspring.attach()
    assert BaseProcess.start is not before
    assert BaseProcess.start.__name__ == "start"
    offspring.detach()
    assert BaseProcess.start is before


def test_a_process_that_cannot_be_started_keeps_its_target(parent: Parent) -> None:
    child = multiprocessing.get_context("spawn").Process(target=lambda: None)
    target = child._target  # type: ignore[attr-defined]
    with pytest.raises(Exception, match="pickle"):
        child.start()
    assert child._target is target  # type: ignore[attr-defined]


def test_ranks_that_write_at_once_leave_a_whole_file(parent: Parent) -> None:
    fork(train, parent[1], False, False, 60)
    connection = sqlite3.connect(os.path.join(parent[1], "runs.db"))
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_the_lowest_rank_speaks_for_all(parent: Parent) -> None:
    fork(train, parent[1], False, False)
    store = Store(os.path.join(parent[1], "runs.db"), create=False)
    second = gather(store, store.load("parent-rank1"))
    store.close()
    assert [r.ranks[0].rank for r in (second, *second.siblings)] == [1, 0]
    first = leader(second)
    assert (first.id, [r.id for r in first.siblings]) == ("parent-rank0", ["parent-rank1"])
