"""A sigmoid in the place of a softmax over one unit."""

from __future__ import annotations

__all__ = ["UseSigmoid"]

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812

from trainwell.errors import CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import qualified, replace_call
from trainwell.remedies.patching import own
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class UseSigmoid(Remedy):
    """A sigmoid wherever a softmax has one unit to choose from.

    Attributes:
        at_file, at_line: where the softmax stands.
        at_module: it is an `nn.Softmax`.

    Sources:
        Bishop 2006, "Pattern recognition and machine learning", section 5.1.
    """

    name: ClassVar[str] = "use_sigmoid"
    safety: ClassVar[Safety] = Safety.NEW_MODEL

    at_file: str = ""
    at_line: int = 0
    at_module: bool = False

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the place of the softmax."""
        del survey
        for operation in run.operations.values():
            if operation.kind == "softmax" and operation.details.get("size") == 1:
                place = operation.place
                module = place.layer is not None and not place.layer.startswith("after ")
                return UseSigmoid(place.file or "", place.line or 0, module)
        raise CannotApplyError("no softmax over one unit was seen")

    def apply(self, live: Live) -> None:
        """Stand in for the functions: `nn.Softmax` calls one of them."""

        def instead(original: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
            def softmax(x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
                result = original(x, *args, **kwargs)
                dim = kwargs.get("dim", args[0] if args else None)
                if dim is not None and x.dim() and x.shape[dim] == 1:
                    live.did(self)
                    return torch.sigmoid(x)
                return result

            return softmax

        for owner in (torch, F, torch.Tensor):
            live.replace(owner, "softmax", instead)

    def patch(self, source: str, survey: Survey) -> str:
        """Another module, or another call."""
        if not self.at_line or not own(survey, self.at_file):
            raise UnsafeEditError("the line of the softmax is not known")
        torch_, _ = qualified(source, "torch")
        if self.at_module:
            source = replace_call(source, self.at_line, {"Softmax"}, f"{torch_}.nn.Sigmoid()")
        else:
            source = replace_call(source, self.at_line, {"softmax"}, f"{torch_}.sigmoid({{0}})")
        return qualified(source, "torch")[1]
