"""Checkpoints: what a script loads arrives, stays, and is what it was when it was kept."""

from __future__ import annotations

__all__ = ["Checkpoints", "partners"]

import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from trainwell.hooks.guard import is_readable
from trainwell.hooks.identity import IdentityMap
from trainwell.measures.samples import every_nth
from trainwell.probes.budget import Budget
from trainwell.probes.ledger import Ledger
from trainwell.probes.modules import Modules, held, named_modules
from trainwell.probes.places import Sources
from trainwell.record import Checkpoint, Place

_NAMES = 16
_TENSORS = 4096
"""Tensors of one checkpoint that are looked at."""
_VALUES = 8
"""Numbers by which a tensor is known again."""
_SINGLE = 16
"""Calls of one kind that are always looked at; later ones where the budget has room."""
_COST = 1e-4
"""Seconds that a look at a checkpoint takes, about."""

_Print = tuple[tuple[int, ...], tuple[float, ...]]
"""The shape of a tensor, and some of its numbers."""


@dataclass(eq=False)
class _Loaded:
    """What was loaded into a module, until the next backward."""

    fact: int
    module: weakref.ref[nn.Module]
    kind: type[nn.Module]
    step: int
    tensors: list[tuple[weakref.ref[torch.Tensor], _Print]]
    place: Place | None = None
    """A line that initialised one of the tensors since."""


@dataclass(eq=False)
class _Taken:
    """When and where a tensor came out of `state_dict()`."""

    step: int
    place: Place


@dataclass(eq=False)
class _File:
    """What a file held, until the next backward."""

    fact: int
    step: int
    prints: list[_Print]


