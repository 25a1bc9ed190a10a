"""GRD106 zeroed-gradients."""

from __future__ import annotations

__all__ = ["ZeroedGradients"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Optimizer, Run, Sighting, Undecided
from trainwell.record.rates import objective_of
from trainwell.record.reading import harm


@frozen
class ZeroedGradients(Finding):
    """Gradients are set to zero before the optimizer has used them.

    What it looks for:
        At sampled steps, gradients that were there after backward() and are all 0, or gone, when
        `optimizer.step()` begins. Or four and more backward passes to a step, before each of which
        the gradients of the one before are gone: only the last one counts.

    Why it hurts:
        The optimizer steps along nothing: only its momentum and weight decay, if any, move the
        weights.

    When it is not a fault:
        Gradients that are zeroed after the step, or before a backward() that is followed by a
        step; optimizers that compute the loss several times a step (LBFGS); several losses that
        share parameters.

    Thresholds:
        looks: steps that must have been looked at.
        share: share of them at which nothing was left.

    Sources:
        PyTorch documentation of `torch.optim.Optimizer.zero_grad`.
    """

    code: ClassVar[str] = "GRD106"
    slug: ClassVar[str] = "zeroed-gradients"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "frozen-parameter-in-optimizer",
        "parameters-never-updated",
        "learning-rate-too-low",
        "overclipped-gradients",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("keep_gradients",)

    looks: int = 3
    share: float = 0.8

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line that zeroes, or the step that comes too late."""
        for optimizer in run.optimizers.values():
            yield from self._discarded(run, optimizer)
            shares = run.series("optimizer", optimizer.number, "gradient_kept").finite
            gone = sum(s == 0 for s in shares)
            if len(shares) < self.looks or gone < self.share * len(shares):
                continue
            objective = objective_of(run, optimizer)
            found = optimizer.discard_place
            place = found or optimizer.step_place or optimizer.place
            line = "" if found is None else " on this line"
            yield Sighting(
                place,
                f"the gradients that backward() computed are set to zero{line} before "
                f"{optimizer.name}.step() uses them, in {gone} of {len(shares)} steps looked at",
                0,
                "error",
                {"zeroed": gone, "looks": len(shares)},
                max(harm(run, objective), 0.9),
            )

    def _discarded(self, run: Run, optimizer: Optimizer) -> Iterator[Sighting]:
        """Backward passes whose gradients were meant to add up, and do not."""
        crowded, lost = optimizer.crowded_looks, optimizer.discarded_looks
        if crowded < self.looks or lost < self.share * crowded or optimizer.name == "LBFGS":
            return
        own = [
            o
            for o in run.objectives.values()
            if any(optimizer.number in run.parameters[p].optimizers for p in o.parameters)
        ]
        if len(own) != 1 or own[0].steps < 4 * optimizer.steps:
            return
        times = own[0].steps / max(optimizer.steps, 1)
        yield Sighting(
            optimizer.discard_place or own[0].place,
            f"{optimizer.name}.step() is called once in {times:.0f} backward passes, and the "
            f"gradients are set to zero before each of these: {1 - 1 / times:.0%} of them are lost",
            0,
            "error",
            {"backward": own[0].steps, "steps": optimizer.steps},
            max(harm(run, own[0]), 0.9),
        )
