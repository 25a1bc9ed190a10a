"""The loss that belongs to the outputs and the targets."""

from __future__ import annotations

__all__ = ["MatchLoss"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.errors import CannotApplyError
from trainwell.remedies.feed_logits import made_by
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Loss
    from trainwell.remedies.survey import Survey

_REGRESSION = frozenset({"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"})


@dataclass(frozen=True)
class MatchLoss(Remedy):
    """Trains a classifier with cross-entropy where the script uses a distance.

    Squared or absolute error against labels of 0 and 1 becomes the (binary) cross-entropy of the
    same outputs: taken as probabilities where a sigmoid or a softmax makes them, and as scores
    around 0.5 where nothing does, so that what counts as a yes stays the same. The evaluation
    keeps the script's own loss.

    Attributes:
        at_kind: "sigmoid", "softmax" or "raw": what makes the outputs.

    Sources:
        Golik, Doetsch & Ney 2013, "Cross-entropy vs. squared error training: a theoretical and
        experimental comparison".
    """

    name: ClassVar[str] = "match_loss"

    at_kind: str = ""

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With what makes the outputs."""
        del survey
        for loss in run.losses.values():
            if loss.phase != "training" or loss.function not in _REGRESSION:
                continue
            if not loss.target_values or not set(loss.target_values) <= {0.0, 1.0}:
                raise CannotApplyError("the targets are not zeros and ones")
            made = run.prediction_of(loss)
            kind = made.kind if made is not None else ""
            return MatchLoss(kind if kind in ("sigmoid", "softmax") else "raw")
        raise CannotApplyError("no distance is used as the loss")

    def apply(self, live: Live) -> None:
        """Call the other loss in training."""

        def act(loss: Loss) -> None:
            if not loss.training or loss.name not in _REGRESSION:
                return
            target = loss.target
            binary = bool(((target == 0) | (target == 1)).all())
            if target.shape != loss.prediction.shape or not binary:
                live.cannot(self, "the targets are not zeros and ones of the outputs' shape")
                return
            kind = self.at_kind or made_by(loss.prediction) or "raw"
            loss.options = {k: v for k, v in loss.options.items() if k == "reduction"}
            if kind == "raw":
                # Slope 1 at 0.5: there a score changes a probability as it changed the prediction.
                loss.prediction = 4 * (loss.prediction - 0.5)
                loss.name = "binary_cross_entropy_with_logits"
            elif kind == "softmax" and target.dim() > 1:
                loss.prediction = loss.prediction.clamp(1e-7, 1.0).log()
                loss.name, loss.target = "cross_entropy", target.float()
            else:
                loss.name = "binary_cross_entropy"
                loss.prediction = loss.prediction.clamp(0.0, 1.0)
                loss.target = target.to(loss.prediction.dtype)
            live.did(self)

        live.on_loss.append(act)

    def lines(self, survey: Survey) -> str:
        """The other loss."""
        del survey
        if self.at_kind == "sigmoid":
            return "criterion = torch.nn.BCELoss()  # for training; keep what you evaluate with"
        if self.at_kind == "softmax":
            return (
                "# for training, with one-hot targets and the softmax that the network has:\n"
                "loss = torch.nn.functional.cross_entropy(output.clamp_min(1e-7).log(), target)"
            )
        return (
            "# for training; outputs above 0.5 stay a yes:\n"
            "loss = torch.nn.functional.binary_cross_entropy_with_logits(\n"
            "    4 * (output - 0.5), target\n"
            ")"
        )
