"""Scaled regression targets."""

from __future__ import annotations

__all__ = ["ScaleTargets"]

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from trainwell.errors import CannotApplyError
from trainwell.remedies.edits import replace_receiver
from trainwell.remedies.patching import before_optimizer, numbers, only_line
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.surveyor import columns_of

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Call, Loss
    from trainwell.remedies.survey import Columns, Survey

_POWERS = {"mse_loss": 2, "l1_loss": 1}


@dataclass(frozen=True)
class ScaleTargets(Remedy):
    """Lets the network work on targets of mean 0 and deviation 1, and undoes it on its output.

    The output is multiplied by the targets' deviation and their mean is added, in training and in
    evaluation, so that all who read predictions get them in the targets' unit. The training loss
    is divided by the deviation (squared for the squared error): steps are then those of training
    on scaled targets. The evaluation loss stays in the unit that it had.

    Attributes:
        at_mean, at_deviation: of each target column.
        at_loss: the loss function.

    Sources:
        LeCun, Bottou, Orr & Müller 1998, "Efficient backprop", section 4.5.
    """

    name: ClassVar[str] = "scale_targets"

    at_mean: tuple[float, ...] | None = None
    at_deviation: tuple[float, ...] | None = None
    at_loss: str = ""

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the columns of the script's targets."""
        if survey.targets is None:
            raise CannotApplyError("no regression loss was seen")
        names = {c.function for c in run.losses.values() if c.phase == "training"}
        if len(names) != 1 or not names <= set(_POWERS):
            raise CannotApplyError(f"it is made for squared or absolute error, not for {names}")
        return self._with(survey.targets, names.pop())

    def _with(self, columns: Columns, loss: str) -> ScaleTargets:
        deviation = tuple(d if d > 0 else 1.0 for d in columns.deviation)
        return replace(self, at_mean=columns.mean, at_deviation=deviation, at_loss=loss)

    def apply(self, live: Live) -> None:
        """Scale outputs from the first loss on: only there the targets are seen."""
        state: list[ScaleTargets] = [] if self.at_mean is None else [self]
        chosen: list[int] = []

        def output(call: Call, result: Any) -> Any:
            if not chosen and call.training:
                chosen.append(id(call.module))
            if not state or not chosen or chosen[0] != id(call.module):
                return result
            if not isinstance(result, torch.Tensor) or not result.is_floating_point():
                live.cannot(self, "the network's output is no tensor")
                return result
            mean, deviation = state[0]._tensors(result)
            return result * deviation + mean

        def loss(call: Loss) -> None:
            if not call.training or call.name not in _POWERS:
                return
            if not state:
                rows = call.target.reshape(len(call.target), -1).double().cpu()
                columns = columns_of(rows, pictures=False)
                if columns is None:
                    live.cannot(self, "the first batch is too small to measure its targets")
                    return
                state.append(self._with(columns, call.name))
                return  # this batch's output was made before the targets were known
            power = _POWERS[call.name]
            _, deviation = state[0]._tensors(call.prediction)
            scale = float(deviation.mean()) ** power
            call.finish.append(lambda value: value / scale)
            live.did(self)

        live.on_output.append(output)
        live.on_loss.append(loss)

    def _tensors(self, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = torch.tensor(self.at_mean, device=like.device, dtype=like.dtype)
        deviation = torch.tensor(self.at_deviation, device=like.device, dtype=like.dtype)
        if len(mean) == 1 or len(mean) != like.shape[-1]:
            return mean.mean(), deviation.mean()
        return mean, deviation

    def patch(self, source: str, survey: Survey) -> str:
        """A hook of the model, and the loss divided where backward() is called."""
        assert self.at_mean is not None
        assert self.at_deviation is not None
        line = only_line(survey, survey.backward, "call backward()")
        scale = (sum(self.at_deviation) / len(self.at_deviation)) ** _POWERS[self.at_loss]
        source = replace_receiver(source, line, "backward", f"({{0}} / {float(f'{scale:.9g}')!r})")
        if len(self.at_mean) == 1:
            mean, deviation = repr(self.at_mean[0]), repr(self.at_deviation[0])
        else:
            mean, deviation = numbers(self.at_mean), numbers(self.at_deviation)

        def make(model: str, torch_: str) -> str:
            text = "# the network works on targets of mean 0 and deviation 1\n"
            a, b = deviation, mean
            if len(self.at_mean or ()) > 1:
                text += f"<target_mean> = {torch_}.tensor({mean})\n"
                text += f"<target_deviation> = {torch_}.tensor({deviation})\n"
                a, b = "<target_deviation>", "<target_mean>"
            return text + (
                f"{model}.register_forward_hook(lambda module, inputs, output: "
                f"output * {a} + {b})\n"
            )

        return before_optimizer(source, survey, make, "target_mean", "target_deviation")
