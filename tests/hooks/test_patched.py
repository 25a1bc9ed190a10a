"""Only the listed attributes of PyTorch change while trainwell watches, and all are restored."""

from __future__ import annotations

import gc
import multiprocessing.process
import signal
import sys
import threading
from types import ModuleType
from typing import Any

import pytest
import torch
import torch._dynamo  # imported by the first optimizer otherwise: new attributes of torch
import torch.distributed.distributed_c10d
import torch.nn.functional as F
import torch.utils.checkpoint
import torch.utils.data.dataloader
from torch import nn

import trainwell
from trainwell.errors import BadInputError

# `torch.optim` deletes the name of this submodule.
_OPTIMIZER = sys.modules["torch.optim.optimizer"]

_OWNERS: dict[str, Any] = {
    "torch": torch,
    "torch._C": torch._C,
    "torch.autograd": torch.autograd,
    "torch.autograd.graph": torch.autograd.graph,
    "torch.autograd.function": torch.autograd.function,
    "torch.autograd.Function": torch.autograd.Function,
    "torch.autograd.Variable": torch.autograd.Variable,
    "torch.autograd.graph.saved_tensors_hooks": torch.autograd.graph.saved_tensors_hooks,
    "torch.autograd.anomaly_mode": torch.autograd.anomaly_mode,
    "torch.autograd.anomaly_mode.detect_anomaly": torch.autograd.detect_anomaly,
    "torch.autograd.anomaly_mode.set_detect_anomaly": torch.autograd.set_detect_anomaly,
    "torch.autograd.grad_mode": torch.autograd.grad_mode,
    "torch.no_grad": torch.no_grad,
    "torch.enable_grad": torch.enable_grad,
    "torch.set_grad_enabled": torch.set_grad_enabled,
    "torch.inference_mode": torch.inference_mode,
    "torch.func": torch.func,
    "torch.Tensor": torch.Tensor,
    "torch._tensor": torch._tensor,
    "torch.compiler": torch.compiler,
    "torch.nn.functional": F,
    "torch.nn.modules.module": nn.modules.module,
    "torch.nn.Module": nn.Module,
    "torch.nn.Parameter": nn.Parameter,
    "torch.optim": torch.optim,
    "torch.optim.optimizer": _OPTIMIZER,
    "torch.optim.Optimizer": torch.optim.Optimizer,
    "torch.amp": torch.amp,
    "torch.amp.GradScaler": torch.amp.GradScaler,
    "torch.utils.checkpoint": torch.utils.checkpoint,
    "torch.utils.data.DataLoader": torch.utils.data.DataLoader,
    "torch.utils.data.WeightedRandomSampler": torch.utils.data.WeightedRandomSampler,
    "torch.utils.data.dataloader": torch.utils.data.dataloader,
    "torch.distributed": torch.distributed,
    "torch.distributed.distributed_c10d": torch.distributed.distributed_c10d,
    "multiprocessing.process": multiprocessing.process,
    "multiprocessing.process.BaseProcess": multiprocessing.process.BaseProcess,
    "sys": sys,
    "threading": threading,
    "threading.Thread": threading.Thread,
}
for _name in (
    "_BaseDataLoaderIter",
    "_SingleProcessDataLoaderIter",
    "_MultiProcessingDataLoaderIter",
):
    _OWNERS[f"torch.utils.data.dataloader.{_name}"] = getattr(torch.utils.data.dataloader, _name)
for _name, _kind in vars(torch.optim.lr_scheduler).items():
    if isinstance(_kind, type) and issubclass(_kind, torch.optim.lr_scheduler.LRScheduler):
        _OWNERS[f"torch.optim.lr_scheduler.{_name}"] = _kind
_OWNERS["torch.nn.init"] = nn.init
_OWNERS["torch.nn.utils"] = torch.nn.utils
_OWNERS["torch.nn.utils.clip_grad"] = torch.nn.utils.clip_grad
for _name, _kind in vars(torch.optim).items():
    if isinstance(_kind, type) and issubclass(_kind, torch.optim.Optimizer):
        _OWNERS[f"torch.optim.{_name}"] = _kind
