"""RES101 out-of-memory."""

from __future__ import annotations

__all__ = ["OutOfMemory"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Detail, Failure, Run, Sighting, Undecided
from trainwell.record.operands import head, listed
from trainwell.record.troubles import asked_bytes, free_device_bytes, trouble


@frozen
class OutOfMemory(Finding):
    """The script died because it asked for more memory than there is.

    What it looks for:
        An exception that tells of memory, of the GPU or of the machine: `torch.OutOfMemoryError`,
        PyTorch's CPU allocator, NumPy, Python itself. Told with it are the line and the layer, how
        much was asked for and how much was free, the batch and the size of the network, and how
        many of the batch's rows the free memory holds of this one tensor.

    Why it hurts:
        The run is over; what was not saved is lost.

    When it is not a fault:
        A script that catches the exception and tries a smaller batch goes on, and is not reported.
        A process that the system kills for its memory (status 137) leaves no exception: its record
        ends without a word.

    Sources:
        The texts of PyTorch 2.13 and NumPy 2, provoked on the CPU (tests/probes/mismatches.py);
        CUDA's as users quote them (tests/record/test_troubles.py).
    """

    code: ClassVar[str] = "RES101"
    slug: ClassVar[str] = "out-of-memory"
    remedies: ClassVar[tuple[str, ...]] = ("shrink_batch", "accumulate_micro_batches")

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line that asked for too much."""
        for failure in run.failures.values():
            if trouble(failure.type, failure.message) != "memory":
                continue
            asked, free = asked_bytes(failure.message), free_device_bytes(failure.message)
            # The machine's memory says nothing of a device's.
            on_cpu = not any(w in failure.message for w in ("CUDA", "HIP", "XPU", "MPS"))
            if free is None and on_cpu:
                free = failure.free_bytes
            amount = "more memory than there is" if asked is None else amount_of(asked)
            text = f"{head(failure)} asked for {amount}"
            if asked is not None and free is not None:
                text += f", where {amount_of(free)} were free"
            if failure.operands:
                text += f" (given {listed(failure, 'shape')})"
            evidence: dict[str, Detail] = {}
            if asked is not None:
                evidence["asked_bytes"] = asked
            if free is not None:
                evidence["free_bytes"] = free
            if failure.batch is not None:
                evidence["batch"] = failure.batch
            if failure.parameter_count:
                evidence["parameters"] = failure.parameter_count
            rows = rows_that_fit(failure, asked, free)
            if rows is not None:
                text += (
                    f"; if that grows with the batch, {rows:,} of its {failure.batch:,} rows fit"
                )
                evidence["rows_that_fit"] = rows
            yield Sighting(failure.place, text, run.steps, "error", evidence, 1.0)


def rows_that_fit(failure: Failure, asked: int | None, free: int | None) -> int | None:
    """How many rows' part of the tensor that was asked for is free; None if that tells nothing.

    An upper bound of the batch that fits: what the rest of the step needs comes on top.
    """
    if not failure.batch or not asked or not free or not failure.operands:
        return None
    rows = failure.batch * free // asked
    return rows if 1 <= rows < failure.batch else None


def amount_of(number: int) -> str:
    """Bytes for a reader.

    Example:
        >>> amount_of(3 * 2**30), amount_of(900)
        ('3 GiB', '900 bytes')
    """
    size = float(number)
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if size < 1024 or unit == "PiB":
            return f"{size:.3g} {unit}" if unit != "bytes" else f"{number} bytes"
        size /= 1024
    raise AssertionError("the last unit takes everything")
