"""Data loaders: which rows are drawn, how long batches are waited for, random numbers shared."""

from __future__ import annotations

__all__ = ["FileNames", "Loaders", "Stream", "shared_stream", "text_ordered"]

import dis
import inspect
import random
import re
import weakref
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset

from trainwell.hooks.guard import Guard
from trainwell.hooks.identity import IdentityMap
from trainwell.hooks.layer import HOOKS
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, place_of
from trainwell.record import Loader, Place

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

_DATASETS = 8
"""Data sets that one line may read and be recorded apart with."""

_ROWS = 20_000_000
"""Examples of a data set of which each is marked when it is drawn, a byte each."""

_LAST_NUMBER = re.compile(r"(\d+)\D*$")
_FILES = 12
_NAMES = 256

_TENSORS = 8
"""Tensors of a batch that are looked at."""


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


@dataclass(frozen=True)
class FileNames:
    """A list of files that stands in the order of text, and not in that of their numbers.

    Attributes:
        name: "self.files", "paths".
        numbers: the number in each name.
        place: the line that makes the list, when that is known.
    """

    name: str
    numbers: list[int]
    place: Place | None


def text_ordered(dataset: object, frame: FrameType | None) -> FileNames | None:
    """Names of files that were sorted as text: 0, 1, 10, 100, 2.

    Args:
        dataset: its attributes are looked at, through any `Subset`.
        frame: of the user's code; the names of its module are looked at as well.
    """
    while isinstance(dataset, Subset):
        dataset = dataset.dataset
    held = vars(dataset) if hasattr(dataset, "__dict__") else {}
    for name, value in held.items():
        numbers = _numbers_of(value)
        if numbers:
            code = getattr(_function_of(dataset, "__init__"), "__code__", None)
            return FileNames(f"self.{name}", numbers, _stored_at(code, name))
    if frame is not None:
        for name, value in list(frame.f_globals.items())[:_NAMES]:
            numbers = _numbers_of(value)
            if numbers:
                return FileNames(name, numbers, _stored_at(frame.f_code, name))
    return None


def _numbers_of(value: object) -> list[int]:
    """The last number in each of many texts sorted as such, where it is not in order itself."""
    if type(value) is not list or len(value) < _FILES or not isinstance(value[0], (str, Path)):
        return []
    found = [_LAST_NUMBER.search(str(each)) for each in value]
    numbers = [int(match[1]) for match in found if match is not None]
    names = [str(each) for each in value]
    if len(numbers) < len(value) or len(set(numbers)) < len(numbers) or names != sorted(names):
        return []
    return numbers if numbers != sorted(numbers) else []


def _stored_at(code: Any, name: str) -> Place | None:
    """The line of a function that gives a name or an attribute its value."""
    if code is None:
        return None
    for step in dis.get_instructions(code):
        stores = step.opname in ("STORE_ATTR", "STORE_NAME", "STORE_GLOBAL")
        if stores and step.argval == name and step.positions is not None:
            line = step.positions.lineno
            return None if line is None else place_of(code.co_filename, line)
    return None


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
    """One line that reads batches of one data set."""

    fact: int
    coverage: _Coverage
    passes: int = 0
    batches: int = 0
    waited: float = 0.0
    busy: float = 0.0
    read: int = 0
    iterators: int = 0
    trained: int = 0
    draws: int = 0
    own: bytearray = field(default_factory=bytearray)
    """1 for each row of the data set that this line drew."""
    in_order: bool = True