for _name, _kind in vars(nn).items():
    if isinstance(_kind, type) and issubclass(_kind, nn.Module):
        _OWNERS[f"torch.nn.{_name}"] = _kind

_VOLATILE = {"sys.last_exc", "sys.last_type", "sys.last_value", "sys.last_traceback", "sys.modules"}

_SAME = {
    "torch.utils.data.dataloader.DataLoader": "torch.utils.data.DataLoader",
    "torch.optim.optimizer.Optimizer": "torch.optim.Optimizer",
}


def _attributes() -> dict[str, Any]:
    """Every attribute that an owner itself holds; modules, which are imported late, left out."""
    return {
        f"{owner_name}.{name}": value
        for owner_name, owner in _OWNERS.items()
        for name, value in list(vars(owner).items())
        if not issubclass(type(value), ModuleType) and f"{owner_name}.{name}" not in _VOLATILE
    }


def _hooks() -> dict[str, list[int]]:
    """What the process-wide lists and dicts of hooks hold, by identity."""
    held: dict[str, list[int]] = {}
    for module in (nn.modules.module, _OPTIMIZER):
        for name, value in vars(module).items():
            if name.startswith("_global_") and hasattr(value, "values"):
                held[f"{module.__name__}.{name}"] = [id(hook) for hook in value.values()]
    held["sys.meta_path"] = [id(finder) for finder in sys.meta_path]
    held["sys.path_hooks"] = [id(hook) for hook in sys.path_hooks]
    held["gc.callbacks"] = [id(callback) for callback in gc.callbacks]
    return held


def _switches() -> dict[str, Any]:
    """Process-wide modes."""
    return {
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "anomaly": torch.is_anomaly_enabled(),
        "anomaly check": torch.is_anomaly_check_nan_enabled(),
        "saved tensors": torch._C._autograd._saved_tensors_hooks_is_enabled(),
        "function modes": torch._C._len_torch_function_stack(),
        "dispatch modes": torch._C._len_torch_dispatch_stack(),
        "threads": torch.get_num_threads(),
        "trace": sys.gettrace(),
        "profile": sys.getprofile(),
        "collector": gc.isenabled(),
        "signals": [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)],
        "threads alive": threading.active_count(),
        "random": torch.get_rng_state().tolist(),
    }


def _differing(before: dict[str, Any], now: dict[str, Any]) -> set[str]:
    missing = object()
    names = {n for n in {*before, *now} if before.get(n, missing) is not now.get(n, missing)}
    return {_SAME.get(name, name) for name in names}


def _train(model: nn.Module, steps: int = 12) -> None:
    generator = torch.Generator().manual_seed(0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    x = torch.randn(64, 6, generator=generator)
    y = (x[:, 0] > 0).long()
    data = torch.utils.data.TensorDataset(x, y)
    loader = torch.utils.data.DataLoader(data, batch_size=16, generator=generator)
    while steps > 0:
        for inputs, targets in loader:
            loss = F.cross_entropy(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps -= 1
        with torch.no_grad():
            model(x)


@pytest.fixture
def model() -> nn.Module:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 2))
    _train(net)  # what PyTorch imports late is imported now
    torch.optim.SGD(net.parameters(), lr=0.1)  # PyTorch itself wraps `step` at the first instance
    # And what trainwell imports late: importing PyTorch's modules may add attributes.
    with trainwell.watch(net, record=False):
        _train(net)
    return net


class _StopError(Exception):
    pass


