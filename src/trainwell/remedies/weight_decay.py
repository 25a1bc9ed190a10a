"""Weight decay (L2)."""

from __future__ import annotations

__all__ = ["WeightDecay"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.remedies.edits import rename_callee, set_argument
from trainwell.remedies.patching import built
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.settings import set_setting

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class WeightDecay(Remedy):
    """Pulls every weight towards 0: an L2 penalty under SGD, decoupled decay under Adam.

    Under Adam a penalty would be divided by the gradients' size; AdamW's decay is not.

    Attributes:
        amount: the optimizer's `weight_decay`. None: 0.1 for Adam, 0.01 for the others.

    Sources:
        Krogh & Hertz 1991, "A simple weight decay can improve generalization"; Loshchilov & Hutter
        2019, "Decoupled weight decay regularization", figure 2 (good values for AdamW lie near
        rate times decay of 1e-4).
    """

    name: ClassVar[str] = "weight_decay"
    against_overfitting: ClassVar[bool] = True

    amount: float | None = None

    def __post_init__(self) -> None:
        if self.amount is not None and not self.amount >= 0:
            raise BadInputError(f"`{self.name}` takes a number of at least 0, got {self.amount}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the amount for the script's optimizer."""
        del run
        able = [o for o in survey.optimizers if "weight_decay" in o.settings]
        if not able:
            raise CannotApplyError("no optimizer with weight decay took a step")
        amount = self._amount(able[0].kind)
        if able[0].settings["weight_decay"] >= amount:
            raise CannotApplyError(f"the optimizer decays by {able[0].settings['weight_decay']:g}")
        return WeightDecay(amount)

    def apply(self, live: Live) -> None:
        """Set it when the optimizer is built."""

        def act(building: Building) -> None:
            live.did(self, set_setting(building, "weight_decay", self._amount(building.kind)))
            if building.kind == "Adam":
                # What AdamW is in PyTorch: Adam with this flag.
                building.settings["decoupled_weight_decay"] = True

        live.on_building.append(act)

    def _amount(self, kind: str) -> float:
        if self.amount is not None:
            return self.amount
        return 0.1 if kind in ("Adam", "AdamW") else 0.01

    def patch(self, source: str, survey: Survey) -> str:
        """The argument `weight_decay`; Adam becomes AdamW."""
        one = built(survey)
        position = {"SGD": 4, "Adam": 4, "AdamW": 4, "RMSprop": 4}.get(one.kind)
        source = set_argument(
            source,
            one.line,
            {one.kind},
            "weight_decay",
            repr(self._amount(one.kind)),
            position=position,
        )
        if one.kind == "Adam":
            source = rename_callee(source, one.line, {"Adam"}, "AdamW")
        return source
