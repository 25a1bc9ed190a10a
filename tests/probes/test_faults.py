"""Faults that the probe once had: each test covers a family of scripts, not only the instance."""

from __future__ import annotations

import os
import re
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional as F
from torch.utils._pytree import tree_map

import trainwell
from trainwell.errors import BadInputError, RecordError
from trainwell.hooks.layer import HOOKS
from trainwell.probes import activations, graph, probe
from trainwell.probes.budget import Budget
from trainwell.probes.probe import Probe
from trainwell.probes.rehearsal import Rehearsal
from trainwell.record import Run
from trainwell.record.store import Store

Watched = Callable[..., Run]
EVERY = [1, 5, None]


@contextmanager
def _watching(every: int | None = 1, rehearsal: Rehearsal | None = None) -> Iterator[Probe]:
    watching = Probe(
        Run("test", "test.py"),
        lambda facts, vitals: None,
        every=every,
        home=os.path.dirname(__file__),
    )
    watching.rehearsal = rehearsal
    watching.attach()
    try:
        yield watching
    finally:
        watching.finish()
        watching.detach()


@pytest.fixture
def _debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of the probe are raised."""
    monkeypatch.setenv("TRAINWELL_DEBUG", "1")


@pytest.fixture
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples follow from the number of steps alone, however slow the machine is."""
    monkeypatch.setattr(Budget, "seconds_until", lambda self, cost: 0.0)


def _network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))


def _data(seed: int = 0, rows: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.randn(rows, 8, generator=torch.Generator().manual_seed(seed))
    return x, x.argmax(1) % 3


def _fit(model: nn.Module, steps: int = 6) -> list[float]:
    optimizer = torch.optim.SGD(list(model.parameters()), lr=0.05)
    losses = []
    for step in range(steps):
        x, y = _data(step)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def _failures(run: Run) -> list[str]:
    return [n for n in run.notes if "failed" in n]


# 1, 2: arguments that can be read only once


@pytest.mark.parametrize("every", EVERY)
def test_iterators_as_arguments_change_nothing(watched: Watched, every: int | None) -> None:
    def go() -> list[float]:
        model = _network()
        first, last = [*model[0].parameters()], [*model[2].parameters()]
        optimizer = torch.optim.SGD(
            [{"params": iter(first)}, {"params": (p for p in last)}], lr=0.1
        )
        seen = []
        for step in range(12):
            x, y = _data(step)
            output = model(x)
            losses = [F.cross_entropy(output, y), output.square().mean()]
            optimizer.zero_grad()
            if step % 3 == 0:
                torch.autograd.backward(iter(losses), inputs=iter([*model.parameters()]))
            elif step % 3 == 1:
                torch.autograd.backward(loss / 2 for loss in losses)
            else:
                found = torch.autograd.grad((each for each in losses), model.parameters())
                for parameter, gradient in zip(model.parameters(), found, strict=True):
                    parameter.grad = gradient
            seen.append(float(nn.utils.clip_grad_norm_((p for p in model.parameters()), 1.0)))
            optimizer.step()
        return seen

    bare, seen = go(), []
    run = watched(lambda: seen.extend(go()), every=every)
    assert seen == bare
    assert run.steps == 12


# 3: functional transforms after a loop


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("transform", ["vmap of grad", "grad", "vmap", "jacrev"])
@pytest.mark.usefixtures("_debugging")
def test_transforms_after_a_loop_give_what_they_give_bare(
    every: int | None, transform: str
) -> None:
    def go() -> torch.Tensor:
        model = _network()
        _fit(model, 40)  # long enough for losses and backward passes to go the quick way
        x, y = _data(99)
        weights = {name: p.detach() for name, p in model.named_parameters()}

        def loss(weights: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            output = torch.func.functional_call(model, weights, (x.unsqueeze(0),))
            return F.cross_entropy(output, y.unsqueeze(0))

        function: Any = {
            "vmap of grad": torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0)),
            "vmap": torch.func.vmap(loss, in_dims=(None, 0, 0)),
            "grad": lambda w, x, y: torch.func.grad(loss)(w, x[0], y[0]),
            "jacrev": lambda w, x, y: torch.func.jacrev(loss)(w, x[0], y[0]),
        }[transform]
        found = function(weights, x, y)
        again = _fit(model, 10)
        tensors = list(found.values()) if isinstance(found, dict) else [found]
        return torch.cat([t.flatten() for t in tensors] + [torch.tensor(again)])

    bare = go()
    with _watching(every) as watching:
        seen = go()
    assert torch.equal(seen, bare)
    # The gradient of one loss by the weights of a network is a step, whoever asks for it, once a
    # sample has seen the network compute with them.
    most = 50 + (transform in ("grad", "jacrev"))
    assert watching.run.steps in ((50, most) if every is None else (most,))
    assert watching.run.troubles == {}


