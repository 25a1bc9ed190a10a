"""Smoothed labels."""

from __future__ import annotations

__all__ = ["LabelSmoothing"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.errors import BadInputError, CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import set_argument
from trainwell.remedies.patching import own
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Loss
    from trainwell.remedies.survey import Survey

_BINARY = frozenset({"binary_cross_entropy", "binary_cross_entropy_with_logits"})


@dataclass(frozen=True)
class LabelSmoothing(Remedy):
    """Moves a share of every label's probability to the other labels, in training.

    Attributes:
        share: how much, in (0, 1).
        at_file, at_line: where the training loss is called; 0 where an evaluation calls it too.

    Sources:
        Szegedy et al. 2016, "Rethinking the Inception architecture", section 7 (0.1).
    """

    name: ClassVar[str] = "label_smoothing"
    against_overfitting: ClassVar[bool] = True

    share: float = 0.1
    at_file: str = ""
    at_line: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise BadInputError(f"`{self.name}` takes a share in (0, 1), got {self.share}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the line of the script's training loss."""
        del survey
        calls = [c for c in run.losses.values() if c.phase == "training"]
        fitting = [c for c in calls if c.function == "cross_entropy" or c.function in _BINARY]
        if not fitting:
            raise CannotApplyError("the training loss is no cross-entropy")
        if any(c.options.get("label_smoothing") for c in fitting):
            raise CannotApplyError("the labels are smoothed already")
        place = fitting[0].place
        shared = any(
            c.phase == "evaluation" and (c.place.file, c.place.line) == (place.file, place.line)
            for c in run.losses.values()
        )
        if shared or fitting[0].function in _BINARY:
            return LabelSmoothing(self.share)
        return LabelSmoothing(self.share, place.file or "", place.line or 0)

    def apply(self, live: Live) -> None:
        """Smooth in training."""

        def act(loss: Loss) -> None:
            if not loss.training:
                return
            if loss.name == "cross_entropy":
                loss.options["label_smoothing"] = self.share
                live.did(self)
            elif loss.name in _BINARY:
                loss.target = loss.target * (1 - self.share) + self.share / 2
                live.did(self)

        live.on_loss.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """The argument, where the training line calls the function itself.

        A loss module may serve the evaluation as well, which is never smoothed.
        """
        if not self.at_line or not own(survey, self.at_file):
            raise UnsafeEditError("training and evaluation share the loss")
        return set_argument(
            source, self.at_line, {"cross_entropy"}, "label_smoothing", repr(self.share)
        )

    def lines(self, survey: Survey) -> str:
        """A loss for training alone."""
        del survey
        return (
            f"train_criterion = torch.nn.CrossEntropyLoss(label_smoothing={self.share:g})\n"
            "loss = train_criterion(output, target)  # evaluate with the plain one"
        )
