"""CKP103 aliased-checkpoint."""

from __future__ import annotations

__all__ = ["AliasedCheckpoint"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class AliasedCheckpoint(Finding):
    """The best weights were kept without a copy: they went on changing with the network.

    What it looks for:
        `load_state_dict()` with tensors that are the module's own memory, or `torch.save()` with
        tensors that are a living network's, when they were taken by `state_dict()` at an earlier
        step and the network was trained since.

    Why it hurts:
        `state_dict()` gives references. What is kept of the best epoch is at every moment the
        network as it is: restoring it changes nothing, and the file holds the last weights.

    When it is not a fault:
        A dictionary that is taken before training and saved again and again, as a view of the
        weights of the moment; copies by `copy.deepcopy` or `.clone()`.

    Thresholds:
        share: share of the tensors that must be the network's own.

    Sources:
        PyTorch documentation, "Saving and loading models": `best_model_state` needs
        `deepcopy(model.state_dict())`.
    """

    code: ClassVar[str] = "CKP103"
    slug: ClassVar[str] = "aliased-checkpoint"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("trained-past-the-best", "overfitting")
    remedies: ClassVar[tuple[str, ...]] = ("copy_weights",)

    share: float = 0.5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line that keeps them; where it is not known, the one that uses them."""
        told = set()
        for seen in run.checkpoints.values():
            if seen.action == "read" or not seen.aliased or not seen.age:
                continue
            if seen.aliased < self.share * max(seen.matched, 1):
                continue
            place = seen.taken_place or seen.place
            if (place.file, place.line) in told:
                continue
            told.add((place.file, place.line))
            use = "load_state_dict()" if seen.action == "load" else "torch.save()"
            then = (
                "loading them changes nothing"
                if seen.action == "load"
                else "the file holds the weights of the end"
            )
            yield Sighting(
                place,
                f"state_dict() is kept without a copy: {seen.aliased} tensors are the network's "
                f"own memory, which {seen.age} steps have changed until {use} at line "
                f"{seen.place.line} uses them, so that {then}",
                max(seen.step - seen.age, 0),
                "error",
                {"aliased": seen.aliased, "age": seen.age, "used_at_line": seen.place.line},
                0.6,
            )