# 4: targets made in inference mode


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("loss", ["square", "absolute", "function", "module"])
def test_what_was_made_in_inference_mode_can_be_remembered(loss: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 1))
    x, _ = _data()
    with torch.inference_mode():
        y = x.sum(1, keepdim=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    rehearsal = Rehearsal()
    values = []
    with _watching(rehearsal=rehearsal) as watching:
        for _ in range(10):
            error = model(x) - y
            value = {
                "square": lambda error: error.pow(2).mean(),
                "absolute": lambda error: error.abs().mean(),
                "function": lambda error: F.mse_loss(error, torch.zeros(16, 1)),
                "module": lambda error: nn.SmoothL1Loss()(error, torch.zeros(16, 1)),
            }[loss](error)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            values.append(value.item())
            with torch.inference_mode():
                F.mse_loss(model(x), y)
    assert rehearsal.problem is None
    assert [tape.value for tape in rehearsal.tapes] == pytest.approx(values)
    with torch.no_grad():
        for tensor, start in rehearsal.start:
            tensor.copy_(start)
    assert rehearsal.tapes[0].play().item() == pytest.approx(values[0])
    assert watching.run.steps == 10


# 5: one line after another


def _one_line(model: nn.Module, optimizer: torch.optim.Optimizer, step: int) -> None:
    x, y = _data(step)
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()


def _another_line(model: nn.Module, optimizer: torch.optim.Optimizer, step: int) -> None:
    x, y = _data(step)
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()


@pytest.mark.usefixtures("_debugging")
def test_a_line_that_is_over_is_not_waited_for() -> None:
    model = _network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    armed: list[bool] = []
    with _watching(every=10) as watching:
        for step in range(10):
            _one_line(model, optimizer, step)
        assert watching.objectives.all()[0].schedule.is_due, "the first line ends while it is due"
        for step in range(100):
            _another_line(model, optimizer, step)
            armed.append(HOOKS.watches_modules)
            assert watching.losses.looking is armed[-1]
    # A step before each tenth one; the first line is waited for some steps long.
    assert armed[30:] == [(step + 1) % 10 == 0 for step in range(30, 100)]
    assert [o.steps for o in watching.run.objectives.values()] == [10, 100]


@pytest.mark.usefixtures("_debugging", "_unhurried")
@pytest.mark.parametrize("first_steps", [1, 2, 20, 49, 150])
def test_a_second_phase_is_sampled_as_often_as_a_run_with_one_line(first_steps: int) -> None:
    def looks(phases: list[int]) -> int:
        model = _network()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        with _watching(every=None) as watching:
            for line, steps in zip((_one_line, _another_line), phases, strict=True):
                for step in range(steps):
                    line(model, optimizer, step)
            return watching.objectives.all()[-1].schedule.looks

    alone, second = looks([0, 200]), looks([first_steps, 200])
    assert alone > 50
    assert second == pytest.approx(alone, rel=0.1)


# 6: graphs that are too large


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("every", [1, 2])
def test_a_graph_that_is_too_large_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    monkeypatch.setattr(graph, "NODE_LIMIT", 5)
    monkeypatch.setattr(probe, "NODE_LIMIT", 5)
    model = _network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    with _watching(every) as watching:
        for step in range(9):
            _one_line(model, optimizer, step)
            here = watching.here
            assert (len(here.made), len(here.training), len(here.losses)) == (0, 0, 0)
            assert here.root is None
            assert here.pending == []
    assert watching.run.steps == 9
    assert [n for n in watching.run.notes if "more than 5 operations" in n]
    assert len(watching.run.loss(0).values) == 9


# 7, 8: watches that overlap, or do not begin


def test_overlapping_watches_leave_the_first_one_whole() -> None:
    model, before = _network(), torch.autograd.backward
    first = trainwell.watch(model, record=False, every=1)
    second = trainwell.watch(model, record=False, every=1)
    with first:
        _fit(model, 3)
        with pytest.raises(BadInputError, match="leave the first one before"):
            second.__enter__()
        assert HOOKS.holder("probe") is not None
        _fit(model, 3)
    assert (first.record.steps, second.record.steps) == (6, 0)
    assert torch.autograd.backward is before
    with trainwell.watch(model, record=False) as third:
        _fit(model, 2)
    assert third.record.steps == 2


@pytest.mark.parametrize("error", [RecordError("no room"), OSError("no room"), KeyboardInterrupt()])
def test_a_watch_whose_record_cannot_begin_leaves_no_hook(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, error: BaseException
) -> None:
    monkeypatch.chdir(tmp_path)

    def broken(*args: object) -> NoReturn:
        raise error

    before = (torch.autograd.backward, F.cross_entropy, nn.Module.__init__, torch.no_grad.__enter__)
    model = _network()
    with monkeypatch.context() as patched:
        patched.setattr(Store, "begin", broken)
        with pytest.raises(type(error)), trainwell.watch(model):
            pytest.fail("the block is not entered")
    after = (torch.autograd.backward, F.cross_entropy, nn.Module.__init__, torch.no_grad.__enter__)
    assert before == after
    assert HOOKS.listeners == ()
    with trainwell.watch(model, record=False) as run:
        _fit(model, 2)
    assert run.record.steps == 2


# 9: the script's own hooks on saved tensors


class _Packing:
    """Counts what a script's own hooks are asked to pack and unpack."""

    def __init__(self) -> None:
        self.packed = self.unpacked = 0

    def pack(self, tensor: torch.Tensor) -> torch.Tensor:
        self.packed += 1
        return tensor.clone()

    def unpack(self, tensor: torch.Tensor) -> torch.Tensor:
        self.unpacked += 1
        return tensor

    def block(self) -> torch.autograd.graph.saved_tensors_hooks:
        return torch.autograd.graph.saved_tensors_hooks(self.pack, self.unpack)


def _spoiled(model: nn.Module, step: int, spoil: str) -> torch.Tensor:
    x, y = _data(step)
    output = model(x)
    if spoil == "loss":
        # Not finite from the fourth step on.
        return (F.softplus(output) - (5.0 if step >= 3 else 0.0)).log().mean()
    if spoil == "gradient":
        # Finite, with slopes that are infinite.
        return (output.relu().sqrt() / output.shape[0]).sum() + (output - output).norm()
    return F.cross_entropy(output, y)


def _blocks(packing: _Packing, kind: str, spoil: str) -> tuple[int, int, list[str]]:
    model = _network()
    outcomes = []
    for step in range(6):
        if kind == "one block":
            with packing.block():
                loss = _spoiled(model, step, spoil)
                loss.backward()
        elif kind == "backward outside":
            with packing.block():
                loss = _spoiled(model, step, spoil)
            loss.backward()
        elif kind == "nested":
            with packing.block():
                with packing.block(), torch.autograd.graph.save_on_cpu():
                    _spoiled(model, step, spoil)
                loss = _spoiled(model, step, spoil)
            loss.backward()
        elif kind == "left by an error":
            try:
                with packing.block(), packing.block():
                    loss = _spoiled(model, step, spoil)
                    raise ValueError
            except ValueError:
                loss.backward()
        else:
            outside = _spoiled(model, step, spoil)
            with packing.block():
                loss = outside * 2 + _spoiled(model, step, spoil)
            loss.backward()
        outcomes.append(repr(loss.item()))
    return packing.packed, packing.unpacked, outcomes


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("spoil", ["", "loss", "gradient"])
@pytest.mark.parametrize(
    "kind", ["one block", "backward outside", "nested", "left by an error", "a part"]
)
def test_hooks_on_saved_tensors_are_called_as_often_as_bare(kind: str, spoil: str) -> None:
    bare = _blocks(_Packing(), kind, spoil)
    assert bare[1] > 0
    with _watching() as watching:
        seen = _blocks(_Packing(), kind, spoil)
    assert seen == bare
    assert watching.run.steps == 6
    assert not watching.run.troubles


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("blocks", [1, 2])
def test_hooks_on_saved_tensors_from_before_the_watching_are_called_as_often(blocks: int) -> None:
    def go(watch: bool) -> tuple[int, int]:
        packing = _Packing()
        model = _network()
        with packing.block():
            if blocks == 2:
                inner = packing.block()
                inner.__enter__()
            if watch:
                with _watching():
                    _fit(model, 3)
                    if blocks == 2:
                        inner.__exit__()
                    _fit(model, 3)
            else:
                _fit(model, 3)
                if blocks == 2:
                    inner.__exit__()
                _fit(model, 3)
        return packing.packed, packing.unpacked

    assert go(watch=True) == go(watch=False)


# 10: threads


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("every", EVERY)
def test_all_steps_of_three_threads_are_counted(every: int | None) -> None:
    steps, interval = 300, sys.getswitchinterval()
    start = threading.Barrier(3)
    errors: list[BaseException] = []
    losses: dict[int, list[float]] = {}
    models = [_network(seed) for seed in range(3)]

    def train(number: int) -> None:
        start.wait()
        try:
            losses[number] = _fit(models[number], steps)
        except BaseException as error:
            errors.append(error)

    with _watching(every) as watching:
        threads = [threading.Thread(target=train, args=(n,)) for n in range(3)]
        sys.setswitchinterval(1e-6)
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            sys.setswitchinterval(interval)
    assert errors == []
    assert watching.run.steps == 3 * steps
    assert sum(o.steps for o in watching.run.objectives.values()) == 3 * steps
    assert losses == {n: _fit(_network(n), steps) for n in range(3)}


@pytest.mark.usefixtures("_debugging")
def test_idle_steps_of_three_threads_are_counted() -> None:
    steps, interval = 300, sys.getswitchinterval()
    start = threading.Barrier(3)

    def train(weight: torch.Tensor) -> None:
        start.wait()
        for _ in range(steps):
            (weight * 2).sum().backward()

    with _watching(every=None) as watching:
        threads = [
            threading.Thread(target=train, args=(torch.ones(2, requires_grad=True),))
            for _ in range(3)
        ]
        sys.setswitchinterval(1e-6)
        try:
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                # As the probe itself does where steps are very short.
                HOOKS.idling.begin(50, 0)
        finally:
            for thread in threads:
                thread.join()
            sys.setswitchinterval(interval)
    assert watching.run.steps == 3 * steps


def test_idle_steps_belong_to_the_probe_that_let_them_pass() -> None:
    model = _network()
    with _watching(every=None) as outer:
        outer.yields = True
        _fit(model, 60)
        before = outer.run.steps + HOOKS.idling.passed
        HOOKS.idling.begin(5, 1)
        _fit(model, 5)
        with _watching(every=None) as inner:
            _fit(model, 20)
        outer.resume()
        _fit(model, 10)
    assert before == 60
    assert (outer.run.steps, inner.run.steps) == (75, 20)


@pytest.mark.usefixtures("_debugging")
def test_an_optimizer_that_steps_no_more_is_not_waited_for() -> None:
    model = _network()
    with _watching(every=10_000) as watching:
        for lines in (3, 300):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
            for step in range(lines):
                _one_line(model, optimizer, step)
            if lines == 3:
                kept = optimizer
                assert watching.optimizers.canaries, "it ends while it is waited for"
    assert watching.optimizers.canaries == []
    assert kept.state is not None
    assert watching.run.steps == 303


# 11: addresses that are used again


@pytest.mark.usefixtures("_debugging")
def test_an_optimizer_at_the_address_of_a_dead_one_is_another() -> None:
    model = _network()
    addresses = set()
    with _watching() as watching:
        for number in range(12):
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01 * (number + 1))
            addresses.add(id(optimizer))
            for step in range(5):
                _one_line(model, optimizer, step)
            del optimizer
    facts = watching.run.optimizers.values()
    assert [o.steps for o in facts] == [5] * 12
    assert [o.settings["lr"] for o in facts] == pytest.approx([0.01 * (n + 1) for n in range(12)])
    assert len(watching.optimizers._seen) == 0
    if len(addresses) == 12:
        pytest.skip("no address was used again")


