"""Random numbers that all workers of a loader draw alike, read off the code that they run."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset, default_collate, get_worker_info

from trainwell.probes.loaders import Stream, shared_stream
from trainwell.record import Run

RNG = np.random.default_rng(0)


class Data(Dataset[Any]):
    """Rows of nothing; what makes an example is in the classes below."""

    def __init__(self, transform: Any = None) -> None:
        self.rng = np.random.default_rng(0)
        self.old = np.random.RandomState(0)
        self.plain = random.Random(0)
        self.torch = torch.Generator()
        self.transform = transform

    def __len__(self) -> int:
        return 8


class Own(Data):
    def __getitem__(self, index: int) -> Any:
        return self.rng.normal(size=3)


class Old(Data):
    def __getitem__(self, index: int) -> Any:
        return self.old.normal(size=3)


class Plain(Data):
    def __getitem__(self, index: int) -> Any:
        return self.plain.random()


class Torch(Data):
    def __getitem__(self, index: int) -> Any:
        return torch.rand(3, generator=self.torch)


class Global(Data):
    def __getitem__(self, index: int) -> Any:
        return RNG.normal(size=3)


class Through(Data):
    def __getitem__(self, index: int) -> Any:
        return self.noise(index)

    def noise(self, index: int) -> Any:
        return drawn(index)


def drawn(index: int) -> Any:
    return index + RNG.normal(size=3)


class Transformed(Data):
    def __getitem__(self, index: int) -> Any:
        return self.transform(torch.ones(3))


class Noise(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rng = np.random.default_rng(0)

    def forward(self, x: torch.Tensor) -> Any:
        return x + self.rng.normal()


class ConstructorOnly(Data):
    def __init__(self) -> None:
        super().__init__()
        self.rows = self.rng.normal(size=(8, 3))

    def __getitem__(self, index: int) -> Any:
        return self.rows[index]


class GlobalFunctions(Data):
    def __getitem__(self, index: int) -> Any:
        return np.random.normal(size=3) + random.random()


class TorchFunctions(Data):
    def __getitem__(self, index: int) -> Any:
        return torch.randn(3)


class SeededByIndex(Data):
    def __getitem__(self, index: int) -> Any:
        self.old.seed(index)
        return self.old.normal(size=3)


class SeededByWorker(Data):
    def __getitem__(self, index: int) -> Any:
        if self.rng is None:
            self.rng = np.random.default_rng(get_worker_info().seed)
        return self.rng.normal(size=3)


class MadeInTheWorker(Data):
    def __getitem__(self, index: int) -> Any:
        self.rng = np.random.default_rng(index)
        return self.rng.normal(size=3)


class WithProperty(Data):
    @property
    def noise(self) -> Any:
        raise AssertionError("a property was read")

    def __getitem__(self, index: int) -> Any:
        return self.noise


def closure() -> Callable[[Any], Any]:
    rng = np.random.default_rng(0)
    return lambda x: x + rng.normal()


def same_seed(worker: int) -> None:
    np.random.seed(0)
    random.seed(0)


def same_torch_seed(worker: int) -> None:
    torch.manual_seed(0)


def own_seed(worker: int) -> None:
    np.random.seed(worker)


def own_seed_of_torch(worker: int) -> None:
    np.random.seed(torch.initial_seed() % 2**32)


def reseeds_the_data(worker: int) -> None:
    get_worker_info().dataset.rng = np.random.default_rng(worker)


def found(data: Any, init: Any = None, collate: Any = default_collate) -> Stream | None:
    return shared_stream(data, collate, init)


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (Own(), "self.rng", "numpy Generator"),
        (Old(), "self.old", "numpy RandomState"),
        (Plain(), "self.plain", "random Random"),
        (Torch(), "self.torch", "torch Generator"),
        (Global(), "RNG", "numpy Generator"),
        (Through(), "RNG", "numpy Generator"),
        (Transformed(Noise()), "self.rng", "numpy Generator"),
        (Transformed(nn.Sequential(nn.Identity(), Noise())), "self.rng", "numpy Generator"),
        (Transformed([closure()]), "rng", "numpy Generator"),
        (Subset(Own(), [0, 1]), "self.rng", "numpy Generator"),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, Dataset) else None,
)
def test_generators_that_every_worker_gets_a_copy_of(data: Any, name: str, kind: str) -> None:
    seen = found(data)
    assert seen is not None
    assert (seen.name, seen.kind) == (name, kind)
    assert seen.file == __file__


def test_the_line_is_the_one_that_draws() -> None:
    seen = found(Through())
    assert seen is not None
    assert seen.line == drawn.__code__.co_firstlineno + 1


def test_a_collate_function_runs_in_the_workers_too() -> None:
    assert found(TorchFunctions(), collate=closure()) is not None


@pytest.mark.parametrize(
    "data",
    [
        ConstructorOnly(),
        GlobalFunctions(),
        TorchFunctions(),
        SeededByIndex(),
        SeededByWorker(),
        MadeInTheWorker(),
        WithProperty(),
        Transformed(nn.Dropout()),
        [1, 2, 3],
    ],
    ids=lambda d: type(d).__name__,
)
def test_data_whose_workers_differ(data: Any) -> None:
    assert found(data) is None


@pytest.mark.parametrize(
    ("data", "init", "name"),
    [
        (GlobalFunctions(), same_seed, "numpy.random"),
        (TorchFunctions(), same_torch_seed, "torch"),
        (Own(), own_seed, "self.rng"),
        (TorchFunctions(), same_seed, None),
        (GlobalFunctions(), same_torch_seed, None),
        (GlobalFunctions(), own_seed, None),
        (GlobalFunctions(), own_seed_of_torch, None),
        (Own(), reseeds_the_data, None),
        (Own(), functools.partial(own_seed, 1), None),
        (ConstructorOnly(), same_seed, None),
    ],
)
def test_what_workers_are_started_with(data: Any, init: Any, name: str | None) -> None:
    seen = found(data, init)
    assert (None if seen is None else seen.name) == name


@pytest.mark.parametrize(("workers", "stream"), [(0, None), (2, "self.rng")])
def test_a_loader_is_recorded_with_what_its_workers_share(
    workers: int, stream: str | None, watched: Callable[..., Run]
) -> None:
    def train() -> None:
        model = nn.Linear(3, 1)
        for x in DataLoader(Own(), batch_size=2, num_workers=workers):
            model(x.float()).sum().backward()

    (seen,) = watched(train).loaders.values()
    assert (seen.workers, seen.stream) == (workers, stream)
    assert (seen.stream_place is None) == (stream is None)
    if seen.stream_place is not None:
        assert seen.stream_place.code == "return self.rng.normal(size=3)"


def test_such_workers_do_draw_the_same_numbers() -> None:
    batches = list(DataLoader(Own(), batch_size=2, num_workers=2))
    assert torch.equal(batches[0], batches[1])
    batches = list(DataLoader(GlobalFunctions(), batch_size=2, num_workers=2))
    assert not torch.equal(batches[0], batches[1])
