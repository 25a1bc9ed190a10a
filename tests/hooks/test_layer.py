"""What the hook layer tells its listeners, and what it keeps from them."""

from __future__ import annotations

import io
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, TensorDataset

from trainwell.errors import BadInputError
from trainwell.hooks.events import Backward, Listener, LossCall
from trainwell.hooks.guard import HERE, Guard, Trouble, is_readable
from trainwell.hooks.idling import Idling
from trainwell.hooks.layer import HOOKS, LOSS_FUNCTIONS
from trainwell.probes.probe import Probe
from trainwell.record import Run


@pytest.fixture(autouse=True)
def _without_debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAINWELL_DEBUG", raising=False)


class Hearing(Listener):
    """Notes every event that it hears of."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []
        self.guard = Guard(self.troubles.append)
        self.guard.active = True
        self.heard: list[str] = []
        self.backwards: list[Backward] = []
        self.losses: list[LossCall] = []
        self.built: list[object] = []
        self.stepped: list[object] = []

    def backward_begins(self, event: Backward) -> None:
        self.heard.append("backward begins")
        self.backwards.append(event)
        assert not torch.is_grad_enabled()

    def backward_ends(self, event: Backward) -> None:
        self.heard.append("backward ends")
        assert self.backwards[-1] is event

    def loss_called(self, event: LossCall) -> None:
        self.heard.append("loss")
        self.losses.append(event)

    def module_built(self, module: nn.Module) -> None:
        self.heard.append("module built")
        self.built.append(module)

    def module_called(self, module: nn.Module, args: tuple[Any, ...], gradients: bool) -> None:
        self.heard.append(f"{type(module).__name__} called, {gradients}")

    def module_returned(self, module: nn.Module, output: Any, gradients: bool) -> None:
        self.heard.append(f"{type(module).__name__} returned {type(output).__name__}")

    def optimizer_built(self, optimizer: torch.optim.Optimizer) -> None:
        self.heard.append("optimizer built")
        self.built.append(optimizer)

    def optimizer_steps(self, optimizer: torch.optim.Optimizer) -> None:
        self.heard.append("optimizer steps")

    def optimizer_stepped(self, optimizer: torch.optim.Optimizer) -> None:
        self.heard.append("optimizer stepped")
        self.stepped.append(optimizer)

    def loader_built(self, thing: Any) -> None:
        self.heard.append(f"{type(thing).__name__} built")

    def rows_drawn(self, iterator: Any, index: Any) -> None:
        self.heard.append(f"rows {index}")

    def batch_read(self, iterator: Any, batch: Any, began: float, ended: float) -> None:
        self.heard.append(f"batch read of {len(batch)}")
        assert 0 < began <= ended

    def loader_ended(self, iterator: Any) -> None:
        self.heard.append("loader ended")

    def gradients_off(self) -> None:
        self.heard.append("gradients off")

    def gradients_on(self) -> None:
        self.heard.append("gradients on")

    def compiles(self, target: Any) -> None:
        self.heard.append("compiles")

    def loss_scaled(self, scaler: Any, result: torch.Tensor) -> None:
        self.heard.append("loss scaled")

    def tensors_packed(self) -> None:
        self.heard.append("tensors packed")

    def tensors_plain(self) -> None:
        self.heard.append("tensors plain")


class Quick(Hearing):
    """Deals quickly with a choice of the backward passes and losses."""

    def __init__(self, choose: Callable[[int], bool]) -> None:
        super().__init__()
        self.choose = choose
        self.seen = 0

    def quick_loss(self, name: str, args: tuple[Any, ...], result: torch.Tensor) -> bool:
        if self.choose(self.seen):
            self.heard.append("quick loss")
            return True
        return False

    def quick_backward(self, root: Any) -> bool:
        self.seen += 1
        if self.choose(self.seen):
            self.heard.append("quick backward begins")
            return True
        return False

    def quick_backward_ended(self) -> None:
        self.heard.append("quick backward ends")


@pytest.fixture
def attach() -> Iterator[Callable[..., Any]]:
    """Attaches listeners, and detaches them after the test."""
    attached: list[Listener] = []

    def make(listener: Any, role: str = "probe", **options: Any) -> Any:
        HOOKS.attach(role, listener, **options)
        attached.append(listener)
        return listener

    yield make
    for listener in attached:
        HOOKS.detach(listener)
    assert HOOKS.listeners == ()


Attach = Callable[..., Any]


def _weight() -> torch.Tensor:
    return torch.tensor([1.0, 2.0], requires_grad=True)


# Order and contents


def test_the_events_of_a_training_step_come_in_order(attach: Attach) -> None:
    hearing = attach(Hearing())
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    data = DataLoader(TensorDataset(torch.ones(2, 2), torch.zeros(2, 1)), batch_size=2)
    assert hearing.heard[0] == "module built"
    assert hearing.heard[-2:] == ["optimizer built", "DataLoader built"]
    hearing.heard.clear()
    HOOKS.watch_modules(calls=True, returns=True)
    for x, y in data:
        F.mse_loss(model(x), y).backward()
        optimizer.step()
    with torch.no_grad():
        F.mse_loss(model(x), y)
    expected = """rows [0, 1]
        batch read of 2
        Linear called, True
        Linear returned Tensor
        loss
        backward begins
        backward ends
        optimizer steps
        optimizer stepped
        loader ended
        gradients off
        Linear called, False
        Linear returned Tensor
        loss
        gradients on"""
    assert hearing.heard == [line.strip() for line in expected.splitlines()]
    assert hearing.built == [model, optimizer]
    assert hearing.stepped == [optimizer]
    assert hearing.troubles == []


def test_modules_are_told_only_while_they_are_watched(attach: Attach) -> None:
    hearing = attach(Hearing())
    model = nn.Sequential(nn.Identity())
    hearing.heard.clear()
    model(torch.ones(1))
    assert hearing.heard == []
    assert not HOOKS.watches_modules
    HOOKS.watch_modules(calls=True, returns=False)
    assert HOOKS.watches_modules
    model(torch.ones(1))
    assert hearing.heard == ["Sequential called, True", "Identity called, True"]
    HOOKS.watch_modules(calls=False, returns=False)
    hearing.heard.clear()
    model(torch.ones(1))
    assert hearing.heard == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_module_that_raises_has_returned_too(attach: Attach, error: type[BaseException]) -> None:
    class Broken(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise error

    hearing = attach(Hearing())
    model = Broken()
    HOOKS.watch_modules(calls=True, returns=True)
    hearing.heard.clear()
    with pytest.raises(error):
        model(torch.ones(1))
    # PyTorch calls no hook after what is no `Exception`.
    returned = ["Broken returned NoneType"] if error is ValueError else []
    assert hearing.heard == ["Broken called, True", *returned]


def test_a_backward_tells_its_root(attach: Attach) -> None:
    hearing = attach(Hearing())
    loss = (_weight() ** 2).sum()
    loss.backward()
    (event,) = hearing.backwards
    assert event.roots == (loss,)
    assert (event.inputs, event.only, event.gradients) == (None, None, None)
    assert event.creates_graph is False


@pytest.mark.parametrize("call", ["keyword", "positional", "method"])
def test_a_backward_tells_create_graph_and_only(attach: Attach, call: str) -> None:
    hearing = attach(Hearing())
    w, v = _weight(), _weight()
    loss = (w * v).sum()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a graph that holds its own gradients
        if call == "keyword":
            torch.autograd.backward(loss, create_graph=True, inputs=[v])
        elif call == "positional":
            torch.autograd.backward(loss, None, True, True, None, v)  # type: ignore[arg-type]
        else:
            loss.backward(create_graph=True, inputs=[v])
    (event,) = hearing.backwards
    assert event.creates_graph is True
    assert event.only is not None
    assert len(event.only) == 1
    assert event.only[0] is v
    assert w.grad is None
    assert v.grad is not None


@pytest.mark.parametrize("positional", [True, False])
def test_a_gradient_tells_inputs_and_results(attach: Attach, positional: bool) -> None:
    hearing = attach(Hearing())
    w, v = _weight(), _weight()
    loss = (w * w).sum()
    if positional:
        found = torch.autograd.grad(loss, (w, v), None, True, True, True, True)
    else:
        found = torch.autograd.grad(
            outputs=loss, inputs=(w, v), create_graph=True, allow_unused=True
        )
    (event,) = hearing.backwards
    assert event.roots == (loss,)
    assert event.inputs is not None
    assert [t is e for t, e in zip(event.inputs, (w, v), strict=True)] == [True, True]
    assert event.creates_graph is True
    assert event.gradients is found
    assert found[1] is None
    assert hearing.heard == ["backward begins", "backward ends"]


def test_gradients_by_name_are_told_in_the_order_of_the_inputs(attach: Attach) -> None:
    hearing = attach(Hearing())
    w, v = _weight(), _weight()
    asked: Any = {"w": w, "v": v}
    found: Any = torch.autograd.grad((w * v).sum(), asked)
    (event,) = hearing.backwards
    assert event.inputs == (w, v)
    if isinstance(found, dict):
        assert event.gradients is not None
        assert [g is found[n] for g, n in zip(event.gradients, asked, strict=True)] == [True] * 2


def test_a_backward_that_raises_has_not_ended(attach: Attach) -> None:
    hearing = attach(Hearing())
    w = _weight()
    w.register_hook(lambda gradient: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        (w * w).sum().backward()
    assert hearing.heard == ["backward begins"]
    (_weight() ** 2).sum().backward()
    assert hearing.heard == ["backward begins"] * 2 + ["backward ends"]


def test_a_loss_tells_its_arguments(attach: Attach) -> None:
    hearing = attach(Hearing())
    x, y = _weight(), torch.zeros(2)
    F.l1_loss(x, y, reduction="sum")
    F.l1_loss(input=x, target=y)
    with torch.no_grad():
        result = nn.SmoothL1Loss(beta=0.5)(x, y)
    first, second, third = hearing.losses
    assert (first.name, first.kwargs) == ("l1_loss", {"reduction": "sum"})
    for event in hearing.losses:
        assert event.prediction is x
        assert event.target is y
    assert [e.gradients for e in hearing.losses] == [True, True, False]
    assert third.name == "smooth_l1_loss"
    assert third.result is result
    assert second.args == ()


def test_losses_that_call_losses_are_one_call(attach: Attach) -> None:
    hearing = attach(Hearing())
    x = torch.randn(4, 3, generator=torch.Generator().manual_seed(0)).requires_grad_()
    y = torch.tensor([0, 1, 2, 0])
    F.cross_entropy(x, y)
    F.multilabel_soft_margin_loss(x, torch.ones(4, 3))
    F.triplet_margin_loss(x, x + 1, x - 1)
    assert [e.name for e in hearing.losses] == [
        "cross_entropy",
        "multilabel_soft_margin_loss",
        "triplet_margin_loss",
    ]
    assert hearing.losses[2].prediction is x
    assert all(hasattr(F, name) for name in LOSS_FUNCTIONS)


def test_a_scaled_loss_and_packed_tensors_are_told(attach: Attach) -> None:
    hearing = attach(Hearing())
    scaler = torch.amp.GradScaler("cpu")
    loss = (_weight() ** 2).sum()
    scaler.scale(loss)
    with torch.autograd.graph.save_on_cpu():
        pass
    assert hearing.heard == ["loss scaled", "tensors packed", "tensors plain"]


# Iterators


def _generator(tensors: list[torch.Tensor]) -> Iterator[torch.Tensor]:
    yield from tensors


def _same(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


class Once:
    """Can be read only once, and is no iterator itself."""

    def __init__(self, tensors: list[torch.Tensor]) -> None:
        self.left = iter(tensors)

    def __iter__(self) -> Iterator[torch.Tensor]:
        return self.left


_ONCE: dict[str, Callable[[list[torch.Tensor]], Any]] = {
    "generator": _generator,
    "iterator": iter,
    "map": lambda tensors: map(_same, tensors),
    "filter": lambda tensors: filter(lambda t: True, tensors),
    "readable once": Once,
}


@pytest.mark.parametrize("kind", _ONCE)
@pytest.mark.parametrize("positional", [True, False])
@pytest.mark.parametrize("quick", [True, False])
def test_iterators_given_to_backward_are_read_once(
    attach: Attach, kind: str, positional: bool, quick: bool
) -> None:
    once: Any = _ONCE[kind]
    hearing = attach(Quick(lambda n: False) if quick else Hearing())
    w, v = _weight(), _weight()
    losses = [(w * v).sum(), (w * w).sum()]
    if positional:
        torch.autograd.backward(
            once(losses), [torch.tensor(1.0), torch.tensor(2.0)], None, False, None, once([w])
        )
    else:
        torch.autograd.backward(
            tensors=once(losses),
            grad_tensors=[torch.tensor(1.0), torch.tensor(2.0)],
            inputs=once([w]),
        )
    assert w.grad is not None
    assert torch.equal(w.grad, (v + 4 * w).detach())
    assert v.grad is None
    (event,) = hearing.backwards
    assert len(event.roots) == 2
    assert event.only is not None
    assert len(event.only) == 1
    assert event.only[0] is w
    assert hearing.troubles == []


@pytest.mark.parametrize("kind", _ONCE)
@pytest.mark.parametrize("positional", [True, False])
def test_iterators_given_to_grad_are_read_once(attach: Attach, kind: str, positional: bool) -> None:
    once: Any = _ONCE[kind]
    hearing = attach(Hearing())
    w, v = _weight(), _weight()
    losses = [(w * v).sum(), (w * w).sum()]
    weights = [torch.tensor(1.0), torch.tensor(2.0)]
    if positional:
        found = torch.autograd.grad(once(losses), once([w, v]), weights)
    else:
        found = torch.autograd.grad(outputs=once(losses), inputs=once([w, v]), grad_outputs=weights)
    assert torch.equal(found[0], (v + 4 * w).detach())
    assert torch.equal(found[1], w.detach())
    (event,) = hearing.backwards
    assert [len(event.roots), len(event.inputs or ())] == [2, 2]
    assert event.gradients is found


@pytest.mark.parametrize("kind", _ONCE)
@pytest.mark.parametrize("argument", ["backward", "grad"])
def test_iterators_of_weights_are_left_alone(attach: Attach, kind: str, argument: str) -> None:
    once: Any = _ONCE[kind]
    hearing = attach(Hearing())
    w = _weight()

    def call() -> Any:
        losses = [(w * w).sum(), (3 * w).sum()]
        weights = once([torch.tensor(1.0), torch.tensor(2.0)])
        if argument == "backward":
            w.grad = None
            torch.autograd.backward(losses, weights)
            return w.grad
        return torch.autograd.grad(losses, w, weights)[0]

    def outcome() -> Any:
        try:
            return call()
        except (TypeError, RuntimeError) as error:
            return type(error)

    watched = outcome()
    HOOKS.detach(hearing)
    bare = outcome()
    assert watched is bare or torch.equal(watched, bare)


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("kind", _ONCE)
def test_iterators_given_to_a_gradient_scaler_come_back_as_they_do_without_us(
    attach: Attach, kind: str, enabled: bool
) -> None:
    once: Any = _ONCE[kind]
    hearing = attach(Hearing())
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, enabled=enabled)
    given = [torch.tensor(1.0), torch.tensor(2.0)]
    watched: Any = scaler.scale(once(given))
    HOOKS.detach(hearing)
    bare: Any = scaler.scale(once(given))
    assert type(watched) is type(bare)
    assert list(watched) == list(bare) == [t * (4 if enabled else 1) for t in given]


# What is no event


def test_nothing_that_happens_inside_of_a_backward_is_told(attach: Attach) -> None:
    model = nn.Linear(2, 2)
    inner = torch.ones(2, requires_grad=True)

    def work() -> None:
        with torch.enable_grad():
            loss = F.mse_loss(model(inner), torch.zeros(2))
            torch.autograd.grad(loss, inner, retain_graph=True)
            loss.backward()
        with torch.no_grad():
            model(inner)

    class Own(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
            work()
            return gradient * 2

    hearing = attach(Hearing())
    w = _weight()
    made = Own.apply(w * 1)
    made.register_hook(lambda gradient: work())
    made.grad_fn.register_prehook(lambda gradients: work())
    w.register_post_accumulate_grad_hook(lambda parameter: work())
    HOOKS.watch_modules(calls=True, returns=True)
    made.sum().backward()
    assert hearing.heard == ["backward begins", "backward ends"]
    work()
    assert hearing.heard.count("loss") == 1
    assert hearing.heard.count("backward begins") == 3


@pytest.mark.parametrize("reentrant", [True, False])
def test_what_a_checkpoint_computes_again_is_not_told(attach: Attach, reentrant: bool) -> None:
    model = nn.Linear(2, 2)
    hearing = attach(Hearing())

    def body(x: torch.Tensor) -> torch.Tensor:
        return F.mse_loss(model(x), torch.zeros(1, 2))

    def step() -> None:
        loss = checkpoint(body, torch.ones(1, 2, requires_grad=True), use_reentrant=reentrant)
        HOOKS.watch_modules(calls=True, returns=True)
        hearing.heard.clear()
        loss.backward()
        HOOKS.watch_modules(calls=False, returns=False)

    step()
    # Blocks that pack tensors are told even there: a graph that is made there may be walked later.
    heard = [text for text in hearing.heard if not text.startswith("tensors")]
    assert heard == ["backward begins", "backward ends"]
    assert model.weight.grad is not None


def test_a_second_derivative_inside_of_a_custom_function_is_not_told(attach: Attach) -> None:
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
            (x,) = ctx.saved_tensors
            with torch.enable_grad():
                y = x.detach().requires_grad_()
                (slope,) = torch.autograd.grad((y**3).sum(), y, create_graph=True)
                (curve,) = torch.autograd.grad(slope.sum(), y)
            return gradient * slope.detach() + 0 * curve

    hearing = attach(Hearing())
    w = _weight()
    Cube.apply(w).sum().backward()
    assert w.grad is not None
    assert torch.allclose(w.grad, 3 * w.detach() ** 2)
    assert hearing.heard == ["backward begins", "backward ends"]


def test_nothing_that_a_compiler_traces_is_told(attach: Attach) -> None:
    model = nn.Linear(2, 1)

    def function(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            scale = model(x).mean()
        return F.mse_loss(model(x) * scale, torch.zeros(3, 1))

    hearing = attach(Hearing())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compiled = torch.compile(function, backend="eager", fullgraph=True)
        assert hearing.heard == ["compiles"]
        for _ in range(2):
            hearing.losses.clear()
            loss = compiled(torch.ones(3, 2))
            # What compiles may call our wrapper afterwards, but not while it traces.
            assert [is_readable(e.result) for e in hearing.losses] in ([], [True])
            assert "backward begins" not in hearing.heard
    loss.backward()
    assert hearing.heard[-2:] == ["backward begins", "backward ends"]
    torch._dynamo.reset()


def test_only_the_thread_that_is_inside_of_a_guard_is_deaf(attach: Attach) -> None:
    hearing = attach(Hearing())
    inside, leave = threading.Event(), threading.Event()

    def own() -> None:
        HERE.own = True
        F.mse_loss(_weight(), torch.zeros(2)).backward()
        inside.set()
        leave.wait(10)

    thread = threading.Thread(target=own)
    thread.start()
    assert inside.wait(10)
    assert hearing.heard == []
    F.mse_loss(_weight(), torch.zeros(2)).backward()
    leave.set()
    thread.join()
    assert hearing.heard == ["loss", "backward begins", "backward ends"]
    assert not HERE.own


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_in_a_loss_does_not_deafen(attach: Attach, error: type[BaseException]) -> None:
    class Broken(torch.Tensor):
        @classmethod
        def __torch_function__(
            cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if func.__name__ == "mse_loss":
                raise error
            return super().__torch_function__(func, types, args, kwargs)

    hearing = attach(Hearing())
    with pytest.raises(error):
        F.mse_loss(torch.ones(2).as_subclass(Broken), torch.zeros(2))
    assert not HERE.inside
    F.l1_loss(torch.ones(2), torch.zeros(2))
    assert [e.name for e in hearing.losses] == ["l1_loss"]


# The quick path


@pytest.mark.parametrize(
    "choose",
    [lambda n: False, lambda n: True, lambda n: n % 2 == 0, lambda n: n > 3],
    ids=["never", "always", "every second", "later"],
)
def test_quick_and_full_path_tell_as_many(attach: Attach, choose: Callable[[int], bool]) -> None:
    quick = attach(Quick(choose))
    other = attach(Hearing(), "what-if")
    w = _weight()
    for _ in range(8):
        F.mse_loss(w, torch.zeros(2)).backward()
    heard = quick.heard
    assert heard.count("loss") + heard.count("quick loss") == 8
    begun = heard.count("backward begins") + heard.count("quick backward begins")
    assert begun == quick.seen == 8
    assert heard.count("backward begins") == heard.count("backward ends")
    assert heard.count("quick backward begins") == heard.count("quick backward ends")
    # Who has no quick path hears of every backward.
    assert other.heard.count("backward begins") == 8
    assert all(isinstance(e.roots[0], torch.Tensor) for e in other.backwards)


@pytest.mark.parametrize("mode", ["function", "dispatch", "inputs", "inactive"])
def test_the_quick_path_is_not_taken_under_modes(attach: Attach, mode: str) -> None:
    from torch.overrides import BaseTorchFunctionMode
    from torch.utils._python_dispatch import TorchDispatchMode

    class Passing(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            return func(*args, **(kwargs or {}))

    quick = attach(Quick(lambda n: True))
    w = _weight()
    if mode == "function":
        with BaseTorchFunctionMode():
            torch.autograd.backward(F.mse_loss(w, torch.zeros(2)))
    elif mode == "dispatch":
        with Passing():
            F.mse_loss(w, torch.zeros(2)).backward()
    elif mode == "inputs":
        quick.choose = lambda n: n > 0
        F.mse_loss(w, torch.zeros(2)).backward(inputs=[w])
    else:
        quick.guard.active = False
        F.mse_loss(w, torch.zeros(2)).backward()
    expected = [] if mode == "inactive" else ["loss", "backward begins", "backward ends"]
    assert quick.heard == expected


class Idler(Quick):
    """Lets backward passes go by, once it knows the line that calls them."""

    def __init__(self, passes: int, losses: int = 1) -> None:
        super().__init__(lambda n: True)
        self.passes, self.losses_of_a_step = passes, losses

    def quick_backward(self, root: Any) -> bool:
        HOOKS.idling.learn(3, self.line(root))
        HOOKS.idling.begin(self.passes, self.losses_of_a_step)
        return super().quick_backward(root)

    def line(self, root: Any) -> Any:
        return "one"


@pytest.fixture
def idling() -> Iterator[Idling]:
    """That of the hook layer, with nothing left of earlier tests."""
    HOOKS.idling.take()
    yield HOOKS.idling
    HOOKS.idling.end()
    HOOKS.idling.take()


def test_idle_backward_passes_are_counted_and_not_told(attach: Attach, idling: Idling) -> None:
    quick = attach(Idler(3))
    w = _weight()
    for _ in range(4):
        F.mse_loss(w, torch.zeros(2)).backward()
        with torch.no_grad():
            F.l1_loss(w, torch.zeros(2))
    assert quick.heard.count("quick backward begins") == 1
    assert quick.heard.count("quick loss") == 1 + 4
    assert (idling.left, idling.passed) == (0, 3)
    assert idling.take() == [("one", 3)]
    assert (idling.passed, idling.take()) == (0, [])


def test_idle_passes_of_each_line_are_told_apart(attach: Attach, idling: Idling) -> None:
    class Two(Idler):
        def line(self, root: Any) -> Any:
            return f"{float(root.detach()):g}"

    quick = attach(Two(6))
    w = _weight()
    for _ in range(4):
        (w * 0 + 1).mean().backward()
        torch.autograd.backward((w * 0 + 2).mean())
        (w * 0 + 2).mean().backward()
    # The first call of each line is told; it is not known before.
    assert quick.heard.count("quick backward begins") == 3 + 1
    assert sorted(idling.take()) == [("1", 2), ("2", 3), ("2", 3)]


def test_a_line_that_stands_for_several_objectives_is_always_told(
    attach: Attach, idling: Idling
) -> None:
    class Two(Idler):
        def line(self, root: Any) -> Any:
            return f"{float(root.detach()):g}"

    quick = attach(Two(6))
    for step in range(8):
        (_weight() * 0 + step % 2).mean().backward()
        if step < 2:
            idling.end()
    assert quick.heard.count("quick backward begins") == 8
    assert idling.passed == 0


def test_more_losses_than_a_step_has_end_the_idleness(attach: Attach, idling: Idling) -> None:
    quick = attach(Idler(3))
    w = _weight()
    F.mse_loss(w, torch.zeros(2)).backward()
    heard = len(quick.heard)
    for _ in range(3):
        F.mse_loss(w, torch.zeros(2))
    assert (idling.left, idling.passed) == (0, 0)
    assert quick.heard[heard:] == ["quick loss"] * 2


def test_a_listener_that_leaves_ends_the_idleness(attach: Attach, idling: Idling) -> None:
    heard = []
    for listener in (Idler(3), Hearing()):
        attach(listener)
        (_weight() ** 2).sum().backward()
        HOOKS.detach(listener)
        heard.append(listener.heard)
    assert heard[1] == ["backward begins", "backward ends"]
    assert idling.passed == 0


# Who listens


def test_a_role_that_is_taken_is_refused(attach: Attach) -> None:
    first = attach(Hearing())
    before = torch.autograd.backward
    with pytest.raises(BadInputError, match="blocks cannot overlap"):
        HOOKS.attach("probe", Hearing())
    assert HOOKS.listeners == (first,)
    assert torch.autograd.backward is before
    second = attach(Hearing(), "what-if")
    assert HOOKS.listeners == (first, second)


def test_a_listener_may_take_a_place_for_a_while(attach: Attach) -> None:
    first, second = attach(Hearing()), attach(Hearing(), over=True)
    assert HOOKS.holder("probe") is second
    (_weight() ** 2).sum().backward()
    HOOKS.detach(second)
    assert HOOKS.holder("probe") is first
    (_weight() ** 2).sum().backward()
    assert first.heard == second.heard == ["backward begins", "backward ends"]


def test_the_first_may_leave_before_the_one_that_took_its_place(attach: Attach) -> None:
    original = torch.autograd.backward
    first, second = attach(Hearing()), attach(Hearing(), over=True)
    HOOKS.detach(first)
    assert torch.autograd.backward is not original
    (_weight() ** 2).sum().backward()
    assert second.heard == ["backward begins", "backward ends"]
    HOOKS.detach(second)
    assert torch.autograd.backward is original


def _probe(yields: bool) -> Probe:
    return Probe(Run("test", "test.py"), lambda facts, vitals: None, every=1, yields=yields)


def _fit(model: nn.Module, steps: int) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(model(torch.ones(4, 3)), torch.zeros(4, 2)).backward()
        optimizer.step()


def test_a_probe_that_yields_gives_way_and_resumes() -> None:
    model = nn.Linear(3, 2)
    outer, inner = _probe(yields=True), _probe(yields=False)
    outer.attach()
    try:
        _fit(model, 3)
        inner.attach()
        _fit(model, 4)
        inner.finish()
        outer.resume()
        _fit(model, 5)
    finally:
        inner.detach()
        outer.finish()
    assert (outer.run.steps, inner.run.steps) == (8, 4)
    assert any("watched by itself" in note for note in outer.run.notes)
    assert outer.run.troubles == inner.run.troubles == {}
    assert not [n for n in (*outer.run.notes, *inner.run.notes) if "failed" in n]
    assert HOOKS.listeners == ()


def test_a_probe_that_does_not_yield_stays() -> None:
    outer, inner = _probe(yields=False), _probe(yields=True)
    outer.attach()
    try:
        with pytest.raises(BadInputError):
            inner.attach()
        assert not inner.guard.active
        _fit(nn.Linear(3, 2), 3)
    finally:
        outer.finish()
    assert (outer.run.steps, inner.run.steps) == (3, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process")
def test_in_a_forked_child_nobody_listens(attach: Attach) -> None:
    original = torch.autograd.backward
    hearing = attach(Hearing())
    HOOKS.watch_modules(calls=True, returns=True)
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        (_weight() ** 2).sum().backward()
        nn.Linear(2, 2)(torch.ones(2))
        answer = (
            hearing.heard,
            HOOKS.listeners,
            HOOKS.watches_modules,
            hearing.guard.active,
            torch.autograd.backward is original,
        )
        os.write(writer, repr(answer).encode())
        os._exit(0)
    os.close(writer)
    answer = os.read(reader, 1000)
    os.close(reader)
    os.waitpid(child, 0)
    assert answer == b"([], (), False, False, True)"
    (_weight() ** 2).sum().backward()
    assert hearing.heard == ["backward begins", "backward ends"]


# Errors of a listener's own


class Raising(Quick):
    """Raises at one kind of event."""

    def __init__(self, event: str) -> None:
        super().__init__(lambda n: event != "loss_called")
        self.calls = 0

        def raising(self: Raising, *args: Any) -> None:
            self.calls += 1
            raise KeyError(event)

        raising.__name__ = event
        # A method of an instance is not looked for: it needs a class of its own.
        self.__class__ = type("Raising", (Raising,), {event: raising})

    def backward_ends(self, event: Backward) -> None:
        self.heard.append("backward ends")


def _everything(w: torch.Tensor) -> None:
    """Causes every event once or more."""
    model = nn.Sequential(nn.Linear(2, 2), nn.Identity())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0)
    data = DataLoader(TensorDataset(torch.ones(4, 2)), batch_size=2)
    HOOKS.watch_modules(calls=True, returns=True)
    for (x,) in data:
        with torch.autograd.graph.save_on_cpu():
            loss = F.mse_loss(model(x) * w, torch.zeros(2, 2))
        loss.retain_grad()
        scaler.scale(loss).backward()
        torch.autograd.backward([w.sum()], inputs=[w])
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        F.l1_loss(F.dropout(model(x)), torch.zeros(2, 2))
    torch.compile(model, backend="eager")
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    HOOKS.watch_steps(on=True)
    F.mse_loss(model(x), torch.zeros(2, 2)).backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    scheduler.step()
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    model.load_state_dict(torch.load(file))
    HOOKS.wants_initialisations = True
    nn.init.zeros_(model[0].bias)  # type: ignore[arg-type]


_EVENTS = [name for name in vars(Listener) if not name.startswith("_")]


@pytest.mark.parametrize("event", _EVENTS)
def test_a_listener_that_raises_is_reported_and_the_script_goes_on(
    attach: Attach, event: str
) -> None:
    raising = attach(Raising(event))
    other = attach(Hearing(), "what-if")
    w = _weight()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _everything(w)
    assert w.grad is not None
    assert raising.calls > 0
    assert raising.troubles
    assert {type(t.error) for t in raising.troubles} == {KeyError}
    assert {t.part for t in raising.troubles} == {event.replace("_", " ")}
    # The others hear of it all the same.
    assert other.troubles == []
    assert {"backward begins", "loss", "optimizer stepped", "compiles"} <= set(other.heard)


def test_all_events_are_causes_of_something(attach: Attach) -> None:
    hearing = attach(Hearing())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _everything(_weight())
    heard = {text.split(",")[0].split(" returned")[0] for text in hearing.heard}
    assert len(heard) >= 14
