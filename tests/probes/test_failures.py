"""What is read off the frames of the exception that ends a script."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from tests.probes.mismatches import DEVICE, DTYPE, GRAPH, INDEX, MEMORY, OTHER, SHAPE, r
from torch import nn
from torch.utils.data import DataLoader

from trainwell.probes.probe import Probe
from trainwell.record import Failure, Run
from trainwell.record.troubles import gist, trouble

Watched = Callable[..., Run]

KINDS = {"shape": SHAPE, "dtype": DTYPE, "device": DEVICE, "memory": MEMORY}
KINDS |= {"index": INDEX, "graph": GRAPH}
CASES = [(kind, name, case) for kind, cases in KINDS.items() for name, case in cases.items()]


def failure_of(function: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> Failure:
    """What is recorded of a function that raises."""
    monkeypatch.setenv("TRAINWELL_DEBUG", "1")
    run = Run("test", "test.py")
    probe = Probe(run, lambda facts, vitals: None, home=__file__.rpartition("/")[0])
    probe.attach()
    try:
        function()
    except Exception as error:
        probe.failed(error)
    finally:
        probe.finish()
    (failure,) = run.failures.values()
    return failure


def given(failure: Failure) -> dict[str, Any]:
    return {str(o["name"]): o["shape"] for o in failure.operands}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("kind", "name", "case"), CASES, ids=[f"{k}-{n}" for k, n, _ in CASES])
def test_what_pytorch_refuses_is_recognised(
    kind: str, name: str, case: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = failure_of(case, monkeypatch)
    assert trouble(failure.type, failure.message) == kind
    assert failure.place.file is not None
    assert failure.place.file.endswith("mismatches.py")
    assert failure.place.line


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", OTHER)
def test_other_errors_are_not(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failure = failure_of(OTHER[name], monkeypatch)
    assert trouble(failure.type, failure.message) is None


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(r(6, 2))
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(9, 4))

    def forward(self, x: torch.Tensor, way: str) -> torch.Tensor:
        wide = torch.cat([x, x], 1)
        if way == "operator":
            return wide @ self.weight
        if way == "method":
            return wide.view(5, 5)
        if way == "functional":
            return F.linear(wide, self.weight)
        if way == "list":
            return torch.cat([wide, self.weight])
        return self.body(wide)


def test_a_layer_is_named_with_its_constants_and_the_line_that_made_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failure = failure_of(lambda: Net()(r(8, 2), "layer"), monkeypatch)
    assert failure.place.layer == "body.1"
    assert failure.place.code == "return self.body(wide)"
    assert failure.operation == "Linear"
    assert failure.settings == {"in_features": 9, "out_features": 4}
    assert failure.built_place is not None
    assert failure.built_place.code == "self.body = nn.Sequential(nn.Flatten(), nn.Linear(9, 4))"
    assert given(failure) == {"input": [8, 4], "weight": [4, 9]}
    assert failure.operands[0]["origin"] == "the layer before, `0` (Flatten)"
    assert (failure.network, failure.batch, failure.parameter_count) == ("Net", 8, 12 + 40)


@pytest.mark.parametrize(
    ("way", "operation", "operands"),
    [
        ("operator", "wide @ self.weight", {"wide": [8, 4], "self.weight": [6, 2]}),
        ("method", "wide.view", {"wide": [8, 4]}),
        ("functional", "F.linear", {"wide": [8, 4], "self.weight": [6, 2]}),
        ("list", "torch.cat", {"wide": [8, 4], "self.weight": [6, 2]}),
    ],
)
def test_operands_of_a_line_are_named_as_they_stand_there(
    way: str, operation: str, operands: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = failure_of(lambda: Net()(r(8, 2), way), monkeypatch)
    assert failure.operation == operation
    assert given(failure) == operands
    origin = str(failure.operands[0]["origin"])
    assert origin.startswith("`wide`, line ")
    assert origin.endswith(": wide = torch.cat([x, x], 1)")


def test_a_loss_is_named_with_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    failure = failure_of(
        lambda: nn.CrossEntropyLoss()(r(3, 5), r(4, dtype=torch.long)), monkeypatch
    )
    assert failure.operation == "CrossEntropyLoss"
    assert given(failure) == {"input": [3, 5], "target": [4]}


def test_a_batch_that_cannot_be_made_is_told_with_its_examples(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [r(3), r(4)]
    failure = failure_of(lambda: list(DataLoader(rows, batch_size=2)), monkeypatch)
    assert failure.operation == "default_collate"
    assert given(failure) == {"batch[0]": [3], "batch[1]": [4]}


def test_what_a_worker_died_of_is_recognised_in_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [r(3), r(4)]
    failure = failure_of(lambda: list(DataLoader(rows, 2, num_workers=1)), monkeypatch)
    assert (failure.operation, failure.operands) == (None, ())
    assert trouble(failure.type, failure.message) == "shape"
    assert gist(failure.message).startswith("stack expects each tensor to be equal size")


def test_the_cause_of_an_exception_is_told_if_it_tells_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrapped() -> None:
        try:
            r(3, 4) @ r(5, 6)
        except RuntimeError as error:
            raise ValueError("the epoch failed") from error

    failure = failure_of(wrapped, monkeypatch)
    assert failure.type == "RuntimeError"
    assert failure.place.code == "r(3, 4) @ r(5, 6)"


def test_a_module_that_dies_before_it_is_one_is_no_trouble(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.table = r(3, 4) @ r(5, 6)
            super().__init__()

    failure = failure_of(Early, monkeypatch)
    assert failure.operation == "r(3, 4) @ r(5, 6)"
    assert failure.network is None


def test_a_lazy_layer_that_has_no_shape_yet_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.later = nn.LazyLinear(4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.view(5, 5)

    failure = failure_of(lambda: Lazy()(r(8, 2)), monkeypatch)
    assert (failure.network, failure.parameter_count) == ("Lazy", 0)


def test_nothing_of_the_script_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[weakref.ref[torch.Tensor]] = []

    def dies() -> None:
        x = r(3, 4)
        held.append(weakref.ref(x))
        x @ r(5, 6)

    failure_of(dies, monkeypatch)
    gc.collect()
    assert held[0]() is None


def test_a_script_that_lives_has_no_failure(watched: Watched) -> None:
    run = watched(lambda: nn.Linear(4, 2)(torch.ones(3, 4)).sum().backward())
    assert run.steps == 1
    assert run.failures == {}
