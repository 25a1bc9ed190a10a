"""Log-probabilities for a loss that wants them."""

from __future__ import annotations

__all__ = ["UseLogSoftmax"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.errors import CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import rename_callee
from trainwell.remedies.feed_logits import made_by
from trainwell.remedies.patching import own
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Loss
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class UseLogSoftmax(Remedy):
    """Gives `nll_loss` the logarithms of the probabilities that the script gives it.

    Probabilities are kept 1e-7 away from 0. What the network returns stays, for all others.

    Attributes:
        at_layer: path of the softmax's module, or None where it is a call.
        at_file, at_line: where it stands.

    Sources:
        Bishop 2006, "Pattern recognition and machine learning", section 4.3.4; PyTorch,
        "torch.nn.NLLLoss" (the input is expected to hold log-probabilities).
    """

    name: ClassVar[str] = "use_log_softmax"
    safety: ClassVar[Safety] = Safety.SAME_FUNCTION
    changes_loss: ClassVar[bool] = True

    at_layer: str | None = None
    at_file: str = ""
    at_line: int = 0

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the softmax in front of the script's loss."""
        del survey
        for loss in run.losses.values():
            made = run.prediction_of(loss)
            if loss.function == "nll_loss" and made is not None and made.kind == "softmax":
                path = made.place.layer
                if path is not None and path.startswith("after "):
                    path = None
                return UseLogSoftmax(path, made.place.file or "", made.place.line or 0)
        raise CannotApplyError("no `nll_loss` is given a softmax's output")

    def apply(self, live: Live) -> None:
        """Take the logarithm at the loss, in training and in evaluation."""
        known: list[bool] = [True] if self.at_line else []

        def act(loss: Loss) -> None:
            if loss.name != "nll_loss":
                return
            if not known and made_by(loss.prediction) == "softmax":
                known.append(True)
            if known:
                loss.prediction = loss.prediction.clamp(1e-7, 1.0).log()
                live.did(self)

        live.on_loss.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """`log_softmax` in the place of the softmax; the likeliest class stays the same."""
        if not self.at_line or not own(survey, self.at_file):
            raise UnsafeEditError("the line of the softmax is not known")
        if self.at_layer is not None:
            return rename_callee(source, self.at_line, {"Softmax"}, "LogSoftmax")
        return rename_callee(source, self.at_line, {"softmax"}, "log_softmax")
