"""What the remedies that initialise share: when they act, and their patch."""

from __future__ import annotations

__all__ = ["Initialisation"]

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import nn

from trainwell.errors import BadInputError
from trainwell.remedies.layers import WEIGHTED
from trainwell.remedies.patching import before_optimizer
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class Initialisation(Remedy):
    """Draws the weights of linear and convolutional layers anew, and sets their biases to 0.

    It acts where the optimizer is constructed: the network is complete then, and not trained.
    Layers that do not learn stay as they are: they may be pretrained.

    The matrices of recurrent layers that carry the state on become orthogonal (Saxe, McClelland &
    Ganguli 2014), so that it neither grows nor fades from step to step.

    Attributes:
        distribution: "normal" or "uniform".
        at_recurrent: there are recurrent layers.
    """

    distribution: str = "normal"
    at_recurrent: bool = False

    def __post_init__(self) -> None:
        if self.distribution not in ("normal", "uniform"):
            raise BadInputError(f"`{self.name}` takes normal or uniform, got `{self.distribution}`")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """As it is; it is known then whether there are recurrent layers."""
        del survey
        recurrent = any("weight_hh" in p.name for p in run.parameters.values())
        return replace(self, at_recurrent=recurrent)

    @property
    @abstractmethod
    def call(self) -> str:
        """The call on `{0}`, the weight, as code behind `torch.nn.init.`."""

    @abstractmethod
    def draw(self, weight: torch.Tensor) -> None:
        """Draw one weight in place."""

    def apply(self, live: Live) -> None:
        """Draw when the optimizer is built; a network that two optimizers share only once."""
        done: set[int] = set()

        def act(building: Building) -> None:
            for model in building.models:
                if id(model) not in done:
                    done.add(id(model))
                    live.did(self, self._initialise(list(model.modules())))

        live.on_building.append(act)

    def _initialise(self, modules: Sequence[nn.Module]) -> int:
        count = 0
        for module in modules:
            if isinstance(module, WEIGHTED) and module.weight.requires_grad:
                self.draw(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
                count += 1
            elif isinstance(module, nn.RNNBase):
                for name, weight in module.named_parameters():
                    if name.startswith("weight_hh") and weight.requires_grad:
                        nn.init.orthogonal_(weight)
                        count += 1
        return count

    def patch(self, source: str, survey: Survey) -> str:
        """A loop over the modules in front of the optimizer."""

        def make(model: str, torch_: str) -> str:
            kinds = ", ".join(f"{torch_}.nn.{k.__name__}" for k in WEIGHTED)
            call = self.call.format("<layer>.weight")
            text = (
                f"for <layer> in {model}.modules():\n"
                f"    if isinstance(<layer>, ({kinds})) and <layer>.weight.requires_grad:\n"
                f"        {torch_}.nn.init.{call}\n"
                f"        if <layer>.bias is not None:\n"
                f"            {torch_}.nn.init.zeros_(<layer>.bias)\n"
            )
            if self.at_recurrent:
                text += (
                    f"    elif isinstance(<layer>, {torch_}.nn.RNNBase):\n"
                    f"        for <name>, <weight> in <layer>.named_parameters():\n"
                    f'            if <name>.startswith("weight_hh") and <weight>.requires_grad:\n'
                    f"                {torch_}.nn.init.orthogonal_(<weight>)\n"
                )
            return text

        return before_optimizer(source, survey, make, "layer", "name", "weight")
