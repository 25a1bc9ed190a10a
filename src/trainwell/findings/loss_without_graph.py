"""LOS113 loss-without-graph."""

from __future__ import annotations

__all__ = ["LossWithoutGraph"]

import os
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class LossWithoutGraph(Finding):
    """A loss that is cut off from the network: backward() reaches no parameter.

    What it looks for:
        Calls of `backward()` after a forward pass with gradients on whose graph holds no parameter
        at all, or which start from a leaf. The line that cuts the graph is read from the source.

    Why it hurts:
        Nothing is learned, and no error tells: `requires_grad = True` on the loss or on something
        between only keeps PyTorch from raising. `argmax`, comparisons, `.item()`, `.detach()`,
        `.data`, NumPy and `torch.tensor(...)` of tensors carry no gradient.

    When it is not a fault:
        Tensors that are learned by hand, without a module; they are known from earlier steps.

    Thresholds:
        steps: backward passes that must have reached nothing.

    Sources:
        PyTorch documentation, "Autograd mechanics"; TheDeepChecker (Ben Braiek & Khomh 2023),
        untrained parameters.
    """

    code: ClassVar[str] = "LOS113"
    slug: ClassVar[str] = "loss-without-graph"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "frozen-parameter-in-optimizer",
        "parameters-never-updated",
        "unused-parameter",
        "learning-rate-too-low",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("keep_graph",)

    steps: int = 2

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the backward passes that reach nothing."""
        for severed in run.severed.values():
            if severed.steps < severed.looks:
                continue
            if severed.steps < self.steps:
                yield Undecided("one backward pass that reaches nothing proves little")
                continue
            known = severed.cut_place.line is not None
            why = f": {severed.operation} carries no gradient" if known else ""
            hidden = severed.hidden_place
            also = (
                f"; requires_grad at {os.path.basename(hidden.file or '')}:{hidden.line} only hides"
                " the error"
                if hidden.line is not None
                else ""
            )
            yield Sighting(
                severed.cut_place if known else severed.place,
                f"backward() reaches no parameter at any of {severed.steps} steps that were looked"
                f" at{why}{also}",
                0,
                "error",
                {"steps": severed.steps, "backward_line": severed.place.line},
                1.0,
            )
