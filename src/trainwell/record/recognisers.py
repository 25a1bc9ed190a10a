"""A one-shot classifier that was enrolled and asked, as plain data."""

from __future__ import annotations

__all__ = ["Recogniser"]

from dataclasses import dataclass, field

from trainwell.record.facts import Place


@dataclass(frozen=True)
class Recogniser:
    """One classifier of `trainwell.oneshot`.

    Similarities are cosines, of centred vectors where there is a cohort.

    Attributes:
        name: of its embedder.
        place: the line that enrolled its first examples, or asked the first queries.
        labels, examples: enrolled at last.
        alike: the similarity of the two labels that are most alike; None where it was not looked
            for, or there is one label only.
        first, second: these labels.
        margin: by how much an example is nearer to another label than to the rest of its own,
            the largest of all; None where no label has three examples.
        stray: what that example was enrolled from, or its number.
        stray_label, stray_other: its label, and the one that it is nearer to.
        queries: asked since.
        off_ground: of these, less like anything known than 99 % of the cohort is like its other
            labels; None where there is no cohort.
    """

    number: int
    name: str
    place: Place = field(default_factory=Place)
    labels: int = 0
    examples: int = 0
    alike: float | None = None
    first: str = ""
    second: str = ""
    margin: float | None = None
    stray: str = ""
    stray_label: str = ""
    stray_other: str = ""
    queries: int = 0
    off_ground: int | None = None
