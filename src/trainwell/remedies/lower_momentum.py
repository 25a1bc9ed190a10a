"""A lower momentum."""

from __future__ import annotations

__all__ = ["LowerMomentum"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.remedies.edits import set_argument
from trainwell.remedies.patching import built
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.settings import set_setting

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class LowerMomentum(Remedy):
    """Sets the momentum of SGD or RMSprop.

    Attributes:
        momentum: the new one, in [0, 1).

    Sources:
        Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning".
    """

    name: ClassVar[str] = "lower_momentum"

    momentum: float = 0.9

    def __post_init__(self) -> None:
        if not 0 <= self.momentum < 1:
            raise BadInputError(f"`{self.name}` takes a number in [0, 1), got {self.momentum}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """As it is, where some optimizer has a higher momentum."""
        del run
        known = [o.settings["momentum"] for o in survey.optimizers if "momentum" in o.settings]
        if not any(m > self.momentum for m in known):
            raise CannotApplyError(f"no optimizer has a momentum above {self.momentum:g}")
        return self

    def apply(self, live: Live) -> None:
        """Set it when the optimizer is built."""

        def act(building: Building) -> None:
            if building.settings.get("momentum", 0.0) > self.momentum:
                live.did(self, set_setting(building, "momentum", self.momentum))

        live.on_building.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """The argument `momentum` of the optimizer's call."""
        one = built(survey)
        # RMSprop takes it in fifth place behind the parameters.
        position = {"SGD": 2, "RMSprop": 5}.get(one.kind)
        return set_argument(
            source, one.line, {one.kind}, "momentum", repr(self.momentum), position=position
        )
