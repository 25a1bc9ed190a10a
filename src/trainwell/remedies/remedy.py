"""What every remedy is: a frozen dataclass of settings that knows how to change a live run."""

from __future__ import annotations

__all__ = ["Remedy", "Safety"]

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from trainwell.errors import CannotApplyError
from trainwell.remedies.advice import ADVICE

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey


class Safety(StrEnum):
    """How much of the user's work a remedy changes."""

    SAME_FUNCTION = "same function"
    """The network computes what it computed; only its training, or a mistake in it, changes."""
    NEW_TRAINING = "new training"
    """The same network is trained in another way."""
    NEW_MODEL = "new model"
    """The network itself becomes another one."""


@dataclass(frozen=True)
class Remedy(ABC):
    """One change to a training run, applied to an unchanged script.

    The first field of a subclass is its setting, the one that `--with name=setting` gives; fields
    whose names begin with `at_` hold what `fitted` found out about the script.

    Attributes:
        name: the public name, an imperative: "clip_gradients".
        safety: how much of the user's work it changes.
        changes_loss: the evaluation loss is no longer the function that it was without the
            remedy, so that arms have to be compared by accuracy.
        shows_setting: the label holds the setting, also where it is the usual one.
        against_overfitting: one of the remedies of `trainwell treat --overfitting`.
    """

    name: ClassVar[str]
    safety: ClassVar[Safety] = Safety.NEW_TRAINING
    changes_loss: ClassVar[bool] = False
    against_overfitting: ClassVar[bool] = False
    shows_setting: ClassVar[bool] = False

    @property
    def advice(self) -> str:
        """One sentence for the report: what to do by hand."""
        return ADVICE[self.name]

    @property
    def label(self) -> str:
        """The name, and the setting where it tells something, as `--with` takes them."""
        own = [f for f in fields(self) if not f.name.startswith("at_")]
        if not own or (getattr(self, own[0].name) == own[0].default and not self.shows_setting):
            return self.name
        value = getattr(self, own[0].name)
        return f"{self.name}={value:g}" if isinstance(value, float) else f"{self.name}={value}"

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """The same remedy for one script.

        Args:
            run: the record of the script as it is.
            survey: what else was learned when it ran.

        Raises:
            CannotApplyError: if it cannot apply there, with the reason.
        """
        del run, survey
        return self

    @abstractmethod
    def apply(self, live: Live) -> None:
        """Ask to be called at the moments of a live run at which there is something to do."""

    def patch(self, source: str, survey: Survey) -> str:
        """The script's source with this remedy in it.

        Args:
            source: the text of the script.
            survey: what was learned when it ran: its lines and names.

        Raises:
            UnsafeEditError: if the source cannot be changed safely; `lines` says what to add.
        """
        del source, survey
        raise CannotApplyError("this remedy has no patch")

    def lines(self, survey: Survey) -> str:
        """What to add by hand, where there is no patch: a few lines of Python or of English."""
        del survey
        return f"# {self.advice}"

    def to_json(self) -> dict[str, Any]:
        """Name and fields; `trainwell.remedies.catalogue.from_json` makes it again."""
        return {"name": self.name} | {f.name: getattr(self, f.name) for f in fields(self)}
