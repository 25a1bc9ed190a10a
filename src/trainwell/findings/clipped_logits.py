"""LOS112 clipped-logits."""

from __future__ import annotations

__all__ = ["ClippedLogits"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import LossCall, Operation, Run, Sighting, Undecided
from trainwell.record.reading import harm, title


@frozen
class ClippedLogits(Finding):
    """An activation that clips the outputs before a loss that expects raw ones.

    What it looks for:
        A cross-entropy (`cross_entropy`, a log-softmax before `nll_loss`, or
        `binary_cross_entropy_with_logits`) whose input comes from a ReLU, or from a tanh, hardtanh
        or clamp that leaves it a narrow range.

    Why it hurts:
        Behind a ReLU an output cannot be negative: one that is 0 for all examples has no gradient
        and its class is never predicted again; a binary probability cannot fall below 0.5. Within
        a narrow range the loss has a floor: no answer can be sure.

    When it is not a fault:
        Outputs that are clamped far from where they lie, or scaled up behind the tanh (soft caps);
        regression of numbers that are never negative, which has another loss.

    Thresholds:
        floor: lowest loss that the range allows, in nats, from which a tanh, hardtanh or clamp is
            reported.
        looks: batches that must have been measured.

    Sources:
        PyTorch documentation of `torch.nn.CrossEntropyLoss` ("unnormalized logits"); Humbatova et
        al. 2020, wrong activation of the last layer.
    """

    code: ClassVar[str] = "LOS112"
    slug: ClassVar[str] = "clipped-logits"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "zero-gradients",
        "dying-relu",
        "implausible-initial-loss",
        "saturated-activation",
        "vanishing-gradient",
        "collapsed-activations",
        "learning-rate-too-low",
        "learning-rate-too-high",
        "class-imbalance",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("remove_output_activation",)

    floor: float = 0.05
    looks: int = 2

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the activations."""
        for loss in run.losses.values():
            if loss.phase != "training" or loss.function not in _LOGITS:
                continue
            made = self._activation(run, loss)
            if made is None or not loss.prediction:
                continue
            if loss.looks < self.looks:
                yield Undecided(f"the input of {loss.function} was measured too few times")
                continue
            binary = loss.function == "binary_cross_entropy_with_logits"
            low, high = loss.prediction["low"], loss.prediction["high"]
            if made.kind == "relu" or (made.kind in _RANGES and low == 0 <= high):
                what = (
                    "a probability cannot fall below 50 %"
                    if binary
                    else "an output cannot be negative, and one that is 0 everywhere gets no"
                    " gradient: its class is never predicted"
                )
                evidence = {"low": low, "high": high}
            else:
                width = 2 * min(-low, high) if binary else high - low
                # The right class at one end of the range, all others at the other one.
                classes = 2 if binary else _classes(loss)
                lowest = math.log1p((classes - 1) * math.exp(-max(width, 0.0)))
                if not lowest >= self.floor or not self._bounded(made, low, high):
                    continue
                what = f"the loss cannot fall below {lowest:.2g}"
                evidence = {"low": low, "high": high, "lowest_possible_loss": lowest}
            yield Sighting(
                made.place,
                f"{title(made)} clips what {loss.function} reads, which expects raw outputs: "
                f"{what}",
                0,
                "error",
                evidence,
                max(harm(run, run.objective_of(loss)), 0.5),
            )

    def _activation(self, run: Run, loss: LossCall) -> Operation | None:
        """What clips the outputs; dropout and a log-softmax are looked through."""
        made = run.prediction_of(loss)
        if loss.function == "nll_loss" and made is not None:
            made = next(iter(run.inputs(made)), None) if made.kind == "log_softmax" else None
        while made is not None and made.kind == "dropout":
            made = next(iter(run.inputs(made)), None)
        return made if made is not None and made.kind in {"relu", *_RANGES} else None

    def _bounded(self, made: Operation, low: float, high: float) -> bool:
        """Whether the range that was seen is the operation's own, and not only a narrow sight."""
        return made.kind != "tanh" or max(-low, high) > _REACHED


_LOGITS = frozenset({"cross_entropy", "nll_loss", "binary_cross_entropy_with_logits"})
_RANGES = frozenset({"tanh", "hardtanh", "clamp"})
_REACHED = 0.5
"""A tanh whose results stay nearer to 0 than this is not what limits them."""


def _classes(loss: LossCall) -> int:
    shape = loss.prediction_shape
    return shape[1] if len(shape) > 1 else shape[0] if shape else 2
