"""Noise on the inputs."""

from __future__ import annotations

__all__ = ["InputNoise"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.remedies.patching import before_optimizer
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Call
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class InputNoise(Remedy):
    """Adds Gaussian noise to the inputs in training.

    Attributes:
        amount: its standard deviation, as a share of the standard deviation of each batch's
            columns.

    Sources:
        Bishop 1995, "Training with noise is equivalent to Tikhonov regularization".
    """

    name: ClassVar[str] = "input_noise"
    against_overfitting: ClassVar[bool] = True

    amount: float = 0.2

    def __post_init__(self) -> None:
        if not self.amount > 0:
            raise BadInputError(f"`{self.name}` takes a number above 0, got {self.amount}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """As it is, where the input is a tensor of floating point numbers."""
        del run
        if survey.inputs is None:
            raise CannotApplyError("the network's first input is no floating point tensor")
        return self

    def apply(self, live: Live) -> None:
        """Add it at every call in training."""

        def act(call: Call) -> None:
            data = call.data
            if call.training and call.module.training and data is not None and len(data) > 1:
                noise = torch.randn_like(data) * data.std(0, keepdim=True)
                call.replace(data + self.amount * noise)
                live.did(self)

        live.on_call.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """A hook of the model, put in front of the optimizer."""

        def make(model: str, torch_: str) -> str:
            return (
                f"def <add_noise>(module, inputs):\n"
                f"    x = inputs[0]\n"
                f"    if module.training and {torch_}.is_grad_enabled() and len(x) > 1:\n"
                f"        noise = {torch_}.randn_like(x) * x.std(0, keepdim=True)\n"
                f"        x = x + {self.amount!r} * noise\n"
                f"    return (x, *inputs[1:])\n"
                f"\n"
                f"{model}.register_forward_pre_hook(<add_noise>)\n"
            )

        return before_optimizer(source, survey, make, "add_noise")
