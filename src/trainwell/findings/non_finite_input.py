"""DAT104 non-finite-input."""

from __future__ import annotations

__all__ = ["NonFiniteInput"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import SYMPTOMS, Finding, frozen
from trainwell.record import Run, Sighting, Undecided
from trainwell.record.reading import label


@frozen
class NonFiniteInput(Finding):
    """NaN or infinite values in the data.

    What it looks for:
        NaN or infinity in what the first layers read and in the targets, at the looks and in the
        batch that made the first NaN loss.

    Why it hurts:
        One such value in one batch makes the loss, every gradient and from then on every weight
        NaN.

    When it is not a fault:
        Values that are masked out before the network sees them: only what a layer or a loss reads
        is looked at.

    Sources:
        UMLAUT (Schoop et al. 2021), "NaN values in input".
    """

    code: ClassVar[str] = "DAT104"
    slug: ClassVar[str] = "non-finite-input"
    confidence: ClassVar[float] = 0.95
    causes: ClassVar[tuple[str, ...]] = (
        "non-finite-loss",
        "non-finite-gradient",
        "dying-relu",
        "collapsed-activations",
        *SYMPTOMS,
    )
    remedies: ClassVar[tuple[str, ...]] = ("impute_values",)

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield where such data are read."""
        told = False
        for features in run.features.values():
            if not features.non_finite:
                continue
            told = True
            step = features.non_finite_step or 0
            yield Sighting(
                features.place,
                f"the data that {label(features.place)} reads hold NaN or infinite values "
                f"({features.non_finite} seen), first at step {step}",
                step,
                "error",
                {"non_finite": features.non_finite, "rows": features.rows},
                1.0,
            )
        for loss in run.losses.values():
            if loss.phase == "training" and loss.target and loss.target["finite"] < 1:
                told = True
                yield Sighting(
                    loss.place,
                    f"the targets of {loss.function} hold NaN or infinite values "
                    f"({1 - loss.target['finite']:.2%} of a batch)",
                    0,
                    "error",
                    {"finite_share": loss.target["finite"]},
                    1.0,
                )
        if told:
            return
        for objective in run.objectives.values():
            lost = objective.non_finite
            if lost is None or lost.get("source") != "data":
                continue
            number = lost.get("operation")
            made = run.operations.get(number) if isinstance(number, int) else None
            place = objective.place if made is None else made.place
            step = lost["step"] if isinstance(lost["step"], int) else 0
            yield Sighting(
                place,
                f"the batch of step {step} holds NaN or infinite values: {lost['reason']} "
                f"(read by {label(place)})",
                step,
                "error",
                dict(lost),
                1.0,
            )
