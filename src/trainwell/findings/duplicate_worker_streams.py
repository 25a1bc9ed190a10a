"""DAT108 duplicate-worker-streams."""

from __future__ import annotations

__all__ = ["DuplicateWorkerStreams"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class DuplicateWorkerStreams(Finding):
    """The workers of a data loader draw the same random numbers.

    What it looks for:
        A loader with several workers whose data set, transforms or `collate_fn` draw from a
        generator of their own (NumPy's `default_rng` or `RandomState`, `random.Random`,
        `torch.Generator`), which every worker gets as a copy in one state; and a `worker_init_fn`
        that gives all workers one seed for the numbers that the data set draws. Both are read off
        the code that the workers run, which is not called for it.

    Why it hurts:
        Augmentation and noise repeat: worker by worker, and epoch by epoch too, since the workers
        of every epoch are new copies (unless they persist). The network sees a fraction of the
        variety that it seems to.

    When it is not a fault:
        A generator that gets a seed of its own in each worker, in `worker_init_fn` or by
        `get_worker_info()`; one that only the constructor uses; the global functions of `random`,
        `numpy.random` and `torch`, for which PyTorch gives each worker its own seed.

    Thresholds:
        workers: processes from which numbers can be drawn twice.

    Sources:
        PyTorch's FAQ, "My data loader workers return identical random numbers", and the notes on
        randomness in multi-process data loading.
    """

    code: ClassVar[str] = "DAT108"
    slug: ClassVar[str] = "duplicate-worker-streams"
    causes: ClassVar[tuple[str, ...]] = ("overfitting",)
    remedies: ClassVar[tuple[str, ...]] = ("seed_workers",)

    workers: int = 2

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the lines that draw, or give the seed."""
        for loader in run.loaders.values():
            place = loader.stream_place
            if loader.stream is None or place is None or not loader.batches:
                continue
            if loader.workers < self.workers:
                continue
            if loader.stream_kind:
                text = (
                    f"`{loader.stream}` ({loader.stream_kind}) is copied into each of the "
                    f"{loader.workers} workers that read {loader.dataset}, in one state: they all "
                    "draw the same random numbers"
                )
            else:
                text = (
                    f"all {loader.workers} workers that read {loader.dataset} are given one seed: "
                    f"what they draw from {loader.stream} is the same"
                )
            yield Sighting(
                place, text, 0, "warning", {"workers": loader.workers, "draws": loader.stream}, 0.3
            )
