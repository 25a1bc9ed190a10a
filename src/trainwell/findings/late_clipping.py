"""GRD107 late-clipping."""

from __future__ import annotations

__all__ = ["LateClipping"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class LateClipping(Finding):
    """Gradients are clipped after the optimizer has used them.

    What it looks for:
        Calls of a clipping function after `optimizer.step()` and before the next backward(), at
        sampled steps.

    Why it hurts:
        The limit has no effect: an exploding gradient goes into the weights as it is.

    When it is not a fault:
        Clipping between backward() and `step()`, at every step.

    Thresholds:
        looks: calls that must have been looked at.
        share: share of them that came too late.

    Sources:
        PyTorch documentation of `torch.nn.utils.clip_grad_norm_`.
    """

    code: ClassVar[str] = "GRD107"
    slug: ClassVar[str] = "late-clipping"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("exploding-gradient", "non-finite-loss")
    remedies: ClassVar[tuple[str, ...]] = ("clip_gradients",)

    looks: int = 3
    share: float = 0.8

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line that clips in vain."""
        for site in run.clippings.values():
            if site.looks < self.looks or site.late < self.share * site.looks:
                continue
            yield Sighting(
                site.place,
                f"`{site.function}` is called after the optimizer's step() has used the gradients, "
                f"in {site.late} of {site.looks} calls looked at: it has no effect",
                0,
                "warning",
                {"late": site.late, "looks": site.looks, "limit": site.limit},
                0.3,
            )