@pytest.mark.usefixtures("_debugging")
def test_a_parameter_at_the_address_of_a_dead_one_is_another() -> None:
    addresses = set()
    with _watching() as watching:
        for seed in range(20):
            model = _network(seed)
            addresses.add(id(model[0].weight))
            optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
            for step in range(3):
                _one_line(model, optimizer, step)
            del model, optimizer
    run = watching.run
    assert len(addresses) < 20, "no address was used again: the test shows nothing"
    assert len(run.parameters) == 20 * 4
    assert len(run.networks) == 20
    assert {p.network for p in run.parameters.values()} == set(range(20))
    for parameter in run.parameters:
        assert len(run.series("parameter", parameter, "gradient_norm").values) in (0, 3)


# 12: leaves that are made afresh


@pytest.mark.usefixtures("_debugging")
def test_leaves_that_are_asked_for_once_are_not_remembered() -> None:
    model, sizes = _network(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    with _watching(every=50) as watching:
        for _ in range(1000):
            points = [torch.randn(2, 8, requires_grad=True) for _ in "abc"]
            outputs = [model(p).sum() for p in points]
            slopes = torch.autograd.grad(outputs, points, create_graph=True)
            optimizer.zero_grad()
            torch.stack([s.square().mean() for s in slopes]).sum().backward()
            optimizer.step()
            sizes.append(len(watching._asked))
    assert max(sizes) <= 12
    assert watching.run.steps == 1000
    assert sum(o.steps for o in watching.run.objectives.values()) == 1000


# 13: tensors and modes of all kinds in the middle


class _Wrapped(torch.Tensor):
    """Holds another tensor and handles every operation itself."""

    inner: torch.Tensor

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> _Wrapped:
        made = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls, inner.shape, dtype=inner.dtype, requires_grad=inner.requires_grad
        )
        made.inner = inner
        return made  # type: ignore[no-any-return]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        def unwrap(value: Any) -> Any:
            return value.inner if isinstance(value, cls) else value

        result = func(*tree_map(unwrap, args), **tree_map(unwrap, kwargs or {}))
        return tree_map(lambda v: cls(v) if isinstance(v, torch.Tensor) else v, result)