class Checkpoints:
    """Watches `state_dict`, `load_state_dict`, `torch.load` and `torch.save`.

    No tensor is kept: those that were taken are known by weak references, those that were loaded
    or read by a few of their numbers.

    Args:
        ledger: where they are recorded.
        sources: tells the user's lines.
        modules: knows the networks.
        budget: looks at calls beyond the first ones only where it has room.
    """

    def __init__(self, ledger: Ledger, sources: Sources, modules: Modules, budget: Budget) -> None:
        self._ledger = ledger
        self._sources = sources
        self._modules = modules
        self._budget = budget
        self._taken: IdentityMap[torch.Tensor, _Taken] = IdentityMap()
        self._loaded: list[_Loaded] = []
        self._files: list[_File] = []
        self._facts: dict[tuple[str, str | None, int | None], int] = {}
        self._saved: set[tuple[int, torch.device]] = set()
        """Memory of the tensors that this script saved since the last backward that was judged."""
        self._calls = {"take": 0, "load": 0, "read": 0, "save": 0}
        self.on_copy: Callable[[nn.Module], None] = lambda module: None
        """Called when a second module of a network's class is given weights, after training."""
        self.on_news: Callable[[], None] = lambda: None
        """Called when the next backward is to be looked at."""

    @property
    def waits(self) -> bool:
        """Whether something was loaded or read that the next backward must show."""
        return bool(self._loaded or self._files)

    def taken(self, module: nn.Module, state: Any) -> None:
        """A module has given its weights out."""
        if not isinstance(state, Mapping) or not self._has_time("take"):
            return
        seen = _Taken(self._ledger.run.steps, self._sources.here(3))
        for tensor in list(state.values())[:_TENSORS]:
            if isinstance(tensor, torch.Tensor):
                self._taken.set(tensor, seen)

    def loaded(self, module: nn.Module, state: Any, result: Any) -> None:
        """A module was given weights."""
        if not isinstance(state, Mapping) or not self._has_time("load"):
            return
        own = dict(list(_own(module))[:_TENSORS])
        given = {n: t for n, t in list(state.items())[:_TENSORS] if isinstance(t, torch.Tensor)}
        if not own or (state and not given):
            # Nothing to fill, or packed by a format of its own.
            return
        matched = [n for n in given if n in own]
        aliased = [n for n in matched if _is_same_memory(own[n], given[n])]
        # A module may rename what it is given while it loads: its own answer counts.
        missing = _told(result, "missing_keys", [n for n in own if n not in given])
        unexpected = _told(result, "unexpected_keys", [n for n in given if n not in own])
        renamed = partners(
            {n: own[n] for n in missing if n in own},
            {n: given[n] for n in unexpected if n in given},
        )
        step = self._ledger.run.steps
        taken = [seen for n in aliased if (seen := self._taken.get(given[n])) is not None]
        if step and matched and self._modules.is_another(module):
            self.on_copy(module)
        fresh = [own[n] for n in matched if n not in set(aliased) and _is_telling(own[n])]
        number = self._put(
            Checkpoint(
                number=-1,
                action="load",
                place=self._sources.here(3),
                module=type(module).__name__,
                step=step,
                tensors=len(own),
                given=len(given),
                matched=max(len(matched), len(own) - len(missing)),
                aliased=len(aliased),
                age=step - min(t.step for t in taken) if taken else None,
                taken_place=taken[0].place if taken else None,
                missing=tuple(missing[:_NAMES]),
                unexpected=tuple(unexpected[:_NAMES]),
                renamed=tuple(f"{m} <- {u}" for m, u in renamed[:_NAMES]),
                renamed_count=len(renamed),
                weights=len(fresh),
            )
        )
        if fresh:
            # What is loaded over it is not expected any more.
            again = {id(t) for t in fresh}
            for before in self._loaded:
                before.tensors = [
                    (r, p) for r, p in before.tensors if (t := r()) is None or id(t) not in again
                ]
            prints = [(weakref.ref(t), _print(t)) for t in fresh]
            self._loaded.append(_Loaded(number, weakref.ref(module), type(module), step, prints))
            self.on_news()

    def read(self, content: Any) -> None:
        """A file was read."""
        if not self._has_time("read"):
            return
        found = max(_states(content), key=len, default={})
        tensors = [t for t in list(found.values())[:_TENSORS] if _is_telling(t)]
        if len(tensors) < 2:
            return
        number = self._put(
            Checkpoint(
                number=-1,
                action="read",
                place=self._sources.here(3),
                step=self._ledger.run.steps,
                given=len(tensors),
                unexpected=tuple(list(found)[:_NAMES]),
            )
        )
        self._files.append(_File(number, self._ledger.run.steps, [_print(t) for t in tensors]))
        self.on_news()

    def saved(self, content: Any) -> None:
        """An object was saved: see whether it holds weights that were kept, and went on living."""
        if not self._has_time("save"):
            return
        step = self._ledger.run.steps
        live = None
        for state in _states(content):
            if len(self._saved) < _TENSORS:
                self._saved |= {m for t in state.values() if (m := _memory(t)) is not None}
            kept = [(t, s) for t in state.values() if (s := self._taken.get(t)) is not None]
            old = [(t, s) for t, s in kept if 0 < s.step < step]
            if not old or 2 * len(old) < len(state):
                continue
            live = {_memory(p) for p in self._parameters()} if live is None else live
            shared = [s for t, s in old if _memory(t) in live]
            if shared:
                self._put(
                    Checkpoint(
                        number=-1,
                        action="save",
                        place=self._sources.here(3),
                        step=step,
                        given=len(state),
                        matched=len(old),
                        aliased=len(shared),
                        age=step - min(s.step for s in shared),
                        taken_place=shared[0].place,
                    )
                )

    def initialised(self, tensor: Any) -> None:
        """A tensor, or by `Module.apply` anything, was initialised after weights were loaded."""
        for loaded in self._loaded:
            if loaded.place is None:
                own = [(r(), p) for r, p in loaded.tensors]
                if any(
                    t is not None and not _is_same(_print(t), p)
                    for t, p in own
                    if tensor is None or t is tensor
                ):
                    loaded.place = self._sources.here(3)

    def backward(self, trained: Collection[torch.Tensor]) -> None:
        """A backward begins, and is looked at: what was loaded must be there.

        No optimizer can have stepped since: loading has asked for a look at the next backward.

        Args:
            trained: the parameters that it computes gradients for.
        """
        loads, self._loaded = self._loaded, []
        files, self._files = self._files, []
        step = self._ledger.run.steps - 1
        for loaded in loads:
            if loaded.step == step:
                self._judge(loaded)
        if files:
            known: dict[tuple[int, ...], list[_Print]] = {}
            own = {id(t) for t in trained}
            for parameter in self._parameters():
                # A network from which the file was written has its weights without loading.
                written = _memory(parameter) in self._saved and id(parameter) not in own
                if not written and _is_telling(parameter):
                    known.setdefault(tuple(parameter.shape), []).append(_print(parameter))
            for file in files:
                if file.step != step:
                    continue
                fact = self._ledger.run.checkpoints[file.fact]
                fitting = [p for p in file.prints if p[0] in known]
                reached = sum(any(_is_same(p, k) for k in known[p[0]]) for p in fitting)
                if fact.reached is None or reached < fact.reached:
                    self._ledger.change(fact, fitting=len(fitting), reached=reached)

    def _judge(self, loaded: _Loaded) -> None:
        alive = [(t, p) for r, p in loaded.tensors if (t := r()) is not None]
        changed = sum(not _is_same(_print(t), p) for t, p in alive)
        gone = False
        if not alive and loaded.module() is None:
            others = [m for m in self._all_modules() if type(m) is loaded.kind]
            values = [_print(t) for m in others for _, t in _own(m) if _is_telling(t)]
            gone = bool(others) and not any(
                _is_same(p, v) for _, p in loaded.tensors for v in values
            )
        fact = self._ledger.run.checkpoints[loaded.fact]
        if fact.overwritten is None or changed > fact.overwritten or gone:
            self._ledger.change(
                fact, overwritten=changed, overwritten_place=loaded.place, gone=gone
            )

    def _put(self, fact: Checkpoint) -> int:
        """Record a call; of several from one line, that in which least was loaded."""
        key = (fact.action, fact.place.file, fact.place.line)
        number = self._facts.get(key)
        if number is None:
            number = self._facts[key] = self._ledger.next_number("checkpoint")
            self._ledger.put(replace(fact, number=number))
            return number
        before = self._ledger.run.checkpoints[number]
        worse = fact.matched - fact.aliased < before.matched - before.aliased
        chosen = fact if worse else before
        self._ledger.put(replace(chosen, number=number, count=before.count + 1))
        return number

    def _has_time(self, kind: str) -> bool:
        self._calls[kind] += 1
        return self._calls[kind] <= _SINGLE or not self._budget.seconds_until(_COST)

    def _all_modules(self) -> list[nn.Module]:
        found: dict[int, nn.Module] = {}
        for root in self._modules.known():
            for _, module in named_modules(root):
                found[id(module)] = module
        return list(found.values())

    def _parameters(self) -> list[torch.Tensor]:
        found: dict[int, torch.Tensor] = {}
        for module in self._all_modules():
            for table in ("_parameters", "_buffers"):
                for tensor in held(module, table).values():
                    if tensor is not None:
                        found[id(tensor)] = tensor
        return list(found.values())


