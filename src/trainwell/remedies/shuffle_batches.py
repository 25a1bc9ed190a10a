"""Shuffled training batches."""

from __future__ import annotations

__all__ = ["ShuffleBatches"]

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch.utils.data import IterableDataset

from trainwell.errors import CannotApplyError
from trainwell.remedies.edits import set_argument
from trainwell.remedies.patching import only_line
from trainwell.remedies.remedy import Remedy

if TYPE_CHECKING:
    from trainwell.record import Run
    from trainwell.remedies.live import Live
    from trainwell.remedies.moments import Loading
    from trainwell.remedies.survey import Survey


@dataclass(frozen=True)
class ShuffleBatches(Remedy):
    """Shuffles the training data anew every epoch.

    Attributes:
        at_loaders: (file, line) of the training loaders; empty: the first loader of the script.

    Sources:
        Bengio 2012, "Practical recommendations for gradient-based training of deep
        architectures", section 2.1.
    """

    name: ClassVar[str] = "shuffle_batches"

    at_loaders: tuple[tuple[str, int], ...] = ()

    def fitted(self, run: Run, survey: Survey) -> Remedy:
        """With the script's training loaders."""
        del run
        found = {
            (one.file, one.line): None
            for one in survey.loaders
            if one.training and not one.shuffled and not one.sampler
        }
        if not found:
            raise CannotApplyError("no DataLoader without shuffling feeds the training")
        return ShuffleBatches(tuple(found))

    def apply(self, live: Live) -> None:
        """Change the arguments of the loader's constructor."""
        lines = {(file, line) for file, line in self.at_loaders}
        first: list[int] = []

        def act(loading: Loading) -> None:
            given = loading.arguments
            here = (loading.file, loading.line)
            if here not in lines and (lines or first):
                return
            first.append(1)
            if given.get("sampler") is not None or given.get("batch_sampler") is not None:
                live.cannot(self, "the loader has a sampler of its own")
            elif isinstance(given.get("dataset"), IterableDataset):
                live.cannot(self, "the data set can only be read in its own order")
            else:
                given["shuffle"] = True
                live.did(self)

        live.on_loading.append(act)

    def patch(self, source: str, survey: Survey) -> str:
        """The argument `shuffle`."""
        line = only_line(survey, self.at_loaders, "make an unshuffled training loader")
        return set_argument(source, line, {"DataLoader"}, "shuffle", "True", position=2)
