"""A race that chooses one arm on a few seeds, and tests it on fresh ones.

Every arm runs on the first seed, the best third on the second one; the best of them is compared
with the reference on seeds that had no part in choosing it. So it is one test, whatever the number
of arms, and large effects are decided after two fresh pairs. docs/treat.md has the derivation.
"""

from __future__ import annotations

__all__ = ["ConfirmingRace", "expected_runs"]

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from trainwell.trials.race import Comparison, Race, Rules
from trainwell.trials.statistics import Estimate, detectable_effect, estimate, interval

_LOOKS = (2, 3, 4, 6, 8)
"""Fresh pairs after which the leader is tested; beyond, half as many again."""

_SPENT = 0.9
"""Share of the level that the looks get together: each the same part of it. By simulation, since
the smallest p of several tests is taken at every look (`python -m benchmarks.treat.power`)."""

_NEAR = 0.1
"""Of arms whose gain falls short of the best one's by less than this share of it, the first one of
the list leads: simpler ones stand before what they are part of."""

_CAP = 3.0
"""Standard deviations, as the median deviation tells them, beyond the median at which values are
capped, for the second estimate. A training that diverges on one seed of five would hide, by its
enormous loss, how much better the others are."""

_NORMAL = 1.4826
"""Standard deviation of normal values over their median deviation."""

_HOPELESS = 3
"""Fresh pairs after which a leader is given up that is no better on their mean."""


