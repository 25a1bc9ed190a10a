"""RES106 device-mismatch."""

from __future__ import annotations

__all__ = ["DeviceMismatch"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.operands import evidence, head, listed
from trainwell.record.troubles import gist, trouble


@frozen
class DeviceMismatch(Finding):
    """The script died of tensors that lie on different devices.

    What it looks for:
        An exception out of a PyTorch operation whose text tells of devices: a network on a GPU and
        a batch on the CPU, a tensor made in `forward` without `device=`, a GPU tensor given to
        NumPy, a layer that was left on the `meta` device. Told with it are the layer and the line,
        and the device of everything that the operation was given.

    Why it hurts:
        The run is over; what was not saved is lost.

    When it is not a fault:
        An error that the script catches is not seen, and none of the program's business.

    Sources:
        The texts of PyTorch 2.13, provoked one by one where no GPU is needed
        (tests/probes/mismatches.py); CUDA's as users quote them (tests/record/test_troubles.py).
    """

    code: ClassVar[str] = "RES106"
    slug: ClassVar[str] = "device-mismatch"
    remedies: ClassVar[tuple[str, ...]] = ("move_to_device",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the operation that failed."""
        for failure in run.failures.values():
            if trouble(failure.type, failure.message) != "device":
                continue
            given = listed(failure, "shape", "device")
            verb = f"was given {given}" if given else "failed"
            yield Sighting(
                failure.place,
                f"{head(failure)} {verb}: {gist(failure.message)}",
                run.steps,
                "error",
                evidence(failure, "device"),
                1.0,
            )
