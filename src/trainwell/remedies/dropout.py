"""Dropout before the later layers."""

from __future__ import annotations

__all__ = ["Dropout"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch.nn.functional as F  # noqa: N812
from torch import nn

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.record.reading import layers
from trainwell.remedies.layers import main_objective, weighted
from trainwell.remedies.patching import before_optimizer
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class Dropout(Remedy):
    """Drops inputs of every linear layer but the first, in training.

    Attributes:
        share: which share of them, in (0, 1).
        at_layers: paths of the layers; None: all linear layers but the first with weights.

    Sources:
        Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from
        overfitting", section 6 and appendix A.4 (0.5 in hidden layers).
    """

    name: ClassVar[str] = "dropout"
    safety: ClassVar[Safety] = Safety.NEW_MODEL
    against_overfitting: ClassVar[bool] = True

    share: float = 0.3
    at_layers: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise BadInputError(f"`{self.name}` takes a share in (0, 1), got {self.share}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the later linear layers of the script's network."""
        del survey
        called = any(o.kind == "dropout" for o in run.operations.values())
        if called or any(network.dropout for network in run.networks.values()):
            raise CannotApplyError("the network has dropout")
        found = layers(run, main_objective(run))
        paths = [
            p
            for layer in found
            if layer.operation.kind == "linear" and layer.operation.depth > 1
            if (p := layer.operation.place.layer) and not p.startswith("after ")
        ]
        if not paths:
            raise CannotApplyError("there is no linear layer behind another layer")
        return Dropout(self.share, tuple(dict.fromkeys(paths)))

    def apply(self, live: Live) -> None:
        """Hook the layers when the optimizer is built."""
        done: set[int] = set()

        def drop(layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
            return (F.dropout(inputs[0], self.share, layer.training), *inputs[1:])

        def act(building: Building) -> None:
            for model in building.models:
                if id(model) in done:
                    continue
                done.add(id(model))
                found = weighted(model)
                later = found[1:] if self.at_layers is None else found
                chosen = [
                    m
                    for path, m in later
                    if (
                        isinstance(m, nn.Linear)
                        if self.at_layers is None
                        else path in self.at_layers
                    )
                ]
                for layer in chosen:
                    layer.register_forward_pre_hook(drop)
                    live.did(self)

        live.on_building.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """The same hooks, in front of the optimizer."""

        def make(model: str, torch_: str) -> str:
            listed = ", ".join(repr(path) for path in self.at_layers or ())
            return (
                f"def <drop>(layer, inputs):\n"
                f"    dropped = {torch_}.nn.functional.dropout("
                f"inputs[0], {self.share!r}, layer.training)\n"
                f"    return (dropped, *inputs[1:])\n"
                f"\n"
                f"for <path> in [{listed}]:\n"
                f"    {model}.get_submodule(<path>).register_forward_pre_hook(<drop>)\n"
            )

        return before_optimizer(source, survey, make, "drop", "path")
