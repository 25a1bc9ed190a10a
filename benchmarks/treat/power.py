"""Simulated races: how often a cure is declared where none is, and in how many runs where one is.

    python -m benchmarks.treat.power [--races 2000]

Each row is a kind of noise; an arm of six (or three, or one) is better by a multiple of the noise's
own spread. "shared": most of the noise is that of the seed, the same for all arms.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np

from trainwell.trials.confirming_race import ConfirmingRace
from trainwell.trials.race import Rules

KINDS = (
    "normal",
    "heavy tails",
    "skewed up",
    "skewed down",
    "bimodal up",
    "bimodal down",
    "rounded",
    "few values",
)
EFFECTS = (0.0, 1.0, 2.0, 3.0, 5.0)


@dataclass(frozen=True)
class Found:
    """What races of one kind said.

    Attributes:
        false: share of the races that declared another arm than the better one to help.
        right: share of those that declared the better one.
        runs: median number of runs.
        most: runs of nine races in ten at most.
    """

    false: float
    right: float
    runs: float
    most: float


def draw(kind: str, size: int, generator: np.random.Generator) -> np.ndarray:
    """Noise of about unit spread; costs, so that lower is better."""
    if kind == "normal":
        return generator.normal(size=size)
    if kind == "heavy tails":
        return generator.standard_t(2.5, size) / math.sqrt(5)
    if kind.startswith("skewed"):
        values = generator.gamma(1.0, 1.0, size) - 1
    elif kind.startswith("bimodal"):
        # One run in five ends in another place.
        values = np.where(generator.random(size) < 0.2, 2.0, -0.5)
        values = values + 0.1 * generator.normal(size=size)
    elif kind == "rounded":
        return np.round(generator.normal(size=size) * 2) / 2
    elif kind == "few values":
        return np.round(generator.normal(size=size) * 0.7)
    else:
        raise ValueError(f"no such noise: {kind}")
    return values if kind.endswith("up") else -values


def races(
    kind: str, arms: int, effect: float, number: int, *, shared: bool = False, seed: int = 0
) -> Found:
    """Run races in which the first arm is better by `effect`."""
    generator = np.random.default_rng(seed)
    rules = Rules()
    names = ["base", *(f"a{i}" for i in range(arms))]
    false = right = 0
    runs = []
    for _ in range(number):
        common = draw(kind, rules.most, generator) * shared
        grid = {}
        for i, name in enumerate(names):
            own = draw(kind, rules.most, generator) * (0.3 if shared else 1.0)
            for s, value in enumerate(common + own - effect * (i == 1)):
                grid[name, s] = float(value)
        race = ConfirmingRace("base", names[1:], rules)
        runs.append(race.replay(grid))
        winner = race.winner()
        if winner is not None:
            good = effect > 0 and winner.arm == "a0"
            right += good
            false += not good
    return Found(
        false / number, right / number, float(np.median(runs)), float(np.quantile(runs, 0.9))
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--races", type=int, default=2000, help="without effect, of each kind")
    options = parser.parse_args()
    effects = "".join(f"{f'effect {e:g}':>24}" for e in EFFECTS[1:])
    print(f"{'arms':>4} {'noise':14} {'seeds':7} {'false':>7}{effects}")
    print(f"{'':34}{'right, runs (of 9 in 10)':>24}")
    for arms in (6, 3, 1):
        for shared in (False, True):
            for kind in KINDS:
                null = races(kind, arms, 0.0, options.races, shared=shared)
                cells = ""
                for effect in EFFECTS[1:]:
                    f = races(kind, arms, effect, options.races // 10, shared=shared)
                    cells += f"{f'{f.right:.0%}, {f.runs:.0f} ({f.most:.0f})':>24}"
                where = "shared" if shared else "own"
                print(f"{arms:4} {kind:14} {where:7} {null.false:7.1%}{cells}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
