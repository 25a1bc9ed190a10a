"""Batches of another size."""

from __future__ import annotations

__all__ = ["ResizeBatches"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from trainwell.errors import BadInputError, CannotApplyError
from trainwell.remedies.edits import set_argument
from trainwell.remedies.patching import only_line
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Loading
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class ResizeBatches(Remedy):
    """Sets the batch size of the training's `DataLoader`.

    Attributes:
        size: examples in a batch.
        at_loaders: (file, line) of the training loaders; empty: the first loader of the script.

    Sources:
        Masters & Luschi 2018, "Revisiting small batch training for deep neural networks" (2 to 32).
    """

    name: ClassVar[str] = "resize_batches"

    size: int = 32
    at_loaders: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.size < 1:
            raise BadInputError(f"`{self.name}` takes a whole number above 0, got {self.size}")

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the script's training loaders."""
        del run
        found = {
            (one.file, one.line): None
            for one in survey.loaders
            if one.training and one.batch_size not in (None, self.size)
        }
        if not found:
            raise CannotApplyError("no DataLoader with another batch size feeds the training")
        return ResizeBatches(self.size, tuple(found))

    def apply(self, live: Live) -> None:
        """Change the argument of the loader's constructor."""
        lines = {(file, line) for file, line in self.at_loaders}
        first: list[int] = []

        def act(loading: Loading) -> None:
            here = (loading.file, loading.line)
            if here not in lines and (lines or first):
                return
            first.append(1)
            if loading.arguments.get("batch_sampler") is not None:
                live.cannot(self, "the loader has a batch sampler of its own")
            else:
                loading.arguments["batch_size"] = self.size
                live.did(self)

        live.on_loading.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """The argument `batch_size`."""
        line = only_line(survey, self.at_loaders, "make a training loader")
        return set_argument(source, line, {"DataLoader"}, "batch_size", repr(self.size), position=1)
