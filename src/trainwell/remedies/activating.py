"""What the remedies that swap hidden activations share."""

from __future__ import annotations

__all__ = ["ActivationSwap"]

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from trainwell.errors import CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import rename_callee
from trainwell.remedies.layers import WEIGHTED, hidden_activations
from trainwell.remedies.moments import user_frame
from trainwell.remedies.patching import own
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey

_MODULES: dict[str, tuple[type[nn.Module], ...]] = {
    "relu": (nn.ReLU, nn.ReLU6),
    "leaky_relu": (nn.LeakyReLU,),
    "gelu": (nn.GELU,),
    "sigmoid": (nn.Sigmoid,),
    "tanh": (nn.Tanh,),
    "elu": (nn.ELU, nn.SELU, nn.CELU),
    "silu": (nn.SiLU,),
    "hardtanh": (nn.Hardtanh, nn.Hardsigmoid),
}
"""The kinds of operations of `trainwell.probes.graph`, and the modules that make them."""

_CALLS: dict[str, tuple[tuple[Any, str], ...]] = {
    "relu": ((torch, "relu"), (F, "relu"), (torch.Tensor, "relu")),
    "leaky_relu": ((F, "leaky_relu"),),
    "gelu": ((F, "gelu"),),
    "sigmoid": ((torch, "sigmoid"), (F, "sigmoid"), (torch.Tensor, "sigmoid")),
    "tanh": ((torch, "tanh"), (F, "tanh"), (torch.Tensor, "tanh")),
    "elu": ((F, "elu"), (F, "selu")),
    "silu": ((F, "silu"),),
}
"""The functions that compute them when `forward` calls them itself."""


@dataclass(frozen=True)
class ActivationSwap(Remedy):
    """Puts another activation in the place of the hidden ones.

    Output activations stay: what a network may answer is not this remedy's to change.

    Attributes:
        at_kinds: kinds of the hidden activations that were seen.
        at_modules: paths of the modules among them; None: those that a layer with weights follows.
        at_calls: (file, line) of the calls among them.
    """

    safety: ClassVar[Safety] = Safety.NEW_MODEL
    kind: ClassVar[str]
    replaces: ClassVar[frozenset[str]]

    at_kinds: tuple[str, ...] = ()
    at_modules: tuple[str, ...] | None = None
    at_calls: tuple[tuple[str, int], ...] = ()
    at_places: tuple[tuple[str, int, str], ...] = ()

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the hidden activations of the script's network."""
        del survey
        found = list(hidden_activations(run, self.replaces))
        if not found:
            raise CannotApplyError(
                f"no hidden activation is one of {', '.join(sorted(self.replaces))}"
            )
        modules: dict[str, None] = {}
        calls: dict[tuple[str, int], None] = {}
        places: dict[tuple[str, int, str], None] = {}
        for operation in found:
            place = operation.place
            if place.layer is not None and not place.layer.startswith("after "):
                modules[place.layer] = None
            elif place.file is not None and place.line is not None:
                calls[place.file, place.line] = None
            if place.file is not None and place.line is not None:
                places[place.file, place.line, operation.kind] = None
        kinds = tuple(sorted({o.kind for o in found}))
        return replace(
            self,
            at_kinds=kinds,
            at_modules=tuple(modules),
            at_calls=tuple(calls),
            at_places=tuple(places),
        )

    def apply(self, live: Live) -> None:
        """Swap modules when the optimizer is built, and calls at their lines."""

        def act(building: Building) -> None:
            for model in building.models:
                live.did(self, self._swap(model))

        live.on_building.append(act)
        lines = {(file, line) for file, line in self.at_calls}
        new: Callable[[torch.Tensor], torch.Tensor] = getattr(
            F if hasattr(F, self.kind) else torch, self.kind
        )
        if self.kind in ("tanh", "sigmoid"):
            new = getattr(torch, self.kind)

        def at_lines(original: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
            def activation(x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
                frame = user_frame()
                here = frame and (frame.f_code.co_filename, frame.f_lineno)
                if here in lines:
                    live.did(self)
                    return new(x)
                return original(x, *args, **kwargs)

            return activation

        if lines:
            for kind in self.at_kinds:
                for owner, name in _CALLS.get(kind, ()):
                    live.replace(owner, name, at_lines)

    def _swap(self, model: nn.Module) -> int:
        kinds = tuple(k for kind in self.replaces for k in _MODULES.get(kind, ()))
        paths = self._followed(model, kinds) if self.at_modules is None else self.at_modules
        count = 0
        for path in paths:
            parent_path, _, name = path.rpartition(".")
            try:
                parent = model.get_submodule(parent_path)
            except AttributeError:
                continue
            if isinstance(getattr(parent, name, None), kinds):
                setattr(parent, name, _MODULES[self.kind][0]())
                count += 1
        return count

    @staticmethod
    def _followed(model: nn.Module, kinds: tuple[type[nn.Module], ...]) -> list[str]:
        modules = list(model.named_modules())
        last = max((i for i, (_, m) in enumerate(modules) if isinstance(m, WEIGHTED)), default=-1)
        return [path for i, (path, m) in enumerate(modules) if isinstance(m, kinds) and i < last]

    def patch(self, source: str, survey: Survey) -> str:
        """The other name at every line that makes one of them."""
        if not self.at_places:
            raise UnsafeEditError("the lines of the activations are not known")
        for file, line, kind in self.at_places:
            if not own(survey, file):
                raise UnsafeEditError(f"{file} makes the activation, not the script")
            names = {k.__name__ for k in _MODULES.get(kind, ())}
            try:
                source = rename_callee(source, line, names, _MODULES[self.kind][0].__name__)
            except UnsafeEditError:
                if self.kind in ("leaky_relu", "gelu"):
                    # These are in torch.nn.functional alone; the call may be torch.relu.
                    source = rename_callee(source, line, {kind}, f"nn.functional.{self.kind}")
                else:
                    source = rename_callee(source, line, {kind}, self.kind)
        return source

    def lines(self, survey: Survey) -> str:
        """Which lines to change."""
        del survey
        new = _MODULES[self.kind][0].__name__
        return "\n".join(
            f"# {file}:{line}: {new} in the place of {kind}" for file, line, kind in self.at_places
        )
