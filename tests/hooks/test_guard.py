"""Nothing of trainwell's own reaches the script, whatever modes and tensors it meets."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch._C import _len_torch_dispatch_stack
from torch._C._functorch import peek_interpreter_stack
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from trainwell.hooks.events import Backward, Listener, LossCall
from trainwell.hooks.guard import HERE, Guard, Trouble, in_backward, is_readable
from trainwell.hooks.layer import HOOKS

PATIENCE = 8


@pytest.fixture(autouse=True)
def _without_debugging(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAINWELL_DEBUG", raising=False)


def _guard() -> tuple[Guard, list[Trouble]]:
    troubles: list[Trouble] = []
    guard = Guard(troubles.append)
    guard.active = True
    return guard, troubles


def _broken(*_: object) -> None:
    raise KeyError("broken on purpose")


class _Counting(TorchDispatchMode):
    """Counts the operations that are dispatched."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls += 1
        return func(*args, **(kwargs or {}))


class _Listening(TorchFunctionMode):
    """Counts the functions that are called."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.calls += 1
        return func(*args, **(kwargs or {}))


# Errors


def test_what_the_function_returns_is_returned() -> None:
    guard, troubles = _guard()
    assert guard.run("adding", lambda a, *, b: a + b, 1, b=2) == 3
    assert guard.part("adding", 0, lambda a, *, b: a + b, 1, b=2) == 3
    assert troubles == []
    assert guard.spent > 0


def test_a_guard_that_is_not_active_calls_nothing() -> None:
    guard, troubles = _guard()
    guard.active = False
    assert guard.run("anything", _broken) is None
    assert troubles == []


def test_an_error_is_reported_and_not_raised() -> None:
    guard, (troubles) = _guard()
    assert guard.run("activations", _broken) is None
    (trouble,) = troubles
    assert (trouble.part, trouble.about, trouble.is_last) == ("activations", None, False)
    assert isinstance(trouble.error, KeyError)
    assert trouble.summary.startswith("KeyError: 'broken on purpose' (test_guard.py:")
    assert "Traceback" in trouble.whole
    assert "_broken" in trouble.whole


def test_an_error_of_one_part_leaves_the_others() -> None:
    guard, troubles = _guard()
    done: list[str] = []

    def work() -> None:
        guard.part("first", None, done.append, "first")
        guard.part("second", None, _broken)
        guard.part("third", None, done.append, "third")

    guard.run("everything", work)
    assert done == ["first", "third"]
    assert [t.part for t in troubles] == ["second"]


def test_an_error_switches_off_this_part_for_this_object_only() -> None:
    guard, troubles = _guard()
    tried: list[tuple[str, int]] = []

    def measure(part: str, about: int) -> None:
        tried.append((part, about))
        if (part, about) == ("activations", 1):
            _broken()

    for _ in range(3):
        for part in ("activations", "gradients"):
            for about in (0, 1):
                guard.part(part, about, measure, part, about)
    assert len(troubles) == 1
    assert [tried.count(each) for each in (("activations", 0), ("activations", 1))] == [3, 1]
    assert [tried.count(each) for each in (("gradients", 0), ("gradients", 1))] == [3, 3]


@pytest.mark.parametrize("objects", [None, 40])
def test_a_part_that_fails_too_often_is_switched_off_as_a_whole(objects: int | None) -> None:
    guard, troubles = _guard()
    for turn in range(40):
        guard.part("activations", None if objects is None else turn, _broken)
        guard.run("other work", lambda: None)
    assert [t.is_last for t in troubles] == [False] * (PATIENCE - 1) + [True]
    done: list[int] = []
    guard.part("activations", 77, done.append, 1)
    guard.run("activations", done.append, 2)
    guard.part("gradients", 77, done.append, 3)
    assert done == [3]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 3)), max_size=60))
def test_laws_of_blocking(calls: list[tuple[str, int | None]]) -> None:
    guard, troubles = _guard()
    for part, about in calls:
        guard.part(part, about, _broken)
    for part in "abc":
        own = [t for t in troubles if t.part == part]
        objects = [t.about for t in own if t.about is not None]
        assert len(own) <= PATIENCE
        assert len(objects) == len(set(objects))
        assert [t.is_last for t in own[:-1]] == [False] * len(own[:-1])


def test_for_debugging_errors_are_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAINWELL_DEBUG", "1")
    guard, troubles = _guard()
    with pytest.raises(KeyError):
        guard.run("activations", _broken)
    assert not HERE.own
    assert troubles == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_is_the_scripts_own(error: type[BaseException]) -> None:
    guard, troubles = _guard()

    def interrupted() -> None:
        raise error

    with pytest.raises(error):
        guard.run("activations", interrupted)
    assert troubles == []
    assert not HERE.own
    assert guard.run("activations", lambda: 1) == 1


def test_the_summary_of_the_dispatchers_long_error_is_one_short_line() -> None:
    guard, troubles = _guard()
    sparse = torch.eye(3).to_sparse()
    guard.run("activations", torch.median, sparse)
    guard.run("activations", lambda: (_ for _ in ()).throw(ValueError("long " * 100)))
    guard.run("activations", lambda: (_ for _ in ()).throw(ValueError()))
    assert len(str(troubles[0].error).splitlines()) > 5, "the dispatcher became brief"
    for trouble in troubles:
        assert "\n" not in trouble.summary
        assert len(trouble.summary) < 240
    assert troubles[0].summary.startswith("NotImplementedError: Could not run")
    assert troubles[2].summary.startswith("ValueError:  (test_guard.py:")


# What the script has switched on


def _state() -> dict[str, Any]:
    return {
        "gradients": torch.is_grad_enabled(),
        "dispatch": _len_torch_dispatch_stack(),
        "transforms": peek_interpreter_stack() is not None,
        "subclasses": torch._C._is_torch_function_enabled(),
        "own": HERE.own,
    }


_ENDINGS = [None, ValueError, KeyboardInterrupt]


def _inside(guard: Guard, ending: type[BaseException] | None) -> dict[str, Any]:
    """The state that a guarded function finds; the script's own must be there again after it."""
    found: dict[str, Any] = {}

    def work() -> None:
        found.update(_state())
        torch.ones(2).add_(1)
        if ending is not None:
            raise ending

    before = _state()
    if ending is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            guard.run("work", work)
    else:
        guard.run("work", work)
    assert _state() == before
    return found


