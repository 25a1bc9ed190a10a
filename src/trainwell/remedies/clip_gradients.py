"""Clipped gradients."""

from __future__ import annotations

__all__ = ["ClipGradients"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import BadInputError
from trainwell.remedies.edits import insert_before, qualified, receiver
from trainwell.remedies.live import parameters_of
from trainwell.remedies.patching import step_line
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class ClipGradients(Remedy):
    """Shortens the gradient of all parameters together where it is longer than a limit.

    Attributes:
        limit: its longest Euclidean norm.

    Sources:
        Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks",
        section 3.2.
    """

    name: ClassVar[str] = "clip_gradients"

    limit: float = 1.0

    def __post_init__(self) -> None:
        if not self.limit > 0:
            raise BadInputError(f"`{self.name}` takes a number above 0, got {self.limit}")

    def apply(self, live: Live) -> None:
        """Clip before every step; inside the closure of an optimizer that has one."""

        def act(optimizer: torch.optim.Optimizer) -> None:
            torch.nn.utils.clip_grad_norm_(parameters_of(optimizer), self.limit)
            live.did(self)

        live.before_step.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """A call in front of the step."""
        line = step_line(survey)
        optimizer = receiver(source, line, "step")
        torch_, _ = qualified(source, "torch")
        code = (
            f"{torch_}.nn.utils.clip_grad_norm_(\n"
            f'    [p for group in {optimizer}.param_groups for p in group["params"]], '
            f"{self.limit!r}\n)\n"
        )
        return qualified(insert_before(source, line, code), "torch")[1]