@dataclass
class _Coverage:
    """One data set, and which of its rows any loader has drawn.

    Attributes:
        number: which data set.
        length: its examples; None where it does not tell.
        rows: 1 for each row that was drawn.
    """

    number: int
    length: int | None
    rows: bytearray


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
    """Times every batch that a `DataLoader` makes, and marks the rows that it is made of.

    Args:
        ledger: where loaders are recorded.
        sources: tells the user's lines.
        guard: takes care of errors, and knows the probe's own time.
    """

    def __init__(self, ledger: Ledger, sources: Sources, guard: Guard) -> None:
        self._ledger = ledger
        self._sources = sources
        self._guard = guard
        self._by_line: dict[tuple[str, int, int], _Seen] = {}
        self._lines: dict[tuple[str, int], int] = {}
        self._turns: dict[int, _Turn] = {}
        self._datasets: IdentityMap[Any, _Coverage] = IdentityMap()
        self._plain: dict[tuple[int, type], _Coverage] = {}
        self._coverages = 0
        self._built: IdentityMap[Any, tuple[str, int]] = IdentityMap()
        self._drawn: dict[int, tuple[weakref.ref[Any], list[Any]]] = {}
        self._last: tuple[_Seen, int] | None = None
        self._iterator: weakref.ref[Any] | None = None
        self.batch: tuple[weakref.ref[torch.Tensor], ...] = ()
        """The tensors of the batch that was read last."""
        self.rows: list[int] = []
        """Rows of the data set that this batch is made of; empty where that is not known."""

    def built(self, thing: Any) -> None:
        """Note the line that builds a loader or a sampler."""
        frame = self._sources.frame(1)
        if frame is not None:
            self._built.set(thing, (frame.f_code.co_filename, frame.f_lineno))

    def drawn(self, iterator: Any, index: Any) -> None:
        """A sampler has chosen the rows of a batch. Every batch pays for this."""
        rows = index if type(index) is list else [index]
        turn = self._turns.get(id(iterator))
        if turn is not None and turn.iterator() is iterator:
            self._mark(turn.seen, rows)
            self.rows = rows
            return
        # Workers are handed several batches before the first one is read.
        held = self._drawn.get(id(iterator))
        if held is None or held[0]() is not iterator:
            held = self._drawn[id(iterator)] = (weakref.ref(iterator), [])
        held[1].append(rows)

    def read(self, iterator: Any, batch: Any, began: float, ended: float) -> None:
        """An iterator of a loader has made a batch. Every batch pays for this."""
        steps = self._steps()
        if self._last is not None and steps > self._last[1]:
            self._last[0].trained += 1
        turn = self._turns.get(id(iterator))
        if turn is None or turn.iterator() is not iterator:
            # The first batch of a pass waits for the workers to start as well.
            self._guard.run("data loaders", self._begins, iterator, ended)
            turn = self._turns.get(id(iterator))
        else:
            if steps > turn.step:
                if not turn.trains:
                    turn.trains = True
                    turn.seen.passes += 1
                _add(turn, began, ended, self._guard.spent)
            turn.ended, turn.step, turn.spent = ended, steps, self._guard.spent
        if turn is not None:
            turn.seen.read += 1
            self._last = turn.seen, steps
            self._iterator = turn.iterator
            if iterator._num_workers:
                self.rows = []
        self.batch = _tensors(batch)

    def over(self, iterator: Any) -> None:
        """An iterator has no more batches; one that had none at all is recorded, too."""
        turn = self._turns.get(id(iterator))
        if turn is None or turn.iterator() is not iterator:
            self._begins(iterator, 0.0)

    def source_of(self, values: torch.Tensor) -> int:
        """Which data set the latest batch comes from, if `values` are part of it; 0 where not."""
        if self._last is None or not any(each() is values for each in self.batch):
            return 0
        return self._last[0].coverage.number

    def file_names(self, frame: FrameType | None) -> FileNames | None:
        """Files in the order of text, of the data set that was read last or of a module."""
        iterator = None if self._iterator is None else self._iterator()
        return text_ordered(None if iterator is None else iterator._dataset, frame)

    def origin_rows(self, size: int) -> list[int]:
        """The rows of the data set that the latest batch is made of, through any `Subset`.

        Args:
            size: rows of the batch; the answer is empty where it has another number.
        """
        rows = self.rows
        iterator = None if self._iterator is None else self._iterator()
        if len(rows) != size or iterator is None or type(rows[0]) is not int:
            return []
        dataset = iterator._dataset
        while isinstance(dataset, Subset):
            rows = [int(dataset.indices[row]) for row in rows]
            dataset = dataset.dataset
        return rows

    def finish(self) -> None:
        """Record the counts."""
        if self._last is not None and self._steps() > self._last[1]:
            self._last[0].trained += 1
        self._last = None
        for seen in self._by_line.values():
            self._record(seen)

    def _steps(self) -> int:
        # Those that were let pass uncounted are added to the run's later.
        return self._ledger.run.steps + HOOKS.idling.passed

    def _begins(self, iterator: Any, ended: float) -> None:
        for number in [n for n, turn in self._turns.items() if turn.iterator() is None]:
            del self._turns[number]
        seen = self._here(iterator)
        seen.iterators += 1
        held = self._drawn.pop(id(iterator), None)
        if held is not None and held[0]() is iterator:
            for rows in held[1]:
                self._mark(seen, rows)
                self.rows = rows
        for key in [k for k, (kept, _) in self._drawn.items() if kept() is None]:
            del self._drawn[key]
        self._record(seen)
        step, spent = self._steps(), self._guard.spent
        self._turns[id(iterator)] = _Turn(weakref.ref(iterator), seen, ended, step, spent)

    def _mark(self, seen: _Seen, rows: list[Any]) -> None:
        own, everybody = seen.own, seen.coverage.rows
        seen.draws += len(rows)
        if not own:
            return
        try:
            for row in rows:
                own[row] = everybody[row] = 1
        except (IndexError, TypeError):
            # A sampler of keys, or a data set that is longer than it says.
            seen.own = bytearray()
            return
        if seen.in_order and len(rows) > 1:
            seen.in_order = rows[0] < rows[-1] and rows[-1] - rows[0] == len(rows) - 1

    def _here(self, iterator: Any) -> _Seen:
        frame = self._sources.frame(2)
        where = ("?", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
        coverage = self._coverage(iterator._dataset)
        seen = self._by_line.get((*where, coverage.number))
        if seen is None:
            count = self._lines[where] = self._lines.get(where, 0) + 1
            if count > _DATASETS:
                # A data set made anew for every pass: one more is not news.
                return next(s for k, s in self._by_line.items() if k[:2] == where)
            seen = self._by_line[*where, coverage.number] = self._new(iterator, where, coverage)
        return seen

    def _coverage(self, dataset: Any) -> _Coverage:
        found = self._datasets.get(dataset)
        # A plain list cannot be referenced weakly: one at the same address of the same length is
        # taken for the same.
        key = id(dataset), type(dataset)
        if isinstance(dataset, list | tuple):
            found = self._plain.get(key)
        if found is None:
            known = isinstance(dataset, Sized) and not isinstance(dataset, IterableDataset)
            length = _length(dataset) if known else None
            kept = length if length is not None and 0 < length <= _ROWS else 0
            self._coverages += 1
            found = _Coverage(self._coverages, length, bytearray(kept))
            if isinstance(dataset, list | tuple):
                self._plain[key] = found
            else:
                self._datasets.set(dataset, found)
        return found

    def _new(self, iterator: Any, where: tuple[str, int], coverage: _Coverage) -> _Seen:
        number = self._ledger.next_number("loader")
        batcher = iterator._index_sampler
        size = getattr(batcher, "batch_size", None)
        sampler = getattr(batcher, "sampler", batcher)
        weights = getattr(sampler, "weights", None)
        choices = getattr(sampler, "indices", None)
        stream = None
        if iterator._num_workers > 1:
            stream = shared_stream(
                iterator._dataset, iterator._collate_fn, iterator._worker_init_fn
            )
        dataset = iterator._dataset
        source = dataset
        while isinstance(source, Subset):
            source = source.dataset
        is_subset = isinstance(dataset, Subset) and isinstance(source, Sized)
        built = self._built.get(sampler)
        self._ledger.put(
            Loader(
                number=number,
                place=place_of(*where),
                dataset=type(dataset).__name__,
                batch_size=size if isinstance(size, int) else None,
                workers=iterator._num_workers,
                stream=None if stream is None else stream.name,
                stream_kind="" if stream is None else stream.kind,
                stream_place=None if stream is None else place_of(stream.file, stream.line),
                length=coverage.length,
                source_length=_length(source) if is_subset else None,
                sampler=type(sampler).__name__,
                weights=len(weights) if isinstance(weights, torch.Tensor) else None,
                choices=len(choices) if isinstance(choices, Sized) else None,
                drop_last=bool(iterator._drop_last),
                built_place=self._loader_place(iterator),
                sampler_place=None if built is None else place_of(*built),
            )
        )
        return _Seen(number, coverage, own=bytearray(len(coverage.rows)))

    def _loader_place(self, iterator: Any) -> Place | None:
        """The line that built the loader of an iterator: the one that has its index sampler."""
        for thing, where in self._built.items():
            if isinstance(thing, DataLoader) and thing._index_sampler is iterator._index_sampler:
                return place_of(*where)
        return None

    def _record(self, seen: _Seen) -> None:
        known = self._ledger.run.loaders[seen.fact]
        drawn = sum(seen.own)
        self._ledger.change(
            known,
            batches=seen.batches,
            waited=seen.waited,
            busy=max(seen.busy, 0.0),
            read=seen.read,
            iterators=seen.iterators,
            trained=seen.trained,
            draws=seen.draws,
            drawn=drawn,
            in_order=seen.in_order and seen.draws > 0,
            elsewhere=sum(seen.coverage.rows) - drawn if seen.own else 0,
            passes=seen.passes,
        )


def _tensors(batch: Any) -> tuple[weakref.ref[torch.Tensor], ...]:
    if isinstance(batch, torch.Tensor):
        return (weakref.ref(batch),)
    if isinstance(batch, dict):
        batch = tuple(batch.values())
    if not isinstance(batch, list | tuple):
        return ()
    return tuple(weakref.ref(each) for each in batch[:_TENSORS] if isinstance(each, torch.Tensor))


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


def _length(of: Any) -> int | None:
    """How many items there are, where a data set of the script's own can tell."""
    try:
        return len(of)
    except (TypeError, NotImplementedError):
        # Keras wraps arrays in a class that has `__len__` and holds what has none.
        return None