_ASIDE = {
    "gradients": False,
    "dispatch": 0,
    "transforms": False,
    "subclasses": False,
    "own": True,
}


@pytest.mark.parametrize("ending", _ENDINGS)
@pytest.mark.parametrize("gradients", [True, False])
def test_gradients_are_off_inside_and_restored(
    ending: type[BaseException] | None, gradients: bool
) -> None:
    guard, _ = _guard()
    with torch.set_grad_enabled(gradients):
        found = _inside(guard, ending)
        assert torch.is_grad_enabled() is gradients
    assert found["gradients"] is False
    assert found["own"] is True


@pytest.mark.parametrize("ending", _ENDINGS)
def test_dispatch_modes_are_set_aside(ending: type[BaseException] | None) -> None:
    guard, _ = _guard()
    with _Counting() as outer, _Counting() as inner:
        found = _inside(guard, ending)
        assert (outer.calls, inner.calls) == (0, 0)
        torch.ones(2)
        assert (outer.calls, inner.calls) == (1, 1)
    assert found == _ASIDE


@pytest.mark.parametrize("ending", _ENDINGS)
def test_function_modes_are_set_aside(ending: type[BaseException] | None) -> None:
    guard, _ = _guard()
    with _Listening() as mode:
        found = _inside(guard, ending)
        assert mode.calls == 0
        torch.ones(2)
        assert mode.calls == 1
    assert found["subclasses"] is False


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
@pytest.mark.parametrize("ending", _ENDINGS)
@pytest.mark.parametrize("transform", ["vmap", "grad", "vmap of grad", "jvp"])
def test_transforms_are_set_aside(ending: type[BaseException] | None, transform: str) -> None:
    guard, _ = _guard()
    found: list[dict[str, Any]] = []

    def function(x: torch.Tensor) -> torch.Tensor:
        found.append(_inside(guard, ending))
        return (x**2).sum()

    x = torch.arange(6.0).reshape(2, 3)
    if transform == "vmap":
        result = torch.func.vmap(function)(x)
        assert torch.equal(result, (x**2).sum(1))
    elif transform == "grad":
        assert torch.equal(torch.func.grad(function)(x), 2 * x)
    elif transform == "vmap of grad":
        assert torch.equal(torch.func.vmap(torch.func.grad(function))(x), 2 * x)
    else:
        _, slope = torch.func.jvp(function, (x,), (torch.ones_like(x),))
        assert torch.equal(slope, (2 * x).sum())
    assert found == [_ASIDE]


@pytest.mark.parametrize("ending", _ENDINGS)
def test_everything_at_once_is_set_aside(ending: type[BaseException] | None) -> None:
    guard, _ = _guard()
    found: list[dict[str, Any]] = []

    def function(x: torch.Tensor) -> torch.Tensor:
        with _Listening() as listening, _Counting() as counting:
            found.append(_inside(guard, ending))
        assert (listening.calls, counting.calls) == (0, 0)
        return (x**2).sum()

    x = torch.ones(2, 3)
    assert torch.equal(torch.func.vmap(torch.func.grad(function))(x), 2 * x)
    assert found == [_ASIDE]


