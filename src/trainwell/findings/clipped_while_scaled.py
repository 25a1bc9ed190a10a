"""GRD104 clipped-while-scaled."""

from __future__ import annotations

__all__ = ["ClippedWhileScaled"]

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Optimizer, Place, Run, Sighting, Undecided
from trainwell.record.rates import objective_of
from trainwell.record.reading import harm, takes_raw_gradients


@frozen
class ClippedWhileScaled(Finding):
    """Gradients are clipped while a gradient scaler's factor is still on them.

    What it looks for:
        The gradients after backward(), after clipping and at `step()`, at sampled steps of a
        training with a gradient scaler: what clipping left is compared with the factor. Clipping
        by a line of the script's own is seen by what it leaves.

    Why it hurts:
        The factor (65536 at first) makes every norm exceed the limit. After unscaling, the step
        uses gradients that are thousands of times smaller than the limit allows: SGD learns
        nothing, and Adam's moments sink towards its epsilon.

    When it is not a fault:
        Gradients that were unscaled before by `scaler.unscale_(optimizer)`; a limit that is
        multiplied by the scale, so that nothing is cut.

    Thresholds:
        looks: steps that must have been looked at.
        share: share of them at which gradients were clipped while scaled.
        kept: how much of the gradient's norm must be lost: at most this share is left.

    Sources:
        PyTorch, "Automatic mixed precision examples", section on gradient clipping.
    """

    code: ClassVar[str] = "GRD104"
    slug: ClassVar[str] = "clipped-while-scaled"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "overclipped-gradients",
        "learning-rate-too-low",
        "parameters-never-updated",
        "vanishing-gradient",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("unscale_gradients",)

    looks: int = 3
    share: float = 0.8
    kept: float = 0.5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line that clips."""
        for optimizer in run.optimizers.values():
            scales = run.series("optimizer", optimizer.number, "gradient_scale").finite
            shares = run.series("optimizer", optimizer.number, "gradient_kept").finite
            if len(scales) < self.looks or len(shares) < self.looks:
                continue
            scale, kept = median(scales), median(shares)
            if not 0 < kept <= self.kept:
                continue
            found = self._clipping(run, optimizer, scale, kept)
            if found is None:
                continue
            place, what, norm = found
            objective = objective_of(run, optimizer)
            lost = harm(run, objective)
            raw = objective is not None and takes_raw_gradients(run, objective)
            limit = next((c.limit for c in run.clippings.values() if c.place == place), None)
            seen = "" if norm is None else f", a norm of {norm:.3g} instead of {norm / scale:.3g}"
            yield Sighting(
                place,
                f"{what} cuts the gradients while they are multiplied by {scale:g}{seen}: the step "
                f"then uses {kept:.2g} of their size; call scaler.unscale_(optimizer) before it",
                0,
                "error" if raw or lost >= 0.5 else "warning",
                {"scale": scale, "kept": kept, "norm": norm, "limit": limit},
                max(lost, 0.9) if raw else lost,
            )

    def _clipping(
        self, run: Run, optimizer: Optimizer, scale: float, kept: float
    ) -> tuple[Place, str, float | None] | None:
        sites = [c for c in run.clippings.values() if c.looks >= self.looks]
        for site in sites:
            if site.scaled >= self.share * site.looks:
                norms = run.series("clipping", site.number, "norm").finite
                norm = median(norms) if norms else None
                return site.place, f"`{site.function}`", norm
        # By hand: cut below the reach of any limit that is meant for gradients as they are.
        if not sites and scale >= 256 and kept <= scale**-0.5:
            place = optimizer.step_place or optimizer.place
            return place, "something between backward() and step()", None
        return None
