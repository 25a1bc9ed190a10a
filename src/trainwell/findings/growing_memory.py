"""RES102 growing-memory."""

from __future__ import annotations

__all__ = ["GrowingMemory"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Objective, Run, Sighting, Undecided


@frozen
class GrowingMemory(Finding):
    """The graphs of earlier steps are kept alive, so that memory grows from step to step.

    What it looks for:
        Whether the autograd graphs of the steps that were looked at are still in memory at later
        looks: nearly all of them at the end, or many at once. A mark in each graph's root, which
        dies with the graph, tells.

    Why it hurts:
        A loss is not only a number: it holds the graph of its step. `losses.append(loss)` and
        `total += loss` keep one graph more every step (what backward saved is freed, the rest is
        not; with `retain_graph=True`, or without backward, everything stays). Memory and time grow
        until the process is killed, late in a long run.

    When it is not a fault:
        A sum that is made anew every epoch is freed with it: that is only a remark. The loss of one
        step that stays bound to a name for some time is not counted as growth.

    Thresholds:
        share: graphs still alive at the end, as a share of those looked at, from which all are
            taken to be kept.
        looks: how many must have been looked at.
        steps: backward passes under which a run is too short to grow.
        remark: graphs alive at once, from which a sum that is freed at times is remarked on.

    Sources:
        PyTorch's FAQ, "My model reports cuda runtime error(2): out of memory": "Don't accumulate
        history across your training loop".
    """

    code: ClassVar[str] = "RES102"
    slug: ClassVar[str] = "growing-memory"
    causes: ClassVar[tuple[str, ...]] = ("out-of-memory",)
    remedies: ClassVar[tuple[str, ...]] = ("detach_losses",)

    share: float = 0.8
    looks: int = 4
    steps: int = 50
    remark: int = 16

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the objectives whose graphs are kept."""
        for objective in run.objectives.values():
            kept = run.series("objective", objective.number, "kept_graphs")
            counts = kept.finite
            if len(counts) <= self.looks or objective.steps < self.steps:
                continue
            sighting = self._judge(run, objective, counts, kept.steps)
            if sighting is not None:
                yield sighting

    def _judge(
        self, run: Run, objective: Objective, counts: list[float], steps: list[int]
    ) -> Sighting | None:
        before = len(counts) - 1
        growing = counts[-1] >= self.share * before
        if not growing and max(counts) < self.remark:
            return None
        held = run.series("objective", objective.number, "kept_losses").finite
        peak = max(counts)
        how = "they are part of a sum or mean that is carried on"
        if held and max(held) >= 0.5 * peak:
            how = "the losses themselves are held, in a list or the like"
        if growing:
            text = (
                f"the graphs of {counts[-1]:.0f} of the {before} steps looked at are still in "
                f"memory at step {steps[-1]}: {how}"
            )
        else:
            text = (
                f"up to {peak:.0f} graphs of earlier steps are in memory at once, and freed at "
                f"times: {how}"
            )
        return Sighting(
            objective.place,
            text,
            steps[next(i for i, c in enumerate(counts) if c >= min(peak, self.looks))],
            "warning" if growing else "info",
            {"kept": peak, "looked_at": before},
            min(1.0, max(0.0, counts[-1] / before)) if growing else 0.0,
        )
