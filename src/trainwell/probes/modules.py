"""Root modules, the names of layers, training and evaluation mode, and where layers were built."""

from __future__ import annotations

__all__ = ["Modules", "held", "named_modules", "named_parameters"]

import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.parameter import is_lazy

from trainwell.hooks.guard import is_readable, plain
from trainwell.hooks.identity import IdentityMap
from trainwell.hooks.keras import is_layer, layers_of, variables_of
from trainwell.hooks.layer import HOOKS
from trainwell.measures.weights import is_default_uniform
from trainwell.probes.behaviour import Rebuilding
from trainwell.probes.examples import ExampleWatch
from trainwell.probes.inputs import InputWatch
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, place_of
from trainwell.probes.ranks import Ranks
from trainwell.probes.step_state import StepState
from trainwell.record import Detail, Network, Place

_ROOTS_CALLED = 64
"""Outermost modules called after which, without a backward, a sample is given up: inference,
features computed with gradients on, a buffer filled by acting. The number doubles whenever a
backward follows after all (a cell called at every position of a long sequence)."""

_MOST_ROOTS_CALLED = 1 << 13

_EMBEDDINGS = 16

_NORM_ROWS = 16
"""Examples of a batch that are compared with running statistics; smaller batches are not."""

_NORM_LOOKS = 8
_JUDGED = 64
"""Elements that a weight must have for its distribution to tell how it was initialised."""


