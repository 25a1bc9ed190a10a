"""GRD106 zeroed-gradients."""

from __future__ import annotations

__all__ = ["ZeroedGradients"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.rates import objective_of
from trainwell.record.reading import harm


@frozen
class ZeroedGradients(Finding):
    """Gradients are set to zero before the optimizer has used them.

    What it looks for:
        At sampled steps, gradients that were there after backward() and are all 0, or gone, when
        `optimizer.step()` begins.

    Why it hurts:
        The optimizer steps along nothing: only its momentum and weight decay, if any, move the
        weights.

    When it is not a fault:
        Gradients that are zeroed after the step, or before backward().

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
