"""Missing values filled."""

from __future__ import annotations

__all__ = ["ImputeValues"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch

from trainwell.errors import CannotApplyError
from trainwell.remedies.patching import before_optimizer, numbers
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Call
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class ImputeValues(Remedy):
    """Puts the column's mean in the place of NaN and infinities in the network's input.

    Attributes:
        at_means: of each column, of its finite values; None: 0 in all of them.
        at_pictures: the columns are channels.

    Sources:
        Little & Rubin 2019, "Statistical analysis with missing data", section 4.2.
    """

    name: ClassVar[str] = "impute_values"
    safety: ClassVar[Safety] = Safety.SAME_FUNCTION

    at_means: tuple[float, ...] | None = None
    at_pictures: bool = False

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the means of the script's columns, where some value is not finite."""
        del run
        if survey.inputs is None:
            raise CannotApplyError("the network's first input is no floating point tensor")
        if not survey.inputs.missing:
            raise CannotApplyError("every value that was seen is finite")
        return ImputeValues(survey.inputs.mean, survey.inputs.pictures)

    def apply(self, live: Live) -> None:
        """Fill them at every call, in training and in evaluation."""

        def act(call: Call) -> None:
            data = call.data
            if data is None:
                return
            broken = ~torch.isfinite(data)
            if bool(broken.any()):
                call.replace(torch.where(broken, self._means(data), data))
                live.did(self)

        live.on_call.append(act)

    def _means(self, like: torch.Tensor) -> torch.Tensor:
        means = torch.tensor(self.at_means or (0.0,), device=like.device, dtype=like.dtype)
        if self.at_pictures:
            return means.reshape((-1,) + (1,) * (like.dim() - 2))
        return means

    def patch(self, source: str, survey: Survey) -> str:
        """A hook of the model, put in front of the optimizer."""
        means = numbers(self.at_means or (0.0,))
        dims = ".reshape(-1, 1, 1)" if self.at_pictures else ""

        def make(model: str, torch_: str) -> str:
            return (
                f"# missing values get their column's mean\n"
                f"<column_means> = {torch_}.tensor({means}){dims}\n"
                f"\n"
                f"def <fill_missing>(module, inputs):\n"
                f"    x, *others = inputs\n"
                f"    x = {torch_}.where({torch_}.isfinite(x), x, <column_means>.to(x))\n"
                f"    return (x, *others)\n"
                f"\n"
                f"{model}.register_forward_pre_hook(<fill_missing>)\n"
            )

        return before_optimizer(source, survey, make, "column_means", "fill_missing")
