"""What the remedies that scale inputs share: one fixed affine map in front of the network."""

from __future__ import annotations

__all__ = ["InputMap"]

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from trainwell.errors import CannotApplyError
from trainwell.remedies.patching import before_optimizer, numbers
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.surveyor import columns_of

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Call
    from trainwell.remedies.survey import Columns, Survey


@dataclass(frozen=True)
class InputMap(Remedy):
    """Subtracts a centre from every column of the network's input, and divides by a scale.

    Both come from training data alone and never change: those of a sample of up to 4,096 rows when
    `trainwell treat` has seen the script run, those of the first training batch otherwise. They
    apply in training and in evaluation, as scaled data would.

    Attributes:
        at_centre, at_scale: of each column, or one for all of them; None until they are known.
        at_pictures: the columns are channels.
    """

    at_centre: tuple[float, ...] | None = None
    at_scale: tuple[float, ...] | None = None
    at_pictures: bool = False

    @abstractmethod
    def measure(self, columns: Columns) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Centre and scale of each column; scales of 0 are taken as 1."""

    def clip(self, data: torch.Tensor) -> torch.Tensor:
        """What happens to the scaled data; nothing here."""
        return data

    @property
    def clip_code(self) -> str:
        """The same in the patch, around `{0}`."""
        return "{0}"

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the columns of the script's data."""
        del run
        if survey.inputs is None:
            raise CannotApplyError("the network's first input is no floating point tensor")
        return self._with(survey.inputs)

    def _with(self, columns: Columns) -> InputMap:
        centre, scale = self.measure(columns)
        # A column that hardly varies beside the others says nothing: it must not be blown up.
        floor = 1e-6 * max((abs(s) for s in scale), default=0.0)
        scale = tuple(s if s > floor else 1.0 for s in scale)
        return replace(self, at_centre=centre, at_scale=scale, at_pictures=columns.pictures)

    def apply(self, live: Live) -> None:
        """Map the input of the network that was called first in training."""
        state: dict[str, InputMap] = {}
        chosen: list[int] = []

        def act(call: Call) -> None:
            data = call.data
            if data is None:
                return
            if not chosen and call.training:
                chosen.append(id(call.module))
            if not chosen or chosen[0] != id(call.module):
                return
            if "fitted" not in state:
                fitted = self if self.at_centre is not None else self._of_batch(data)
                if fitted is None:
                    live.cannot(self, "the first batch is too small to measure its columns")
                    return
                state["fitted"] = fitted
            call.replace(state["fitted"]._map(data))
            live.did(self)

        live.on_call.append(act)

    def _of_batch(self, data: torch.Tensor) -> InputMap | None:
        pictures = data.dim() in (4, 5)
        rows = data.movedim(1, -1) if pictures else data
        columns = columns_of(rows.reshape(-1, rows.shape[-1]).double().cpu(), pictures)
        return None if columns is None else self._with(columns)

    def _map(self, data: torch.Tensor) -> torch.Tensor:
        centre = torch.tensor(self.at_centre, device=data.device, dtype=data.dtype)
        scale = torch.tensor(self.at_scale, device=data.device, dtype=data.dtype)
        if self.at_pictures:
            shape = (-1,) + (1,) * (data.dim() - 2)
            centre, scale = centre.reshape(shape), scale.reshape(shape)
        return self.clip((data - centre) / scale)

    def patch(self, source: str, survey: Survey) -> str:
        """A hook of the model, put in front of the optimizer."""
        assert self.at_centre is not None
        assert self.at_scale is not None
        centre, scale = numbers(self.at_centre), numbers(self.at_scale)
        dims = {True: ".reshape(-1, 1, 1)", False: ""}[self.at_pictures]

        def make(model: str, torch_: str) -> str:
            mapped = self.clip_code.format("(x - <input_centre>.to(x)) / <input_scale>.to(x)")
            return (
                f"# the inputs, by the training data's own columns ({self.label})\n"
                f"<input_centre> = {torch_}.tensor({centre}){dims}\n"
                f"<input_scale> = {torch_}.tensor({scale}){dims}\n"
                f"\n"
                f"def <scale_input>(module, inputs):\n"
                f"    x, *others = inputs\n"
                f"    return ({mapped}, *others)\n"
                f"\n"
                f"{model}.register_forward_pre_hook(<scale_input>)\n"
            )

        names = ("input_centre", "input_scale", "scale_input")
        return before_optimizer(source, survey, make, *names)

    def lines(self, survey: Survey) -> str:
        """What to do to the data."""
        del survey
        return (
            "# scale the data before training, with the training rows' numbers only:\n"
            "centre, scale = x_train.mean(0), x_train.std(0)\n"
            "x_train, x_test = (x_train - centre) / scale, (x_test - centre) / scale"
        )