def partners(
    missing: Mapping[str, torch.Tensor], unexpected: Mapping[str, torch.Tensor]
) -> list[tuple[str, str]]:
    """Names of a module and of a checkpoint that belong together, but for a part in front.

    Args:
        missing: the module's tensors that the checkpoint lacks, by name.
        unexpected: the checkpoint's tensors that the module lacks, by name.

    Returns:
        (missing, unexpected) pairs of equal shape, each name once. The names end alike: one of
        them is the other with something in front, or they differ in their first part only.
    """
    found: list[tuple[str, str]] = []
    for cut in (0, 1):
        used = {n for pair in found for n in pair}
        tails: dict[str, list[str]] = {}
        for name in unexpected:
            if name not in used:
                for tail in _tails(name, cut):
                    tails.setdefault(tail, []).append(name)
        for name in missing:
            if name in used:
                continue
            for tail in _tails(name, cut):
                match = next(
                    (
                        u
                        for u in tails.get(tail, ())
                        if u not in used and unexpected[u].shape == missing[name].shape
                    ),
                    None,
                )
                if match is not None:
                    found.append((name, match))
                    used |= {name, match}
                    break
    return found


def _tails(name: str, cut: int) -> Iterator[str]:
    """What is left of a name without its first parts, `cut` of them or more.

    At least two parts are left, but for a whole name: `weight` alone says nothing.
    """
    parts = name.split(".")
    yield from (".".join(parts[i:]) for i in range(cut, max(len(parts) - 1, 1)))


