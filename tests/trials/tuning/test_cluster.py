"""Trials as tasks of a Ray cluster of this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray.cluster_utils import Cluster as Nodes

from trainwell.trials.tuning.calling import tune

pytestmark = [
    # Ray's own sockets and files at its end.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SCRIPT = """
import torch
from torch import nn
from sizes import SIZE

torch.manual_seed(0)
x = torch.randn(96, 4)
y = x.sum(1, keepdim=True)
model = nn.Sequential(nn.Linear(4, SIZE), nn.ReLU(), nn.Linear(SIZE, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
for epoch in range(6):
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x[:64]), y[:64]).backward()
    optimizer.step()
    with torch.no_grad():
        nn.functional.mse_loss(model(x[64:]), y[64:])
"""


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    made = Nodes(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    yield made
    ray.shutdown()
    made.shutdown()


def test_a_script_is_shipped_searched_and_scored(
    nodes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "sizes.py").write_text("SIZE = 8\n")
    options: dict[str, Any] = {"search": "random", "trials": 6, "seeds": 2, "top": 1}
    parameters = {"lr": "log:1e-3..0.3", "sizes.SIZE": (4, 16)}
    far = tune("train.py", parameters, engine="ray", ray_address=nodes.address, **options)
    near = tune("train.py", parameters, jobs=2, **options)
    # Which trials end early hangs on the order in which they run; what complete ones give does not.
    assert far.default == near.default
    values = {t.number: t.value for t in near.trials if t.value is not None}
    both = [t for t in far.trials if t.number in values and t.value is not None]
    assert len(both) > 2
    assert all(values[t.number] == t.value for t in both)
    assert far.count("failed") == 0
    assert len(far.rescored) == 2


def test_a_function_goes_there_as_well(
    nodes: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shift = 2.0

    def bowl(x: float = 0.0) -> float:
        return (x - shift) ** 2

    found = tune(
        bowl, {"x": (0.0, 4.0)}, engine="ray", ray_address=nodes.address, trials=8, seeds=0
    )
    assert found.count("complete") == 9
    assert all(t.value == (t.values["x"] - 2) ** 2 for t in found.trials)
