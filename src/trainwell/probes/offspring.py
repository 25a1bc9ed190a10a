"""Processes that a script starts with `multiprocessing` and that train: a record each.

A child is watched from the moment at which it has imported torch; if it trains nothing (a worker of
a pool), nothing is written. One that joins a process group of `torch.distributed` is a rank. To the
workers of data loaders nothing happens. This file imports no torch: nor does the child.
"""

from __future__ import annotations

__all__ = ["Inheritance", "Offspring"]

import os
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainwell.errors import TrainwellError
from trainwell.hooks.patch_set import PatchSet
from trainwell.probes.arrival import when_imported
from trainwell.probes.tracebacks import describe_error, hide_frames
from trainwell.record import Fact, Run
from trainwell.record.store import Store

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from trainwell.probes.probe import Probe


@dataclass(frozen=True)
class Inheritance:
    """What a child needs to watch itself as its parent is watched; it can be pickled.

    Attributes:
        record: absolute path of the record.
        parent: id of the run that starts the ranks.
        script, arguments: as in its `Run`.
        budget, every, home: as in `Probe`.
    """

    record: str
    parent: str
    script: str
    arguments: tuple[str, ...]
    budget: float
    every: int | None
    home: str


class Offspring:
    """Stands in for the start of processes, so that they watch themselves.

    Args:
        inheritance: what they are given.
    """

    def __init__(self, inheritance: Inheritance) -> None:
        self._inheritance = inheritance
        self._patches: PatchSet | None = None

    def attach(self) -> None:
        """Stand in. Call it when PyTorch is imported: it has brought `multiprocessing` with it."""
        from multiprocessing.process import BaseProcess

        inheritance = self._inheritance

        def make(original: Callable[[BaseProcess], None]) -> Callable[[Any], None]:
            def start(self: Any) -> None:
                before = self._target, self._args
                self._target, self._args = _watched(*before, inheritance)
                try:
                    # It lets go of both itself when the child has them.
                    original(self)
                except BaseException:
                    # What could not be started can be looked at, or be started again.
                    self._target, self._args = before
                    raise

            return start

        self._patches = PatchSet("child processes")
        self._patches.replace(BaseProcess, "start", make)

    def detach(self) -> None:
        """Give the method back."""
        if self._patches is not None:
            self._patches.restore()
            self._patches = None


def _watched(
    target: Callable[..., object] | None, args: tuple[Any, ...], inheritance: Inheritance
) -> tuple[Callable[..., object] | None, tuple[Any, ...]]:
    """A process's target and arguments, with what watches inside."""
    module = getattr(target, "__module__", None) or ""
    if target is None or module.startswith("torch.utils.data."):
        return target, args
    if module == "torch.multiprocessing.spawn":
        # PyTorch's own target turns exceptions into text: ours has to be inside of it.
        return target, (_Heir(args[0], inheritance), *args[1:])
    return _Heir(target, inheritance), args


class _Heir:
    """The target of a process, watched if it turns out to train."""

    def __init__(self, target: Callable[..., object], inheritance: Inheritance) -> None:
        self.target = target
        self.inheritance = inheritance

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        watch = _ChildWatch(self.inheritance)
        when_imported("torch", watch.wait)
        try:
            self.target(*args, **kwargs)
        except BaseException as error:
            watch.failed(error)
            # In place: a bare `raise` adds no frame of this function's.
            hide_frames(error, _Heir.__call__.__code__)
            raise
        finally:
            watch.finish()


class _ChildWatch:
    """A record of this process, from its first step on; or from where it joins other ranks."""

    def __init__(self, inheritance: Inheritance) -> None:
        self._inheritance = inheritance
        self._probe: Probe | None = None
        self._store: Store | None = None
        self._run: Run | None = None
        self._status = 0
        self._patches: PatchSet | None = None
        self._is_rank = False

    def wait(self) -> None:
        """Watch what is trained, and wait for `init_process_group`, by whichever name it goes."""
        import torch

        self._begin(f"{self._inheritance.parent}-child{os.getpid()}")
        if not torch.distributed.is_available():
            return
        from torch.distributed import distributed_c10d as groups

        def make(original: Callable[[Any], None]) -> Callable[[Any], None]:
            def update(group: Any) -> None:
                original(group)
                if group is not None:
                    self._joined()

            return update

        self._patches = PatchSet("process groups")
        self._patches.replace(groups, "_update_default_pg", make)

    def _joined(self) -> None:
        import torch

        rank, world = torch.distributed.get_rank(), torch.distributed.get_world_size()
        if self._is_rank or world < 2 or rank < 0 or (self._run is not None and self._run.steps):
            return
        self._is_rank = True
        if self._probe is not None:
            self._probe.detach()
        self._begin(f"{self._inheritance.parent}-rank{rank}")

    def _begin(self, name: str) -> None:
        given = self._inheritance
        self._run = Run(name, given.script, list(given.arguments), started=time.time())
        try:
            from trainwell.probes.probe import Probe

            self._probe = Probe(
                self._run, self._write, budget=given.budget, every=given.every, home=given.home
            )
            if self._is_rank:
                self._open(self._run)
                self._probe.ranks.group = given.parent
            self._probe.attach()
        except Exception as error:  # noqa: BLE001 - the script goes on without us
            self._probe = None
            self._say(f"cannot watch this process of the script: {error}")

    def _open(self, run: Run) -> Store:
        # A connection of its own: the parent's may not be used across a fork.
        self._store = Store(self._inheritance.record)
        self._store.begin(run)
        return self._store

    def _write(
        self, facts: Iterable[Fact], vitals: Iterable[tuple[str, int, str, int, float]]
    ) -> None:
        run = self._run
        if run is not None and (run.steps or self._store is not None):
            (self._store or self._open(run)).write(run, facts, vitals)

    def failed(self, error: BaseException) -> None:
        """The target raises."""
        if isinstance(error, SystemExit):
            self._status = error.code if isinstance(error.code, int) else int(bool(error.code))
            return
        self._status = 1
        if self._probe is not None and self._run is not None:
            self._run.error = describe_error(error)
            self._probe.failed(error)

    def finish(self) -> None:
        """The target is over."""
        if self._patches is not None:
            self._patches.restore()
        run = self._run
        if self._probe is None or run is None:
            return
        self._probe.finish()
        store = self._store
        if store is None:
            return
        run.ended, run.exit_status = time.time(), self._status
        try:
            store.finish(run)
        except TrainwellError as error:
            self._say(f"the end of `{run.id}` is not recorded: {error}")
        store.close()

    def _say(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"trainwell: {text}\n")
