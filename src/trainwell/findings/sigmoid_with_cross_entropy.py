"""LOS107 sigmoid-with-cross-entropy."""

from __future__ import annotations

__all__ = ["SigmoidWithCrossEntropy"]

import math
from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Operation, Run, Sighting, Undecided
from trainwell.record.reading import harm, title


@frozen
class SigmoidWithCrossEntropy(Finding):
    """Independent sigmoids fed into a loss over classes that exclude each other.

    What it looks for:
        A log-softmax (which `cross_entropy` applies first) whose input is the result of a sigmoid,
        or of a division that kept all its results between 0 and 1 (a sigmoid written by hand);
        sigmoids divided by their sum before a logarithm; and binary cross-entropy over three or
        more classes against one-hot rows, whose loss stays near that of a constant answer.

    Why it hurts:
        The softmax behind the sigmoids sees numbers in (0, 1) only: with C classes the loss cannot
        fall below log(1 + (C - 1) / e), and units that are sure pass no gradient.

    When it is not a fault:
        For several labels an example, where sigmoids and `binary_cross_entropy` are right; binary
        cross-entropy over exclusive classes that learns all the same.

    Thresholds:
        stuck: end of the loss over the loss of a constant answer, from which binary cross-entropy
            over one-hot rows is reported.
        looks: batches whose targets must have been seen to be one-hot.

    Sources:
        PyTorch documentation of `torch.nn.CrossEntropyLoss`; 14 of the 109 bugs collected for
        deepmufl (Ghanbari et al. 2023) are sigmoids for exclusive classes.
    """

    code: ClassVar[str] = "LOS107"
    slug: ClassVar[str] = "sigmoid-with-cross-entropy"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "learning-rate-too-low",
        "vanishing-gradient",
        "overfitting",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("feed_logits", "match_loss")

    stuck: float = 0.9
    looks: int = 4

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the sigmoid before the softmax, or what stands for that."""
        yield from self._normalised(run)
        yield from self._one_hot(run)
        for operation in run.operations.values():
            if operation.kind != "log_softmax":
                continue
            for before in run.inputs(operation):
                if before.kind != "sigmoid" and not self._by_hand(run, before.number):
                    continue
                size = operation.details.get("size")
                classes = size if isinstance(size, int) else 2
                floor = math.log(1 + (classes - 1) / math.e)
                yield Sighting(
                    before.place,
                    f"{title(before)} feeds cross-entropy over {classes} "
                    f"exclusive classes, which expects raw outputs: the loss cannot fall below "
                    f"{floor:.2f}",
                    0,
                    "error",
                    {"classes": classes, "lowest_possible_loss": floor},
                    harm(run, run.objectives.get(operation.objective)),
                )

    def _normalised(self, run: Run) -> Iterator[Sighting]:
        """Sigmoids divided by their own sum, and a logarithm behind."""
        for operation in run.operations.values():
            if operation.kind != "divide" or not operation.shape:
                continue
            squashed = [o for o in run.inputs(operation) if o.kind == "sigmoid"]
            sums = [o for o in run.inputs(operation) if o.kind == "sum"]
            if not squashed or not any(squashed[0].number in o.inputs for o in sums):
                continue
            if not any(o.kind == "logarithm" for o in self._behind(run, operation)):
                continue
            classes = operation.shape[-1]
            yield Sighting(
                squashed[0].place,
                f"{title(squashed[0])} gives {classes} exclusive classes independent "
                "probabilities, which are then divided by their sum: cross-entropy expects the "
                "softmax of the raw outputs",
                0,
                "error",
                {"classes": classes},
                harm(run, run.objectives.get(operation.objective)),
            )

    def _behind(self, run: Run, operation: Operation) -> list[Operation]:
        after = run.consumers(operation)
        return after + [o for a in after if a.kind in _PASSED for o in run.consumers(a)]

    def _one_hot(self, run: Run) -> Iterator[Sighting]:
        """Binary cross-entropies against one-hot rows, where the loss stays near the base rate."""
        for loss in run.losses.values():
            classes = loss.target_shape[1] if len(loss.target_shape) == 2 else 0
            objective = run.objective_of(loss)
            if not loss.function.startswith("binary_cross_entropy") or loss.phase != "training":
                continue
            if classes < 3 or not loss.target_one_hot or loss.looks < self.looks:
                continue
            # What a network gets that gives every class its share of 1 / classes.
            share = 1 / classes
            base = -share * math.log(share) - (1 - share) * math.log(1 - share)
            end = math.nan if objective is None else run.loss(objective.number).end()
            if loss.reduction != "mean" or not end >= self.stuck * base:
                continue
            yield Sighting(
                loss.place,
                f"{loss.function} takes each of {classes} classes for itself, but an example has "
                f"just one: the loss is at {end:.3g}, where always answering 1/{classes} gives "
                f"{base:.3g}",
                0,
                "warning",
                {"classes": classes, "base_loss": base, "loss": end},
                harm(run, objective),
            )

    def _by_hand(self, run: Run, operation: int) -> bool:
        made = run.operations[operation]
        return made.kind == "divide" and any(
            loss.prediction_operation == operation
            and loss.function == "cross_entropy"
            and loss.looks >= 2
            and loss.prediction["low"] >= 0
            and loss.prediction["high"] <= 1
            and (loss.row_sum_error or 0) > 0.05
            for loss in run.losses.values()
        )


_PASSED = frozenset({"clamp", "add", "multiply"})
"""What may stand between the division and the logarithm: small constants against log(0)."""