@pytest.mark.parametrize("ending", [None, _StopError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("every", [None, 1])
def test_everything_is_restored(
    model: nn.Module, ending: type[BaseException] | None, every: int | None
) -> None:
    attributes, hooks, switches = _attributes(), _hooks(), _switches()
    if ending is None:
        with trainwell.watch(model, record=False, every=every):
            _train(model)
    else:
        with pytest.raises(ending), trainwell.watch(model, record=False, every=every):
            _train(model)
            raise ending
    assert _differing(attributes, _attributes()) == set()
    assert _hooks() == hooks
    assert _switches() == switches
    for module in model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._backward_hooks
    for parameter in model.parameters():
        assert not parameter._backward_hooks
        assert not getattr(parameter, "_post_accumulate_grad_hooks", None)


@pytest.mark.parametrize("raising", ["forward", "backward", "step"])
def test_everything_is_restored_after_an_error_inside_pytorch(
    model: nn.Module, raising: str
) -> None:
    def stop(*args: object) -> None:
        raise _StopError

    attributes, hooks, switches = _attributes(), _hooks(), _switches()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(_StopError), trainwell.watch(model, record=False, every=1):
        for step in range(6):
            if step == 4:
                if raising == "forward":
                    handle = model[1].register_forward_hook(stop)  # type: ignore[index]
                elif raising == "backward":
                    handle = model[0].weight.register_hook(stop)  # type: ignore[index]
                else:
                    handle = optimizer.register_step_pre_hook(stop)
            loss = F.cross_entropy(model(torch.ones(4, 6)), torch.zeros(4, dtype=torch.long))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    handle.remove()
    assert _differing(attributes, _attributes()) == set()
    assert _hooks() == hooks
    assert _switches() == switches


def test_only_the_listed_attributes_differ_inside(model: nn.Module) -> None:
    from trainwell.hooks import PATCHED

    before = _attributes()
    with trainwell.watch(model, record=False, every=1):
        at_once = _differing(before, _attributes())
        _train(model)
        after_training = _differing(before, _attributes())
    assert at_once <= set(PATCHED)
    assert after_training <= set(PATCHED)


def test_the_list_of_patched_attributes_is_no_longer_than_the_truth(model: nn.Module) -> None:
    from trainwell.hooks import PATCHED

    before = _attributes()
    with trainwell.watch(model, record=False, every=1):
        _train(model)
        differing = _differing(before, _attributes())
    assert set(PATCHED) == differing
    assert len(set(PATCHED)) == len(PATCHED)


def test_patched_functions_keep_name_module_and_signature(model: nn.Module) -> None:
    from trainwell.hooks import PATCHED

    before = _attributes()
    with trainwell.watch(model, record=False):
        inside = _attributes()
    for name in PATCHED:
        # What an owner inherits is not its own before.
        owner, _, attribute = name.rpartition(".")
        inherited = getattr(_OWNERS.get(owner), attribute, None)
        original, patched = before.get(name, inherited), inside[name]
        for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
            assert getattr(patched, attribute, None) == getattr(original, attribute, None), name


def test_a_patch_of_the_users_made_inside_is_kept(
    model: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = torch.autograd.backward
    monkeypatch.setattr(torch.autograd, "backward", original)  # restored after the test
    calls = []
    with trainwell.watch(model, record=False):
        inner = torch.autograd.backward

        def mine(*args: Any, **kwargs: Any) -> Any:
            calls.append(1)
            return inner(*args, **kwargs)

        torch.autograd.backward = mine
        _train(model, 4)
    assert torch.autograd.backward is mine
    _train(model, 4)
    assert len(calls) == 8


def test_overlapping_watches_leave_nothing_behind(model: nn.Module) -> None:
    attributes, hooks, switches = _attributes(), _hooks(), _switches()
    first, second = trainwell.watch(model, record=False), trainwell.watch(model, record=False)
    first.__enter__()
    entered = False
    try:
        try:
            second.__enter__()
            entered = True
        except BadInputError:
            pass  # one honest line is an answer too
        _train(model, 4)
    finally:
        first.__exit__(None, None, None)
        if entered:
            _train(model, 4)
            second.__exit__(None, None, None)
    assert _differing(attributes, _attributes()) == set()
    assert _hooks() == hooks
    assert _switches() == switches
    assert first.record.steps >= 4
    with trainwell.watch(model, record=False) as third:
        _train(model, 4)
    assert third.record.steps == 4


def test_an_inner_watch_that_raises_leaves_the_outer_one_watching(model: nn.Module) -> None:
    attributes = _attributes()
    with trainwell.watch(model, record=False) as outer:
        _train(model, 4)
        with pytest.raises((_StopError, BadInputError)):  # noqa: SIM117
            with trainwell.watch(model, record=False):
                _train(model, 4)
                raise _StopError
        _train(model, 4)
    assert outer.record.steps >= 8
    assert _differing(attributes, _attributes()) == set()