def test_subclasses_are_read_without_their_torch_function() -> None:
    calls: list[str] = []

    class Loud(torch.Tensor):
        @classmethod
        def __torch_function__(
            cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            calls.append(func.__name__)
            return super().__torch_function__(func, types, args, kwargs)

    guard, troubles = _guard()
    loud = torch.ones(3).as_subclass(Loud)
    calls.clear()
    assert guard.run("reading", lambda: is_readable(loud) and float(loud.sum())) == 3.0
    assert (calls, troubles) == ([], [])


def test_nothing_runs_while_a_function_is_traced() -> None:
    guard, _ = _guard()
    ran: list[int] = []

    def function(x: torch.Tensor) -> torch.Tensor:
        guard.run("work", ran.append, 1)
        return x + 1

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(function, torch.ones(2), check_trace=False)
    assert ran == []


# Own calls are no events


class _Noting(Listener):
    def __init__(self) -> None:
        self.guard, self.troubles = _guard()
        self.events: list[str] = []

    def loss_called(self, event: LossCall) -> None:
        self.events.append(event.name)
        # Own calls, of everything that is wrapped.
        with torch.enable_grad():
            w = torch.ones(2, requires_grad=True)
            F.mse_loss(w, torch.zeros(2)).backward()
            torch.autograd.grad((w * w).sum(), w)
        with torch.no_grad():
            torch.nn.Linear(2, 2)(torch.ones(1, 2))
        torch.optim.SGD([w], lr=0.1).step()

    def backward_begins(self, event: Backward) -> None:
        self.events.append("backward")

    def module_built(self, module: torch.nn.Module) -> None:
        self.events.append("module")

    def optimizer_built(self, optimizer: torch.optim.Optimizer) -> None:
        self.events.append("optimizer")

    def optimizer_stepped(self, optimizer: torch.optim.Optimizer) -> None:
        self.events.append("step")

    def gradients_off(self) -> None:
        self.events.append("off")

    def gradients_on(self) -> None:
        self.events.append("on")


def test_own_calls_are_no_events() -> None:
    listener = _Noting()
    HOOKS.attach("probe", listener)
    try:
        F.l1_loss(torch.ones(2), torch.zeros(2))
    finally:
        HOOKS.detach(listener)
    assert listener.events == ["l1_loss"]
    assert listener.troubles == []


def test_a_guarded_function_that_runs_another_does_not_run_it() -> None:
    guard, _ = _guard()
    assert guard.run("outer", lambda: guard.run("inner", lambda: 1)) is None
    assert guard.run("outer", lambda: guard.part("inner", None, lambda: 1)) == 1


# Threads and processes


def test_threads_take_turns() -> None:
    guard, _ = _guard()
    inside, most = 0, 0
    done: list[int] = []
    start = threading.Barrier(4)

    def work(number: int) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        for _ in range(200):
            torch.ones(3).sum()
        inside -= 1
        done.append(number)

    def run() -> None:
        start.wait()
        for number in range(20):
            guard.run("work", work, number)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert len(done) == 80


def test_one_thread_inside_does_not_make_the_calls_of_others_its_own() -> None:
    guard, _ = _guard()
    entered, leave = threading.Event(), threading.Event()
    others: list[bool] = []

    def wait() -> None:
        entered.set()
        leave.wait(10)

    thread = threading.Thread(target=guard.run, args=("waiting", wait))
    thread.start()
    assert entered.wait(10)
    others.append(HERE.own)
    leave.set()
    thread.join()
    assert others == [False]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a process")
def test_a_forked_child_does_not_wait_for_a_thread_that_it_has_not() -> None:
    guard, _ = _guard()
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        leave.wait(10)

    thread = threading.Thread(target=guard.run, args=("waiting", hold))
    thread.start()
    assert entered.wait(10)
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork of a process with threads
        child = os.fork()
    if child == 0:
        guard.after_fork()
        os.write(writer, str(guard.run("work", lambda: 7)).encode())
        os._exit(0)
    os.close(writer)
    leave.set()
    thread.join()
    answer = os.read(reader, 10)
    os.close(reader)
    os.waitpid(child, 0)
    assert answer == b"7"


# Which tensors can be read


class _Attributed(torch.Tensor):
    """Carries another attribute, and nothing else."""


class _Functional(torch.Tensor):
    """Has a `__torch_function__` of its own."""

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return super().__torch_function__(func, types, args, kwargs)


class _Wrapping(torch.Tensor):
    """Holds another tensor, and has no memory of its own."""

    @staticmethod
    def __new__(cls, inner: torch.Tensor) -> _Wrapping:
        return torch.Tensor._make_wrapper_subclass(cls, inner.shape, dtype=inner.dtype)  # type: ignore[attr-defined,no-any-return]

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise AssertionError(f"{func} is called")


def _quantized() -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)


