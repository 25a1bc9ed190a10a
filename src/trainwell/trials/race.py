"""Racing: which arm needs which seed next, as a pure function of the results so far.

Seeds are raced over, never epochs: how arms stand early in a training says little about how they
end.
"""

from __future__ import annotations

__all__ = ["Comparison", "Race", "Rules"]

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median


@dataclass(frozen=True)
class Rules:
    """How a race is run.

    Attributes:
        screen: seeds by which the leader is chosen.
        most: seeds that the last arms get at most.
        level: of the test, all arms together.
        least: effects below this share of the reference's own size count as none, however sure.
        exact: let the exact test decide, over all arms (`ExactRace`).
        glance: in an exact race, seeds after which an arm is dropped that is worse on all of them.
        first: in an exact race, seeds that every other arm gets.
        leaders: in an exact race, how many arms get more.
    """

    screen: int = 2
    most: int = 10
    level: float = 0.05
    least: float = 0.002
    exact: bool = False
    glance: int = 2
    first: int = 3
    leaders: int = 3


@dataclass(frozen=True)
class Comparison:
    """One arm beside the reference, over their common seeds. Lower values are better.

    Attributes:
        arm: its name.
        seeds: how many pairs.
        effect: mean difference, arm minus reference; NaN without pairs.
        low, high: its 95 % interval.
        p: of the test, adjusted for the number of arms and of looks; NaN where none was made.
        better: how probable it is that the effect lies below 0.
        detectable: the effect that so many pairs would have shown with a probability of 80 %.
        verdict: "helps", "hurts" or "no evidence"; of a candidate also "flagged": its numbers help,
            and it changes how they are obtained.
        dropped: why it got no more seeds, or "".
        failed: its trials that crashed or did not measure anything.
    """

    arm: str
    seeds: int
    effect: float
    low: float
    high: float
    p: float
    better: float
    detectable: float
    verdict: str
    dropped: str = ""
    failed: int = 0


@dataclass
class Race(ABC):
    """Arms that run on common seeds, beside a reference.

    Attributes:
        reference: name of the arm that the others are compared with.
        arms: names of the others.
        rules: how it is run.
        values: (arm, seed) to its value; lower is better; infinite when it failed.
        dropped: arm to the reason why it gets no more seeds.
        leader: the arm that is tested, once it is chosen.
    """

    reference: str
    arms: Sequence[str]
    rules: Rules = field(default_factory=Rules)
    values: dict[tuple[str, int], float] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    leader: str | None = None

    @abstractmethod
    def wanted(self) -> list[tuple[str, int]]:
        """The (arm, seed) pairs that are to be run next; empty when the race is over."""

    @abstractmethod
    def comparisons(self) -> list[Comparison]:
        """Every arm beside the reference, in the order of the arms."""

    def beside(self, reference: str, values: Mapping[tuple[str, int], float]) -> Race:
        """The same race, its arms compared with another reference.

        Args:
            reference: name of that arm.
            values: of all arms, this one's included.
        """
        return replace(self, reference=reference, values=dict(values))

    def _count(self, arm: str) -> int:
        count = 0
        while (arm, count) in self.values:
            count += 1
        return count

    def differences(self, arm: str, reference: str | None = None) -> list[float]:
        """Arm minus reference on each common seed; failures count as the worst value seen."""
        other = self.reference if reference is None else reference
        seeds = sorted(s for a, s in self.values if a == arm and (other, s) in self.values)
        worst = self._worst()
        return [min(self.values[arm, s], worst) - min(self.values[other, s], worst) for s in seeds]

    def _worst(self) -> float:
        """What a failure counts: worse than every value seen, by as much as these differ."""
        finite = [v for v in self.values.values() if math.isfinite(v)]
        if not finite:
            return 0.0
        if len(finite) == len(self.values):
            return math.inf
        return max(finite) + max(max(finite) - min(finite), abs(max(finite)), 1e-12)

    def _always_failed(self, arm: str) -> bool:
        return not any(math.isfinite(v) for (a, _), v in self.values.items() if a == arm)

    def _size(self) -> float:
        """How large the reference's own values are, those aside at which it diverged."""
        own = [abs(v) for (a, _), v in self.values.items() if a == self.reference]
        return median([v for v in own if math.isfinite(v)] or [0.0])

    def winner(self) -> Comparison | None:
        """The arm that helps most; None when none does."""
        helping = [c for c in self.comparisons() if c.verdict == "helps"]
        return min(helping, key=lambda c: c.effect, default=None)

    def replay(self, grid: Mapping[tuple[str, int], float]) -> int:
        """Run the race on results that are there already.

        Returns:
            How many of them it took.
        """
        while wanted := self.wanted():
            for pair in wanted:
                self.values[pair] = grid[pair]
        return len(self.values)
