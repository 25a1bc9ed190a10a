"""What is loaded arrives, what is kept is known, and nothing of the script's is held."""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Callable

import pytest
import torch
from torch import nn

from trainwell.probes.checkpoints import partners
from trainwell.record import Run

Watched = Callable[..., Run]


def _shapes(*names: str) -> dict[str, torch.Tensor]:
    return {name: torch.zeros(2, 3) for name in names}


@pytest.mark.parametrize(
    ("missing", "unexpected", "count"),
    [
        (["0.weight", "1.weight"], ["module.0.weight", "module.1.weight"], 2),
        (["_orig_mod.fc.weight"], ["fc.weight"], 1),
        (["backbone.a.weight", "backbone.b.weight"], ["encoder.a.weight", "encoder.b.weight"], 2),
        (["model.model.fc.weight"], ["module.fc.weight"], 1),
        (["head.weight"], ["classifier.bias"], 0),
        (["a.weight"], [], 0),
        ([], ["a.weight"], 0),
    ],
)
def test_names_that_differ_in_front_belong_together(
    missing: list[str], unexpected: list[str], count: int
) -> None:
    found = partners(_shapes(*missing), _shapes(*unexpected))
    assert len(found) == count
    assert len({m for m, _ in found}) == len({u for _, u in found}) == count


def test_another_shape_is_another_tensor() -> None:
    assert partners({"0.weight": torch.zeros(2, 3)}, {"m.0.weight": torch.zeros(3, 2)}) == []


def test_the_longest_common_end_decides() -> None:
    missing = _shapes("blocks.0.fc.weight", "blocks.1.fc.weight")
    unexpected = _shapes("m.blocks.1.fc.weight", "m.blocks.0.fc.weight")
    assert sorted(partners(missing, unexpected)) == [
        ("blocks.0.fc.weight", "m.blocks.0.fc.weight"),
        ("blocks.1.fc.weight", "m.blocks.1.fc.weight"),
    ]


def _network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))


def _fit(model: nn.Module, steps: int = 6) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        x = torch.randn(16, 8, generator=generator)
        loss = nn.functional.cross_entropy(model(x), x.argmax(1) % 3)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.mark.parametrize("every", [1, 5, None])
def test_kept_weights_are_told_from_copies(watched: Watched, every: int | None) -> None:
    def go() -> None:
        model = _network()
        _fit(model)
        kept, copied = model.state_dict(), copy.deepcopy(model.state_dict())
        _fit(model)
        model.load_state_dict(copied)
        model.load_state_dict(kept)

    run = watched(go, every=every)
    first, second = run.checkpoints.values()
    assert (first.matched, first.aliased, first.age) == (4, 0, None)
    assert (second.matched, second.aliased, second.age) == (4, 4, 6)


def test_nothing_that_was_taken_or_loaded_is_kept_alive(watched: Watched) -> None:
    alive: list[weakref.ref[torch.Tensor]] = []

    def go() -> None:
        source, target = _network(), _network()
        _fit(source)
        state = source.state_dict()
        alive.extend(weakref.ref(t) for t in state.values())
        alive.extend(weakref.ref(p) for p in source.parameters())
        target.load_state_dict(state)
        del state, source
        gc.collect()
        assert not any(r() is not None for r in alive)
        _fit(target)

    run = watched(go)
    assert alive
    assert run.checkpoints[0].overwritten == 0


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_rounded_weights_have_arrived(
    watched: Watched, dtype: torch.dtype, tmp_path: object
) -> None:
    def go() -> None:
        source, target = _network(), _network()
        _fit(source)
        torch.save(
            {"model": {n: t.to(dtype) for n, t in source.state_dict().items()}}, f"{tmp_path}/w"
        )
        target.load_state_dict(torch.load(f"{tmp_path}/w")["model"])
        _fit(target)

    run = watched(go)
    read, load = run.checkpoints.values()
    assert (read.action, read.given, read.fitting, read.reached) == ("read", 2, 2, 2)
    assert (load.action, load.weights, load.overwritten, load.gone) == ("load", 2, 0, False)


def test_a_round_trip_without_training_is_no_fault(watched: Watched) -> None:
    def go() -> None:
        model = _network()
        _fit(model)
        model.load_state_dict(model.state_dict())
        _fit(model)

    (seen,) = watched(go).checkpoints.values()
    assert (seen.aliased, seen.age) == (4, 0)


def test_many_loads_from_one_line_are_one_fact(watched: Watched) -> None:
    def go() -> None:
        online, target = _network(), _network()
        for _ in range(40):
            _fit(online, 1)
            target.load_state_dict(online.state_dict())

    (seen,) = watched(go).checkpoints.values()
    assert seen.count >= 16
    assert seen.matched == 4
