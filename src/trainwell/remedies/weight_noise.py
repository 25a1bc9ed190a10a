"""Noise on the weights."""

from __future__ import annotations

__all__ = ["WeightNoise"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import BadInputError
from trainwell.remedies.patching import before_optimizer
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Call
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class WeightNoise(Remedy):
    """Trains with noise on the weights: each pass and its gradients see other ones.

    The noise is Gaussian, relative to each weight tensor's own root mean square, and is taken away
    before the step.

    Attributes:
        amount: its standard deviation, as a share of that.

    Sources:
        Jim, Giles & Horne 1996, "An analysis of noise in recurrent neural networks"; Graves 2011,
        "Practical variational inference for neural networks", section 6.
    """

    name: ClassVar[str] = "weight_noise"
    against_overfitting: ClassVar[bool] = True

    amount: float = 0.1

    def __post_init__(self) -> None:
        if not self.amount > 0:
            raise BadInputError(f"`{self.name}` takes a number above 0, got {self.amount}")

    def apply(self, live: Live) -> None:
        """Add it before a pass in training, take it away before the step or the next pass."""
        clean: list[tuple[torch.Tensor, torch.Tensor]] = []

        def restore(*_: object) -> None:
            with torch.no_grad():
                for weight, old in clean:
                    weight.copy_(old)
            clean.clear()

        def act(call: Call) -> None:
            restore()
            if not call.training or not call.module.training:
                return
            with torch.no_grad():
                for weight in call.module.parameters():
                    if weight.dim() > 1 and weight.requires_grad:
                        clean.append((weight, weight.clone()))
                        scale = self.amount * weight.square().mean().sqrt()
                        weight.add_(torch.randn_like(weight) * scale)
            live.did(self)

        live.on_call.append(act)
        live.before_step.append(restore)

    def patch(self, source: str, survey: Survey) -> str:
        """Two hooks, in front of the optimizer."""

        def make(model: str, torch_: str) -> str:
            return (
                # `torch.optim` does not have its module `optimizer` as an attribute.
                f"from torch.optim.optimizer import register_optimizer_step_pre_hook\n"
                f"\n"
                f"<clean> = []\n"
                f"\n"
                f"def <restore_weights>(*_):\n"
                f"    with {torch_}.no_grad():\n"
                f"        for weight, old in <clean>:\n"
                f"            weight.copy_(old)\n"
                f"    <clean>.clear()\n"
                f"\n"
                f"def <add_weight_noise>(module, inputs):\n"
                f"    <restore_weights>()\n"
                f"    if not module.training or not {torch_}.is_grad_enabled():\n"
                f"        return\n"
                f"    with {torch_}.no_grad():\n"
                f"        for weight in module.parameters():\n"
                f"            if weight.dim() > 1 and weight.requires_grad:\n"
                f"                <clean>.append((weight, weight.clone()))\n"
                f"                scale = {self.amount!r} * weight.square().mean().sqrt()\n"
                f"                weight.add_({torch_}.randn_like(weight) * scale)\n"
                f"\n"
                f"{model}.register_forward_pre_hook(<add_weight_noise>)\n"
                f"register_optimizer_step_pre_hook(<restore_weights>)\n"
            )

        return before_optimizer(
            source, survey, make, "clean", "restore_weights", "add_weight_noise"
        )
