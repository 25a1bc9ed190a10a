"""Lines of source with what was seen on each: for formats that point at lines, not at layers."""

from __future__ import annotations

__all__ = ["Spot", "all_spots", "spots_of", "uri_path"]

import os
from collections.abc import Iterator
from dataclasses import dataclass

from trainwell.diagnosis import Diagnosis, Entry, Suppressed
from trainwell.record import SEVERITIES, Place, Sighting


@dataclass(frozen=True)
class Spot:
    """The sightings of one finding on one line; without a line, at one layer.

    Attributes:
        code, slug: which finding.
        worst: the worst of them.
        layers: the layers of all of them, the worst's first.
        entry: what they belong to; None if a comment suppresses them.
        reason: what that comment says besides.
    """

    code: str
    slug: str
    worst: Sighting
    layers: tuple[str, ...]
    entry: Entry | None = None
    reason: str = ""

    @property
    def place(self) -> Place:
        """Where they are."""
        return self.worst.where


def all_spots(diagnosis: Diagnosis) -> Iterator[Spot]:
    """Every spot of a diagnosis in the order of the report, then the suppressed ones."""
    for entry in diagnosis.entries:
        yield from spots_of(entry)
    hidden: dict[tuple[str | int | None, ...], list[Suppressed]] = {}
    for each in diagnosis.suppressed:
        hidden.setdefault((each.code, *_line(each.sighting)), []).append(each)
    for some in hidden.values():
        first = min(some, key=lambda each: SEVERITIES.index(each.sighting.severity))
        layers = _layers([each.sighting for each in some])
        yield Spot(first.code, first.slug, first.sighting, layers, None, first.reason)


def spots_of(entry: Entry) -> list[Spot]:
    """The spots of one entry, the worst first."""
    lines: dict[tuple[str | int | None, ...], list[Sighting]] = {}
    for sighting in entry.sightings:
        lines.setdefault(_line(sighting), []).append(sighting)
    return [Spot(entry.code, entry.slug, some[0], _layers(some), entry) for some in lines.values()]


def uri_path(file: str, folder: str, root: str) -> str | None:
    """The path of a file from the root of its repository, with slashes.

    Args:
        file: as the record has it.
        folder: what a relative one is meant from.
        root: of the repository.

    Returns:
        None if it is not below the root.

    Example:
        >>> uri_path("net/train.py", "/home/ada/digits", "/home/ada")
        'digits/net/train.py'
    """
    path = os.path.join(folder, file)
    for at, below in ((root, path), (os.path.realpath(root), os.path.realpath(path))):
        relative = os.path.relpath(below, at)
        if relative.split(os.sep)[0] != os.pardir:
            return relative.replace(os.sep, "/")
    return None


def _line(sighting: Sighting) -> tuple[str | int | None, ...]:
    place = sighting.where
    return (place.file, place.line) if place.file else (None, place.layer)


def _layers(sightings: list[Sighting]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(s.where.layer for s in sightings if s.where.layer))
