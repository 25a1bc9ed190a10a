"""ONE102 stray-example."""

from __future__ import annotations

__all__ = ["StrayExample"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class StrayExample(Finding):
    """An enrolled example of a one-shot classifier that lies nearer to another label.

    What it looks for:
        For each example of a label that has three or more: how much more similar it is to the mean
        of another label than to the mean of the rest of its own, as a difference of cosines.

    Why it hurts:
        It is probably enrolled under the wrong label. It pulls its label's mean towards the other
        label, and queries of that one with it.

    When it is not a fault:
        A label whose examples look very unlike each other, such as a part from several sides: the
        rule "nearest" suits it better than a mean.

    Thresholds:
        margin: difference of the cosines from which it is reported.

    Sources:
        Calibrated on the labels of CLINC150 and BANKING77 with five examples each: a rightly
        enrolled one passes 0.35 once in 1,000 and once in 40, a wrongly enrolled one in 9 of 10
        cases.
    """

    code: ClassVar[str] = "ONE102"
    slug: ClassVar[str] = "stray-example"
    remedies: ClassVar[tuple[str, ...]] = ("relabel_example",)

    margin: float = 0.35

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the classifiers with such an example."""
        for each in run.recognisers.values():
            if each.margin is None or not each.margin >= self.margin:
                continue
            yield Sighting(
                each.place,
                f"the example {each.stray} of `{each.stray_label}` is more similar to "
                f"`{each.stray_other}`, by {each.margin:.2f}, where {self.margin:.2f} is the limit",
                0,
                "warning",
                {
                    "example": each.stray,
                    "label": each.stray_label,
                    "other": each.stray_other,
                    "margin": each.margin,
                },
                min(1.0, each.margin / 2),
            )
