"""LOS106 nll-without-log-softmax."""

from __future__ import annotations

__all__ = ["NllWithoutLogSoftmax"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class NllWithoutLogSoftmax(Finding):
    """The negative log-likelihood loss on something that is no log-probability.

    What it looks for:
        `nll_loss` called on rows whose log-sum-exp is not 0.

    Why it hurts:
        The loss is only minus the chosen number. Without normalisation it falls without end by
        raising all outputs at once, or, on probabilities, loses the logarithm that makes a sure
        mistake expensive.

    When it is not a fault:
        Never; `cross_entropy` does both steps.

    Thresholds:
        tolerance: largest |log-sum-exp| of a row that counts as log-probabilities (bfloat16 rounds
            to about 0.02).

    Sources:
        PyTorch documentation of `torch.nn.NLLLoss`: the input is expected to contain
        log-probabilities of each class.
    """

    code: ClassVar[str] = "LOS106"
    slug: ClassVar[str] = "nll-without-log-softmax"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "exploding-gradient",
        "non-finite-loss",
        "learning-rate-too-high",
        "learning-rate-too-low",
        "vanishing-gradient",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("use_log_softmax",)

    tolerance: float = 0.05

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the calls of the loss."""
        for loss in run.losses.values():
            if loss.function != "nll_loss" or loss.phase != "training":
                continue
            if loss.log_sum_error is None or not loss.log_sum_error > self.tolerance:
                continue
            made = run.prediction_of(loss)
            what = (
                "probabilities (the result of a softmax)"
                if made is not None and made.kind == "softmax"
                else f"numbers from {loss.prediction['low']:.3g} to {loss.prediction['high']:.3g}"
            )
            objective = run.objective_of(loss)
            yield Sighting(
                loss.place,
                f"nll_loss is given {what}, not log-probabilities: the log-sum-exp of a row is up "
                f"to {loss.log_sum_error:.3g} from 0",
                0,
                "error",
                {"log_sum_error": loss.log_sum_error},
                harm(run, objective),
            )