def _nested(layout: torch.layout) -> torch.Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=layout)


def _freed() -> torch.Tensor:
    """As FSDP leaves a parameter between two uses of its layer."""
    tensor = torch.nn.Parameter(torch.ones(3))
    tensor.untyped_storage().resize_(0)
    return tensor


def _freed_view() -> torch.Tensor:
    tensor = torch.ones(6)
    view = tensor[2:]
    tensor.untyped_storage().resize_(0)
    return view


def _inference() -> torch.Tensor:
    with torch.inference_mode():
        return torch.ones(3)


def _fake() -> torch.Tensor:
    with FakeTensorMode():
        return torch.ones(3)


_KINDS: dict[str, tuple[Callable[[], Any], bool]] = {
    "strided": (lambda: torch.ones(3), True),
    "a view": (lambda: torch.ones(3, 4)[:, 1:].t(), True),
    "expanded": (lambda: torch.ones(1).expand(5), True),
    "parameter": (lambda: torch.nn.Parameter(torch.ones(3)), True),
    "buffer": (lambda: torch.nn.Buffer(torch.ones(3)), True),
    "empty": (lambda: torch.ones(0, 4), True),
    "scalar": (lambda: torch.tensor(1.0), True),
    "complex": (lambda: torch.ones(3, dtype=torch.complex64).conj(), True),
    "half": (lambda: torch.ones(3, dtype=torch.bfloat16), True),
    "boolean": (lambda: torch.ones(3, dtype=torch.bool), True),
    "inference": (_inference, True),
    "with attributes": (lambda: torch.ones(3).as_subclass(_Attributed), True),
    "with `__torch_function__`": (lambda: torch.ones(3).as_subclass(_Functional), True),
    "with `__torch_dispatch__`": (lambda: _Wrapping(torch.ones(3)), False),
    "COO": (lambda: torch.eye(3).to_sparse(), False),
    "CSR": (lambda: torch.eye(3).to_sparse_csr(), False),
    "MKL-DNN": (lambda: torch.ones(3).to_mkldnn(), False),
    "meta": (lambda: torch.ones(3, device="meta"), False),
    "fake": (_fake, False),
    "quantized": (_quantized, False),
    "uninitialized parameter": (lambda: torch.nn.parameter.UninitializedParameter(), False),
    "uninitialized buffer": (lambda: torch.nn.parameter.UninitializedBuffer(), False),
    "nested": (lambda: _nested(torch.strided), False),
    "jagged": (lambda: _nested(torch.jagged), False),
    "freed": (_freed, False),
    "a view of what is freed": (_freed_view, False),
    "None": (lambda: None, False),
    "a number": (lambda: 3.0, False),
    "a list of tensors": (lambda: [torch.ones(3)], False),
}


@pytest.mark.filterwarnings("ignore:Sparse")
@pytest.mark.parametrize("kind", _KINDS)
def test_which_tensors_are_readable(kind: str) -> None:
    make, expected = _KINDS[kind]
    value = make()
    guard, troubles = _guard()
    assert guard.run("reading", is_readable, value) is expected
    assert troubles == []
    if expected:
        # What is readable can be measured.
        assert float(value.detach().sum().abs()) >= 0


def test_asking_makes_no_object_of_a_storage(monkeypatch: pytest.MonkeyPatch) -> None:
    # In PyTorch 2.13 two threads that do it for one tensor may end the process.
    def made(tensor: torch.Tensor) -> None:
        raise AssertionError("`untyped_storage()` is called")

    monkeypatch.setattr(torch.Tensor, "untyped_storage", made)
    assert is_readable(torch.ones(3))
    assert is_readable(torch.nn.Parameter(torch.ones(3)))


@pytest.mark.parametrize("transform", [torch.func.vmap, torch.func.grad])
def test_tensors_inside_of_a_transform_are_not_readable(transform: Any) -> None:
    found: list[bool] = []

    def function(x: torch.Tensor) -> torch.Tensor:
        found.append(is_readable(x))
        return (x**2).sum()

    transform(function)(torch.ones(2, 3))
    assert found == [False]


def test_only_inside_of_a_backward_is_it_a_backward() -> None:
    found: list[bool] = []
    x = torch.ones(2, requires_grad=True)
    x.register_hook(lambda gradient: found.append(in_backward()))
    loss = (x * x).sum()
    found.append(in_backward())
    loss.backward()
    found.append(in_backward())
    assert found == [False, True, False]
