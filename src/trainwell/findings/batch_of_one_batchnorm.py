"""NET106 batch-of-one-batchnorm."""

from __future__ import annotations

__all__ = ["BatchOfOneBatchnorm"]

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm, title


@frozen
class BatchOfOneBatchnorm(Finding):
    """Batch normalisation over one or very few values.

    What it looks for:
        How many values a batch normalisation in training mode takes its mean and deviation from:
        examples times positions.

    Why it hurts:
        Of two values every one becomes +1 or -1, whatever it was: the statistics are noise, and the
        running averages that evaluation uses fit no batch.

    When it is not a fault:
        Small batches of pictures, where every position counts; a last batch that is smaller than
        the others; batch norm in evaluation mode, which takes nothing from the batch.

    Thresholds:
        few: values a channel, typically, up to which it is a warning.
        error_few: values up to which it is an error.

    Sources:
        Ioffe & Szegedy 2015, section 3; Wu & He 2018, "Group normalization", figure 1 (error over
        batch size).
    """

    code: ClassVar[str] = "NET106"
    slug: ClassVar[str] = "batch-of-one-batchnorm"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("learning-rate-too-high", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("resize_batches", "use_group_norm")

    few: int = 4
    error_few: int = 2

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the normalisations with too few values."""
        for operation in run.operations.values():
            values = run.series("operation", operation.number, "norm_values").finite
            if operation.kind != "batch_norm" or not values:
                continue
            if operation.details.get("training") is False or median(values) > self.few:
                continue
            count = median(values)
            yield Sighting(
                operation.place,
                f"{title(operation)} takes the mean and deviation of each channel from {count:.0f} "
                "values: its statistics are noise",
                0,
                "error" if count <= self.error_few else "warning",
                {"values": count, "shape": list(operation.shape)},
                harm(run, run.objectives.get(operation.objective)),
            )
