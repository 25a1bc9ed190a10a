"""An L1 penalty."""

from __future__ import annotations

__all__ = ["L1Penalty"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import BadInputError
from trainwell.remedies.edits import receiver
from trainwell.remedies.live import parameters_of
from trainwell.remedies.patching import insert_fresh, step_line
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class L1Penalty(Remedy):
    """Pulls every weight towards 0 by the same amount, so that many of them reach it.

    The gradient of `amount` times the sum of the weights' magnitudes is added before each step.
    Biases and the gains of normalisation layers are left alone.

    Attributes:
        amount: of the penalty.

    Sources:
        Tibshirani 1996, "Regression shrinkage and selection via the lasso"; Goodfellow, Bengio &
        Courville 2016, "Deep learning", section 7.1.2.
    """

    name: ClassVar[str] = "l1_penalty"
    against_overfitting: ClassVar[bool] = True

    amount: float = 1e-3

    def __post_init__(self) -> None:
        if not self.amount > 0:
            raise BadInputError(f"`{self.name}` takes a number above 0, got {self.amount}")

    def apply(self, live: Live) -> None:
        """Add it to the gradients before every step."""

        def act(optimizer: torch.optim.Optimizer) -> None:
            for weight in parameters_of(optimizer):
                if weight.dim() > 1 and weight.grad is not None and not weight.grad.is_sparse:
                    weight.grad.add_(weight.detach().sign(), alpha=self.amount)
            live.did(self)

        live.before_step.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """A loop in front of the step."""
        line = step_line(survey)
        optimizer = receiver(source, line, "step")
        code = (
            f"for <group> in {optimizer}.param_groups:\n"
            f'    for <weight> in <group>["params"]:\n'
            f"        if <weight>.dim() > 1 and <weight>.grad is not None:\n"
            f"            <weight>.grad.add_(<weight>.detach().sign(), alpha={self.amount!r})\n"
        )
        return insert_fresh(source, line, code, "group", "weight")
