"""Less dropout."""

from __future__ import annotations

__all__ = ["LowerDropout"]

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812

from trainwell.errors import BadInputError, CannotApplyError, UnsafeEditError
from trainwell.remedies.patching import before_optimizer
from trainwell.remedies.remedy import Remedy, Safety

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class LowerDropout(Remedy):
    """Lowers every dropout, of modules and of calls, to a share.

    Attributes:
        share: the largest that stays, in [0, 1).
        at_modules: all dropout of the network comes from modules.

    Sources:
        Srivastava et al. 2014, "Dropout: a simple way to prevent neural networks from
        overfitting", section 7.3.
    """

    name: ClassVar[str] = "lower_dropout"
    safety: ClassVar[Safety] = Safety.NEW_MODEL

    share: float = 0.1
    at_modules: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise BadInputError(f"`{self.name}` takes a share in [0, 1), got {self.share}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """As it is, where something drops more."""
        del survey
        modules = [p for n in run.networks.values() for p in n.dropout.values()]
        calls = [
            o
            for o in run.operations.values()
            if o.kind == "dropout" and (o.place.layer or "after ").startswith("after ")
        ]
        if not calls and not any(p > self.share for p in modules):
            raise CannotApplyError(f"nothing drops more than {self.share:g}")
        return LowerDropout(self.share, not calls)

    def apply(self, live: Live) -> None:
        """Stand in for the functions that drop: the modules call them."""

        def lower(original: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
            def dropout(x: Any, p: float = 0.5, *args: Any, **kwargs: Any) -> torch.Tensor:
                if p > self.share:
                    live.did(self)
                    p = self.share
                return original(x, p, *args, **kwargs)

            return dropout

        for name in ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout"):
            live.replace(F, name, lower)

    def patch(self, source: str, survey: Survey) -> str:
        """A loop over the modules, in front of the optimizer."""
        if not self.at_modules:
            raise UnsafeEditError("forward() calls dropout itself")

        def make(model: str, torch_: str) -> str:
            return (
                f"for <layer> in {model}.modules():\n"
                f"    if isinstance(<layer>, {torch_}.nn.modules.dropout._DropoutNd):\n"
                f"        <layer>.p = min(<layer>.p, {self.share!r})\n"
            )

        return before_optimizer(source, survey, make, "layer")

    def lines(self, survey: Survey) -> str:
        """The argument to change."""
        del survey
        return f"# drop no more than {self.share:g}: dropout(x, {self.share:g}, self.training)"
