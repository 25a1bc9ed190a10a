"""ONE101 indistinct-labels."""

from __future__ import annotations

__all__ = ["IndistinctLabels"]

from collections.abc import Iterator
from typing import ClassVar

from trainwell.findings.finding import Finding, frozen
from trainwell.record import Run, Sighting, Undecided


@frozen
class IndistinctLabels(Finding):
    """Two enrolled labels of a one-shot classifier that are too alike to tell apart.

    What it looks for:
        The largest similarity between two labels: the cosine of the means of their examples'
        vectors, centred where there is a cohort.

    Why it hurts:
        A query of one label is about as near to the other. Which of the two it gets is chance, and
        both get a probability of a half at best.

    When it is not a fault:
        Two names for one thing, kept apart on purpose.

    Thresholds:
        similarity: cosine from which it is reported.

    Sources:
        Calibrated on 14,101 pairs of labels of CLINC150 and BANKING77 with one example each, whose
        largest similarity was 0.78; one example enrolled twice has 1.
    """

    code: ClassVar[str] = "ONE101"
    slug: ClassVar[str] = "indistinct-labels"
    remedies: ClassVar[tuple[str, ...]] = ("add_examples", "change_embedder")

    similarity: float = 0.9

    def detect(self, run: Run) -> Iterator[Sighting | Undecided]:
        """Yield the classifiers with such labels."""
        for each in run.recognisers.values():
            if each.alike is None or not each.alike >= self.similarity:
                continue
            yield Sighting(
                each.place,
                f"the labels `{each.first}` and `{each.second}` have a similarity of "
                f"{each.alike:.2f}, where {self.similarity:.2f} is the limit: they cannot be told "
                "apart",
                0,
                "warning",
                {"first": each.first, "second": each.second, "similarity": each.alike},
                min(1.0, each.alike),
            )
