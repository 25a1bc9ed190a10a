"""The guard: every piece of trainwell's own work inside a script's call goes through it."""

from __future__ import annotations

__all__ = ["HERE", "Guard", "Trouble", "in_backward", "is_readable", "plain"]

import os
import threading
import time
import traceback
from collections.abc import Callable, Hashable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, TypeGuard

import torch
from torch._C import _current_graph_task_id, _len_torch_dispatch_stack
from torch._C._functorch import (
    get_unwrapped,
    is_functorch_wrapped_tensor,
    is_gradtrackingtensor,
    peek_interpreter_stack,
)
from torch.nn.parameter import is_lazy

_PATIENCE = 8
"""Failures of one part after which it is switched off as a whole."""


class _Here(threading.local):
    """State of the running thread.

    Attributes:
        own: trainwell's own code runs: what it calls is no call of the script's.
        inside: a wrapped function runs that may call wrapped ones: these are no calls of the
            script's own.
    """

    own = False
    inside = False


HERE = _Here()


@dataclass(frozen=True)
class Trouble:
    """An error of trainwell's own.

    Attributes:
        part: what was being done, for example "activations".
        about: what it met, for example the number of an operation; None for the part as a whole.
        error: the exception.
        is_last: the part is switched off as a whole from now on.
    """

    part: str
    about: Hashable
    error: Exception
    is_last: bool

    @property
    def summary(self) -> str:
        """Type and message of the error in one short line, with the line that raised it."""
        frames = traceback.extract_tb(self.error.__traceback__)
        where = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "?"
        # The dispatcher's errors list every kernel that it has, on fifty lines.
        lines = str(self.error).splitlines() or [""]
        text = lines[0] if len(lines[0]) <= 160 else lines[0][:157] + "..."
        return f"{type(self.error).__name__}: {text} ({where})"

    @property
    def whole(self) -> str:
        """The traceback."""
        return "".join(traceback.format_exception(self.error))


class Guard:
    """Runs trainwell's own work so that the script cannot tell.

    Inside, gradients are off, the script's dispatch and function modes and its functorch
    transforms are set aside, and no event is published. An exception ends the part that raised it
    and nothing else; it is reported, and never reaches the script. One lock is held, so that
    threads that train side by side take turns.

    Args:
        report: is told of every error.

    Attributes:
        active: does anything at all.
        spent: seconds spent inside.
        debug: errors are raised after all (environment variable TRAINWELL_DEBUG).
        lock: held inside; what runs without the guard holds it where it counts.
    """

    def __init__(self, report: Callable[[Trouble], None]) -> None:
        self.active = False
        self.spent = 0.0
        self.debug = bool(os.environ.get("TRAINWELL_DEBUG"))
        self._report = report
        self.lock = threading.RLock()
        self._failures: dict[str, int] = {}
        self._blocked: set[tuple[str, Hashable]] = set()

    def run(self, part: str, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function of trainwell's in the middle of a call of the script's.

        Args:
            part: what it does, in the words of a report.
            function: called with the arguments.
            args: for the function.
            kwargs: for the function.

        Returns:
            What it returns; None when it was not called, or failed.
        """
        if not self.active or HERE.own or torch._C._is_tracing() or (part, None) in self._blocked:
            return None
        began = time.perf_counter()
        HERE.own = True
        try:
            # What `__torch_function__` of a mode or a subclass sees are the script's own calls.
            with torch._C.DisableTorchFunction():
                if _len_torch_dispatch_stack() or peek_interpreter_stack() is not None:
                    return self._run_aside(function, args, kwargs)
                gradients = torch.is_grad_enabled()
                torch._C._set_grad_enabled(False)
                try:
                    with self.lock:
                        return function(*args, **kwargs)
                finally:
                    torch._C._set_grad_enabled(gradients)
        except Exception as error:  # noqa: BLE001 - nothing of ours may reach the script
            self.failed(part, None, error)
        finally:
            HERE.own = False
            self.spent += time.perf_counter() - began
        return None

    def _run_aside(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        # Late: few scripts use either, and both take their time to import.
        from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack
        from torch.utils._python_dispatch import _disable_current_modes

        with ExitStack() as stack:
            if _len_torch_dispatch_stack():
                stack.enter_context(_disable_current_modes())
            stack.enter_context(temporarily_clear_interpreter_stack())
            gradients = torch.is_grad_enabled()
            torch._C._set_grad_enabled(False)
            try:
                with self.lock:
                    return function(*args, **kwargs)
            finally:
                torch._C._set_grad_enabled(gradients)

    def part(
        self, part: str, about: Hashable, function: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Any:
        """Inside `run`: do a part of the work that may fail for itself.

        An error switches off this part for this object only; many of them the part as a whole.

        Args:
            part: what it does.
            about: what it does it to: a number or a name that lasts for the run.
            function: called with the arguments.
            args: for the function.
            kwargs: for the function.
        """
        blocked = self._blocked
        if blocked and ((part, about) in blocked or (part, None) in blocked):
            return None
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - the other parts go on
            self.failed(part, about, error)
        return None

    def failed(self, part: str, about: Hashable, error: Exception) -> None:
        """Report an error, and switch off what met it."""
        if self.debug:
            raise error
        count = self._failures[part] = self._failures.get(part, 0) + 1
        if about is not None:
            self._blocked.add((part, about))
        is_last = count >= _PATIENCE
        if is_last:
            self._blocked.add((part, None))
        self._report(Trouble(part, about, error, is_last))

    def after_fork(self) -> None:
        """In a forked child: no thread of the parent's lives on, whatever locks they held."""
        self.lock = threading.RLock()


def is_readable(tensor: Any) -> TypeGuard[torch.Tensor]:
    """Whether the numbers of a tensor can be read and measured: it has some, in plain memory.

    Fake and meta tensors have no numbers, wrapped ones (functorch, `__torch_dispatch__`) do what
    the script's own code says, sparse, nested and quantized ones lack most operations. Parameters
    of which a process keeps only a shard (FSDP) have no memory in between: reading one would end
    the process.
    """
    return (
        isinstance(tensor, torch.Tensor)
        and tensor.layout is torch.strided
        and tensor.device.type != "meta"
        and not is_lazy(tensor)
        and not is_functorch_wrapped_tensor(tensor)
        and not tensor.is_quantized
        and not tensor.is_nested
        and _is_plain(type(tensor))
        and _has_memory(tensor)
    )


def plain(tensor: Any) -> Any:
    """What functorch's `grad` has wrapped, through all of its levels; anything else itself.

    The wrapper carries the graph, what it wraps the numbers.
    """
    while isinstance(tensor, torch.Tensor) and is_gradtrackingtensor(tensor):
        tensor = get_unwrapped(tensor)
    return tensor


def _has_memory(tensor: torch.Tensor) -> bool:
    # Not by `untyped_storage()`: two threads that ask for that of one tensor end the process
    # (PyTorch 2.13).
    offset = tensor.storage_offset() * tensor.element_size()
    return tensor.data_ptr() != offset or not tensor.numel()


def _is_plain(kind: type[torch.Tensor]) -> bool:
    if kind is torch.Tensor or kind is torch.nn.Parameter or kind is torch.nn.Buffer:
        return True
    # Subclasses that only carry more attributes or `__torch_function__` hold plain memory.
    dispatch: Any = kind.__torch_dispatch__
    return dispatch is torch._C._disabled_torch_dispatch_impl


def in_backward() -> bool:
    """Whether this thread works for autograd: in a hook, or where a checkpoint computes again."""
    return _current_graph_task_id() >= 0
