"""RES104 shape-mismatch."""

from __future__ import annotations

__all__ = ["ShapeMismatch"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Failure, Run, Sighting, Undecided
from trainwell.record.operands import evidence, head, listed
from trainwell.record.troubles import gist, trouble


@frozen
class ShapeMismatch(Finding):
    """The script died of tensors whose shapes do not fit each other.

    What it looks for:
        An exception out of a PyTorch operation whose text tells of shapes: matrix products,
        convolutions, broadcasting, `view`, `cat`, losses, loading of saved weights. Told with it
        are the layer and the line, the shapes of what the operation was given, where that came
        from, and which layer would have fitted.

    Why it hurts:
        The run is over; what was not saved is lost.

    When it is not a fault:
        A shape error that the script catches is not seen, and none of the program's business.

    Sources:
        The texts of PyTorch 2.13, provoked one by one (tests/probes/mismatches.py), and some
        of earlier versions.
        Zhang et al. 2018, "An empirical study on TensorFlow program bugs" (ISSTA): "unaligned
        tensor" is one of the root causes of crashes.
    """

    code: ClassVar[str] = "RES104"
    slug: ClassVar[str] = "shape-mismatch"
    remedies: ClassVar[tuple[str, ...]] = ("fit_shapes",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the operation that failed."""
        for failure in run.failures.values():
            if trouble(failure.type, failure.message) != "shape":
                continue
            given, fitting = listed(failure, "shape"), would_fit(failure)
            text = f"{head(failure)} failed: {gist(failure.message)}"
            if given:
                text = f"{head(failure)} was given {given}: {gist(failure.message)}"
            if fitting:
                text += f"; {fitting} would fit"
            yield Sighting(failure.place, text, run.steps, "error", evidence(failure, "shape"), 1.0)


_AXIS: dict[str, tuple[str, int]] = {
    "Linear": ("in_features", -1),
    "Conv1d": ("in_channels", -2),
    "Conv2d": ("in_channels", -3),
    "Conv3d": ("in_channels", -4),
    "ConvTranspose1d": ("in_channels", -2),
    "ConvTranspose2d": ("in_channels", -3),
    "BatchNorm1d": ("num_features", 1),
    "BatchNorm2d": ("num_features", 1),
    "RNN": ("input_size", -1),
    "LSTM": ("input_size", -1),
    "GRU": ("input_size", -1),
}
"""Layers by the constant that must equal one axis of their input."""


def would_fit(failure: Failure) -> str | None:
    """The constant with which the layer would take its input; None where another thing is wrong.

    Example:
        >>> given = {"name": "input", "shape": [3, 128]}
        >>> would_fit(Failure(0, "RuntimeError", "", operation="Linear",
        ...                   settings={"in_features": 64}, operands=(given,)))
        'in_features=128'
    """
    name, axis = _AXIS.get(failure.operation or "", ("", 0))
    shape = failure.operands[0].get("shape") if failure.operands else None
    if name not in failure.settings or not isinstance(shape, list) or not shape:
        return None
    if not -len(shape) <= axis < len(shape) or shape[axis] == failure.settings[name]:
        return None
    return f"{name}={shape[axis]}"