class Modules:
    """Watches calls of modules while it is armed; otherwise costs nothing.

    Args:
        ledger: where networks are recorded.
        sources: tells the user's lines.
        ranks: is told of calls in training.
        here: what the running thread has gathered.
        examples: is told of every call of a root that is watched.
    """

    def __init__(
        self,
        ledger: Ledger,
        sources: Sources,
        ranks: Ranks,
        here: StepState,
        examples: ExampleWatch,
    ) -> None:
        self._ledger = ledger
        self._examples = examples
        self._ranks = ranks
        self._sources = sources
        self._here = here
        self._inputs = InputWatch(ledger, sources)
        self.rebuilding = Rebuilding(ledger)
        self._built: IdentityMap[nn.Module, tuple[str, int, int]] = IdentityMap()
        self._order: IdentityMap[nn.Module, int] = IdentityMap()
        self.made = 0
        """Modules that were built so far."""
        self._judged: set[int] = set()
        self._roots: IdentityMap[nn.Module, int] = IdentityMap()
        self._members: IdentityMap[nn.Module, tuple[str, int]] = IdentityMap()
        self._owners: IdentityMap[torch.Tensor, tuple[int, str]] = IdentityMap()
        self._sensitive: dict[int, list[weakref.ref[nn.Module]]] = {}
        self._full = False
        self._rows_only = False
        self._patience = _ROOTS_CALLED
        self._gave_up = False
        self.stranger = False
        """A module was called that belongs to no known root: arm in full to get to know it."""
        self.compiled = False
        """Something is compiled: hooks would be traced into it, and make it compile again."""
        self.on_evaluation: Callable[[], None] = lambda: None
        self.on_give_up: Callable[[], None] = lambda: None
        """Called when a sample is given up because no backward comes."""

    def arm(self, *, full: bool) -> None:
        """Watch module calls from now on.

        Args:
            full: also find new roots and the names of what modules return.
        """
        self._here.root = None
        self._rows_only = False
        if self.compiled:
            return
        self._full = full
        HOOKS.watch_modules(calls=True, returns=full)

    def arm_rows(self) -> None:
        """Watch until the next call of a known root in training, for its examples alone."""
        if self.compiled or not len(self._roots):
            return
        self._rows_only = True
        HOOKS.watch_modules(calls=True, returns=False)

    def disarm(self) -> None:
        """Stop watching module calls."""
        self._rows_only = False
        HOOKS.watch_modules(calls=False, returns=False)

    def backward(self) -> None:
        """A backward begins."""
        if self._gave_up:
            self._gave_up = False
            self._patience = min(2 * self._patience, _MOST_ROOTS_CALLED)

    def compiles(self, target: Any) -> None:
        """`torch.compile` was called: watch no calls any more, but know the module."""
        self.compiled = True
        self.disarm()
        if isinstance(target, nn.Module):
            self.add_root(target)
        self._ledger.note(
            "torch.compile is in use: module calls are not watched, so that nothing is compiled "
            "twice; parameters, gradients, losses and what stays outside are"
        )

    def modes_now(self, networks: tuple[int, ...]) -> Counter[tuple[int, str]]:
        """The mode of networks at this moment, for those whose calls are not watched."""
        return Counter((n, self._mode(n, root)) for root, n in self._roots.items() if n in networks)

    @property
    def armed(self) -> bool:
        """Whether module calls are being watched, for more than the examples of a step."""
        return HOOKS.watches_modules and not self._rows_only

    def built_at(self, network: int, layer: str) -> Place | None:
        """The line that constructed a layer, when that was seen."""
        for module, (path, root) in self._members.items():
            if root == network and path == layer:
                return self.built(module)
        return None

    def built(self, module: nn.Module) -> Place | None:
        """The line that constructed a module, when that was seen."""
        found = self._built.get(module)
        return None if found is None else place_of(*found[:2])

    def is_another(self, module: nn.Module) -> bool:
        """Whether a module is a second one of the class of a known network, and of its size."""
        if module in self._roots:
            return False
        shapes = [tuple(p.shape) for _, p in named_parameters(module) if not is_lazy(p)]
        return bool(shapes) and any(
            type(root) is type(module)
            and shapes == [tuple(p.shape) for _, p in named_parameters(root) if not is_lazy(p)]
            for root, _ in self._roots.items()
        )

    def order(self, network: int, layer: str) -> int | None:
        """How many modules had been built before a layer; None where that was not seen."""
        for module, (path, root) in self._members.items():
            if root == network and path == layer:
                return self._order.get(module)
        return None

    def judge_frozen(self, number: int) -> None:
        """See, once, whether the frozen layers of a network are as PyTorch initialises them."""
        root = next((m for m, n in self._roots.items() if n == number), None)
        if root is None or number in self._judged:
            return
        self._judged.add(number)
        count, fresh = 0, []
        for path, module in named_modules(root):
            weight = held(module, "_parameters").get("weight")
            if not isinstance(module, (nn.Linear, _ConvNd)) or not is_readable(weight):
                continue
            if weight.requires_grad or weight.numel() < _JUDGED:
                continue
            count += 1
            if is_default_uniform(weight):
                fresh.append(f"{path}.weight" if path else "weight")
        fact = self._ledger.run.networks[number]
        self._ledger.change(fact, frozen_weights=count, frozen_fresh=tuple(fresh[:32]))

    def _repeated(self, root: nn.Module) -> Iterator[dict[str, Detail]]:
        for path, module in named_modules(root):
            if not isinstance(module, (nn.Sequential, nn.ModuleList, nn.ModuleDict)):
                continue
            entries = [m for m in held(module, "_modules").values() if m is not None]
            counts = Counter(map(id, entries))
            for entry in {id(m): m for m in entries}.values():
                size = sum(p.numel() for _, p in named_parameters(entry) if not is_lazy(p))
                if counts[id(entry)] < 2 or not size:
                    continue
                place = self.built(module) or Place()
                yield {
                    "path": path,
                    "kind": type(entry).__name__,
                    "count": counts[id(entry)],
                    "parameters": size,
                    "file": place.file,
                    "line": place.line,
                    "code": place.code,
                }

    def known(self) -> list[nn.Module]:
        """All modules that were seen under construction or called, as far as they still live."""
        return [m for m, _ in self._roots.items()] + [m for m, _ in self._built.items()]

    def owner(self, tensor: torch.Tensor) -> tuple[int | None, str | None, str | None]:
        """Network, dotted name and layer of a parameter; None where unknown."""
        found = self._owners.get(tensor)
        if found is None:
            return None, None, None
        network, name = found
        return network, name, name.rpartition(".")[0] or name

    def add_root(self, module: nn.Module, name: str | None = None) -> int:
        """Number a root module, and learn the names of its layers and parameters."""
        module = held(module, "_modules").get("_orig_mod", module)
        found = self._roots.get(module)
        if found is not None:
            return found
        number = self._ledger.next_number("network")
        self._roots.set(module, number)
        dropout: dict[str, float] = {}
        batch_norm: list[str] = []
        sensitive: list[weakref.ref[nn.Module]] = []
        embeddings: dict[str, list[int]] = {}
        count = 0
        for path, child in named_modules(module):
            count += 1
            if child not in self._members:
                self._members.set(child, (path, number))
            if isinstance(child, _DropoutNd) and child.p > 0:
                dropout[path or "(itself)"] = float(child.p)
                sensitive.append(weakref.ref(child))
            elif isinstance(child, nn.Embedding) and len(embeddings) < _EMBEDDINGS:
                padding = -1 if child.padding_idx is None else int(child.padding_idx)
                embeddings[path or "(itself)"] = [child.num_embeddings, padding]
            elif isinstance(child, _BatchNorm) and child.track_running_stats:
                batch_norm.append(path or "(itself)")
                sensitive.append(weakref.ref(child))
        parameters = named_parameters(module)
        for path, parameter in parameters:
            # A root called before its container keeps the names that were given first.
            if plain(parameter) not in self._owners:
                self._owners.set(plain(parameter), (number, path))
        self._sensitive[number] = sensitive
        built = self._built.get(module)
        self._ledger.put(
            Network(
                number=number,
                name=name or type(module).__name__,
                place=place_of(*built[:2]) if built else Place(),
                modules=count,
                # A lazy parameter has no size before its first pass.
                parameter_count=sum(p.numel() for _, p in parameters if not is_lazy(p)),
                dropout=dropout,
                batch_norm=batch_norm,
                embeddings=embeddings,
                repeated=tuple(self._repeated(module)),
            )
        )
        return number

    def count(self, passes: Counter[tuple[int, str]], *, evaluation: bool) -> None:
        """Add forward passes to their networks' counts."""
        field = "evaluation_forwards" if evaluation else "training_forwards"
        for (number, mode), times in passes.items():
            fact = self._ledger.run.networks[number]
            counts = dict(getattr(fact, field))
            counts[mode] = counts.get(mode, 0) + times
            self._ledger.change(fact, **{field: counts})

    def _place(self, number: int, field: str, *, wrong: bool) -> bool:
        """Note where a network is called in the wrong mode; whether it was the first time."""
        fact = self._ledger.run.networks[number]
        first = wrong and getattr(fact, field) is None
        if first:
            self._ledger.change(fact, **{field: self._sources.here()})
        return first

    def _mode(self, number: int, root: nn.Module) -> str:
        modes = {m.training for r in self._sensitive[number] if (m := r()) is not None}
        if not modes:
            return "train" if root.training else "eval"
        if len(modes) == 2 or modes != {root.training}:
            return "mixed"
        return "train" if root.training else "eval"

    def constructed(self, module: nn.Module) -> None:
        """Note the line that constructs a module. The module itself has nothing yet to ask."""
        self._order.set(module, self.made)
        self.made += 1
        frame = self._sources.frame(1)
        while frame is not None and _is_init_of(frame, module):
            frame = self._sources.outer(frame)
        if frame is not None:
            step = self._ledger.run.steps
            self._built.set(module, (frame.f_code.co_filename, frame.f_lineno, step))

    def called(self, module: nn.Module, args: tuple[Any, ...], gradients: bool) -> None:
        """A module is called while it is armed."""
        here = self._here
        if isinstance(module, _BatchNorm) and not module.training:
            self._norm(module, args)
        if self._rows_only:
            self._read_rows(module, args, gradients)
            return
        root = None if here.root is None else here.root()
        if gradients and module not in self._members:
            self._made_now(module, root)
        # The root itself again: it calls itself, or has left its last call by an interrupt.
        if root is not None and root is not module:
            return
        if _is_symbolic(module, args):
            return
        number = self._roots.get(module)
        if number is None:
            if not self._full:
                self.stranger = self.stranger or module not in self._members
                return
            if not named_parameters(module):
                return
            number = self.add_root(module)
        if self._full:
            here.root = weakref.ref(module)
        mode = self._mode(number, module)
        self._inputs.saw(number, args, training=gradients)
        self._examples.saw(number, args, training=gradients)
        here.roots_called += 1
        if here.roots_called > self._patience:
            self._give_up()
            return
        if gradients:
            self._rename(module, number)
            self._ranks.called(args)
            here.training[number, mode] += 1
            if self._place(number, "training_place", wrong=mode == "eval"):
                frozen = sum(not p.requires_grad for _, p in named_parameters(module))
                self._ledger.change(self._ledger.run.networks[number], frozen=frozen)
        else:
            here.evaluating[number, mode] += 1
            self._place(number, "evaluation_place", wrong=mode == "train")
            self.on_evaluation()

    def _made_now(self, module: nn.Module, root: nn.Module | None) -> None:
        """Note a layer with weights of its own that was made since the last backward."""
        step = self._ledger.run.steps
        built = self._built.get(module)
        if not step or built is None or built[2] != step:
            return
        if any(p is not None for p in held(module, "_parameters").values()):
            network = None if root is None else self._roots.get(root)
            self.rebuilding.called(module, built[:2], step, network)

    def class_of(self, network: int | None, path: str | None) -> type[nn.Module] | None:
        """The class of a layer, by its network (any where None) and its path."""
        for module, (name, root) in self._members.items():
            if name == path and (network is None or root == network):
                return type(module)
        return None

    def all(self) -> list[nn.Module]:
        """The modules of the networks that are known."""
        return [module for module, _ in self._members.items()]

    def knows(self, module: nn.Module) -> bool:
        """Whether a module belongs to a known network."""
        return module in self._members

    def _norm(self, module: _BatchNorm, args: tuple[Any, ...]) -> None:
        """Compare what flows into a batch norm with the running statistics that it uses."""
        member, values = self._members.get(module), plain(args[0]) if args else None
        if member is None or not is_readable(values) or values.dim() < 2:
            return
        mean, var = module.running_mean, module.running_var
        if not is_readable(mean) or not is_readable(var) or values.shape[0] < _NORM_ROWS:
            return
        path, number = member
        fact = self._ledger.run.networks[number]
        known = fact.norms.get(path or "(itself)", {})
        looks = int(known.get("looks", 0)) + 1
        if looks > _NORM_LOOKS and looks & (looks - 1):
            self._ledger.change(fact, norms=fact.norms | {path: known | {"looks": float(looks)}})
            return
        tracked = module.num_batches_tracked
        if tracked is not None and not int(tracked) and bool((mean == 0).all() & (var == 1).all()):
            # Never trained: it has no statistics yet.
            return
        rows = values.detach()[:_NORM_ROWS].float().movedim(1, -1).reshape(-1, values.shape[1])
        spread = (var.detach().float() + module.eps).sqrt()
        shift = (rows.mean(0) - mean.detach().float()).abs() / spread
        ratio = rows.std(0) / spread
        found = {
            "shift": float(shift.median()),
            "ratio": float(ratio.median()),
            "looks": float(looks),
        }
        self._ledger.change(fact, norms=fact.norms | {path or "(itself)": found})

    def _read_rows(self, module: nn.Module, args: tuple[Any, ...], gradients: bool) -> None:
        number = self._roots.get(module)
        if number is None or _is_symbolic(module, args):
            return
        self.disarm()
        # A network in evaluation mode with gradients on: an evaluation, perhaps.
        if gradients and self._mode(number, module) != "eval":
            began = time.perf_counter()
            self._inputs.saw(number, args, training=True)
            self._examples.saw(number, args, training=True)
            self._examples.looked(self._ledger.run.steps, time.perf_counter() - began)

    def returned(self, module: nn.Module, output: Any, gradients: bool) -> None:
        """A module has returned, or raised, while it is armed in full."""
        here = self._here
        root = None if here.root is None else here.root()
        if module is root:
            here.root = None
        if root is None or not gradients:
            return
        member = self._members.get(module)
        if member is None:
            return
        for tensor in output if isinstance(output, (tuple, list)) else (output,):
            if isinstance(tensor, torch.Tensor) and tensor.grad_fn is not None:
                here.made.setdefault(tensor.grad_fn, (member[1], member[0]))

    def _rename(self, module: nn.Module, number: int) -> None:
        """Learn the names of tensors that a module computes with instead of its parameters.

        `torch.func.functional_call` puts them in their place, new ones at every step.
        """
        parameters = named_parameters(module)
        if parameters and plain(parameters[0][1]) not in self._owners:
            for path, parameter in parameters:
                if plain(parameter) not in self._owners:
                    self._owners.set(plain(parameter), (number, path))

    def _give_up(self) -> None:
        self._gave_up = True
        self._here.drain()
        self.disarm()
        self.on_give_up()