@dataclass
class ConfirmingRace(Race):
    """One arm is chosen, and tested on fresh seeds.

    Attributes:
        screened: seeds of the screening after which arms were dropped.
    """

    screened: int = 0

    def wanted(self) -> list[tuple[str, int]]:
        """The (arm, seed) pairs that are to be run next; empty when the race is over."""
        screened = self._screen()
        if screened:
            return screened
        leader = self.leader
        if leader is None or leader in self.dropped:
            return []
        done = self._fresh(leader)
        if self._decided(leader, done) or done >= self.looks[-1]:
            return []
        # An arm that nobody chose may also be worse, and that is to be told.
        if self.rules.screen and done >= _HOPELESS and self._estimate(leader, done).effect >= 0:
            self.dropped[leader] = f"no better on {done} fresh seeds"
            return []
        goal = next(n for n in self.looks if n > done)
        seeds = range(self.rules.screen, self.rules.screen + goal)
        return [
            (a, s) for s in seeds for a in (self.reference, leader) if (a, s) not in self.values
        ]

    def comparisons(self) -> list[Comparison]:
        """Every arm beside the reference, in the order of the arms."""
        return [self._compare(arm) for arm in self.arms]

    @property
    def looks(self) -> tuple[int, ...]:
        """Numbers of fresh pairs after which the leader is tested."""
        most = max(self.rules.most - self.rules.screen, _LOOKS[0])
        looks = [n for n in _LOOKS if n <= most]
        while looks[-1] < most:
            looks.append(min(max(looks[-1] * 3 // 2, looks[-1] + 1), most))
        return tuple(looks)

    @property
    def _level(self) -> float:
        """Of one look, one-sided."""
        return _SPENT * self.rules.level / len(self.looks)

    def _screen(self) -> list[tuple[str, int]]:
        """What is missing until the leader can be chosen; chooses it when nothing is."""
        if self.leader is not None:
            return []
        for seed in range(self.rules.screen):
            racing = [self.reference, *(a for a in self.arms if a not in self.dropped)]
            missing = [(a, seed) for a in racing if (a, seed) not in self.values]
            if missing:
                return missing
            if seed == self.screened:
                self._choose(seed + 1)
                self.screened += 1
        left = [a for a in self.arms if a not in self.dropped]
        self.leader = left[0] if left else None
        return []

    def _choose(self, seeds: int) -> None:
        """Keep the best third, two at least; the best one after the last seed of the screening."""
        last = seeds == self.rules.screen
        alive = [a for a in self.arms if a not in self.dropped]
        # An uncommonly good value is what is looked for: only the bad ones are drawn in.
        compared = _capped(self._until(seeds, (self.reference, *alive)), below=False)
        base = math.fsum(compared[self.reference])
        sums = {a: math.fsum(compared[a]) - base for a in alive}
        for arm in alive:
            if all(not math.isfinite(self.values[arm, s]) for s in range(seeds)):
                self.dropped[arm] = "every trial failed"
            elif sums[arm] >= 0 and (last or len(alive) > 2):
                self.dropped[arm] = f"no better on {_seeds(seeds)}"
        alive = sorted((a for a in alive if a not in self.dropped), key=lambda a: sums[a])
        if last and alive:
            near = [a for a in self.arms if a in alive and sums[a] <= (1 - _NEAR) * sums[alive[0]]]
            alive = [near[0], *(a for a in alive if a != near[0])]
        keep = 1 if last else _kept(len(alive))
        for arm in alive[keep:]:
            self.dropped[arm] = f"behind {alive[0]} on {_seeds(seeds)}"

    def _until(self, seeds: int, arms: Sequence[str]) -> dict[str, list[float]]:
        """The arms' values on the first seeds; a failure is worse than all of the others."""
        known = {a: [self.values.get((a, s), math.nan) for s in range(seeds)] for a in arms}
        finite = [v for values in known.values() for v in values if math.isfinite(v)]
        high, low = max(finite, default=0.0), min(finite, default=0.0)
        worst = high + max(high - low, abs(high), 1e-12)
        return {
            a: [worst if v == math.inf else v for v in values if not math.isnan(v)]
            for a, values in known.items()
        }

    def _fresh(self, arm: str) -> int:
        """How many fresh pairs there are, without a gap."""
        count = 0
        while all((a, self.rules.screen + count) in self.values for a in (arm, self.reference)):
            count += 1
        return count

    def _estimate(self, arm: str, fresh: int, *, worse: bool = False) -> Estimate:
        """Of the values as they are, or of capped ones: what says more."""
        plain = self._until(self.rules.screen + fresh, (self.reference, arm))
        found = []
        for values in (plain, _capped(plain)):
            known = sorted({v for each in values.values() for v in each})
            gap = min((b - a for a, b in pairwise(known)), default=0.0)
            pair = values[self.reference], values[arm]
            found.append(estimate(*pair, self.rules.screen, gap))
        return min(found, key=lambda e: e.beyond(worse))

    def _decided(self, arm: str, done: int) -> bool:
        hurts = not self.rules.screen and self._p(arm, done, worse=True) <= self._level
        return hurts or self._p(arm, done) <= self._level

    def _p(self, arm: str, done: int, *, worse: bool = False) -> float:
        """The smallest one-sided p of the looks so far."""
        looks = [n for n in self.looks if n <= done]
        found = [
            min(self._estimate(arm, n, worse=worse).beyond(worse), self._signs(arm, n, worse=worse))
            for n in looks
        ]
        return min(found, default=1.0)

    def _signs(self, arm: str, fresh: int, *, worse: bool = False) -> float:
        """One-sided p of the exact sign-flip test where all fresh pairs agree; 1 where not."""
        differences = self.differences(arm)[self.rules.screen :][:fresh]
        agree = all(d > 0 if worse else d < 0 for d in differences)
        return 2.0**-fresh if agree else 1.0

    def _compare(self, arm: str) -> Comparison:
        found = self.differences(arm)
        failed = sum(1 for (a, _), v in self.values.items() if a == arm and not math.isfinite(v))
        fresh = self._fresh(arm) if arm == self.leader else 0
        screened = self.rules.screen if fresh else 0
        p = math.nan
        verdict = "no evidence"
        of = self._estimate(arm, fresh) if fresh else _all_of(found)
        effect = of.effect
        low, high = of.interval()
        if fresh:
            p = min(1.0, self._p(arm, fresh) * self.rules.level / self._level)
            if high >= 0 and p <= self.rules.level:
                # All pairs agree, and differ too much for Student's t.
                effect = math.fsum(found[screened:]) / fresh
                low, high = interval(found[screened:])
            large = abs(effect) >= self.rules.least * self._size()
            if p <= self.rules.level and large and high < 0:
                verdict = "helps"
            elif verdict != "helps" and not self.rules.screen:
                worse = self._estimate(arm, fresh, worse=True)
                if self._p(arm, fresh, worse=True) <= self._level and worse.interval()[0] > 0:
                    verdict, of = "hurts", worse
                    effect, (low, high) = of.effect, of.interval()
                    p = min(1.0, self._p(arm, fresh, worse=True) * self.rules.level / self._level)
        return Comparison(
            arm=arm,
            seeds=len(found),
            effect=effect,
            low=low,
            high=high,
            p=p,
            better=1.0 - of.below if math.isfinite(of.error) else 0.5,
            detectable=detectable_effect(found[screened:]),
            verdict=verdict,
            dropped=self.dropped.get(arm, ""),
            failed=failed,
        )


def _capped(values: dict[str, list[float]], *, below: bool = True) -> dict[str, list[float]]:
    """The same, those far above the median of all drawn in, and, if wanted, those far below."""
    pooled = [v for each in values.values() for v in each]
    if not pooled:
        return values
    middle = median(pooled)
    spread = _CAP * _NORMAL * median(abs(v - middle) for v in pooled)
    if not spread:
        return values
    low, high = middle - spread if below else -math.inf, middle + spread
    return {arm: [min(max(v, low), high) for v in each] for arm, each in values.items()}


def expected_runs(arms: int, rules: Rules) -> tuple[int, int]:
    """How many runs a race takes where the effect is large, and at most.

    Args:
        arms: beside the reference.
        rules: of the race.
    """
    screening = 1 + arms + (rules.screen - 1) * (1 + min(arms, _kept(arms)))
    race = ConfirmingRace("", (), rules)
    return screening + 2 * race.looks[0], screening + 2 * race.looks[-1]


def _kept(arms: int) -> int:
    return max(2, math.ceil(arms / 3))


def _all_of(differences: list[float]) -> Estimate:
    """What pairs say that were not tested, the ones it was chosen by included."""
    n = len(differences)
    if n < 2:
        return Estimate(math.fsum(differences) if n else math.nan, math.inf, 1.0)
    mean = math.fsum(differences) / n
    spread = math.fsum((d - mean) ** 2 for d in differences) / (n - 1)
    return Estimate(mean, math.sqrt(spread / n), n - 1.0)


def _seeds(seeds: int) -> str:
    return f"{seeds} seed{'s' * (seeds > 1)}"
