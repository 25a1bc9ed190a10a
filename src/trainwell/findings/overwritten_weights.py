"""CKP102 overwritten-weights."""

from __future__ import annotations

__all__ = ["OverwrittenWeights"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class OverwrittenWeights(Finding):
    """Weights were loaded, and lost before training began.

    What it looks for:
        Tensors that `load_state_dict()` filled and that hold other numbers at the next backward,
        before any optimizer stepped; modules that were filled and do not exist any more then,
        while another one of their class, with other weights, is there.

    Why it hurts:
        Training starts from random weights, as if nothing had been loaded.

    When it is not a fault:
        A new head that is initialised after loading: most of the tensors stay.

    Thresholds:
        share: share of the loaded weights that must have changed.

    Sources:
        PyTorch documentation, "Saving and loading models".
    """

    code: ClassVar[str] = "CKP102"
    slug: ClassVar[str] = "overwritten-weights"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("untrained-frozen-layers", "overfitting", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("load_last",)

    share: float = 0.5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line that initialises them again, or the one that loads in vain."""
        for seen in run.checkpoints.values():
            fresh = seen.matched - seen.aliased
            if seen.action != "load" or seen.overwritten is None or not fresh:
                continue
            evidence = {"loaded": fresh, "overwritten": seen.overwritten, "gone": seen.gone}
            if seen.gone:
                yield Sighting(
                    seen.place,
                    f"load_state_dict() fills a `{seen.module}` with {fresh} tensors that does not "
                    "exist any more when training begins: another one is trained, which has none "
                    "of these weights",
                    seen.step,
                    "error",
                    dict(evidence),
                    0.9,
                )
            elif seen.overwritten >= max(1, self.share * seen.weights):
                line = seen.overwritten_place
                by = "something" if line is None else "this line"
                yield Sighting(
                    seen.place if line is None else line,
                    f"{seen.overwritten} of {seen.weights} weights of `{seen.module}` have other "
                    f"values when training begins than load_state_dict() gave them at line "
                    f"{seen.place.line}: {by} initialises them again",
                    seen.step,
                    "error",
                    dict(evidence),
                    0.9,
                )
