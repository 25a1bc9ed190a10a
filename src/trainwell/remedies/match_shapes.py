"""Prediction and target of one shape."""

from __future__ import annotations

__all__ = ["MatchShapes"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.errors import CannotApplyError
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Loss
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class MatchShapes(Remedy):
    """Gives the target the prediction's shape where they hold as many numbers.

    Without it (N, 1) and (N,) broadcast to all N x N pairs.

    Sources:
        NumPy, "Broadcasting", section "General broadcasting rules".
    """

    name: ClassVar[str] = "match_shapes"
    safety: ClassVar[Safety] = Safety.SAME_FUNCTION
    changes_loss: ClassVar[bool] = True

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """As it is, where shapes differ."""
        del survey
        if not any(
            len(c.prediction_shape) != len(c.target_shape)
            for c in run.losses.values()
            if c.function in ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
        ):
            raise CannotApplyError("prediction and target have one shape")
        return self

    def apply(self, live: Live) -> None:
        """Reshape the target, in training and in evaluation."""

        def act(loss: Loss) -> None:
            a, b = loss.prediction, loss.target
            if a.shape != b.shape and a.numel() == b.numel() and loss.name != "cross_entropy":
                loss.target = b.reshape(a.shape)
                live.did(self)

        live.on_loss.append(act)

    def lines(self, survey: Survey) -> str:
        """The reshaped target."""
        del survey
        return "loss = criterion(output, target.reshape(output.shape))"
