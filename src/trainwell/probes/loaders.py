"""Data loaders: how long the training waits for its batches."""

from __future__ import annotations

__all__ = ["Loaders"]

import weakref
from dataclasses import dataclass
from typing import Any

import torch

from trainwell.hooks.guard import Guard
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, place_of
from trainwell.probes.streams import shared_stream
from trainwell.record import Loader


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

    Args:
        ledger: where loaders are recorded.
        sources: tells the user's lines.
        guard: takes care of errors, and knows the probe's own time.
    """

    def __init__(self, ledger: Ledger, sources: Sources, guard: Guard) -> None:
        self._ledger = ledger
        self._sources = sources
        self._guard = guard
        self._by_line: dict[tuple[str, int], _Seen] = {}
        self._turns: dict[int, _Turn] = {}

    def read(self, iterator: Any, began: float, ended: float) -> None:
        """An iterator of a loader has made a batch. Every batch pays for this."""
        turn = self._turns.get(id(iterator))
        if turn is None or turn.iterator() is not iterator:
            # The first batch of a pass waits for the workers to start as well.
            self._guard.run("data loaders", self._begins, iterator, ended)
            return
        steps = self._ledger.run.steps
        if steps > turn.step:
            _add(turn, began, ended, self._guard.spent)
        turn.ended, turn.step, turn.spent = ended, steps, self._guard.spent

    def finish(self) -> None:
        """Record the counts."""
        for seen in self._by_line.values():
            self._record(seen)

    def _begins(self, iterator: Any, ended: float) -> None:
        for number in [n for n, turn in self._turns.items() if turn.iterator() is None]:
            del self._turns[number]
        seen = self._here(iterator)
        self._record(seen)
        step, spent = self._ledger.run.steps, self._guard.spent
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
