"""MOD103 dropout-at-evaluation."""

from __future__ import annotations

__all__ = ["DropoutAtEvaluation"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Noise, Run, Sighting, Undecided


@frozen
class DropoutAtEvaluation(Finding):
    """Dropout at work although the network is in evaluation mode.

    What it looks for:
        Calls of `torch.nn.functional.dropout` and its relatives, and of
        `scaled_dot_product_attention` with `dropout_p`, that drop values while the module that
        calls them is in evaluation mode, without gradients or in both modes with them; and dropout
        layers that belong to no module (made in `forward()`, kept in a plain list), which `eval()`
        does not reach.

    Why it hurts:
        `torch.nn.functional.dropout` does not know the mode: without `training=self.training` it
        always drops. The answers are random and weaker than the network is, so that the reported
        accuracy is too low and early stopping acts on noise.

    When it is not a fault:
        Monte Carlo dropout on purpose. Where the call itself says `training=True`, or a registered
        dropout layer was put into training mode by hand, nothing or only a remark is reported.

    Thresholds:
        calls: calls in evaluation mode from which it is reported.
        modes: calls with gradients on, in evaluation mode and in training mode each, from which it
            is reported of a script that evaluates without `torch.no_grad()`.

    Sources:
        Srivastava et al. 2014, "Dropout", section 4 on test time; Gal & Ghahramani 2016, "Dropout
        as a Bayesian Approximation"; PyTorch documentation of `torch.nn.functional.dropout`.
    """

    code: ClassVar[str] = "MOD103"
    slug: ClassVar[str] = "dropout-at-evaluation"
    confidence: ClassVar[float] = 0.95
    remedies: ClassVar[tuple[str, ...]] = ("pass_training",)
    causes: ClassVar[tuple[str, ...]] = ("overfitting", *SYMPTOMS)

    calls: int = 1
    modes: int = 2

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the lines that drop."""
        if not run.steps:
            return
        for noise in run.noise.values():
            off = noise.evaluating >= self.calls and noise.evaluating * 2 >= noise.calls
            if not off and not self._in_both_modes(noise):
                continue
            seen, calls, kind = noise.evaluating, noise.calls, "without"
            if not off:
                seen, calls, kind = noise.graded_evaluating, noise.graded, "with"
            attention = noise.function == "scaled_dot_product_attention"
            argument = "dropout_p" if attention else "training"
            yield Sighting(
                noise.place,
                f"{noise.function} drops {noise.probability:.0%} of the values although the network"
                f" is in evaluation mode ({seen} of {calls} calls {kind} gradients that were looked"
                f" at): the call has no `{argument}` that follows `self.training`",
                0,
                "info" if noise.explicit else "error",
                {
                    "probability": noise.probability,
                    "evaluating": seen,
                    "calls": calls,
                },
                0.5,
            )

    def _in_both_modes(self, noise: Noise) -> bool:
        """Whether it drops with gradients on in either mode: one of them alone may be training."""
        both = noise.graded_evaluating, noise.graded - noise.graded_evaluating
        return min(both) >= self.modes
