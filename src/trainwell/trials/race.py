"""Racing: which arm needs which seed next, as a pure function of the results so far.

All arms get the first seeds. Then clear losers are dropped, and the others get more, until the
interval decides or the seeds end. Seeds are raced over, never epochs: how arms stand early in a
training says little about how they end.
"""

from __future__ import annotations

__all__ = ["Comparison", "Race", "Rules"]

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trainwell.trials.statistics import (
    detectable_effect,
    holm,
    interval,
    pairs_needed,
    probability_lower,
    sign_flip,
)


@dataclass(frozen=True)
class Rules:
    """How a race is run.

    Attributes:
        glance: seeds after which an arm is dropped that is worse on all of them.
        first: seeds that every other arm gets.
        leaders: how many arms get more.
        most: seeds that the last arms get at most.
        level: of the test, all arms together.
        least: effects below this share of the reference's own size count as none, however sure.
    """

    glance: int = 2
    first: int = 3
    leaders: int = 3
    most: int = 10
    level: float = 0.05
    least: float = 0.002


@dataclass(frozen=True)
class Comparison:
    """One arm beside the reference, over their common seeds. Lower values are better.

    Attributes:
        arm: its name.
        seeds: how many pairs.
        effect: mean difference, arm minus reference; NaN without pairs.
        low, high: its 95 % interval.
        p: of the exact sign-flip test, adjusted for the number of arms (Holm).
        better: how probable it is that the effect lies below 0.
        detectable: the effect that so many pairs would have shown with a probability of 80 %.
        verdict: "helps", "hurts" or "no evidence".
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
class Race:
    """Arms that run on common seeds, beside a reference.

    Attributes:
        reference: name of the arm that the others are compared with.
        arms: names of the others.
        rules: how it is run.
        values: (arm, seed) to its value; lower is better; infinite when it failed.
        dropped: arm to the reason why it gets no more seeds.
    """

    reference: str
    arms: Sequence[str]
    rules: Rules = field(default_factory=Rules)
    values: dict[tuple[str, int], float] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)

    def wanted(self) -> list[tuple[str, int]]:
        """The (arm, seed) pairs that are to be run next; empty when the race is over."""
        racing = [self.reference, *self.arms]
        for seeds in (self.rules.glance, self.rules.first):
            missing = [
                (a, s)
                for s in range(seeds)
                for a in racing
                if a not in self.dropped and (a, s) not in self.values
            ]
            if missing:
                return missing
            self._drop_hopeless()
        self._drop()
        left = [a for a in self.arms if a not in self.dropped and not self._decided(a)]
        if not left:
            return []
        # One test early, when every pair has to agree, and one at the end: looking in between
        # would find an effect sooner or later where there is none.
        done = min(self._count(a) for a in left)
        early = min(max(self._early, self.rules.first), self.rules.most)
        goal = early if done < early else self.rules.most
        wanted = [
            (a, s)
            for s in range(goal)
            for a in (self.reference, *left)
            if (a, s) not in self.values
        ]
        # In steps, so that an arm that falls behind is dropped on the way.
        nearest = min((s for _, s in wanted), default=0)
        return [(a, s) for a, s in wanted if s < nearest + 2]

    @property
    def _early(self) -> int:
        return pairs_needed(len(self.arms), self.rules.level)

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

    def _drop_hopeless(self) -> None:
        """Drop what is worse than the reference on every seed so far."""
        for arm in self.arms:
            found = self.differences(arm)
            if arm in self.dropped or not found:
                continue
            if self._always_failed(arm):
                self.dropped[arm] = "every trial failed"
            elif all(d >= 0 for d in found):
                self.dropped[arm] = f"no better on any of {len(found)} seeds"

    def _always_failed(self, arm: str) -> bool:
        return not any(math.isfinite(v) for (a, _), v in self.values.items() if a == arm)

    def _drop(self) -> None:
        alive = [a for a in self.arms if a not in self.dropped]
        for arm in alive:
            found = self.differences(arm)
            if math.fsum(found) >= 0:
                self.dropped[arm] = f"no better than without it on {len(found)} seeds"
        alive = [a for a in alive if a not in self.dropped]
        if len(alive) < 2:
            return
        common = min(self._count(a) for a in alive)
        alive.sort(key=lambda a: math.fsum(self.differences(a)[:common]))
        leader = alive[0]
        for arm in alive[self.rules.leaders :]:
            self.dropped[arm] = f"behind the best {self.rules.leaders} on {common} seeds"
        for arm in alive[: self.rules.leaders]:
            behind = self.differences(arm, leader)
            if arm == leader or len(behind) < self.rules.first or not all(d > 0 for d in behind):
                continue
            mean = math.fsum(behind) / len(behind)
            spread = math.sqrt(math.fsum((d - mean) ** 2 for d in behind) / (len(behind) - 1))
            if mean > 2 * spread / math.sqrt(len(behind)):
                self.dropped[arm] = f"behind {leader} on all of {len(behind)} seeds"

    def _decided(self, arm: str) -> bool:
        found = self.differences(arm)
        if len(found) >= self.rules.most:
            return True
        agree = all(d < 0 for d in found) or all(d > 0 for d in found)
        return len(found) >= self._early and agree

    def comparisons(self) -> list[Comparison]:
        """Every arm beside the reference, in the order of the arms."""
        found = {arm: self.differences(arm) for arm in self.arms}
        ps = holm([sign_flip(d) for d in found.values()])
        return [self._compare(a, found[a], p) for a, p in zip(self.arms, ps, strict=True)]

    def _compare(self, arm: str, found: list[float], p: float) -> Comparison:
        low, high = interval(found)
        effect = math.fsum(found) / len(found) if found else math.nan
        verdict = "no evidence"
        sure = p <= self.rules.level and abs(effect) >= self.rules.least * self._size()
        if sure and high < 0:
            verdict = "helps"
        elif sure and low > 0:
            verdict = "hurts"
        failed = sum(1 for (a, _), v in self.values.items() if a == arm and not math.isfinite(v))
        return Comparison(
            arm=arm,
            seeds=len(found),
            effect=effect,
            low=low,
            high=high,
            p=p,
            better=probability_lower(found),
            detectable=detectable_effect(found),
            verdict=verdict,
            dropped=self.dropped.get(arm, ""),
            failed=failed,
        )

    def _size(self) -> float:
        """How large the reference's own values are."""
        own = [abs(v) for (a, _), v in self.values.items() if a == self.reference]
        finite = [v for v in own if math.isfinite(v)]
        return math.fsum(finite) / len(finite) if finite else 0.0

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
