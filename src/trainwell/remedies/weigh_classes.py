"""Classes weighted by their rarity."""

from __future__ import annotations

__all__ = ["WeighClasses"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import qualified, set_argument
from trainwell.remedies.patching import numbers, own
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Loss
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class WeighClasses(Remedy):
    """Weighs every class in the training loss by the inverse of how often it occurs.

    Attributes:
        at_weights: of each class; of binary losses the positive class's alone.
        at_binary: the loss is binary.
        at_file, at_line: the line of the training loss, where no evaluation shares it.

    Sources:
        King & Zeng 2001, "Logistic regression in rare events data", section 4.2; scikit-learn's
        `class_weight="balanced"` is the same formula.
    """

    name: ClassVar[str] = "weigh_classes"

    at_weights: tuple[float, ...] = ()
    at_binary: bool = False
    at_file: str = ""
    at_line: int = 0

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the classes' counts in the script's training data."""
        del survey
        for call in run.losses.values():
            if call.phase != "training" or not call.classes:
                continue
            binary = call.function == "binary_cross_entropy_with_logits"
            if call.function not in ("cross_entropy", "nll_loss") and not binary:
                raise CannotApplyError(f"`{call.function}` takes no weights of classes")
            if call.options.get("weight") or call.options.get("pos_weight"):
                raise CannotApplyError("the classes are weighted already")
            counts = {int(float(k)): row[0] for k, row in call.classes.items()}
            shared = any(
                c.phase == "evaluation"
                and (c.place.file, c.place.line) == (call.place.file, call.place.line)
                for c in run.losses.values()
            )
            place = ("", 0) if shared else (call.place.file or "", call.place.line or 0)
            if binary:
                if not counts.get(1) or not counts.get(0):
                    raise CannotApplyError("one class was never seen")
                return WeighClasses((_short(counts[0] / counts[1]),), True, *place)
            classes = call.prediction_shape[1] if len(call.prediction_shape) > 1 else 0
            if any(not counts.get(k) for k in range(classes)) or not classes:
                raise CannotApplyError("some class was never seen in training")
            total = sum(counts.values())
            weights = tuple(_short(total / (classes * counts[k])) for k in range(classes))
            return WeighClasses(weights, False, *place)
        raise CannotApplyError("no classes were counted in training")

    def apply(self, live: Live) -> None:
        """Weigh in training."""
        if not self.at_weights:
            live.cannot(self, "the classes have to be counted first: use `trainwell treat`")
            return

        def act(loss: Loss) -> None:
            wanted = (
                ("binary_cross_entropy_with_logits",)
                if self.at_binary
                else (
                    "cross_entropy",
                    "nll_loss",
                )
            )
            if loss.training and loss.name in wanted:
                weights = torch.tensor(
                    self.at_weights, device=loss.prediction.device, dtype=loss.prediction.dtype
                )
                loss.options["pos_weight" if self.at_binary else "weight"] = weights
                live.did(self)

        live.on_loss.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """The argument, where the training line calls the function itself."""
        if not self.at_line or not own(survey, self.at_file):
            raise UnsafeEditError("training and evaluation share the loss")
        torch_, _ = qualified(source, "torch")
        name = "pos_weight" if self.at_binary else "weight"
        source = set_argument(
            source,
            self.at_line,
            {"cross_entropy", "nll_loss", "binary_cross_entropy_with_logits"},
            name,
            f"{torch_}.tensor({numbers(self.at_weights)})",
        )
        return qualified(source, "torch")[1]

    def lines(self, survey: Survey) -> str:
        """A loss for training alone."""
        del survey
        weights = numbers(self.at_weights)
        name, argument = (
            ("BCEWithLogitsLoss", "pos_weight")
            if self.at_binary
            else ("CrossEntropyLoss", "weight")
        )
        return (
            f"train_criterion = torch.nn.{name}({argument}=torch.tensor({weights}))\n"
            "loss = train_criterion(output, target)  # evaluate with the plain one"
        )


def _short(value: float) -> float:
    return float(f"{value:.4g}")
