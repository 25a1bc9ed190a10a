"""A race that ends with the exact test: all arms on common seeds, clear losers dropped.

All arms get the first seeds. Then clear losers are dropped, and the others get more, until the
exact test decides or the seeds end. It assumes nothing about the noise, and takes many runs.
"""

from __future__ import annotations

__all__ = ["ExactRace"]

import math

from trainwell.trials.race import Comparison, Race
from trainwell.trials.statistics import (
    detectable_effect,
    holm,
    interval,
    pairs_needed,
    probability_lower,
    sign_flip,
)


class ExactRace(Race):
    """Arms that run on common seeds, decided by the exact sign-flip test, adjusted by Holm."""

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

    @property
    def _early(self) -> int:
        return pairs_needed(len(self.arms), self.rules.level)

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
