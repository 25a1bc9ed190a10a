"""Processes that a script starts with `multiprocessing` and that train together: a record each.

Only a process that joins a process group of `torch.distributed` is watched; to every other child
(a data loader's worker, a pool) nothing happens. This file imports no torch: nor does the child.
"""

from __future__ import annotations

__all__ = ["Inheritance", "Offspring"]

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
    """The target of a process, watched if it turns out to be a rank."""

    def __init__(self, target: Callable[..., object], inheritance: Inheritance) -> None:
        self.target = target
        self.inheritance = inheritance

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        watch = _RankWatch(self.inheritance)
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


class _RankWatch:
    """A record of this process, from the moment at which it joins the others."""

    def __init__(self, inheritance: Inheritance) -> None:
        self._inheritance = inheritance
        self._probe: Probe | None = None
        self._store: Store | None = None
        self._run: Run | None = None
        self._status = 0
        self._patches: PatchSet | None = None

    def wait(self) -> None:
        """Wait for `init_process_group`, by whichever name the script calls it."""
        import torch

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
        if self._run is not None or world < 2 or rank < 0:
            return
        given = self._inheritance
        self._run = run = Run(
            f"{given.parent}-rank{rank}", given.script, list(given.arguments), started=time.time()
        )
        try:
            from trainwell.probes.probe import Probe

            # A connection of its own: the parent's may not be used across a fork.
            self._store = Store(given.record)
            self._store.begin(run)
            self._probe = Probe(
                run, self._write, budget=given.budget, every=given.every, home=given.home
            )
            self._probe.ranks.group = given.parent
            self._probe.attach()
        except Exception as error:  # noqa: BLE001 - the script goes on without us
            self._probe = None
            self._say(f"cannot watch rank {rank}: {error}")

    def _write(
        self, facts: Iterable[Fact], vitals: Iterable[tuple[str, int, str, int, float]]
    ) -> None:
        if self._store is not None and self._run is not None:
            self._store.write(self._run, facts, vitals)

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
        run, store = self._run, self._store
        if self._probe is None or run is None or store is None:
            return
        self._probe.finish()
        run.ended, run.exit_status = time.time(), self._status
        try:
            store.finish(run)
        except TrainwellError as error:
            self._say(f"the end of `{run.id}` is not recorded: {error}")
        store.close()

    def _say(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(f"trainwell: {text}\n")
