"""LOS104 regression-loss-on-classes."""

from __future__ import annotations

__all__ = ["RegressionLossOnClasses"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import LossCall, Run, Sighting, Undecided
from trainwell.record.reading import harm


@frozen
class RegressionLossOnClasses(Finding):
    """Squared or absolute error against class labels.

    What it looks for:
        `mse_loss`, `l1_loss`, `smooth_l1_loss` or `huber_loss` against one-hot rows; against
        consecutive whole numbers from 0 (three classes or more) on a single output; or, when the
        output is a sigmoid or softmax, against zeros and ones; and against rows of zeros and ones
        that are not one-hot, behind a softmax.

    Why it hurts:
        Class numbers have no distances: 9 is not further from 0 than 1 is. And behind a sigmoid or
        softmax the squared error has no gradient where the network is surely wrong.

    When it is not a fault:
        Counts, ratings and other whole numbers that are quantities; least-squares GANs; pictures
        of zeros and ones that are rebuilt (rows with several ones are not looked at). Whole numbers
        on one output therefore count as a warning only.

    Thresholds:
        classes: as many distinct whole numbers as classes are believed to have, at most.
        looks: batches whose targets must have been seen.

    Sources:
        Golik, Doetsch & Ney 2013, "Cross-entropy vs. squared error training"; DeepFD's benchmark
        (Cao et al. 2022), in which 13 of 58 faults are a wrong loss.
    """

    code: ClassVar[str] = "LOS104"
    slug: ClassVar[str] = "regression-loss-on-classes"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = ("unscaled-targets", "vanishing-gradient", *SYMPTOMS)
    remedies: ClassVar[tuple[str, ...]] = ("match_loss",)

    classes: int = 32
    looks: int = 2

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the calls of a regression loss on labels."""
        for loss in run.losses.values():
            if loss.function not in REGRESSION_LOSSES or loss.phase != "training":
                continue
            if loss.looks < self.looks:
                yield Undecided(f"{loss.function} was looked at on {loss.looks} batches only")
                continue
            what = self._classes(run, loss)
            if what is not None:
                objective = run.objective_of(loss)
                yield Sighting(
                    loss.place,
                    f"{loss.function} is computed against {what}: labels are classes, not "
                    "quantities",
                    0,
                    "warning",
                    {"function": loss.function, "values": list(loss.target_values)},
                    harm(run, objective),
                )

    def _classes(self, run: Run, loss: LossCall) -> str | None:
        values = loss.target_values
        if loss.target_one_hot:
            return f"one-hot rows of {loss.target_shape[1]} classes"
        if not loss.target_integral or not 2 <= len(values) <= self.classes:
            return None
        made = run.prediction_of(loss)
        if self._several_labels(loss) and made is not None and made.kind == "softmax":
            return "zeros and ones for several labels behind a softmax, whose outputs sum to 1"
        columns = loss.prediction_shape[1] if len(loss.prediction_shape) > 1 else 1
        if columns != 1 or values != tuple(range(len(values))):
            return None
        if len(values) > 2:
            return f"the class numbers 0 to {len(values) - 1}"
        if made is not None and made.kind in ("sigmoid", "softmax"):
            return "zeros and ones behind a " + made.kind
        return None

    def _several_labels(self, loss: LossCall) -> bool:
        columns = loss.target_shape[1:]
        return list(loss.target_values) == [0, 1] and len(columns) == 1 and columns[0] > 1


REGRESSION_LOSSES = ("mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss")
