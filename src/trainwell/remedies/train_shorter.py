"""Fewer steps."""

from __future__ import annotations

__all__ = ["TrainShorter"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.remedies.layers import main_objective
from trainwell.remedies.live import parameters_of
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class TrainShorter(Remedy):
    """Lets the weights rest after a share of the script's steps; the script goes on to its end.

    Attributes:
        share: of the steps that count, in (0, 1).
        at_steps: how many the script makes; 0 when unknown.

    Sources:
        Prechelt 1998, "Early stopping - but when?"
    """

    name: ClassVar[str] = "train_shorter"

    share: float = 0.5
    at_steps: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise BadInputError(f"`{self.name}` takes a share in (0, 1), got {self.share}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the number of the script's steps."""
        del survey
        steps = max((o.steps for o in run.optimizers.values()), default=0)
        if steps < 2:
            raise CannotApplyError("no optimizer took two steps")
        main_objective(run)
        return TrainShorter(self.share, steps)

    def apply(self, live: Live) -> None:
        """Keep the weights of the last step that counts; put them back after every later one."""
        if not self.at_steps:
            live.cannot(self, "the number of steps has to be known: use `trainwell treat`")
            return
        counts: dict[int, int] = {}
        kept: dict[int, list[torch.Tensor]] = {}

        def act(optimizer: torch.optim.Optimizer) -> None:
            key = id(optimizer)
            counts[key] = counts.get(key, 0) + 1
            if counts[key] < self.share * self.at_steps:
                return
            weights = parameters_of(optimizer)
            with torch.no_grad():
                if key not in kept:
                    kept[key] = [w.detach().clone() for w in weights]
                for weight, old in zip(weights, kept[key], strict=True):
                    weight.copy_(old)
            live.did(self)

        live.after_step.append(act)

    def lines(self, survey: Survey) -> str:
        """How many steps."""
        del survey
        return f"# stop after {round(self.share * self.at_steps)} of {self.at_steps} steps"
