"""Data loaders: how long the training waits for batches, and random numbers that workers share."""

from __future__ import annotations

__all__ = ["Loaders", "Stream", "shared_stream"]

import dis
import inspect
import random
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from trainwell.hooks.guard import Guard
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, place_of
from trainwell.record import Loader

_GENERATORS = (np.random.Generator, np.random.RandomState, random.Random, torch.Generator)

_METHODS = ("__getitem__", "__getitems__", "__iter__", "__call__", "forward")
"""What workers run of data sets, and what these call transforms by."""

_OWN_SEEDS = frozenset({"seed", "manual_seed", "initial_seed", "get_worker_info", "spawn"})
"""Names in code that sees to it that workers differ."""

_DRAWS = frozenset(
    [
        "rand",
        "randn",
        "randint",
        "random",
        "normal",
        "uniform",
        "choice",
        "choices",
        "shuffle",
        "permutation",
        "randperm",
        "bernoulli",
        "multinomial",
        "sample",
        "gauss",
        "rand_like",
        "randn_like",
        "normal_",
        "uniform_",
        "bernoulli_",
        "standard_normal",
    ]
)

_OBJECTS = 64
_DEPTH = 4


@dataclass(frozen=True)
class Stream:
    """Random numbers that are the same in every worker.

    Attributes:
        name: "self.rng", "rng", or "numpy.random".
        kind: type of the generator; "" where all workers are given one seed.
        file, line: where it is used, or where the seed is given.
    """

    name: str
    kind: str
    file: str
    line: int


def shared_stream(
    dataset: object, collate: object, worker_init_fn: Callable[..., Any] | None
) -> Stream | None:
    """What all workers of a loader draw alike; None when nothing, or when it cannot be told.

    Args:
        dataset: what the loader reads.
        collate: its `collate_fn`.
        worker_init_fn: called at the start of every worker, or None.
    """
    functions = list(_functions([dataset, collate]))
    if worker_init_fn is not None:
        if not isinstance(worker_init_fn, FunctionType):
            return None
        alike = _seeded_alike(worker_init_fn, functions)
        # Whoever reaches for the data set there is likely to give its generator a seed.
        if alike is not None or {"dataset", "get_worker_info"} & set(_names(worker_init_fn)):
            return alike
    if any(_OWN_SEEDS & set(_names(f)) for f, _ in functions):
        return None
    for function, owner in functions:
        found = _copied_generator(function, owner)
        if found is not None:
            return found
    return None


def _copied_generator(function: FunctionType, owner: object) -> Stream | None:
    held = {} if owner is None else vars(owner)
    file = function.__code__.co_filename
    instructions = list(dis.get_instructions(function))
    stored = {i.argval for i in instructions if i.opname in ("STORE_ATTR", "STORE_GLOBAL")}
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    for step in instructions:
        value: object = None
        name = step.argval
        if not isinstance(name, str) or name in stored:
            continue
        if step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
            value = held.get(name)
        elif step.opname == "LOAD_GLOBAL":
            value = function.__globals__.get(name)
        elif step.opname == "LOAD_DEREF" and name in cells:
            value = _content(cells[name])
        if isinstance(value, _GENERATORS):
            spelled = f"self.{name}" if step.opname in ("LOAD_ATTR", "LOAD_METHOD") else name
            kind = f"{type(value).__module__.partition('.')[0]} {type(value).__name__}"
            return Stream(spelled, kind, file, _line(step, function))
    return None


def _seeded_alike(
    function: FunctionType, items: list[tuple[FunctionType, object]]
) -> Stream | None:
    """The seed that a `worker_init_fn` gives to all workers, if the data set draws from it."""
    code = function.__code__
    instructions = list(dis.get_instructions(function))
    arguments = set(code.co_varnames[: code.co_argcount])
    used = {
        n for i in instructions for n in (i.argval if isinstance(i.argval, tuple) else (i.argval,))
    }
    if arguments & {n for n in used if isinstance(n, str)}:
        return None
    modules = {
        n: m for n in _names(function) if isinstance(m := function.__globals__.get(n), ModuleType)
    }
    others = set(_names(function)) - set(modules) - {"seed", "manual_seed", "random"}
    if others or code.co_freevars:
        return None
    families = {_FAMILIES.get(m.__name__) for m in modules.values()} - {None}
    drawn = {family for f, _ in items for family in _drawn(f)}
    for step in instructions:
        if step.argval in ("seed", "manual_seed"):
            for family in sorted(f for f in families if f in drawn and f is not None):
                return Stream(family, "", code.co_filename, _line(step, function))
    return None


_FAMILIES = {
    "numpy": "numpy.random",
    "numpy.random": "numpy.random",
    "random": "random",
    "torch": "torch",
}


def _drawn(function: FunctionType) -> Iterator[str]:
    names = set(_names(function))
    if not names & _DRAWS:
        return
    for name in names:
        module = function.__globals__.get(name)
        family = _FAMILIES.get(module.__name__) if isinstance(module, ModuleType) else None
        if family is not None:
            yield family


def _functions(starts: list[object]) -> Iterator[tuple[FunctionType, object]]:
    """The functions that make an example, each with the object that it is a method of."""
    seen: set[int] = set()
    waiting: list[tuple[object, object, int]] = [(s, None, 0) for s in starts]
    while waiting and len(seen) < _OBJECTS:
        thing, owner, depth = waiting.pop(0)
        if id(thing) in seen or depth > _DEPTH:
            continue
        seen.add(id(thing))
        if isinstance(thing, FunctionType):
            yield thing, owner
            for name in _names(thing):
                called = _function_of(owner, name) or thing.__globals__.get(name)
                if isinstance(called, FunctionType):
                    waiting.append(
                        (called, owner if _function_of(owner, name) else None, depth + 1)
                    )
            waiting += [(_content(c), None, depth + 1) for c in thing.__closure__ or ()]
        elif isinstance(thing, (list, tuple)):
            waiting += [(each, None, depth + 1) for each in thing[:16]]
        elif hasattr(thing, "__dict__") and not isinstance(thing, (type, ModuleType)):
            for name in _METHODS:
                function = _function_of(thing, name)
                if function is not None:
                    waiting.append((function, thing, depth))
            members = [*vars(thing).values(), *vars(thing).get("_modules", {}).values()]
            waiting += [
                (m, None, depth + 1)
                for m in members
                if isinstance(m, (Dataset, list, tuple)) or callable(m)
            ]


def _function_of(owner: object, name: str) -> FunctionType | None:
    """A method of an object as a plain function, without running a property or a descriptor."""
    if owner is None:
        return None
    found = inspect.getattr_static(type(owner), name, None)
    return found if isinstance(found, FunctionType) else None


def _names(function: FunctionType) -> tuple[str, ...]:
    return function.__code__.co_names


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        # A name of the enclosing function that has no value yet.
        return None


def _line(step: dis.Instruction, function: FunctionType) -> int:
    line = step.positions.lineno if step.positions is not None else None
    return line or function.__code__.co_firstlineno


@dataclass
class _Seen:
    """One line that reads batches."""

    fact: int
    passes: int = 0
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
    trains: bool = False


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
            if not turn.trains:
                turn.trains = True
                turn.seen.passes += 1
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
            known,
            passes=seen.passes,
            batches=seen.batches,
            waited=seen.waited,
            busy=max(seen.busy, 0.0),
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
