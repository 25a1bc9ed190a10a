"""Frozen parameters thawed."""

from __future__ import annotations

__all__ = ["UnfreezeParameters"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.remedies.patching import before_optimizer
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class UnfreezeParameters(Remedy):
    """Lets every parameter learn that an optimizer is given.

    Sources:
        Yosinski et al. 2014, "How transferable are features in deep neural networks?", section 4:
        fine-tuned features generalise better than frozen ones.
    """

    name: ClassVar[str] = "unfreeze_parameters"

    def apply(self, live: Live) -> None:
        """Thaw them when the optimizer is built."""

        def act(building: Building) -> None:
            for group in building.groups:
                for parameter in group["params"]:
                    if not parameter.requires_grad:
                        parameter.requires_grad_(True)
                        live.did(self)

        live.on_building.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """A call in front of the optimizer."""
        return before_optimizer(source, survey, lambda model, _: f"{model}.requires_grad_(True)\n")
