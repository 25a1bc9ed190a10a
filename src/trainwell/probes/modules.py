"""Root modules, the names of layers, training and evaluation mode, and where layers were built."""

from __future__ import annotations

__all__ = ["Modules"]

import functools
import weakref
from collections import Counter
from collections.abc import Callable
from types import FrameType
from typing import Any

import torch
from torch import nn
from torch.nn.modules import module as hooks
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.parameter import is_lazy

from trainwell.probes.inputs import InputWatch
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, place_of
from trainwell.probes.ranks import Ranks
from trainwell.record import Network, Place


class Modules:
    """Watches calls of modules while it is armed; otherwise costs nothing.

    Args:
        ledger: where networks are recorded.
        sources: tells the user's lines.
        ranks: is told of calls in training.
    """

    def __init__(self, ledger: Ledger, sources: Sources, ranks: Ranks) -> None:
        self._ledger = ledger
        self._ranks = ranks
        self._sources = sources
        self._inputs = InputWatch(ledger, sources)
        self._built: weakref.WeakKeyDictionary[nn.Module, tuple[str, int]] = (
            weakref.WeakKeyDictionary()
        )
        self._roots: dict[int, tuple[weakref.ref[nn.Module], int]] = {}
        self._members: dict[int, tuple[weakref.ref[nn.Module], str, int]] = {}
        self._owners: dict[int, tuple[weakref.ref[torch.Tensor], int, str]] = {}
        self._sensitive: dict[int, list[weakref.ref[nn.Module]]] = {}
        self._handles: list[Any] = []
        self._full = False
        self._inside: weakref.ref[nn.Module] | None = None
        self._guard: Callable[..., None] = lambda *args: None
        self._original_init: Callable[..., None] | None = None
        self.made: dict[Any, tuple[int, str]] = {}
        """Autograd node to (network, layer) of the module that returned it; while armed in full."""
        self.training: list[tuple[int, str]] = []
        """(network, mode) of forward passes with gradients since the last `drain`."""
        self.evaluating: list[tuple[int, str]] = []
        """The same without gradients."""
        self.stranger = False
        """A module was called that belongs to no known root: arm in full to get to know it."""
        self.compiled = False
        """Something is compiled: hooks would be traced into it, and make it compile again."""
        self.on_evaluation: Callable[[], None] = lambda: None

    def attach(self, guard: Callable[..., None]) -> None:
        """Note from now on where modules are constructed.

        Args:
            guard: calls a function with arguments and takes care of its errors.
        """
        self._guard = guard
        original = self._original_init = nn.Module.__init__
        modules = self

        @functools.wraps(original)
        def __init__(self: nn.Module, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(self, *args, **kwargs)
            if not torch.compiler.is_compiling():
                guard(modules._constructed, self)

        nn.Module.__init__ = __init__  # type: ignore[method-assign]

    def detach(self) -> None:
        """Stop watching."""
        self.disarm()
        if self._original_init is not None:
            nn.Module.__init__ = self._original_init  # type: ignore[method-assign]
            self._original_init = None

    def arm(self, *, full: bool) -> None:
        """Watch module calls from now on.

        Args:
            full: also find new roots and the names of what modules return.
        """
        self._inside = None
        if self.compiled:
            return
        if self._handles and self._full == full:
            return
        self.disarm()
        self._full = full
        guard = self._guard

        def before(module: nn.Module, args: Any) -> None:
            guard(self._before, module, args, torch.is_grad_enabled())

        def after(module: nn.Module, args: Any, output: Any) -> None:
            guard(self._after, module, output, torch.is_grad_enabled())

        self._handles = [hooks.register_module_forward_pre_hook(before)]
        if full:
            self._handles.append(hooks.register_module_forward_hook(after))

    def disarm(self) -> None:
        """Stop watching module calls."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

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

    def modes_now(self, networks: tuple[int, ...]) -> list[tuple[int, str]]:
        """The mode of networks at this moment, for those whose calls are not watched."""
        roots = {number: reference() for reference, number in self._roots.values()}
        return [(n, self._mode(n, root)) for n in networks if (root := roots.get(n)) is not None]

    @property
    def armed(self) -> bool:
        """Whether module calls are being watched."""
        return bool(self._handles)

    def built_at(self, network: int, layer: str) -> Place | None:
        """The line that constructed a layer, when that was seen."""
        for reference, path, root in self._members.values():
            if root == network and path == layer:
                module = reference()
                return None if module is None else self.built(module)
        return None

    def built(self, module: nn.Module) -> Place | None:
        """The line that constructed a module, when that was seen."""
        found = self._built.get(module)
        return None if found is None else place_of(*found)

    def owner(self, tensor: torch.Tensor) -> tuple[int | None, str | None, str | None]:
        """Network, dotted name and layer of a parameter; None where unknown."""
        found = self._owners.get(id(tensor))
        if found is None or found[0]() is not tensor:
            return None, None, None
        _, network, name = found
        return network, name, name.rpartition(".")[0] or name

    def add_root(self, module: nn.Module, name: str | None = None) -> int:
        """Number a root module, and learn the names of its layers and parameters."""
        module = getattr(module, "_orig_mod", module)
        found = self._roots.get(id(module))
        if found is not None and found[0]() is module:
            return found[1]
        number = self._ledger.next_number("network")
        self._roots[id(module)] = (weakref.ref(module), number)
        dropout: dict[str, float] = {}
        batch_norm: list[str] = []
        sensitive: list[weakref.ref[nn.Module]] = []
        count = 0
        for path, child in module.named_modules():
            count += 1
            self._members.setdefault(id(child), (weakref.ref(child), path, number))
            p = getattr(child, "p", 0.0)
            if isinstance(child, _DropoutNd) and p > 0:
                dropout[path or "(itself)"] = float(p)
                sensitive.append(weakref.ref(child))
            elif isinstance(child, _BatchNorm) and child.track_running_stats:
                batch_norm.append(path or "(itself)")
                sensitive.append(weakref.ref(child))
        for path, parameter in module.named_parameters():
            # A root called before its container keeps the names that were given first.
            self._owners.setdefault(id(parameter), (weakref.ref(parameter), number, path))
        self._sensitive[number] = sensitive
        built = self._built.get(module)
        self._ledger.put(
            Network(
                number=number,
                name=name or type(module).__name__,
                place=place_of(*built) if built else Place(),
                modules=count,
                # A lazy parameter has no size before its first pass.
                parameter_count=sum(p.numel() for p in module.parameters() if not is_lazy(p)),
                dropout=dropout,
                batch_norm=batch_norm,
            )
        )
        return number

    def count(self, passes: list[tuple[int, str]], *, evaluation: bool) -> None:
        """Add forward passes to their networks' counts."""
        field = "evaluation_forwards" if evaluation else "training_forwards"
        for (number, mode), times in Counter(passes).items():
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

    def _constructed(self, module: nn.Module) -> None:
        frame = self._sources.frame(1)
        while frame is not None and _is_init_of(frame, module):
            frame = self._sources.outer(frame)
        if frame is not None:
            self._built[module] = (frame.f_code.co_filename, frame.f_lineno)

    def _before(self, module: nn.Module, args: Any, gradients: bool) -> None:
        if self._inside is not None and self._inside() is not None:
            return
        known = self._roots.get(id(module))
        number = known[1] if known is not None and known[0]() is module else None
        if number is None:
            member = self._members.get(id(module))
            if member is not None and member[0]() is module and not self._full:
                return
            if not self._full:
                self.stranger = True
                return
            if next(module.parameters(), None) is None:
                return
            number = self.add_root(module)
        if self._full:
            self._inside = weakref.ref(module)
        mode = self._mode(number, module)
        self._inputs.saw(number, args, training=gradients)
        if gradients:
            self._ranks.called(args)
            self.training.append((number, mode))
            if self._place(number, "training_place", wrong=mode == "eval"):
                frozen = sum(not p.requires_grad for p in module.parameters())
                self._ledger.change(self._ledger.run.networks[number], frozen=frozen)
        else:
            self.evaluating.append((number, mode))
            self._place(number, "evaluation_place", wrong=mode == "train")
            self.on_evaluation()

    def _after(self, module: nn.Module, output: Any, gradients: bool) -> None:
        root = self._inside() if self._inside is not None else None
        if module is root:
            self._inside = None
        if root is None or not gradients:
            return
        member = self._members.get(id(module))
        if member is None or member[0]() is not module:
            return
        for tensor in output if isinstance(output, (tuple, list)) else (output,):
            if isinstance(tensor, torch.Tensor) and tensor.grad_fn is not None:
                self.made.setdefault(tensor.grad_fn, (member[2], member[1]))


def _is_init_of(frame: FrameType, module: nn.Module) -> bool:
    code = frame.f_code
    if code.co_name != "__init__" or not code.co_argcount:
        return False
    return frame.f_locals.get(code.co_varnames[0]) is module
