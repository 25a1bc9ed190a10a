"""Group normalisation in the place of batch normalisation."""

from __future__ import annotations

__all__ = ["UseGroupNorm"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.remedies.patching import before_optimizer
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class UseGroupNorm(Remedy):
    """Normalises groups of channels of each example, which needs no batch.

    Attributes:
        groups: channels are divided into so many, or into the largest number below it that divides
            them.

    Sources:
        Wu & He 2018, "Group normalization", section 4.1 (32 groups; few channels want fewer).
    """

    name: ClassVar[str] = "use_group_norm"
    safety: ClassVar[Safety] = Safety.NEW_MODEL

    groups: int = 8

    def __post_init__(self) -> None:
        if self.groups < 1:
            raise BadInputError(f"`{self.name}` takes a whole number above 0, got {self.groups}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """As it is, where the network has batch normalisation."""
        del survey
        if not any(network.batch_norm for network in run.networks.values()):
            raise CannotApplyError("the network has no batch normalisation")
        return self

    def apply(self, live: Live) -> None:
        """Swap the layers when the optimizer is built, and their parameters in its groups."""

        def act(building: Building) -> None:
            for model in building.models:
                for parent in list(model.modules()):
                    for name, child in list(parent.named_children()):
                        if isinstance(child, _BatchNorm):
                            new = self._norm(child)
                            setattr(parent, name, new)
                            _swap(building.groups, child, new)
                            live.did(self)

        live.on_building.append(act)

    def _norm(self, old: _BatchNorm) -> nn.GroupNorm:
        channels = old.num_features
        count = next(g for g in range(min(self.groups, channels), 0, -1) if channels % g == 0)
        new = nn.GroupNorm(count, channels, affine=old.affine)
        return new.to(old.weight.device) if old.affine else new

    def patch(self, source: str, survey: Survey) -> str:
        """The same swap, in front of the optimizer."""

        def make(model: str, torch_: str) -> str:
            return (
                f"for <parent> in list({model}.modules()):\n"
                f"    for <name>, <child> in list(<parent>.named_children()):\n"
                f"        if isinstance(<child>, {torch_}.nn.modules.batchnorm._BatchNorm):\n"
                f"            <count> = <child>.num_features\n"
                f"            <count> = next(\n"
                f"                g for g in range(min({self.groups}, <count>), 0, -1) "
                f"if <count> % g == 0\n"
                f"            )\n"
                f"            <norm> = {torch_}.nn.GroupNorm(<count>, <child>.num_features)\n"
                f"            setattr(<parent>, <name>, <norm>)\n"
            )

        return before_optimizer(source, survey, make, "parent", "name", "child", "count", "norm")


def _swap(groups: list[dict[str, Any]], old: nn.Module, new: nn.Module) -> None:
    """Put the new layer's parameters where the old one's are."""
    table = {id(a): b for a, b in zip(old.parameters(), new.parameters(), strict=False)}
    for group in groups:
        held: list[torch.Tensor] = group["params"]
        held[:] = [table.get(id(p), p) for p in held]
