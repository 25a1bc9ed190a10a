"""A step after every backward."""

from __future__ import annotations

__all__ = ["StepOptimizer"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import insert_after, target
from trainwell.remedies.patching import only_line, own
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class StepOptimizer(Remedy):
    """Lets the optimizer step after every backward, where the script never does.

    Attributes:
        at_line, at_file: where the optimizer is built.

    Sources:
        PyTorch, "torch.optim", section "Taking an optimization step".
    """

    name: ClassVar[str] = "step_optimizer"
    safety: ClassVar[Safety] = Safety.SAME_FUNCTION

    at_file: str = ""
    at_line: int = 0

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """As it is, where no optimizer steps."""
        del run
        if survey.optimizers:
            raise CannotApplyError("an optimizer steps already")
        if len(survey.unused_optimizers) != 1:
            raise CannotApplyError("no optimizer is built that could step")
        file, line = survey.unused_optimizers[0]
        return StepOptimizer(file, line)

    def apply(self, live: Live) -> None:
        """Step and zero after every backward, if nothing else does."""
        stepped: set[int] = set()

        def note(optimizer: torch.optim.Optimizer) -> None:
            stepped.add(id(optimizer))

        def act() -> None:
            for optimizer in live.optimizers:
                if id(optimizer) not in stepped or id(optimizer) in ours:
                    ours.add(id(optimizer))
                    optimizer.step()
                    optimizer.zero_grad()
                    live.did(self)

        ours: set[int] = set()
        live.before_step.append(note)
        live.after_backward.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """Two calls behind backward()."""
        line = only_line(survey, survey.backward, "call backward()")
        name = target(source, self.at_line) if own(survey, self.at_file) else None
        if name is None:
            raise UnsafeEditError("no variable of the script holds the optimizer")
        return insert_after(source, line, f"{name}.step()\n{name}.zero_grad()\n")
