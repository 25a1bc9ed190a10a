"""RES108 graph-error."""

from __future__ import annotations

__all__ = ["GraphError"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.troubles import trouble


@frozen
class GraphError(Finding):
    """The script died in backward(), of a graph that is not what it should be.

    What it looks for:
        Errors of autograd's: a second backward pass through a graph that is freed already (with
        the tensor that carries it over from the step before, a hidden state for example), and a
        backward from a loss without a graph (with the line that cuts it off from the network).

    Why it hurts:
        The run is over. PyTorch's text names neither the tensor nor the line.

    When it is not a fault:
        An error that the script catches is not seen, and none of the program's business.

    Sources:
        PyTorch documentation, "Autograd mechanics"; PyTorch examples, word language model
        (`repackage_hidden`).
    """

    code: ClassVar[str] = "RES108"
    slug: ClassVar[str] = "graph-error"
    confidence: ClassVar[float] = 0.95
    remedies: ClassVar[tuple[str, ...]] = ("detach_state", "keep_graph")

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the line behind the error."""
        for failure in run.failures.values():
            if trouble(failure.type, failure.message) != "graph":
                continue
            known = failure.reason_place.line is not None
            place = failure.reason_place if known else failure.place
            if failure.reason == "carried":
                text = (
                    f"`{failure.reason_name}` still holds the graph of the step before, which"
                    f" backward() has freed: {failure.reason_name} ="
                    f" {failure.reason_name}.detach() (each of its tensors) before it is used again"
                )
            elif failure.reason == "cut":
                text = (
                    f"backward() finds no graph: {failure.reason_name} carries no gradient, so the"
                    " loss is cut off from the network"
                )
            elif "second time" in failure.message:
                text = (
                    "backward() runs through the same graph twice in one step: add the losses and"
                    " call it once, or keep the graph with retain_graph=True the first time"
                )
            else:
                text = (
                    "backward() finds no graph: the loss depends on no tensor that requires"
                    " gradients (is everything frozen, or gradients off?)"
                )
            yield Sighting(place, text, run.steps, "error", {"steps": run.steps}, 1.0)