def _fake_step() -> None:
    with FakeTensorMode():
        model = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 3))
        F.cross_entropy(model(torch.ones(2, 8)), torch.zeros(2, dtype=torch.long))


def _fake_backward() -> None:
    with FakeTensorMode():
        model = nn.Linear(8, 3)
        F.mse_loss(model(torch.ones(2, 8)), torch.zeros(2, 3)).backward()


def _meta_step() -> None:
    model = nn.Linear(8, 3, device="meta")
    F.mse_loss(model(torch.ones(2, 8, device="meta")), torch.zeros(2, 3, device="meta")).backward()


def _sparse_step() -> None:
    weight = torch.eye(8).to_sparse().requires_grad_()
    F.mse_loss(torch.sparse.mm(weight, torch.ones(8, 2)), torch.zeros(8, 2)).backward()


def _sparse_gradients() -> None:
    table = nn.Embedding(10, 4, sparse=True)
    optimizer = torch.optim.SparseAdam(table.parameters())
    F.mse_loss(table(torch.tensor([1, 2])), torch.zeros(2, 4)).backward()
    optimizer.step()


def _wrapped_loss() -> None:
    x = _Wrapped(torch.ones(4, 3)).requires_grad_()
    F.mse_loss(x * 2, torch.zeros(4, 3)).backward()


