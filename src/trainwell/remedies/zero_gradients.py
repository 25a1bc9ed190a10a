"""Gradients zeroed after every step."""

from __future__ import annotations

__all__ = ["ZeroGradients"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.remedies.edits import insert_after, receiver
from trainwell.remedies.live import parameters_of
from trainwell.remedies.patching import step_line
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class ZeroGradients(Remedy):
    """Drops the gradients once they were used.

    Sources:
        PyTorch, "What does zero_grad() do", pytorch.org/tutorials (zeroing out gradients).
    """

    name: ClassVar[str] = "zero_gradients"
    safety: ClassVar[Safety] = Safety.SAME_FUNCTION

    def apply(self, live: Live) -> None:
        """Drop them after every step."""

        def act(optimizer: torch.optim.Optimizer) -> None:
            for parameter in parameters_of(optimizer):
                parameter.grad = None
            live.did(self)

        live.after_step.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """A call behind the step."""
        line = step_line(survey)
        return insert_after(source, line, f"{receiver(source, line, 'step')}.zero_grad()\n")
