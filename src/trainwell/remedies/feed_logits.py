"""Raw outputs for a loss that applies softmax or sigmoid itself."""

from __future__ import annotations

__all__ = ["FeedLogits", "made_by"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import remove_element, unwrap_call
from trainwell.remedies.patching import own
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Loss
    from trainwell.remedies.survey import Survey

_WANT_LOGITS = frozenset({"cross_entropy", "binary_cross_entropy_with_logits"})
_CLASSES = {"softmax": "Softmax", "sigmoid": "Sigmoid"}


@dataclass(frozen=True)
class FeedLogits(Remedy):
    """Gives the loss logits where the script gives it probabilities.

    The logits of a softmax are, up to a constant a row, the logarithms of its outputs, those of a
    sigmoid log(p / (1 - p)): the loss gets these. What the network itself returns stays, for all
    others who read it. Probabilities are kept 1e-7 away from 0 and 1.

    Attributes:
        at_kind: "softmax" or "sigmoid", the activation in front of the loss.
        at_layer: its module's path, or None where it is a call.
        at_file, at_line: where it stands.

    Sources:
        Bishop 2006, "Pattern recognition and machine learning", section 4.3.4; PyTorch,
        "torch.nn.CrossEntropyLoss" (the input is expected to hold unnormalised logits).
    """

    name: ClassVar[str] = "feed_logits"
    safety: ClassVar[Safety] = Safety.SAME_FUNCTION
    changes_loss: ClassVar[bool] = True

    at_kind: str = ""
    at_layer: str | None = None
    at_file: str = ""
    at_line: int = 0

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the activation in front of the script's loss."""
        del survey
        for loss in run.losses.values():
            made = run.prediction_of(loss)
            if loss.function in _WANT_LOGITS and made is not None and made.kind in _CLASSES:
                path = made.place.layer
                if path is not None and path.startswith("after "):
                    path = None
                return FeedLogits(made.kind, path, made.place.file or "", made.place.line or 0)
        raise CannotApplyError("no loss that wants logits is given probabilities")

    def apply(self, live: Live) -> None:
        """Invert the activation at the loss, in training and in evaluation."""

        def act(loss: Loss) -> None:
            if loss.name not in _WANT_LOGITS:
                return
            kind = self.at_kind or made_by(loss.prediction) or known.get(loss.name, "")
            if kind not in _CLASSES:
                return
            known[loss.name] = kind
            p = loss.prediction.clamp(1e-7, 1 - 1e-7)
            loss.prediction = p.log() if kind == "softmax" else torch.logit(p)
            live.did(self)

        known: dict[str, str] = {}
        live.on_loss.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """The softmax taken away; a sigmoid over many classes as well.

        A sigmoid over one output stays for those who read it: there the loss is another one
        (`lines`).
        """
        if not self.at_line or not own(survey, self.at_file):
            raise UnsafeEditError("the line of the activation is not known")
        if self.at_layer is not None:
            return remove_element(source, self.at_line, {_CLASSES[self.at_kind]})
        return unwrap_call(source, self.at_line, {self.at_kind})


def made_by(prediction: torch.Tensor) -> str | None:
    """Which activation made a prediction, where its graph says so."""
    name = type(prediction.grad_fn).__name__ if prediction.grad_fn is not None else ""
    return {"SoftmaxBackward0": "softmax", "SigmoidBackward0": "sigmoid"}.get(name)
