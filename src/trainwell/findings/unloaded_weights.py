"""CKP101 unloaded-weights."""

from __future__ import annotations

__all__ = ["UnloadedWeights"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Checkpoint, Detail, Run, Sighting, Undecided


@frozen
class UnloadedWeights(Finding):
    """Weights that were meant to be loaded, and were not.

    What it looks for:
        Calls of `load_state_dict(strict=False)` in which no name matches, or in which names differ
        by a part in front although shapes agree (`module.`, `backbone.`); calls that give a module
        its own weights; files read by `torch.load` none of whose tensors is in any network when
        training begins, although their shapes fit.

    Why it hurts:
        The network, or what was meant to be pretrained in it, stays as it was initialised. Nothing
        says so: `strict=False` and filters by name are silent. Frozen, it never learns either.

    When it is not a fault:
        A head that is new, whose names or shapes the checkpoint lacks: the rest was loaded. A file
        that holds something else than weights of this network.

    Thresholds:
        renamed: share of the module's tensors that must have a partner of another name, where some
            tensors were loaded.
        fitting: share of a file's tensors that must have the shape of some parameter.
        least: such tensors that there must be.

    Sources:
        PyTorch documentation of `torch.nn.Module.load_state_dict`, argument `strict`.
    """

    code: ClassVar[str] = "CKP101"
    slug: ClassVar[str] = "unloaded-weights"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "untrained-frozen-layers",
        "overfitting",
        "learning-rate-too-low",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("match_names",)

    renamed: float = 0.2
    fitting: float = 0.5
    least: int = 2

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line that loads, or the one that reads."""
        told = False
        for checkpoint in run.checkpoints.values():
            if checkpoint.action == "load":
                sighting = self._load(checkpoint)
                if sighting is not None:
                    told = True
                    yield sighting
        for checkpoint in run.checkpoints.values():
            if told or checkpoint.action != "read" or checkpoint.reached != 0:
                continue
            fits = checkpoint.fitting
            if fits < max(self.least, self.fitting * checkpoint.given):
                continue
            if self._arrives(run, checkpoint):
                continue
            into = self._itself(run, checkpoint)
            names = ", ".join(f"`{n}`" for n in checkpoint.unexpected[:2])
            how = (
                "no load_state_dict() takes it"
                if into is None
                else (
                    f"load_state_dict() at line {into.place.line} gives the network its own weights"
                )
            )
            yield Sighting(
                checkpoint.place if into is None else into.place,
                f"the file holds {checkpoint.given} weights, and {fits} have the shape of weights "
                f"of a network, but none of them is in it when training begins: {how}; the file "
                f"calls them {names}",
                checkpoint.step,
                "error",
                {"given": checkpoint.given, "fitting": fits, "reached": 0},
                0.9,
            )

    def _load(self, seen: Checkpoint) -> Sighting | None:
        evidence: dict[str, Detail] = {
            "tensors": seen.tensors,
            "given": seen.given,
            "matched": seen.matched,
            "renamed": list(seen.renamed),
            "missing": list(seen.missing),
            "unexpected": list(seen.unexpected),
        }
        if seen.matched and seen.renamed_count < max(2, self.renamed * seen.tensors):
            return None
        if not seen.matched and seen.given and not seen.renamed_count and seen.given < 2:
            return None
        given = f"{seen.given} tensors" if seen.given else "none at all"
        what = f"load_state_dict() finds {seen.matched} of the {seen.tensors} tensors of"
        why = "the names differ"
        if not seen.given:
            why = "all of them keep the values that they had"
        elif seen.renamed:
            ours, _, theirs = seen.renamed[0].partition(" <- ")
            why = f"`{seen.module}` calls `{ours}` what the checkpoint calls `{theirs}`"
        elif seen.missing and seen.unexpected:
            why = f"`{seen.module}` has `{seen.missing[0]}`, the checkpoint `{seen.unexpected[0]}`"
        return Sighting(
            seen.place,
            f"{what} `{seen.module}` in the checkpoint, which holds {given}: {why}",
            seen.step,
            "error",
            evidence,
            0.95,
        )

    def _arrives(self, run: Run, file: Checkpoint) -> bool:
        """Whether a module was given weights that are not its own after the file was read."""
        return any(
            c.action == "load" and c.number > file.number and c.matched > c.aliased
            for c in run.checkpoints.values()
        )

    def _itself(self, run: Run, file: Checkpoint) -> Checkpoint | None:
        """The call after reading the file in which a module was given nothing but its own."""
        return next(
            (
                c
                for c in run.checkpoints.values()
                if c.action == "load" and c.number > file.number
                if c.matched and c.aliased == c.matched and not c.age
            ),
            None,
        )
