"""GRD105 overclipped-gradients."""

from __future__ import annotations

__all__ = ["OverclippedGradients"]

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Clipping, Run, Sighting, Undecided
from trainwell.record.rates import objective_of
from trainwell.record.reading import harm, takes_raw_gradients, typical_update


@frozen
class OverclippedGradients(Finding):
    """Every gradient is clipped to a small part of its size, and hardly anything is learned.

    What it looks for:
        The gradients that the optimizer uses, beside those that backward() computed, at sampled
        steps: nearly all of their norm is taken away, at every step, by whatever means. And the
        steps are tiny beside the weights, and the loss has not fallen by half.

    Why it hurts:
        Clipping is meant for rare outliers. A limit far below the usual norm divides the learning
        rate of every step.

    When it is not a fault:
        A low limit with a rate that makes up for it, or with Adam, which divides by the gradients'
        size: such networks learn.

    Thresholds:
        looks: steps that must have been looked at.
        kept: share of the norm that is left, typically, up to which clipping counts as the rule.
        update: typical update relative to the weight, in the layer that moves most, under which
            steps count as small; 1e-3 is usual.
        left: loss at the end, as a share of the first, from which the network has hardly learned.
        nothing: share of the norm up to which next to nothing is left: if nothing was learned
            either, steps need not be small.
        stuck: share of the first loss from which nothing was learned.

    Sources:
        Pascanu, Mikolov & Bengio 2013, "On the difficulty of training recurrent neural networks",
        section 3.2: a limit of half to ten times the average norm.
    """

    code: ClassVar[str] = "GRD105"
    slug: ClassVar[str] = "overclipped-gradients"
    causes: ClassVar[tuple[str, ...]] = ("learning-rate-too-low", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("loosen_clipping",)

    looks: int = 3
    kept: float = 0.05
    update: float = 1e-3
    left: float = 0.5
    nothing: float = 1e-3
    stuck: float = 0.9

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line that clips."""
        for optimizer in run.optimizers.values():
            shares = run.series("optimizer", optimizer.number, "gradient_kept").finite
            objective = objective_of(run, optimizer)
            if len(shares) < self.looks or objective is None:
                continue
            kept = median(shares)
            scales = run.series("optimizer", optimizer.number, "gradient_scale").finite
            if scales and any(c.scaled for c in run.clippings.values()):
                continue
            if scales and max(scales) >= 256 and kept * kept * max(scales) <= 1:
                # What a limit does that gradients meet while they are scaled.
                continue
            update = typical_update(run, objective, self.looks)
            lost = harm(run, objective)
            if not 0 < kept <= self.kept or update is None or lost < self.left:
                continue
            # Adam takes steps of its own size: only what sinks under its epsilon makes it slow.
            usual = self.update if takes_raw_gradients(run, objective) else 1e-4
            hopeless = kept <= self.nothing and lost >= self.stuck
            if update >= usual and not hopeless:
                continue
            site = self._site(run)
            place = optimizer.step_place or optimizer.place if site is None else site.place
            norms = [] if site is None else run.series("clipping", site.number, "norm").finite
            what = "something between backward() and step()"
            if site is not None:
                limit = "" if site.limit is None else f" with a limit of {site.limit:g}"
                what = f"`{site.function}`{limit}"
            norm = f" (their norm is {median(norms):.3g})" if norms else ""
            yield Sighting(
                place,
                f"{what} leaves {kept:.2g} of the gradients' size{norm}, at every step: "
                + (
                    ""
                    if hopeless and update >= usual
                    else f"a step moves no layer by more than "
                    f"{update:.1e} of its weights (1e-3 is usual), and "
                )
                + f"the loss is still {lost:.0%} of the first",
                0,
                "error",
                {
                    "kept": kept,
                    "limit": None if site is None else site.limit,
                    "norm": median(norms) if norms else None,
                    "update_ratio": update,
                },
                max(lost, 0.9),
            )

    def _site(self, run: Run) -> Clipping | None:
        sites = [c for c in run.clippings.values() if c.looks > c.late]
        return max(sites, key=lambda c: c.looks, default=None)
