"""Ranks from end to end: those that a script starts, and those that are started side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trainwell.record.store import RECORD, Store

Command = Callable[..., Any]

TRAIN = """
import os, sys, torch
import torch.distributed as dist
from torch import nn
from torch.distributed import init_process_group

def train(rank, fate):
    init_process_group("gloo", init_method=f"file://{os.getcwd()}/meet", rank=rank, world_size=2)
    torch.manual_seed(rank)
    x = torch.randn(256, 8)
    y = (x[:, 0] > 0).long()
    model = nn.Linear(8, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for step in range(30):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[step * 8 :][:8]), y[step * 8 :][:8]).backward()
        for parameter in model.parameters():
            dist.all_reduce(parameter.grad)
            parameter.grad /= 2
        optimizer.step()
    if fate == "dies" and rank == 1:
        raise KeyError("rank 1 alone")

if __name__ == "__main__":
    if "RANK" in os.environ:
        train(int(os.environ["RANK"]), sys.argv[1])
    else:
        torch.multiprocessing.spawn(train, (sys.argv[1],), nprocs=2)
"""


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "ranks.py").write_text(TRAIN)
    return folder


def _side_by_side(folder: Path, *words: str) -> list[tuple[int, str, str]]:
    """`trainwell run ranks.py` twice at once, as a launcher does it: status, output, errors."""
    command = [str(Path(sys.executable).with_name("trainwell")), "run", *words]
    launched = {"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500"}
    ranks = [
        subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **launched, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    texts = [rank.communicate() for rank in ranks]
    return [(r.returncode, *text) for r, text in zip(ranks, texts, strict=True)]


def test_ranks_that_a_script_spawns_have_one_report(spawn: Command, project: Path) -> None:
    ended = spawn("run", "--select", "DST", "--fail-on", "error", "ranks.py", "lives")
    assert ended.status == 1
    assert ended.out.count("trainwell · ranks.py") == 1
    assert "ranks.py:12  error  diverging-replicas  DST101" in ended.out
    assert "1 error (30 steps" in ended.out
    assert "2 ranks)" in ended.out
    assert spawn("show", "--select", "DST").out == ended.out
    store = Store(RECORD, create=False)
    names = [s.id for s in reversed(store.summaries())]
    store.close()
    assert len(names) == 3
    assert {n.removeprefix(names[0]) for n in names} == {"", "-rank0", "-rank1"}
    # The beginning that a run and its ranks have in common means the run.
    assert spawn("show", "--select", "DST", names[0][:-1]).out == ended.out


def test_without_a_record_nothing_stays(spawn: Command, project: Path) -> None:
    temporary = project / "temporary"
    temporary.mkdir()
    ended = spawn(
        *("run", "--no-record", "--json", "--select", "DST", "ranks.py", "dies"),
        environment={"TMPDIR": str(temporary)},
    )
    assert ended.status == 1
    assert "KeyError: 'rank 1 alone'" in ended.err
    body = json.loads(ended.out)
    assert [f["code"] for f in body["findings"]] == ["DST101"]
    assert body["exit_status"] == 1
    assert body["error"]["type"] == "KeyError"
    assert not (project / ".trainwell").exists()
    assert [p.name for p in temporary.iterdir() if p.name.startswith("trainwell")] == []


def test_ranks_side_by_side_leave_the_report_to_the_first(project: Path) -> None:
    first, second = _side_by_side(project, "--select", "DST", "ranks.py", "lives")
    assert (first[0], second) == (0, (0, "", ""))
    assert first[1].startswith("trainwell · ranks.py")
    assert "diverging-replicas" in first[1]
    assert "2 ranks)" in first[1]


def test_a_rank_that_dies_says_so_in_one_line(spawn: Command, project: Path) -> None:
    first, second = _side_by_side(project, "--select", "DST", "ranks.py", "dies")
    assert first[0] == 0
    status, out, err = second
    assert (status, out) == (1, "")
    last = err.splitlines()[-1]
    assert last.startswith("trainwell: rank 1 died of KeyError: `trainwell show ")
    assert "rank 1 alone" in spawn("show", last.split("`")[1].split()[-1]).out
