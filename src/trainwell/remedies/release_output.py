"""No activation on a regression's output."""

from __future__ import annotations

__all__ = ["ReleaseOutput"]

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from trainwell.errors import CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import remove_element, unwrap_call
from trainwell.remedies.layers import main_objective
from trainwell.remedies.moments import user_frame
from trainwell.remedies.patching import own
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey

_KINDS = {
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "relu": "ReLU",
    "softmax": "Softmax",
    "hardtanh": "Hardtanh",
}


@dataclass(frozen=True)
class ReleaseOutput(Remedy):
    """Takes the last activation away, so that the network can reach every target.

    Attributes:
        at_kind: what it is: "sigmoid", ...
        at_layer: its module's path, or None where it is a call.
        at_file, at_line: where it stands.

    Sources:
        Bishop 2006, "Pattern recognition and machine learning", section 5.1: identity outputs for
        regression.
    """

    name: ClassVar[str] = "release_output"
    safety: ClassVar[Safety] = Safety.NEW_MODEL

    at_kind: str = ""
    at_layer: str | None = None
    at_file: str = ""
    at_line: int = 0

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the output activation of the script's network."""
        del survey
        objective = main_objective(run)
        for loss in run.losses.values():
            made = run.prediction_of(loss)
            if loss.objective == objective.number and made is not None and made.kind in _KINDS:
                place = made.place
                path = place.layer
                if path is not None and path.startswith("after "):
                    path = None
                return ReleaseOutput(made.kind, path, place.file or "", place.line or 0)
        raise CannotApplyError("no activation stands between the network and its loss")

    def apply(self, live: Live) -> None:
        """Swap the module when the optimizer is built, or leave out the call at its line."""

        def act(building: Building) -> None:
            for model in building.models:
                path = self.at_layer
                if path is None and not self.at_line:
                    path = _last_activation(model)
                parent_path, _, name = (path or "").rpartition(".")
                have = dict(model.named_modules())
                if path and path in have and not hasattr(have[path], "weight"):
                    setattr(have[parent_path], name, nn.Identity())
                    live.did(self)

        live.on_building.append(act)

        def without(original: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
            def activation(x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
                frame = user_frame()
                if frame and (frame.f_code.co_filename, frame.f_lineno) == here:
                    live.did(self)
                    return x
                return original(x, *args, **kwargs)

            return activation

        here = (self.at_file, self.at_line)
        if self.at_layer is None and self.at_line:
            for owner in (torch, F, torch.Tensor):
                if hasattr(owner, self.at_kind):
                    live.replace(owner, self.at_kind, without)

    def patch(self, source: str, survey: Survey) -> str:
        """The element taken out of its list, or the call unwrapped."""
        if not self.at_line or not own(survey, self.at_file):
            raise UnsafeEditError("the line of the output activation is not known")
        if self.at_layer is not None:
            return remove_element(source, self.at_line, {_KINDS[self.at_kind]})
        return unwrap_call(source, self.at_line, {self.at_kind})


def _last_activation(model: nn.Module) -> str | None:
    modules = list(model.named_modules())
    path, last = modules[-1]
    return path if type(last).__name__ in _KINDS.values() else None
