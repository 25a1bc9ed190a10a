"""The end of a script: one callback after everything of the script's own, however it ends."""

from __future__ import annotations

__all__ = ["Ending"]

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from trainwell.hooks.patch_set import PatchSet


class Ending:
    """Calls back once when the process ends: at exit, after an exception, or at SIGTERM.

    Made before the script runs, its place in `atexit` is behind everything that the script
    registers, and behind its threads. Forked children never call back.

    Args:
        callback: does the closing work; must not raise. The exit status that it returns counts
            if the script itself succeeded.

    Attributes:
        status: the script's own exit status; 0 until something else is known. Negative: the
            signal that ends it.
    """

    def __init__(self, callback: Callable[[], int]) -> None:
        self.status = 0
        self._callback = callback
        self._process = os.getpid()
        self._path = list(sys.path)
        self._depth = 0
        self._terminated = False
        self._over = False

    def arm(self) -> None:
        """Start to wait for the end. Call it from the main thread, before the script runs."""
        atexit.register(self._at_exit)
        # A script's own handler replaces this one; one that was told to ignore SIGTERM does.
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, self._at_sigterm)
            # To the script, SIGTERM is as Python has it.
            patches = PatchSet("the script's signals")
            patches.replace(signal, "getsignal", self._as_python_has_it)
            patches.replace(signal, "signal", self._as_python_has_it)
            if hasattr(os, "register_at_fork"):
                os.register_at_fork(after_in_child=self._in_child)

    @contextmanager
    def shield(self) -> Iterator[None]:
        """Put off SIGTERM while the main thread is inside: for work that must not be cut in two."""
        main = threading.current_thread() is threading.main_thread()
        self._depth += main
        try:
            yield
        finally:
            self._depth -= main
            if main and self._terminated and not self._depth:
                self._terminate()

    @contextmanager
    def own_path(self) -> Iterator[None]:
        """Import as trainwell does, not as the script: its folder may hold a `statistics.py`."""
        path = sys.path[:]
        sys.path[:] = self._path
        try:
            yield
        finally:
            sys.path[:] = path

    def _as_python_has_it(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def handler(*args: Any) -> Any:
            found = original(*args)
            # Bound methods are made anew every time: equality, not identity.
            return signal.SIG_DFL if found == self._at_sigterm else found

        return handler

    def _close(self) -> int:
        if self._over or os.getpid() != self._process:
            return 0
        self._over = True
        with self.own_path():
            return self._callback()

    def _at_exit(self) -> None:
        try:
            status = self._close()
        except KeyboardInterrupt:
            # A second Ctrl-C: the reader does not want to wait for the report.
            status = 0
        if self.status == -signal.SIGINT:
            _remember_interrupt()
        if status and self.status == 0:
            # Too late to raise SystemExit: the interpreter has chosen its status already.
            for stream in (sys.stdout, sys.stderr):
                with suppress(Exception):
                    stream.flush()
            if "logging" in sys.modules:
                sys.modules["logging"].shutdown()
            os._exit(status)

    def _at_sigterm(self, _number: int, _frame: FrameType | None) -> None:
        if self._depth:
            self._terminated = True
        else:
            self._terminate()

    def _terminate(self) -> None:
        self.status = -signal.SIGTERM
        self._close()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)

    def _in_child(self) -> None:
        # Bound methods are made anew at each look: equality, not identity.
        if signal.getsignal(signal.SIGTERM) == self._at_sigterm:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _remember_interrupt() -> None:
    # Python ends by SIGINT if the last string or file that it ran was left by a KeyboardInterrupt
    # (run_eval_code_obj in pythonrun.c). The closing work ran strings of its own: every dataclass
    # is one.
    with suppress(KeyboardInterrupt):
        exec("raise KeyboardInterrupt")  # noqa: S102
