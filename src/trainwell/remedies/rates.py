"""What lowering and raising the learning rate share."""

from __future__ import annotations

__all__ = ["RateChange"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.remedies.edits import scale_argument
from trainwell.remedies.patching import built
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.settings import scale_setting

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Building
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class RateChange(Remedy):
    """Multiplies every learning rate; schedules keep their shape.

    Attributes:
        factor: what the rate is multiplied by.
    """

    shows_setting: ClassVar[bool] = True

    factor: float = 1.0

    def __post_init__(self) -> None:
        if not self.factor > 0:
            raise BadInputError(f"`{self.name}` takes a factor above 0, got {self.factor}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """As it is, where an optimizer with a rate was seen."""
        del run
        if not any("lr" in one.settings for one in survey.optimizers):
            raise CannotApplyError("no optimizer with a learning rate took a step")
        return self

    def apply(self, live: Live) -> None:
        """Multiply when the optimizer is built: schedulers read its rate later."""

        def act(building: Building) -> None:
            live.did(self, scale_setting(building, "lr", self.factor))

        live.on_building.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """The argument `lr` of the optimizer's call."""
        one = built(survey)
        default = one.settings.get("lr")
        return scale_argument(
            source,
            one.line,
            {one.kind},
            "lr",
            self.factor,
            position=1,
            default=None if default is None else repr(default),
        )

    def lines(self, survey: Survey) -> str:
        """The argument to change."""
        del survey
        return f"# multiply the learning rate by {self.factor:g} where the optimizer is made"
