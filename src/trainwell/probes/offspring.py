"""Processes that a script starts with `multiprocessing` and that train together: a record each.

Only a process that joins a process group of `torch.distributed` is watched; to every other child
(a data loader's worker, a pool) nothing happens. This file imports no torch: nor does the child.
"""

from __future__ import annotations

__all__ = ["Inheritance", "Offspring"]

import functools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

from trainwell.errors import TrainwellError
from trainwell.probes.arrival import when_imported
from trainwell.probes.tracebacks import describe_error
from trainwell.record import Fact, Run
from trainwell.record.store import Store

if TYPE_CHECKING:
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
        self._original: Callable[[BaseProcess], None] | None = None

    def attach(self) -> None:
        """Stand in."""
        original = self._original = BaseProcess.start
        inheritance = self._inheritance

        @functools.wraps(original)
        def start(self: Any) -> None:
            target = getattr(self, "_target", None)
            if target is not None and not _is_of_a_loader(target):
                # `start` itself lets go of the target when the child has it.
                self._target = _Heir(target, inheritance)
            try:
                original(self)
            except BaseException:
                # What could not be started can be looked at, or be started again.
                self._target = target
                raise

        _replace(BaseProcess, "start", start)

    def detach(self) -> None:
        """Give the method back."""
        if self._original is not None:
            _replace(BaseProcess, "start", self._original)
            self._original = None


def _is_of_a_loader(target: Callable[..., object]) -> bool:
    return (getattr(target, "__module__", None) or "").startswith("torch.utils.data.")


def _replace(owner: object, name: str, value: Callable[..., object]) -> None:
    setattr(owner, name, value)


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
            # Raised again without this frame: a bare `raise` adds none.
            error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next
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
        self._restore: Callable[[], None] = lambda: None

    def wait(self) -> None:
        """Wait for `init_process_group`, by whichever name the script calls it."""
        import torch

        if not torch.distributed.is_available():
            return
        from torch.distributed import distributed_c10d as groups

        original = groups._update_default_pg

        @functools.wraps(original)
        def update(group: Any) -> None:
            original(group)
            if group is not None:
                self._joined()

        _replace(groups, "_update_default_pg", update)
        self._restore = lambda: _replace(groups, "_update_default_pg", original)

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
            self._store = Store(given.record)
            self._store.begin(run)
        except TrainwellError:
            # The parent has said what is the matter with the record; there is nowhere to write to.
            self._store = None
            return
        from trainwell.probes.probe import Probe

        self._probe = Probe(
            run, self._write, budget=given.budget, every=given.every, home=given.home
        )
        self._probe.ranks.group = given.parent
        self._probe.attach()

    def _write(
        self, facts: Iterable[Fact], vitals: Iterable[tuple[str, int, str, int, float]]
    ) -> None:
        if self._store is not None and self._run is not None:
            self._store.write(self._run, facts, vitals)

    def failed(self, error: BaseException) -> None:
        """The target raises."""
        # torch.multiprocessing turns exceptions into files and SystemExit(1).
        if isinstance(error, SystemExit):
            self._status = error.code if isinstance(error.code, int) else int(bool(error.code))
            behind = error.__context__ if self._status else None
            if behind is None:
                return
            error = behind
        else:
            self._status = 1
        if self._probe is not None and self._run is not None:
            self._run.error = describe_error(error)
            self._probe.failed(error)

    def finish(self) -> None:
        """The target is over."""
        self._restore()
        run, store = self._run, self._store
        if self._probe is None or run is None or store is None:
            return
        self._probe.finish()
        run.ended, run.exit_status = time.time(), self._status
        try:
            store.finish(run)
        finally:
            store.close()
