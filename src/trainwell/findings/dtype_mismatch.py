"""RES105 dtype-mismatch."""

from __future__ import annotations

__all__ = ["DtypeMismatch"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.operands import evidence, head, listed
from trainwell.record.troubles import gist, trouble


@frozen
class DtypeMismatch(Finding):
    """The script died of tensors whose number types do not fit each other.

    What it looks for:
        An exception out of a PyTorch operation whose text tells of number types: float64 data
        (NumPy's default) into a float32 network, class labels that are not whole numbers, whole
        numbers into a loss that wants probabilities, indices that are floats, float16 operations
        that a device lacks. Told with it are the layer and the line, and the types of what the
        operation was given.

    Why it hurts:
        The run is over; what was not saved is lost.

    When it is not a fault:
        An error that the script catches is not seen, and none of the program's business.

    Sources:
        The texts of PyTorch 2.13, provoked one by one (tests/probes/mismatches.py), and some
        of earlier versions.
    """

    code: ClassVar[str] = "RES105"
    slug: ClassVar[str] = "dtype-mismatch"
    remedies: ClassVar[tuple[str, ...]] = ("convert_dtype",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the operation that failed."""
        for failure in run.failures.values():
            if trouble(failure.type, failure.message) != "dtype":
                continue
            given = listed(failure, "shape", "dtype")
            verb = f"was given {given}" if given else "failed"
            yield Sighting(
                failure.place,
                f"{head(failure)} {verb}: {gist(failure.message)}",
                run.steps,
                "error",
                evidence(failure, "dtype"),
                1.0,
            )
