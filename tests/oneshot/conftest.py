"""Small worlds of labels: a direction for each label, and noise around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest


@dataclass(frozen=True)
class World:
    """Examples (rows) of labels: `take(label numbers, count)`."""

    centres: np.ndarray
    noise: float

    def take(self, labels: list[int] | range, count: int, seed: int = 0):
        random = np.random.default_rng([seed, count])
        y = np.repeat(np.array(list(labels)), count)
        x = self.centres[y] + self.noise * random.normal(size=(len(y), self.centres.shape[1]))
        return x.astype(np.float32), y


@pytest.fixture(scope="session")
def world() -> World:
    random = np.random.default_rng(0)
    return World(random.normal(size=(120, 16)) + 1.0, 0.6)


@pytest.fixture
def cohort(world: World):
    """Examples and labels of 60 labels that no test enrols."""
    return world.take(range(60, 120), 6, seed=9)
