"""What a classifier answers, as plain data."""

from __future__ import annotations

__all__ = ["UNKNOWN", "Answers", "Explanation", "Label", "Neighbour"]

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Label: TypeAlias = "str | int"

UNKNOWN = None
"""What stands for "none of these" among the labels of answers."""


@dataclass(frozen=True)
class Answers:
    """Answers to a batch of queries.

    Attributes:
        labels: (queries,) objects; None where it is none of the enrolled labels.
        similarity: (queries,) to the winning label: a cosine, or minus a distance.
        score: (queries,) what the decision was made by: the similarity, or how far it stands out
            among the cohort's, in standard deviations.
        probability: (queries,) of the winning label; NaN where `calibrated` is "".
        threshold: the score from which a label was accepted; None where unknowns were not asked
            for.
        false_accept: the share of unknown queries that the threshold is meant to let through.
        assume: "independent", or the transductive mode that was asked for: "balanced" (labels as
            often as each other in the batch) or "one_to_one" (each label once at most). Figures
            under these are no standard protocol.
        calibrated: what the probabilities come from: "cohort", "examples", or "" for nothing.
    """

    labels: NDArray[np.object_]
    similarity: NDArray[np.float32]
    score: NDArray[np.float32]
    probability: NDArray[np.float64]
    threshold: float | None = None
    false_accept: float | None = None
    assume: str = "independent"
    calibrated: str = ""

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Label | None]:
        return iter(self.labels)

    def rows(self) -> list[dict[str, Any]]:
        """One JSON-ready object for each query."""
        return [
            {
                "label": label,
                "similarity": round(float(similarity), 4),
                "score": round(float(score), 4),
                "probability": None if np.isnan(probability) else round(float(probability), 4),
            }
            for label, similarity, score, probability in zip(
                self.labels, self.similarity, self.score, self.probability, strict=True
            )
        ]


@dataclass(frozen=True)
class Neighbour:
    """An enrolled example that is near to a query.

    Attributes:
        label: its label.
        similarity: to the query: a cosine, or minus a distance.
        example: its number, for `remove(example=...)`.
        source: the path or the text that it was enrolled from, where there was one.
    """

    label: Label
    similarity: float
    example: int
    source: str | None = None


@dataclass(frozen=True)
class Explanation:
    """Why a query got its answer.

    Attributes:
        label: the answer; None for "none of these", where that was asked for.
        best: the best of the labels.
        score: what was decided by.
        runner_up: the label with the next best score, and that score; None where there is one only.
        threshold: the score from which a label is accepted, where unknowns were asked for.
        neighbours: the nearest enrolled examples, nearest first.
    """

    label: Label | None
    best: Label
    score: float
    runner_up: tuple[Label, float] | None = None
    threshold: float | None = None
    neighbours: list[Neighbour] = field(default_factory=list)

    def __str__(self) -> str:
        said = "none of these" if self.label is None else f"`{self.label}`"
        head = f"{said}: score {self.score:.3f} for `{self.best}`"
        if self.threshold is not None:
            head += f", accepted from {self.threshold:.3f}"
        if self.runner_up is not None:
            head += f"; next is `{self.runner_up[0]}` with {self.runner_up[1]:.3f}"
        lines = [
            f"  {n.similarity:7.3f}  `{n.label}`  example {n.example}"
            + (f"  {n.source}" if n.source else "")
            for n in self.neighbours
        ]
        return "\n".join([head, *lines])
