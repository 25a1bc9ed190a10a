"""RES103 input-bound."""

from __future__ import annotations

__all__ = ["InputBound"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Loader, Run, Sighting, Undecided


@frozen
class InputBound(Finding):
    """The network waits for its data most of the time.

    What it looks for:
        How long training waits inside a `DataLoader` for its next batch, as a share of the time
        from batch to batch. The first batch of every pass is left out (workers start then), and so
        is a wait during which the GPU had still work to do.

    Why it hurts:
        The same training could take a fraction of its time, or see several times the data in it.

    When it is not a fault:
        Small runs, in which the loader's own bookkeeping outweighs a tiny network's step: it takes
        a wait of some length, per batch and in all. It costs time, never the result.

    Thresholds:
        share: of the time between batches, from which waiting is reported.
        seconds: waited in all.
        batch_seconds: waited for one batch on average; `TensorDataset` needs about 10 microseconds
            an example, so that a batch of 1,000 stays below.
        long_seconds: waited in all, from which short waits count as well.
        batches: how many must have been timed.

    Sources:
        Mohan et al. 2021, "Analyzing and mitigating data stalls in DNN training" (VLDB): "data
        stalls" as the share of an epoch spent waiting for input. Thresholds: calibrated on the
        healthy scripts, whose waits are some milliseconds a batch.
    """

    code: ClassVar[str] = "RES103"
    slug: ClassVar[str] = "input-bound"
    remedies: ClassVar[tuple[str, ...]] = ("load_once", "load_ahead")

    share: float = 0.6
    seconds: float = 0.5
    batch_seconds: float = 0.02
    long_seconds: float = 60.0
    batches: int = 10

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the lines that wait for batches."""
        for loader in run.loaders.values():
            if loader.batches < self.batches or loader.waited < self.seconds:
                continue
            share = loader.waited / (loader.waited + loader.busy)
            each = loader.waited / loader.batches
            short = each < self.batch_seconds and loader.waited < self.long_seconds
            if share < self.share or short:
                continue
            yield Sighting(
                loader.place,
                f"training waits for its data {share:.0%} of the time: {1000 * each:.3g} ms for a "
                f"batch of {loader.dataset}, {_workers(loader)}, and "
                f"{1000 * loader.busy / loader.batches:.3g} ms for the step",
                0,
                "warning",
                {
                    "waited_share": share,
                    "waited_seconds": loader.waited,
                    "busy_seconds": loader.busy,
                    "batches": loader.batches,
                    "workers": loader.workers,
                },
                0.0,
            )


def _workers(loader: Loader) -> str:
    if not loader.workers:
        return "made in the training process itself"
    return f"from {loader.workers} worker{'' if loader.workers == 1 else 's'}"
