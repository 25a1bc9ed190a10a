"""NET109 mixed-examples."""

from __future__ import annotations

__all__ = ["MixedExamples"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class MixedExamples(Finding):
    """What the loss reads for one example depends on other examples of the batch.

    What it looks for:
        Rows of a loss's input whose gradient reaches the inputs of other examples. It is measured
        at a few steps on the live graph, and followed to the operation at which the mixing begins:
        a `view` or `reshape` that joins examples, a softmax or a normalisation along the batch, a
        recurrent layer or attention that takes the batch for time.

    Why it hurts:
        Every answer is computed from the wrong example or from several: the network cannot learn
        what belongs to which, and its answers change with the company that an example is in.

    When it is not a fault:
        Batch normalisation and other statistics of a batch, similarities of all pairs
        (contrastive losses), graphs, mixed pictures and prototypes; these are known by their
        operations and excused.

    Thresholds:
        finds: steps at which it must have been measured.
        share: of the steps at which this loss was measured.

    Sources:
        Public threads on recurrent networks whose hidden state is reshaped without a transpose;
        PyTorch documentation of `batch_first`.
    """

    code: ClassVar[str] = "NET109"
    slug: ClassVar[str] = "mixed-examples"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "nll-without-log-softmax",
        "double-softmax",
        "overfitting",
        "vanishing-gradient",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "implausible-initial-loss",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("keep_examples_apart",)

    finds: int = 1
    share: float = 0.5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the operations that mix."""
        for seen in run.dependences.values():
            if seen.kind != "rows" or seen.found < max(self.finds, self.share * seen.looks):
                continue
            loss = run.losses.get(seen.loss)
            place = seen.place
            if place.line is None and loss is not None:
                place = loss.place
            name = "what the loss reads" if loss is None else f"what {loss.function} reads"
            which = "not on its own inputs but" if seen.itself < _NOTHING else "also"
            yield Sighting(
                place,
                f"{name} for one example depends {which} on those of {seen.touched} other"
                f" example{'s' if seen.touched != 1 else ''} of the batch of {seen.rows}:"
                f" {_SAID.get(seen.mixer, seen.mixer)} mixes them",
                0,
                "error",
                {"rows": seen.rows, "touched": seen.touched, "share of itself": seen.itself},
                max(harm(run, run.objectives.get(seen.objective)), 0.8),
            )


_NOTHING = 1e-9

_SAID = {
    "recurrent": "the recurrent layer, which takes the batch for time (is batch_first missing?),",
    "attention": "attention, which takes the batch for positions (is batch_first missing?),",
    "matmul": "attention, which takes the batch for positions,",
    "softmax": "a softmax along the batch",
    "log_softmax": "a log-softmax along the batch",
    "layer_norm": "a normalisation that includes the batch",
    "norm": "a norm along the batch",
    "sum": "a sum along the batch",
    "view": "a view or reshape (a transpose is missing before it)",
    "unsafeview": "a reshape (a transpose is missing before it)",
    "reshapealias": "a reshape (a transpose is missing before it)",
}
"""What is said of the operations at which the mixing begins."""
