"""Training mode at training."""

from __future__ import annotations

__all__ = ["TrainInTrainMode"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import CannotApplyError
from trainwell.remedies.edits import insert_before
from trainwell.remedies.modes import model_and_lines, places_of
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Call
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class TrainInTrainMode(Remedy):
    """Puts a network into training mode for every pass with gradients.

    Attributes:
        at_places: (file, line) of the calls that train in evaluation mode.

    Sources:
        PyTorch, "Autograd mechanics", section "Evaluation mode (nn.Module.eval())".
    """

    name: ClassVar[str] = "train_in_train_mode"
    safety: ClassVar[Safety] = Safety.SAME_FUNCTION

    at_places: tuple[tuple[str, int], ...] = ()

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the lines that train in evaluation mode."""
        del survey
        places = places_of(n.training_place for n in run.networks.values())
        if not places:
            raise CannotApplyError("no network is trained in evaluation mode")
        return TrainInTrainMode(places)

    def apply(self, live: Live) -> None:
        """Switch the mode before the pass."""

        def act(call: Call) -> None:
            if torch.is_grad_enabled() and not call.module.training:
                call.module.train()
                live.did(self)

        live.on_call.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """`train()` in front of the training line."""
        model, lines = model_and_lines(survey, self.at_places, "trains")
        for line in lines:
            source = insert_before(source, line, f"{model}.train()\n")
        return source
