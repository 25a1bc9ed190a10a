"""What is wrong with what is enrolled, or asked: labels alike, stray examples, foreign queries."""

from __future__ import annotations

__all__ = ["Announcement", "Concerns"]

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from trainwell.oneshot.kinship import Kinship
from trainwell.oneshot.recogniser import Recogniser
from trainwell.oneshot.space import Space, Vectors, unit
from trainwell.probes.announcements import RecogniserLog, is_watched

_LOOKED_AT = 2000
"""Labels that are compared with each other; more would take longer than embedding them."""

_FOREIGN = 0.01
"""Share of the cohort that is as unlike its other labels."""


@dataclass(frozen=True)
class Concerns:
    """Numbers about what is enrolled; see `trainwell.record.recognisers.Recogniser`.

    Attributes:
        labels, examples: enrolled.
        alike: the largest similarity of two labels, first and second.
        margin: how much nearer the worst example, stray, is to another label, other, than to the
            rest of its own, of.
    """

    labels: int
    examples: int
    alike: float | None = None
    first: str = ""
    second: str = ""
    margin: float | None = None
    stray: str = ""
    of: str = ""
    other: str = ""

    @classmethod
    def about(cls, known: Recogniser) -> Self:
        """What is enrolled now."""
        gallery = known.gallery
        counts = (len(gallery), len(gallery.examples))
        if not 2 <= len(gallery) <= _LOOKED_AT:
            return cls(*counts)
        held = np.flatnonzero(gallery.examples.used)
        names = gallery.labels
        numbers = np.zeros(len(gallery.seats), np.int64)
        numbers[[gallery.seat(name) for name in names]] = np.arange(len(names))
        groups = numbers[gallery.owner[held]]
        space = Space("cosine", known.grounds.space.centre)
        placed = space.place(np.asarray(gallery.examples.rows[held]))
        sums = np.zeros((len(names), placed.shape[1]), np.float32)
        np.add.at(sums, groups, placed)
        means = unit(sums)
        found = means @ means.T
        np.fill_diagonal(found, -np.inf)
        one, two = sorted(divmod(int(found.argmax()), len(names)))
        alike, first, second = float(found[one, two]), str(names[one]), str(names[two])
        sizes = np.bincount(groups)
        if sizes.max() < 3:
            return cls(*counts, alike, first, second)
        others = placed @ means.T
        own = np.einsum("ij,ij->i", placed, unit(sums[groups] - placed))
        others[np.arange(len(placed)), groups] = -np.inf
        margins = np.where(sizes[groups] >= 3, others.max(axis=1) - own, -np.inf)
        worst = int(margins.argmax())
        number = int(gallery.number[held[worst]])
        return cls(
            *counts,
            alike,
            first,
            second,
            float(margins[worst]),
            f"`{gallery.sources[number]}`" if number in gallery.sources else str(number),
            str(names[groups[worst]]),
            str(names[int(others[worst].argmax())]),
        )

    def facts(self) -> dict[str, Any]:
        """The same as fields of `trainwell.record.recognisers.Recogniser`."""
        names = {"of": "stray_label", "other": "stray_other"}
        return {names.get(field, field): value for field, value in asdict(self).items()}


class Announcement:
    """Tells an active `trainwell run` or `trainwell.watch` what is enrolled and asked.

    Args:
        name: of the embedder.
    """

    def __init__(self, name: str) -> None:
        self._log = RecogniserLog(name)
        self._queries = 0
        self._foreign = 0
        self._ground: Kinship | None = None

    @classmethod
    def to(cls, owner: Any, name: str) -> Announcement | None:
        """The announcement of a classifier, made when a probe is attached first."""
        kept: Announcement | None = owner.__dict__.get("_announcement")
        if kept is not None and kept._log.is_kept:
            return kept
        if not is_watched():
            return None
        owner._announcement = cls(name)
        made: Announcement = owner._announcement
        return made

    def enrolled(self, known: Recogniser) -> None:
        """Labels came or went."""
        self._log.change(Concerns.about(known).facts())

    def asked(self, known: Recogniser, vectors: Vectors) -> None:
        """Queries came, (queries, width)."""
        self._queries += len(vectors)
        cohort = known.grounds.cohort
        if cohort is None:
            self._log.change({"queries": self._queries})
            return
        if self._ground is None:
            self._ground = Kinship.of(cohort, known.grounds.space.centre)
        ground = self._ground
        held = np.flatnonzero(known.gallery.examples.used)
        enrolled = ground.space.place(np.asarray(known.gallery.examples.rows[held]))
        among = (ground.space.place(vectors) @ enrolled.T).max(axis=1)
        best, limit = np.maximum(ground.best(vectors), among), ground.limit(_FOREIGN)
        self._foreign += int((best < limit).sum())
        self._log.change({"queries": self._queries, "off_ground": self._foreign})
