"""The loss averaged over the batch."""

from __future__ import annotations

__all__ = ["AverageLoss"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.errors import CannotApplyError
from trainwell.remedies.edits import replace_receiver
from trainwell.remedies.patching import only_line
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Loss
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class AverageLoss(Remedy):
    """Divides a summed training loss by the size of the batch.

    Attributes:
        at_batch: examples in a batch; None: those of each batch.

    Sources:
        Goyal et al. 2017, "Accurate, large minibatch SGD", section 2.1: rates are meant for means.
    """

    name: ClassVar[str] = "average_loss"
    safety: ClassVar[Safety] = Safety.SAME_FUNCTION

    at_batch: int | None = None

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """As it is, where a loss is summed."""
        if not any(c.reduction == "sum" for c in run.losses.values() if c.phase == "training"):
            raise CannotApplyError("no training loss is summed")
        return AverageLoss(survey.batch or None)

    def apply(self, live: Live) -> None:
        """Divide in training."""

        def act(loss: Loss) -> None:
            if loss.training and loss.options.get("reduction") == "sum":
                rows = self.at_batch or len(loss.prediction)
                loss.finish.append(lambda value: value / rows)
                live.did(self)

        live.on_loss.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """The loss divided where backward() is called."""
        line = only_line(survey, survey.backward, "call backward()")
        return replace_receiver(source, line, "backward", f"({{0}} / {self.at_batch})")
