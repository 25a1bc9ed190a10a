"""One step for several batches."""

from __future__ import annotations

__all__ = ["AccumulateMicroBatches"]

from dataclasses import dataclass
from types import MethodType
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.remedies.live import parameters_of
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class AccumulateMicroBatches(Remedy):
    """Lets the optimizer step once for several batches, with the mean of their gradients.

    Attributes:
        batches: how many make a step.

    Sources:
        Goyal et al. 2017, "Accurate, large minibatch SGD", section 3; the mean of the gradients of
        k batches is that of one batch k times as large, but for batch normalisation.
    """

    name: ClassVar[str] = "accumulate_micro_batches"

    batches: int = 8

    def __post_init__(self) -> None:
        if self.batches < 2:
            raise BadInputError(f"`{self.name}` takes a whole number above 1, got {self.batches}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """As it is, where steps are many enough and take no closure."""
        del survey
        if any(o.name == "LBFGS" for o in run.optimizers.values()):
            raise CannotApplyError("LBFGS calls its closure several times a step")
        steps = max((o.steps for o in run.optimizers.values()), default=0)
        if steps < 10 * self.batches:
            raise CannotApplyError(f"{steps} steps are too few to make one of {self.batches}")
        return self

    def apply(self, live: Live) -> None:
        """Leave out steps and zeroing between; steps with a closure stay as they are."""

        def act(optimizer: torch.optim.Optimizer) -> None:
            counts = {"batches": 0}
            step, zero_grad = optimizer.step, optimizer.zero_grad

            def stepped(own: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> Any:
                del own
                if args or kwargs.get("closure") is not None:
                    return step(*args, **kwargs)
                counts["batches"] += 1
                if counts["batches"] % self.batches:
                    return None
                for parameter in parameters_of(optimizer):
                    if parameter.grad is not None:
                        parameter.grad.div_(self.batches)
                live.did(self)
                result = step(*args, **kwargs)
                zero_grad()
                return result

            def zeroed(own: torch.optim.Optimizer, *args: Any, **kwargs: Any) -> None:
                del own
                if not counts["batches"]:
                    zero_grad(*args, **kwargs)

            optimizer.step = MethodType(stepped, optimizer)  # type: ignore[method-assign]
            optimizer.zero_grad = MethodType(zeroed, optimizer)  # type: ignore[method-assign]

        live.on_built.append(act)

    def lines(self, survey: Survey) -> str:
        """A step for several batches."""
        del survey
        return (
            f"(loss / {self.batches}).backward()\n"
            f"if (step + 1) % {self.batches} == 0:\n"
            "    optimizer.step()\n"
            "    optimizer.zero_grad()"
        )