def _wrapped_weight() -> None:
    weight = _Wrapped(torch.ones(8, 3)).requires_grad_()
    (torch.mm(torch.ones(2, 8), weight) ** 2).mean().backward()


def _wrapped_layer() -> None:
    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(_Wrapped(torch.ones(8, 3)))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.mm(x, self.weight)

    layer = Layer()
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.0)
    layer(torch.ones(2, 8)).sum().backward()
    optimizer.step()


def _nested_step() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = [torch.ones(2, 3, requires_grad=True), torch.ones(4, 3, requires_grad=True)]
        nested = torch.nested.as_nested_tensor(parts)
        layer = nn.Linear(3, 2)
        torch.nested.to_padded_tensor(layer(nested), 0.0).sum().backward()


def _complex_step() -> None:
    weight = torch.ones(3, dtype=torch.complex64, requires_grad=True)
    (weight * (1 + 2j)).abs().sum().backward()


def _empty_step() -> None:
    model = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 3))
    model(torch.ones(0, 8)).sum().backward()


_INTERLUDES: dict[str, tuple[Callable[[], None], int]] = {
    "fake": (_fake_step, 0),
    "fake backward": (_fake_backward, 1),
    "meta": (_meta_step, 1),
    "sparse": (_sparse_step, 1),
    "sparse gradients": (_sparse_gradients, 1),
    "a wrapped loss": (_wrapped_loss, 1),
    "a wrapped weight": (_wrapped_weight, 1),
    "a wrapped layer": (_wrapped_layer, 1),
    "nested": (_nested_step, 1),
    "complex": (_complex_step, 1),
    "empty": (_empty_step, 1),
}


@pytest.mark.usefixtures("_debugging")
@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("kind", _INTERLUDES)
def test_odd_tensors_in_the_middle_disturb_nothing(kind: str, every: int | None) -> None:
    interlude, own_steps = _INTERLUDES[kind]
    interlude()
    bare = _fit(_network(), 40)
    model = _network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    seen = []
    with _watching(every) as watching:
        for step in range(40):
            if step in (3, 4, 30):
                interlude()
            x, y = _data(step)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            seen.append(loss.item())
    run = watching.run
    assert seen == bare
    assert run.steps == 40 + 3 * own_steps
    objective = max(run.objectives.values(), key=lambda o: o.steps)
    # Without `every`, a new line among steps that are only counted is taken for the usual one.
    assert objective.steps == 40 or (every is None and 40 < objective.steps <= 43)
    # Without `every`, some of the shortest steps are only counted.
    assert every is None or len(run.loss(objective.number).values) == 40
    assert run.troubles == {}
    assert len(run.networks) >= 1


@pytest.mark.parametrize("raising", ["one layer", "every layer"])
def test_a_measure_that_raises_for_one_layer_is_off_for_it_alone(
    monkeypatch: pytest.MonkeyPatch, raising: str
) -> None:
    monkeypatch.delenv("TRAINWELL_DEBUG", raising=False)
    original, calls = activations.active_units, []

    def active_units(rows: torch.Tensor) -> torch.Tensor:
        calls.append(rows.shape[1])
        if rows.shape[1] == 7 or raising == "every layer":
            raise NotImplementedError("no kernel\n" * 50)
        return original(rows)

    monkeypatch.setattr(activations, "active_units", active_units)
    torch.manual_seed(0)
    layers = [nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 7), nn.ReLU(), nn.Linear(7, 6), nn.ReLU()]
    model = nn.Sequential(*layers, nn.Linear(6, 3))
    with _watching() as watching:
        _fit(model, 12)
    run = watching.run
    assert run.steps == 12
    assert calls.count(7) == 1
    broken = 1 if raising == "one layer" else 3
    assert [t.part for t in run.troubles.values()] == ["activations"] * broken
    assert len({t.about for t in run.troubles.values()}) == broken
    assert calls.count(6) == (24 if raising == "one layer" else 2)
    # Everything else of the same layers is measured.
    assert len(run.series("parameter", 0, "gradient_norm").values) == 12
    notes = _failures(run)
    assert notes
    assert all("\n" not in note and len(note) < 400 for note in notes)


