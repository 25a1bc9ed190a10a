"""Parameters that no optimizer holds."""

from __future__ import annotations

__all__ = ["RegisterParameters"]

import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import nn

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits import insert_after, target
from trainwell.remedies.live import parameters_of
from trainwell.remedies.patching import built
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class RegisterParameters(Remedy):
    """Gives the optimizer, before its first step, every parameter that has a gradient by then.

    Parameters that another optimizer of the run holds stay with that one.

    Sources:
        PyTorch, "torch.optim.Optimizer.add_param_group".
    """

    name: ClassVar[str] = "register_parameters"
    safety: ClassVar[Safety] = Safety.SAME_FUNCTION

    def apply(self, live: Live) -> None:
        """Add them before the first step."""
        seen: set[int] = set()

        def act(optimizer: torch.optim.Optimizer) -> None:
            if id(optimizer) in seen:
                return
            seen.add(id(optimizer))
            held = {id(p) for o in live.optimizers for p in parameters_of(o)}
            # `type`, as `isinstance` would wake up lazy objects in memory.
            found = [
                p
                for p in gc.get_objects()
                if type(p) is nn.Parameter
                and p.requires_grad
                and p.grad is not None
                and id(p) not in held
            ]
            if found:
                optimizer.add_param_group({"params": found})
                live.did(self, len(found))
            else:
                live.cannot(self, "every parameter with a gradient is in an optimizer")

        live.before_step.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """A group added where the optimizer is built, when its model is known there."""
        one = built(survey)
        name = target(source, one.line)
        if one.model is None or name is None:
            raise UnsafeEditError(f"no variable at line {one.line} holds the model alone")
        code = (
            f'<held> = {{id(p) for group in {name}.param_groups for p in group["params"]}}\n'
            f"{name}.add_param_group(\n"
            f'    {{"params": [p for p in {one.model}.parameters() if id(p) not in <held>]}}\n'
            f")\n"
        )
        from trainwell.remedies.patching import fresh

        return insert_after(source, one.line, code.replace("<held>", fresh(source, "held")))
