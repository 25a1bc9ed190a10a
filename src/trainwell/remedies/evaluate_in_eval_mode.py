"""Evaluation mode at evaluation."""

from __future__ import annotations

__all__ = ["EvaluateInEvalMode"]

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from trainwell.errors import CannotApplyError
from trainwell.remedies.edits import insert_after, insert_before
from trainwell.remedies.modes import in_mode, model_and_lines, places_of
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Call
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class EvaluateInEvalMode(Remedy):
    """Puts a network into evaluation mode for every pass without gradients.

    Attributes:
        at_places: (file, line) of the calls that evaluate in training mode.

    Sources:
        PyTorch, "Autograd mechanics", section "Evaluation mode (nn.Module.eval())".
    """

    name: ClassVar[str] = "evaluate_in_eval_mode"
    safety: ClassVar[Safety] = Safety.SAME_FUNCTION

    at_places: tuple[tuple[str, int], ...] = ()

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the lines that evaluate in training mode."""
        del survey
        places = places_of(n.evaluation_place for n in run.networks.values())
        if not places:
            raise CannotApplyError("no network is evaluated in training mode")
        return EvaluateInEvalMode(places)

    def apply(self, live: Live) -> None:
        """Switch the mode around the pass."""
        restores: list[Callable[[], None]] = []

        def before(call: Call) -> None:
            if not torch.is_grad_enabled() and any(m.training for m in call.module.modules()):
                restores.append(in_mode(call.module, training=False))
                live.did(self)

        def after(call: Call, result: Any) -> Any:
            del call
            while restores:
                restores.pop()()
            return result

        live.on_call.append(before)
        live.on_output.append(after)

    def patch(self, source: str, survey: Survey) -> str:
        """`eval()` in front of the evaluating line, `train()` behind it."""
        model, lines = model_and_lines(survey, self.at_places, "evaluates")
        for line in lines:
            source = insert_after(source, line, f"{model}.train()\n")
            source = insert_before(source, line, f"{model}.eval()\n")
        return source