@pytest.mark.parametrize(
    ("part", "method"),
    [
        ("looks", "look"),
        ("objectives", "saw"),
        ("evaluations", "backward"),
        ("optimizers", "backward"),
        ("phases", "backward"),
        ("updates", "begin"),
        ("updates", "gradients"),
        ("program", "match"),
        ("program", "token"),
        ("kept", "look"),
        ("ranks", "backward"),
        ("losses", "link"),
        ("modules", "called"),
        ("modules", "count"),
    ],
)
def test_a_part_that_always_raises_loses_no_step(
    monkeypatch: pytest.MonkeyPatch, part: str, method: str
) -> None:
    monkeypatch.delenv("TRAINWELL_DEBUG", raising=False)

    def broken(*_: object, **__: object) -> NoReturn:
        raise KeyError("broken on purpose")

    with _watching() as watching:
        monkeypatch.setattr(getattr(watching, part), method, broken)
        losses = _fit(_network(), 30)
    assert watching.run.steps == 30
    assert [o.steps for o in watching.run.objectives.values()] == [30]
    assert [o.steps for o in watching.run.optimizers.values()] == [30]
    assert 1 <= len(watching.run.troubles) <= 2 * 8
    assert losses == _fit(_network(), 30)
    if (part, method) != ("objectives", "saw"):
        assert len(watching.run.loss(0).values) == 30


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process")
@pytest.mark.parametrize("every", [1, 5])
def test_weights_whose_memory_is_freed_between_uses_are_not_read(every: int) -> None:
    # As FSDP does it. Where this breaks, the process that reads them dies.
    class Sharded(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            weight, storage = self.weight, self.weight.untyped_storage()
            kept, size = weight.detach().clone(), storage.nbytes()

            def gather(*_: object) -> None:
                storage.resize_(size)
                weight.data.copy_(kept)

            if not storage.nbytes():
                gather()
            output = F.linear(x, weight, self.bias)
            output.register_hook(gather)
            storage.resize_(0)
            return output

    child = os.fork()
    if child == 0:
        try:
            torch.manual_seed(0)
            model = nn.Sequential(Sharded(8, 16), nn.ReLU(), Sharded(16, 3))
            with _watching(every) as watching:
                _fit(model, 12)
            os._exit(0 if watching.run.steps == 12 and not watching.run.troubles else 3)
        finally:
            os._exit(4)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


# 14: modules with methods of their own


class _Peculiar(nn.Module):
    """Has methods that count, refuse or return something else than PyTorch's."""

    calls: list[str]

    def __init__(self) -> None:
        super().__init__()
        self.calls = []
        self.inner = nn.Linear(8, 16)
        self.outer = nn.Linear(16, 3)

    def __eq__(self, other: object) -> bool:
        self.calls.append("__eq__")
        return isinstance(other, _Peculiar)

    def __hash__(self) -> int:
        # As in torchmetrics, where `__init__` has not made what this needs yet.
        self.calls.append("__hash__")
        return hash(tuple(self.inner.weight.shape))

    def __bool__(self) -> NoReturn:
        raise TypeError("no truth here")

    def __len__(self) -> NoReturn:
        raise TypeError("no length here")

    def parameters(self, recurse: bool = True) -> Any:
        self.calls.append("parameters")
        return list(super().parameters(recurse))

    def named_parameters(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append("named_parameters")
        return tuple(super().named_parameters(*args, **kwargs))

    def modules(self) -> Any:
        self.calls.append("modules")
        return [*super().modules()]

    def named_modules(self, *args: Any, **kwargs: Any) -> Any:
        self.calls.append("named_modules")
        return [*super().named_modules(*args, **kwargs)]

    def buffers(self, recurse: bool = True) -> Any:
        self.calls.append("buffers")
        return [*super().buffers(recurse)]

    def children(self) -> Any:
        self.calls.append("children")
        return [*super().children()]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.append("forward")
        return self.outer(torch.relu(self.inner(x)))


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("remembering", [False, True])
@pytest.mark.parametrize("inside", [False, True])
def test_methods_of_a_modules_own_are_called_as_often_as_bare(
    inside: bool, remembering: bool
) -> None:
    def go() -> list[str]:
        torch.manual_seed(0)
        peculiar = _Peculiar()
        model: nn.Module = nn.Sequential(peculiar) if inside else peculiar
        _fit(model, 8)
        model.eval()
        with torch.no_grad():
            model(_data()[0])
        return peculiar.calls

    bare = go()
    rehearsal = Rehearsal() if remembering else None
    with _watching(rehearsal=rehearsal) as watching:
        seen = go()
    assert seen == bare
    assert watching.run.steps == 8
    assert watching.run.troubles == {}
    assert rehearsal is None or (rehearsal.problem is None and len(rehearsal.tapes) == 8)
    names = {p.name for p in watching.run.parameters.values()}
    prefix = "0." if inside else ""
    assert names == {
        f"{prefix}{layer}.{kind}" for layer in ("inner", "outer") for kind in ("weight", "bias")
    }


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("inside", [False, True])
def test_methods_of_a_modules_own_are_not_called_for_its_error(inside: bool) -> None:
    torch.manual_seed(0)
    peculiar = _Peculiar()
    model: nn.Module = nn.Sequential(peculiar) if inside else peculiar
    with _watching() as watching:
        _fit(model, 2)
        peculiar.calls.clear()
        try:
            model(torch.ones(2, 9))
        except RuntimeError as error:
            watching.failed(error)
    assert peculiar.calls == ["forward"]
    (failure,) = watching.run.failures.values()
    assert failure.place.layer == ("0.inner" if inside else "inner")
    assert failure.parameter_count == 8 * 16 + 16 + 16 * 3 + 3
    assert watching.run.troubles == {}


# 15: forwards without a backward


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("kind", ["features", "inference", "evaluation", "recurrent", "kept"])
def test_thousands_of_forwards_before_a_backward_cost_nothing(kind: str) -> None:
    model = _network()
    x, _ = _data(rows=2)
    most, kept = 0, []
    with _watching(every=None) as watching:
        for number in range(3000):
            if kind == "inference":
                with torch.inference_mode():
                    model(x)
            elif kind == "evaluation":
                with torch.no_grad():
                    model(x)
            elif kind == "recurrent":
                with torch.enable_grad():
                    model[0](x)
            else:
                output = model(x)
                if kind == "kept":
                    kept.append(output)
            most = max(most, len(watching.here.made))
            if number > 200:
                assert not HOOKS.watches_modules
                assert not watching.losses.looking
        assert most <= 64 * 4
        _fit(model, 6)
        assert len(watching.here.made) == 0
    run = watching.run
    assert run.steps == 6
    assert len(run.operations) >= 3, "the training that follows is watched"
    # After so many evaluations the mode is asked for when the budget has room for it.
    passes = sum(run.networks[0].training_forwards.values())
    assert passes >= 1 or kind in ("inference", "evaluation")


@pytest.mark.usefixtures("_debugging")
def test_long_sequences_of_roots_are_sampled_in_the_end() -> None:
    cell, head = nn.GRUCell(4, 5), nn.Linear(5, 2)
    parameters = [*cell.parameters(), *head.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.1)
    generator = torch.Generator().manual_seed(0)
    with _watching() as watching:
        for _ in range(8):
            h = torch.zeros(3, 5)
            for _ in range(300):
                h = cell(torch.randn(3, 4, generator=generator), h)
            optimizer.zero_grad()
            F.cross_entropy(head(h), torch.zeros(3, dtype=torch.long)).backward()
            optimizer.step()
    run = watching.run
    assert run.steps == 8
    assert {n.name for n in run.networks.values()} >= {"GRUCell", "Linear"}
    counted = next(n for n in run.networks.values() if n.name == "GRUCell").training_forwards
    assert sum(counted.values()) > 300


# 16: what is said


def test_errors_say_what_is_wrong_and_what_to_do() -> None:
    model = _network()
    with (
        trainwell.watch(model, record=False) as run,
        pytest.raises(BadInputError) as overlap,
        trainwell.watch(model, record=False),
    ):
        pass
    with pytest.raises(BadInputError) as twice:
        run.__enter__()
    with pytest.raises(BadInputError) as odd:
        trainwell.watch(3)  # type: ignore[arg-type]
    with pytest.raises(BadInputError) as budget:
        trainwell.watch(model, budget=0.0)
    with pytest.raises(BadInputError) as every:
        trainwell.watch(model, every=0)
    said = [str(each.value) for each in (overlap, twice, odd, budget, every)]
    assert said == [
        (
            "something is watching this process already: `trainwell.watch` blocks cannot overlap"
            " (leave the first one before you enter the next)"
        ),
        "a `watch` serves for one `with`: call trainwell.watch() again",
        "`models` must be modules of torch.nn, got int `int`",
        "`budget` must be above 0 and at most 1, got 0.0",
        "`every` must be 1 or more, got 0",
    ]


def test_a_note_on_an_error_of_our_own_names_step_part_and_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TRAINWELL_DEBUG", raising=False)

    def broken(*_: object, **__: object) -> NoReturn:
        raise KeyError("broken on purpose")

    model = _network()
    with _watching() as watching:
        monkeypatch.setattr(watching.updates, "begin", broken)
        _fit(model, 20)
    notes = _failures(watching.run)
    what = r"'broken on purpose' \(test_faults.py:\d+\)"
    assert re.fullmatch(
        "trainwell itself failed at step 1, and what it says of updates is not complete:"
        f" KeyError: {what}",
        notes[0],
    )
    assert "is not watched any more" in notes[-1]
    assert len(notes) == len(watching.run.troubles) == 8
    assert watching.run.steps == 20


# Fragile ones: numbers


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_gradients_whose_sum_overflows_are_finite(every: int | None, dtype: torch.dtype) -> None:
    large = {torch.float16: 3e4, torch.bfloat16: 1e38, torch.float32: 1e38}[dtype]
    bias = nn.Parameter(torch.zeros(64, dtype=dtype))
    with _watching(every) as watching:
        for _ in range(40):
            bias.grad = None
            (bias * torch.full((64,), large, dtype=dtype)).sum().backward()
            assert bias.grad is not None
            assert bool(torch.isfinite(bias.grad).all())
    for objective in watching.run.objectives.values():
        assert objective.non_finite_gradient is None


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_gradients_that_are_not_finite_are_seen_all_the_same(every: int | None, bad: float) -> None:
    model = _network()
    with _watching(every) as watching:
        for step in range(30):
            x, y = _data(step)
            output = model(x)
            if step >= 20:
                output.register_hook(lambda gradient: gradient * bad)
            model.zero_grad()
            F.cross_entropy(output, y).backward()
    (objective,) = watching.run.objectives.values()
    assert objective.non_finite_gradient is not None
    assert objective.non_finite_gradient["step"] == 20


# Fragile ones: the stack of modules


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("depth", ["root", "layer"])
def test_an_error_in_a_forward_does_not_confuse_names(
    error: type[BaseException], depth: str
) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Linear(8, 16)
            self.head = nn.Linear(16, 3)
            self.broken = False

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            h = torch.relu(self.body(x))
            if self.broken:
                raise error
            return self.head(h)

    def interrupt(module: nn.Module, args: Any) -> None:
        raise error

    torch.manual_seed(0)
    net, other = Net(), nn.Linear(8, 3)
    with _watching() as watching:
        for broken in (True, False, True, False):
            net.broken = broken and depth == "root"
            handle = net.head.register_forward_pre_hook(interrupt) if broken else None
            if broken:
                with pytest.raises(error):
                    net(_data()[0])
            else:
                _fit(net, 3)
                _fit(other, 3)
            if handle is not None:
                handle.remove()
    run = watching.run
    assert run.steps == 12
    assert {n.name for n in run.networks.values()} == {"Net", "Linear"}
    names = {p.name for p in run.parameters.values()}
    assert names == {"body.weight", "body.bias", "head.weight", "head.bias", "weight", "bias"}
    layers = {o.place.layer for o in run.operations.values() if o.kind == "linear"}
    assert {"body", "head"} <= layers
    trained = {n.name: sum(n.training_forwards.values()) for n in run.networks.values()}
    assert trained["Net"] == 8, "six steps, and the calls that raised before them"


# Fragile ones: losses


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize(
    "kind", ["swapped", "varying", "two losses, two backwards", "unused", "accumulated"]
)
def test_losses_of_training_are_no_evaluations(kind: str, every: int | None) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    backwards = 0
    with _watching(every) as watching:
        for step in range(60):
            x, _ = _data(step)
            y = x.sum(1, keepdim=True)
            optimizer.zero_grad()
            if kind == "swapped":
                F.mse_loss(y, model(x)).backward()
            elif kind == "varying":
                parts = [F.mse_loss(model(x), y * k) for k in range(3 - step % 3)]
                torch.stack(parts).sum().backward()
            elif kind == "two losses, two backwards":
                first = F.mse_loss(model(x), y)
                second = F.mse_loss(model(-x), -y)
                first.backward()
                second.backward()
                backwards += 1
            elif kind == "unused":
                with torch.no_grad():
                    weight = model(x).abs().mean()
                (F.mse_loss(model(x), y) * weight).backward()
            else:
                for part in range(2):
                    (F.mse_loss(model(x[part::2]), y[part::2]) / 2).backward()
                    backwards += part
            backwards += 1
            optimizer.step()
    assert watching.run.steps == backwards
    assert watching.run.evaluations == {}
    phases = {call.phase for call in watching.run.losses.values()}
    assert phases == {"training"}


@pytest.mark.usefixtures("_debugging")
@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("gradients", [True, False])
def test_validation_on_the_same_line_is_an_evaluation(every: int | None, gradients: bool) -> None:
    model = _network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    loss = nn.CrossEntropyLoss()

    def run_epoch(epoch: int, train: bool) -> None:
        model.train(train)
        for step in range(8 if train else 3):
            x, y = _data(100 * epoch + step + (0 if train else 50))
            value = loss(model(x), y)
            if train:
                optimizer.zero_grad()
                value.backward()
                optimizer.step()

    with _watching(every) as watching:
        for epoch in range(6):
            run_epoch(epoch, train=True)
            with torch.set_grad_enabled(gradients):
                run_epoch(epoch, train=False)
    run = watching.run
    assert run.steps == 48
    found = [(e.step, e.examples) for e in run.evaluations.values()]
    assert [examples for _, examples in found] == [48] * 6
    assert [step for step, _ in found] == pytest.approx([8 * (e + 1) for e in range(6)], abs=1)
    assert len({e.key for e in run.evaluations.values()}) == 1
    assert all(e.training_loss is not None for e in run.evaluations.values())


def test_short_steps_of_several_lines_are_counted_each() -> None:
    maker, judge = nn.Linear(4, 6), nn.Linear(6, 1)
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.01) for m in (maker, judge)]
    yes, no = torch.ones(8, 1), torch.zeros(8, 1)
    loss = nn.BCEWithLogitsLoss()
    told = 0

    class Telling(Probe):
        def quick_backward_ended(self) -> None:
            nonlocal told
            told += 1
            super().quick_backward_ended()

    run = Run("test", "test.py", started=time.time())
    watching = Telling(run, lambda facts, vitals: None, home=os.path.dirname(__file__))
    watching.attach()
    try:
        for step in range(700):
            made = maker(torch.randn(8, 4))
            optimizers[1].zero_grad()
            loss(judge(torch.randn(8, 6)), yes).backward()
            loss(judge(made.detach()), no).backward()
            optimizers[1].step()
            if step % 2:
                optimizers[0].zero_grad()
                loss(judge(made), yes).backward()
                optimizers[0].step()
    finally:
        watching.finish()
    assert run.notes == []
    assert sorted(o.steps for o in run.objectives.values()) == [350, 700, 700]
    assert run.steps == 1750
    assert sorted(o.steps for o in run.optimizers.values()) == [350, 700]
    assert told < 1200, "short steps pass uncounted, whichever line they are of"
