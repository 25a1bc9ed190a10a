"""A nonlinearity between stacked linear layers."""

from __future__ import annotations

__all__ = ["InsertActivation"]

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import nn

from trainwell.errors import CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import insert_element, qualified
from trainwell.remedies.layers import WEIGHTED, named
from trainwell.remedies.patching import before_optimizer, own
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey

_LINEAR = frozenset({"linear", "convolution"})


@dataclass(frozen=True)
class InsertActivation(Remedy):
    """Puts a ReLU behind every layer whose output the next layer reads as it is.

    Attributes:
        at_layers: paths of these layers; None: neighbours in an `nn.Sequential`.
        at_places: (file, line) where they are constructed.

    Sources:
        Goodfellow, Bengio & Courville 2016, "Deep learning", section 6.1: layers without a
        nonlinearity between them amount to one.
    """

    name: ClassVar[str] = "insert_activation"
    safety: ClassVar[Safety] = Safety.NEW_MODEL

    at_layers: tuple[str, ...] | None = None
    at_places: tuple[tuple[str, int], ...] = ()

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the stacked layers of the script's network."""
        del survey
        found: dict[str, tuple[str, int]] = {}
        for operation in run.operations.values():
            if operation.kind not in _LINEAR or not operation.parameters:
                continue
            for before in run.inputs(operation):
                path = before.place.layer
                if before.kind in _LINEAR and before.parameters and path:
                    found[path] = (before.place.file or "", before.place.line or 0)
        paths = {p: at for p, at in found.items() if not p.startswith("after ")}
        if not paths:
            raise CannotApplyError("no layer reads another one as it is")
        return InsertActivation(tuple(paths), tuple(paths.values()))

    def apply(self, live: Live) -> None:
        """Hook the layers when the optimizer is built."""

        def rectify(layer: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
            del layer, inputs
            return torch.relu(output)

        def act(building: Building) -> None:
            for model in building.models:
                layers = self._stacked(model) if self.at_layers is None else None
                for layer in layers or named(model, self.at_layers or ()):
                    layer.register_forward_hook(rectify)
                    live.did(self)

        live.on_building.append(act)

    @staticmethod
    def _stacked(model: nn.Module) -> list[nn.Module]:
        found: list[nn.Module] = []
        for module in model.modules():
            if isinstance(module, nn.Sequential):
                found += [
                    a
                    for a, b in pairwise(module)
                    if isinstance(a, WEIGHTED) and isinstance(b, WEIGHTED)
                ]
        return found

    def patch(self, source: str, survey: Survey) -> str:
        """`nn.ReLU()` behind the layer where it stands in a list, a hook of it elsewhere."""
        names = {k.__name__ for k in WEIGHTED}
        torch_, _ = qualified(source, "torch")
        edited = source
        try:
            # From below: the lines above keep their numbers.
            for file, line in sorted(set(self.at_places), key=lambda at: -at[1]):
                if not own(survey, file):
                    raise UnsafeEditError(f"{file} makes the layer, not the script")
                edited = insert_element(edited, line, names, f"{torch_}.nn.ReLU()")
            return qualified(edited, "torch")[1]
        except UnsafeEditError:
            pass

        def make(model: str, torch_: str) -> str:
            listed = ", ".join(repr(path) for path in self.at_layers or ())
            return (
                f"for <path> in [{listed}]:\n"
                f"    {model}.get_submodule(<path>).register_forward_hook(\n"
                f"        lambda layer, inputs, output: {torch_}.relu(output)\n"
                f"    )\n"
            )

        return before_optimizer(source, survey, make, "path")
