"""More epochs."""

from __future__ import annotations

__all__ = ["TrainLonger"]

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.errors import BadInputError, CannotApplyError, UnsafeEditError
from trainwell.remedies.edits import scale_loop
from trainwell.remedies.patching import only_line, own
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.survey import Survey

_BACKWARD = re.compile(r"\.backward\(")


@dataclass(frozen=True)
class TrainLonger(Remedy):
    """Multiplies the rounds of the outermost loop around `backward()`, most often its epochs.

    It changes the script's source before Python reads it: no moment of a live run lets a loop go
    on that has ended.

    Attributes:
        factor: what their number is multiplied by.
        at_line: the line of `backward()`; 0: the first one in the source.

    Sources:
        Hoffer, Hubara & Soudry 2017, "Train longer, generalize better".
    """

    name: ClassVar[str] = "train_longer"
    shows_setting: ClassVar[bool] = True

    factor: int = 4
    at_line: int = 0

    def __post_init__(self) -> None:
        if self.factor < 2:
            raise BadInputError(f"`{self.name}` takes a whole number above 1, got {self.factor}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the line that calls `backward()`."""
        del run
        lines = [line for file, line in survey.backward if own(survey, file)]
        if len(lines) != 1:
            raise CannotApplyError(f"{len(lines)} lines of the script call backward(), not one")
        fitted = TrainLonger(self.factor, lines[0])
        try:
            with open(survey.script, encoding="utf-8") as file:
                fitted.rewrite(file.read())
        except (OSError, UnsafeEditError) as error:
            raise CannotApplyError(str(error)) from error
        return fitted

    def rewrite(self, source: str) -> str:
        """The script with more rounds."""
        line = self.at_line
        if not line:
            found = [i for i, text in enumerate(source.splitlines(), 1) if _BACKWARD.search(text)]
            if not found:
                raise UnsafeEditError("the script calls no `backward`")
            line = found[0]
        return scale_loop(source, line, self.factor)

    def apply(self, live: Live) -> None:
        """Nothing to do in the live run: the source was changed before it."""
        live.did(self)

    def patch(self, source: str, survey: Survey) -> str:
        """The loop's rounds."""
        only_line(survey, survey.backward, "call backward()")
        return self.rewrite(source)