def named_modules(module: nn.Module) -> list[tuple[str, nn.Module]]:
    """A module and those inside it, each once, with dotted names.

    `nn.Module.named_modules` would compare and hash them, by methods that may be the script's own.
    """
    found: dict[int, tuple[str, nn.Module]] = {}
    waiting: list[tuple[str, nn.Module]] = [("", module)]
    while waiting:
        path, each = waiting.pop()
        if id(each) in found:
            continue
        found[id(each)] = (path, each)
        children = (
            layers_of(each)
            if is_layer(each)
            else [(n, m) for n, m in held(each, "_modules").items() if m is not None]
        )
        waiting += [(f"{path}.{n}" if path else n, m) for n, m in reversed(children)]
    return list(found.values())


def named_parameters(module: nn.Module) -> list[tuple[str, torch.Tensor]]:
    """The learned tensors of a module, each once: registered ones, and leaves that it holds bare.

    A `parameters()` of the script's own is not called: it may count its calls, or give a list.
    """
    found: dict[int, tuple[str, torch.Tensor]] = {}
    for path, each in named_modules(module):
        own = variables_of(each) if is_layer(each) else held(each, "_parameters").items()
        for name, parameter in own:
            if parameter is not None:
                found.setdefault(id(parameter), (f"{path}.{name}" if path else name, parameter))
        for name, value in vars(each).items():
            if isinstance(value, torch.Tensor) and value.requires_grad and value.is_leaf:
                found.setdefault(id(value), (f"{path}.{name}" if path else name, value))
    return list(found.values())


def _is_symbolic(module: nn.Module, args: tuple[Any, ...]) -> bool:
    """Whether a call only finds out shapes: on meta or fake tensors, on symbols of Keras."""
    tensors = [a for a in args if isinstance(a, torch.Tensor)]
    if not tensors:
        return bool(args) and is_layer(module)
    return any(t.device.type == "meta" or type(t).__name__ == "FakeTensor" for t in tensors)


def held(module: nn.Module, table: str) -> dict[str, Any]:
    """One of the tables in which a module holds its parameters, buffers or modules."""
    found = vars(module).get(table)
    return found if isinstance(found, dict) else {}


def _is_init_of(frame: FrameType, module: nn.Module) -> bool:
    code = frame.f_code
    if code.co_name != "__init__" or not code.co_argcount:
        return False
    return frame.f_locals.get(code.co_varnames[0]) is module
