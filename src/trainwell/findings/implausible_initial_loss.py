"""LOS111 implausible-initial-loss."""

from __future__ import annotations

__all__ = ["ImplausibleInitialLoss"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import LossCall, Run, Sighting, Undecided


@frozen
class ImplausibleInitialLoss(Finding):
    """A first loss far above what a network gets that knows nothing.

    What it looks for:
        Cross-entropy and binary cross-entropy at the first step, against log(classes) and log 2,
        with outputs that are large although what the last layer reads is not: the outputs are
        multiplied by something, or the last weights are far too large.

    Why it hurts:
        The network begins by being sure and wrong. The first steps only undo that, and a saturated
        softmax or sigmoid passes little gradient to do it with.

    When it is not a fault:
        Pretrained networks on new data, whose first loss may be anything; unscaled inputs and
        mis-scaled hidden layers, which have findings of their own.

    Thresholds:
        factor: first loss over the uninformed one from which it is reported.
        output: deviation of the outputs at the first step from which they count as large.
        input_rms: root mean square of what the last layer reads, up to which it is not to blame.

    Sources:
        Karpathy 2019, "A recipe for training neural networks" (verify the loss at init); Glorot &
        Bengio 2010, section 4.2; TheDeepChecker (Ben Braiek & Khomh 2023): 100 % off.
    """

    code: ClassVar[str] = "LOS111"
    slug: ClassVar[str] = "implausible-initial-loss"
    causes: ClassVar[tuple[str, ...]] = ("learning-rate-too-high", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("shrink_output", "feed_logits")

    factor: float = 2.0
    output: float = 4.0
    input_rms: float = 3.0

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the losses that begin too high."""
        for loss in run.losses.values():
            wanted = self._uninformed(loss)
            first = loss.first.get("loss", 0.0)
            spread = loss.first.get("prediction_std", 0.0)
            if wanted is None or first < self.factor * wanted or spread < self.output:
                continue
            size = self._input(run, loss)
            if size is None or size > self.input_rms:
                yield Undecided(
                    f"{loss.function} begins high, but its last layer reads large numbers"
                )
                continue
            yield Sighting(
                loss.place,
                f"{loss.function} begins at {first:.3g}, where a network that knows nothing gets "
                f"{wanted:.3g}: the outputs deviate by {spread:.3g} before anything was learned",
                0,
                "warning",
                {"first_loss": first, "uninformed": wanted, "output_deviation": spread},
                min(1.0, 1 - wanted / first),
            )

    def _uninformed(self, loss: LossCall) -> float | None:
        if loss.phase != "training" or loss.reduction != "mean" or not loss.looks:
            return None
        if loss.function == "cross_entropy" and len(loss.prediction_shape) > 1:
            return math.log(max(loss.prediction_shape[1], 2))
        return math.log(2) if loss.function == "binary_cross_entropy_with_logits" else None

    def _input(self, run: Run, loss: LossCall) -> float | None:
        """Root mean square of what the last layer before the loss read at the first look."""
        made = run.prediction_of(loss)
        seen: set[int] = set()
        waiting = [] if made is None else [made]
        while waiting:
            here = waiting.pop(0)
            if here.number in seen:
                continue
            seen.add(here.number)
            if here.kind in ("linear", "convolution"):
                own = run.series("operation", here.number, "input_rms").finite[:1]
                if own:
                    return own[0]
                for before in run.inputs(here):
                    size = run.series("operation", before.number, "rms").finite[:1]
                    if size:
                        return size[0]
                return None
            waiting.extend(run.inputs(here))
        return None
