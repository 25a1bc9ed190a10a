"""Batch normalisation behind the hidden layers."""

from __future__ import annotations

__all__ = ["AddBatchNorm"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import nn

from trainwell.errors import CannotApplyError
from trainwell.remedies.layers import hidden_layers, named
from trainwell.remedies.patching import before_optimizer
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey


def _norm_of(layer: nn.Module) -> nn.Module | None:
    """The batch norm that fits behind a layer."""
    if isinstance(layer, nn.Linear):
        return nn.BatchNorm1d(layer.out_features)
    for kind, norm in (
        (nn.Conv1d, nn.BatchNorm1d),
        (nn.Conv2d, nn.BatchNorm2d),
        (nn.Conv3d, nn.BatchNorm3d),
    ):
        if isinstance(layer, kind):
            return norm(layer.out_channels)
    return None


@dataclass(frozen=True)
class AddBatchNorm(Remedy):
    """Normalises what each hidden layer makes over the batch, before its activation.

    Attributes:
        at_layers: paths of the hidden layers; None: all with weights but the last.
        at_norms: the norm's class behind each of them.

    Sources:
        Ioffe & Szegedy 2015, "Batch normalization", section 3.2 (before the nonlinearity).
    """

    name: ClassVar[str] = "add_batch_norm"
    safety: ClassVar[Safety] = Safety.NEW_MODEL

    at_layers: tuple[str, ...] | None = None
    at_norms: tuple[str, ...] = ()

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the hidden layers of the script's network."""
        if any(network.batch_norm for network in run.networks.values()):
            raise CannotApplyError("the network has batch normalisation")
        if survey.batch < 2:
            raise CannotApplyError("batches of one example have no deviation")
        kept: dict[str, str] = {}
        layers = {o.place.layer: o for o in run.operations.values() if o.parameters}
        for path in hidden_layers(run):
            dimensions = len(layers[path].shape)
            if layers[path].kind == "convolution" and dimensions in (3, 4, 5):
                kept[path] = f"BatchNorm{dimensions - 2}d"
            elif layers[path].kind == "linear" and dimensions == 2:
                kept[path] = "BatchNorm1d"
        if not kept:
            raise CannotApplyError("the hidden layers work on sequences, whose norm is LayerNorm")
        return AddBatchNorm(tuple(kept), tuple(kept.values()))

    def apply(self, live: Live) -> None:
        """Add the norms when the optimizer is built, so that it holds their parameters."""
        done: set[int] = set()

        def act(building: Building) -> None:
            for model in building.models:
                if id(model) in done:
                    continue
                done.add(id(model))
                for layer in named(model, self.at_layers):
                    norm = _norm_of(layer)
                    if norm is not None:
                        weight = next(layer.parameters())
                        layer.norm = norm.to(weight.device, weight.dtype)
                        layer.register_forward_hook(_normalise)
                        building.groups[-1]["params"] += list(norm.parameters())
                        live.did(self)

        live.on_building.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """The same hooks, in front of the optimizer."""
        layers = self.at_layers

        def make(model: str, torch_: str) -> str:
            text = "# batch normalisation behind the hidden layers\n"
            for path, kind in zip(layers or (), self.at_norms, strict=True):
                layer = f'{model}.get_submodule("{path}")'
                text += (
                    f"<layer> = {layer}\n"
                    f"<layer>.norm = {torch_}.nn.{kind}(<layer>.weight.shape[0])\n"
                    f"<layer>.norm.to(<layer>.weight.device)\n"
                    f"<layer>.register_forward_hook("
                    f"lambda layer, inputs, output: layer.norm(output))\n"
                )
            return text

        return before_optimizer(source, survey, make, "layer")


def _normalise(layer: nn.Module, inputs: Any, output: torch.Tensor) -> torch.Tensor:
    del inputs
    norm: Any = layer.norm
    normal: torch.Tensor = norm(output)
    return normal
