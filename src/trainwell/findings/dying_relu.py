"""ACT101 dying-relu."""

from __future__ import annotations

__all__ = ["DyingRelu"]

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm, is_hidden, title


@frozen
class DyingRelu(Finding):
    """ReLU units that are zero on every example, look after look.

    What it looks for:
        The share of a layer's units (channels behind a convolution) that were not above zero on
        any of the sampled examples of the last five looks.

    Why it hurts:
        A ReLU that is never active passes no gradient, so its weights never change again: the
        unit is lost for good, and so is the layer once all are.

    When it is not a fault:
        About half of all values of a healthy ReLU layer are zero, each unit on other examples;
        wide layers lose some units without harm. Only a majority is reported.

    Thresholds:
        share: share of silent units from which it is reported.
        error_share: share from which it is an error.
        looks: looks that must agree, after the five that are needed for the first number.
        learned: share of the first loss under which the network has learned all the same, and the
            silent units are a remark.
        stuck: share of the first loss that must be left for outputs to be looked at.

    Sources:
        Maas, Hannun & Ng 2013, "Rectifier nonlinearities improve neural network acoustic models",
        section 2; Lu et al. 2020, "Dying ReLU and initialization".
    """

    code: ClassVar[str] = "ACT101"
    slug: ClassVar[str] = "dying-relu"
    causes: ClassVar[tuple[str, ...]] = (
        "zero-gradients",
        "collapsed-activations",
        "vanishing-gradient",
        "parameters-never-updated",
        "learning-rate-too-low",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = (
        "lower_learning_rate",
        "use_leaky_relu",
        "initialise_he",
        "add_batch_norm",
    )

    share: float = 0.6
    error_share: float = 0.9
    looks: int = 3
    learned: float = 0.1
    stuck: float = 0.5

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the layers that are mostly silent."""
        for operation in run.operations.values():
            if operation.kind != "relu":
                continue
            lost = harm(run, run.objectives.get(operation.objective))
            # Outputs may be 0 by right: there only a loss that stands still tells.
            if not is_hidden(run, operation) and lost < self.stuck:
                continue
            series = run.series("operation", operation.number, "silent_share")
            recent = series.last(5)
            if len(recent) < self.looks:
                yield Undecided(f"{title(operation)} was looked at too few times")
                continue
            share = median(recent)
            if share < self.share:
                continue
            began = next(s for s, v in series if v >= self.share)
            yield Sighting(
                operation.place,
                f"{share:.0%} of the units of {title(operation)} are zero on every example "
                f"since step {began} or before",
                began,
                "error"
                if share >= self.error_share or lost > 0.5
                else "warning"
                if lost > self.learned
                else "info",
                {"silent_share": share, "looks": len(series)},
                max(lost, share),
            )
