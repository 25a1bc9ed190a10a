"""Another optimizer."""

from __future__ import annotations

__all__ = ["ChangeOptimizer"]

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import torch

from trainwell.errors import BadInputError, CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import argument, callee, replace_call
from trainwell.remedies.patching import built
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey

_KINDS = {"adam": ("Adam", 1e-3), "adamw": ("AdamW", 1e-3), "sgd": ("SGD", 1e-2)}


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = 0.0
    if not 0 < rate < math.inf:
        raise BadInputError(f"`change_optimizer` takes a rate above 0, got `{text}`")
    return rate


@dataclass(frozen=True)
class ChangeOptimizer(Remedy):
    """Trains with another optimizer, at its usual rate: Adam 0.001, SGD 0.01 with momentum 0.9.

    Attributes:
        kind: "adam", "adamw" or "sgd"; with a rate as in "sgd:0.1".
        rate: its learning rate; the usual one when None.

    Sources:
        Kingma & Ba 2015, "Adam: a method for stochastic optimization", section 2.
    """

    name: ClassVar[str] = "change_optimizer"

    kind: str = "adam"
    rate: float | None = None

    def __post_init__(self) -> None:
        kind, colon, rate = self.kind.partition(":")
        if colon and kind in _KINDS:
            object.__setattr__(self, "kind", kind)
            object.__setattr__(self, "rate", _rate(rate))
        if self.kind not in _KINDS:
            raise BadInputError(f"`{self.name}` takes {', '.join(_KINDS)}, got `{self.kind}`")

    @property
    def label(self) -> str:
        """Name, kind, and the rate where it is not the usual one."""
        text = f"{self.name}={self.kind}"
        return text if self.rate is None else f"{text}:{self.rate:g}"

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """As it is, where another optimizer is used."""
        del run
        if not survey.optimizers:
            raise CannotApplyError("no optimizer took a step")
        if any(o.kind == _KINDS[self.kind][0] for o in survey.optimizers):
            raise CannotApplyError(f"{_KINDS[self.kind][0]} is used already")
        if any(o.kind == "LBFGS" for o in survey.optimizers):
            raise CannotApplyError("LBFGS calls its closure several times a step")
        return self

    def apply(self, live: Live) -> None:
        """Let PyTorch's names of the others stand for this one."""
        chosen, rate = _KINDS[self.kind]
        base: type = getattr(torch.optim, chosen)
        settings: dict[str, Any] = {"lr": self.rate or rate}
        if self.kind == "sgd":
            settings["momentum"] = 0.9

        def stand_in(original: type) -> type:
            class StandIn(base):  # type: ignore[misc]
                """The chosen optimizer under another one's name."""

                def __init__(self, params: Any, *args: Any, **kwargs: Any) -> None:
                    del args, kwargs
                    super().__init__(params, **settings)
                    live.did(remedy)

            StandIn.__name__ = original.__name__
            StandIn.__qualname__ = original.__qualname__
            return StandIn

        remedy = self
        for name, kind in list(vars(torch.optim).items()):
            if (
                isinstance(kind, type)
                and issubclass(kind, torch.optim.Optimizer)
                and kind not in (torch.optim.Optimizer, base)
            ):
                live.replace_name(torch.optim, name, stand_in(kind))

    def patch(self, source: str, survey: Survey) -> str:
        """Another call in the place of the optimizer's."""
        one = built(survey)
        chosen, rate = _KINDS[self.kind]
        given = argument(source, one.line, {one.kind}, "params", 0)
        name = callee(source, one.line, {one.kind})
        if given is None or "." not in name:
            # A bare name was imported as such: the other one may not be.
            raise UnsafeEditError(f"line {one.line} does not call `torch.optim.{one.kind}`")
        more = ", momentum=0.9" if self.kind == "sgd" else ""
        module = name.rsplit(".", 1)[0]
        call = f"{module}.{chosen}({given}, lr={self.rate or rate!r}{more})"
        return replace_call(
            source, one.line, {one.kind}, call.replace("{", "{{").replace("}", "}}")
        )