def _told(result: Any, name: str, instead: list[str]) -> list[str]:
    found = getattr(result, name, None)
    return list(found) if isinstance(found, list) else instead


def _own(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Parameters and buffers of a module by the names that `state_dict()` gives them."""
    for path, part in _paths(module):
        skipped = getattr(part, "_non_persistent_buffers_set", ())
        for table in ("_parameters", "_buffers"):
            for name, tensor in held(part, table).items():
                if isinstance(tensor, torch.Tensor) and name not in skipped:
                    yield f"{path}.{name}" if path else name, tensor


def _paths(module: nn.Module, path: str = "", depth: int = 0) -> Iterator[tuple[str, nn.Module]]:
    """A module and those inside it, by every path that leads to one."""
    yield path, module
    if depth < 64:
        for name, child in held(module, "_modules").items():
            if child is not None:
                yield from _paths(child, f"{path}.{name}" if path else name, depth + 1)


def _states(content: Any, depth: int = 0) -> Iterator[dict[str, torch.Tensor]]:
    """The sets of named tensors in an object: it itself, or what it holds by name."""
    if not isinstance(content, Mapping) or depth > 2:
        return
    items = list(content.items())[:_TENSORS]
    found = {n: t for n, t in items if isinstance(n, str) and isinstance(t, torch.Tensor)}
    if found:
        yield found
    for name, value in items:
        if isinstance(name, str) and isinstance(value, Mapping):
            yield from _states(value, depth + 1)


def _is_telling(tensor: Any) -> bool:
    """Whether a tensor can be known again by its numbers: not all of them are the same."""
    if not isinstance(tensor, torch.Tensor) or tensor.dim() < 2 or not is_readable(tensor):
        return False
    values = _print(tensor)[1]
    return tensor.is_floating_point() and len(set(values)) > min(len(values), 4) - 1 > 0


def _print(tensor: torch.Tensor) -> _Print:
    if not is_readable(tensor):
        return tuple(tensor.shape), ()
    sample = every_nth(tensor.detach(), _VALUES)
    return tuple(tensor.shape), tuple(sample.flatten()[: 2 * _VALUES].double().tolist())


def _is_same(first: _Print, second: _Print) -> bool:
    """Whether two prints are of one tensor, but for the rounding of a shorter type."""
    if first[0] != second[0]:
        return False
    size = max(map(abs, first[1]), default=0.0)
    return all(
        abs(a - b) <= 0.01 * size or (a != a and b != b)
        for a, b in zip(first[1], second[1], strict=True)
    )


def _memory(tensor: torch.Tensor) -> tuple[int, torch.device] | None:
    if not is_readable(tensor) or not tensor.numel():
        return None
    return tensor.data_ptr(), tensor.device


def _is_same_memory(own: torch.Tensor, given: torch.Tensor) -> bool:
    memory = _memory(given)
    return memory is not None and memory == _memory(own)
