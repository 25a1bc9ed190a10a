"""The processes of one distributed training, and which of them train copies of one network."""

from __future__ import annotations

__all__ = [
    "Distance",
    "Rank",
    "distances",
    "is_split",
    "replicas",
    "rows_by_step",
    "unlike_movement",
]

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from trainwell.record.facts import Place

if TYPE_CHECKING:
    from trainwell.record.run import Run

_SPLIT_SHARE = 0.9
"""Share of equal losses from which ranks compute one loss together: copies that read different
rows, or hold different weights, never have the same loss to the last digit."""


@dataclass(frozen=True)
class Rank:
    """The run is one process of several that train together; a run has at most one such fact.

    Its series are measured at steps that all ranks know beforehand: ("rank", 0, "row"), a
    fingerprint of each of some rows that the network is given in training; ("rank", 0,
    "weight_norm"), the Euclidean norm of the weights looked at; and ("parameter", number,
    "sketch"), whose differences between ranks tell how far the weights are apart
    (`trainwell.measures.sketches`).

    Attributes:
        rank: which of them, from 0.
        world: how many there are.
        group: is the same in all processes of one training.
        place: the line that calls the network.
        columns: numbers that make up an example.
        spread: parameters of the network are spread over the ranks: they are no copies.
    """

    number: int
    rank: int = 0
    world: int = 1
    group: str = ""
    place: Place = field(default_factory=Place)
    columns: int = 0
    spread: bool = False


@dataclass(frozen=True)
class Distance:
    """How far the weights of two ranks are apart at one step.

    Attributes:
        step: the step.
        share: the distance as a share of the weights' norm.
        parameters: the part of each parameter, by name, signed: the differences of two steps
            subtract.
    """

    step: int
    share: float
    parameters: dict[str, float]

    def apart(self, tolerance: float) -> list[str]:
        """Names of the parameters that differ.

        Args:
            tolerance: share of the largest part under which a part counts as rounding.
        """
        limit = tolerance * max((abs(d) for d in self.parameters.values()), default=0.0)
        return [name for name, part in self.parameters.items() if abs(part) > limit]


def replicas(run: Run) -> list[Run]:
    """The ranks, `run` first, that train a copy of the network that `run` trains.

    Parts of one model (a pipeline) differ in names, shapes or the line of `backward()`, and only
    one of them has a loss.
    """
    own = _programme(run)
    if own is None:
        return []
    return [run, *(s for s in run.siblings if _programme(s) == own)]


def _programme(run: Run) -> tuple[object, ...] | None:
    objective = run.objectives.get(0)
    if not run.ranks or objective is None or not len(run.loss(0)):
        return None
    place = objective.place
    shapes = frozenset((p.name, p.shape) for p in run.parameters.values())
    return place.file, place.line, shapes


def distances(one: Run, other: Run) -> list[Distance]:
    """How far two copies are apart, at every step at which both were measured."""
    numbers = {p.name: p.number for p in other.parameters.values()}
    norms = _by_step(one, "rank", 0, "weight_norm"), _by_step(other, "rank", 0, "weight_norm")
    parts: dict[int, dict[str, float]] = {step: {} for step in norms[0] if step in norms[1]}
    for parameter in one.parameters.values():
        if parameter.name not in numbers:
            continue
        ours = _by_step(one, "parameter", parameter.number, "sketch")
        theirs = _by_step(other, "parameter", numbers[parameter.name], "sketch")
        for step, value in ours.items():
            if step in parts and step in theirs:
                parts[step][parameter.name] = value - theirs[step]
    found: list[Distance] = []
    for step, differences in sorted(parts.items()):
        norm = max(norms[0][step], norms[1][step])
        total = math.sqrt(math.fsum(d * d for d in differences.values()))
        if differences and norm > 0 and math.isfinite(total) and math.isfinite(norm):
            found.append(Distance(step, total / norm, differences))
    return found


def unlike_movement(one: Run, steps: list[Distance]) -> float:
    """How differently two copies moved between two steps, as a share of how far one moved.

    About 1.4 for movements that have nothing in common, 0 for equal ones; infinite if it did not
    move.

    Args:
        one: the copy whose movement is the measure.
        steps: its distances from the other one; the first and the last are compared.
    """
    first, last = steps[0], steps[-1]
    moved: list[float] = []
    unlike: list[float] = []
    for parameter in one.parameters.values():
        known = _by_step(one, "parameter", parameter.number, "sketch")
        name = parameter.name
        if name in first.parameters and name in last.parameters:
            moved.append(known[last.step] - known[first.step])
            unlike.append(last.parameters[name] - first.parameters[name])
    length = math.hypot(*moved)
    return math.hypot(*unlike) / length if length > 0 else math.inf


def is_split(one: Run, other: Run) -> bool:
    """Whether two ranks compute one loss together, as the parts of one model do."""
    ours, theirs = dict(one.loss(0)), dict(other.loss(0))
    common = [step for step in ours if step in theirs and math.isfinite(ours[step])]
    same = sum(ours[step] == theirs[step] for step in common)
    return bool(common) and same >= _SPLIT_SHARE * len(common)


def rows_by_step(run: Run) -> dict[int, list[float]]:
    """Fingerprints of the rows that the network was given, by step."""
    rows: dict[int, list[float]] = {}
    for step, mark in run.series("rank", 0, "row"):
        rows.setdefault(step, []).append(mark)
    return rows


def _by_step(run: Run, kind: str, number: int, quantity: str) -> dict[int, float]:
    return dict(run.series(kind, number, quantity))
