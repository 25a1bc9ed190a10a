"""Data loaders: how long the training waits for its batches."""

from __future__ import annotations

__all__ = ["Loaders"]

import functools
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import dataloader

from trainwell.probes.budget import Budget
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, place_of
from trainwell.probes.streams import shared_stream
from trainwell.record import Loader

_ITERATORS: tuple[Any, ...] = (
    dataloader._SingleProcessDataLoaderIter,
    dataloader._MultiProcessingDataLoaderIter,
)


@dataclass
class _Seen:
    """One line that reads batches."""

    fact: int
    batches: int = 0
    waited: float = 0.0
    busy: float = 0.0


@dataclass
class _Turn:
    """One pass over a loader: when its last batch came, and what had happened until then."""

    iterator: weakref.ref[Any]
    seen: _Seen
    ended: float
    step: int
    spent: float


class Loaders:
    """Times every batch that a `DataLoader` makes.

    It stands in for the method that `DataLoader`'s iterators make a batch with, not for the
    iterators: what `iter(loader)` returns, its length and its warnings stay PyTorch's own.

    Args:
        ledger: where loaders are recorded.
        sources: tells the user's lines.
        budget: knows the probe's own time.
    """

    def __init__(self, ledger: Ledger, sources: Sources, budget: Budget) -> None:
        self._ledger = ledger
        self._sources = sources
        self._budget = budget
        self._by_line: dict[tuple[str, int], _Seen] = {}
        self._turns: dict[int, _Turn] = {}
        self._originals: list[tuple[Any, Callable[[Any], Any]]] = []

    def attach(self, guard: Callable[..., None]) -> None:
        """Stand in.

        Args:
            guard: calls a function with arguments and takes care of its errors.
        """
        for owner in _ITERATORS:
            self._originals.append((owner, owner._next_data))
            owner._next_data = self._timed(owner._next_data, guard)

    def detach(self) -> None:
        """Give the methods back."""
        for owner, original in self._originals:
            owner._next_data = original
        self._originals = []

    def finish(self) -> None:
        """Record the counts."""
        for seen in self._by_line.values():
            self._record(seen)

    def _timed(
        self, original: Callable[[Any], Any], guard: Callable[..., None]
    ) -> Callable[[Any], Any]:
        turns, budget, run = self._turns, self._budget, self._ledger.run

        @functools.wraps(original)
        def next_data(iterator: Any) -> Any:
            began = time.perf_counter()
            data = original(iterator)
            ended = time.perf_counter()
            turn = turns.get(id(iterator))
            if turn is None or turn.iterator() is not iterator:
                # The first batch of a pass waits for the workers to start as well.
                guard(self._begins, iterator, ended)
                return data
            # What every batch pays: it does without the guard.
            if run.steps > turn.step:
                _add(turn, began, ended, budget.spent)
            turn.ended, turn.step = ended, run.steps
            budget.spent += time.perf_counter() - ended
            turn.spent = budget.spent
            return data

        return next_data

    def _begins(self, iterator: Any, ended: float) -> None:
        for number in [n for n, turn in self._turns.items() if turn.iterator() is None]:
            del self._turns[number]
        seen = self._here(iterator)
        self._record(seen)
        step, spent = self._ledger.run.steps, self._budget.spent
        self._turns[id(iterator)] = _Turn(weakref.ref(iterator), seen, ended, step, spent)

    def _here(self, iterator: Any) -> _Seen:
        frame = self._sources.frame(2)
        where = ("?", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
        seen = self._by_line.get(where)
        if seen is None:
            number = self._ledger.next_number("loader")
            size = getattr(iterator._index_sampler, "batch_size", None)
            stream = None
            if iterator._num_workers > 1:
                stream = shared_stream(
                    iterator._dataset, iterator._collate_fn, iterator._worker_init_fn
                )
            self._ledger.put(
                Loader(
                    number=number,
                    place=place_of(*where),
                    dataset=type(iterator._dataset).__name__,
                    batch_size=size if isinstance(size, int) else None,
                    workers=iterator._num_workers,
                    stream=None if stream is None else stream.name,
                    stream_kind="" if stream is None else stream.kind,
                    stream_place=None if stream is None else place_of(stream.file, stream.line),
                )
            )
            seen = self._by_line[where] = _Seen(number)
        return seen

    def _record(self, seen: _Seen) -> None:
        known = self._ledger.run.loaders[seen.fact]
        self._ledger.change(
            known, batches=seen.batches, waited=seen.waited, busy=max(seen.busy, 0.0)
        )


def _add(turn: _Turn, began: float, ended: float, spent: float) -> None:
    seen = turn.seen
    seen.batches += 1
    seen.busy += began - turn.ended - (spent - turn.spent)
    if _device_works():
        seen.busy += ended - began
    else:
        seen.waited += ended - began


def _device_works() -> bool:
    """Whether the GPU has still work to do: then the wait for data has cost nothing."""
    if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return False
    return not torch.cuda.current_stream().query()
