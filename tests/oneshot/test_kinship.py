"""A cohort of another kind than what is enrolled is noticed, and one of the same kind is not."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from trainwell.oneshot import Cohort, OneShotClassifier
from trainwell.oneshot.kinship import Kinship

NARROW = np.array([1.0] * 8 + [0.1] * 8, np.float32)


def ground(world: Any, labels: range, shots: int, scale: np.ndarray, seed: int = 0) -> Any:
    x, y = world.take(labels, shots, seed=seed)
    return (x - 1) * scale, y


@pytest.mark.parametrize("scoring", ["auto", "ratio", "standing"])
@pytest.mark.parametrize("shots", [1, 3])
def test_a_cohort_of_another_kind_is_told(world: Any, scoring: str, shots: int) -> None:
    cohort = ground(world, range(60, 120), 6, NARROW)
    classifier = OneShotClassifier(cohort=cohort, scoring=scoring)
    with pytest.warns(UserWarning, match="the cohort is of another kind than what is enrolled"):
        classifier.fit(*ground(world, range(20), shots, NARROW[::-1], seed=1))
    # Once is enough.
    classifier.partial_fit(*ground(world, range(20, 60), shots, NARROW[::-1], seed=1))


@pytest.mark.parametrize("seed", range(10))
def test_no_false_alarm(world: Any, seed: int) -> None:
    random = np.random.default_rng(seed)
    names = random.permutation(120)
    for scale in (NARROW, np.ones(16, np.float32)):
        x, y = ground(world, range(120), 6, scale, seed=seed)
        inside = np.isin(y, names[:60])
        for count in (5, 20, 60):
            rows = np.concatenate([np.flatnonzero(y == name)[:1] for name in names[60:][:count]])
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                OneShotClassifier(cohort=(x[inside], y[inside])).fit(x[rows], y[rows])


def test_it_is_told_as_labels_come_one_by_one_and_not_of_few(world: Any) -> None:
    cohort = ground(world, range(60, 120), 6, NARROW)
    x, y = ground(world, range(5), 1, NARROW[::-1])
    classifier = OneShotClassifier(cohort=cohort)
    for row, label in zip(x[:4], y[:4].tolist(), strict=True):
        classifier.enroll(label, row)
    with pytest.warns(UserWarning, match=r"5 of 5 enrolled examples \(100%"):
        classifier.enroll(4, x[4])


def test_what_is_not_decided_by_the_cohort_is_not_told(world: Any) -> None:
    cohort = ground(world, range(60, 120), 6, NARROW)
    for settings in ({"cohort": cohort, "scoring": "plain"}, {"cohort": False}):
        OneShotClassifier(**settings).fit(*ground(world, range(20), 1, NARROW[::-1]))


def test_similarities_are_those_of_a_loop(world: Any) -> None:
    x, y = world.take(range(10), 3)
    cohort = Cohort.of(x, y)
    kinship = Kinship.of(cohort, cohort.centre)
    placed = [row / np.linalg.norm(row) for row in x - cohort.centre]
    own = [
        max(float(a @ b) for b, other in zip(placed, y, strict=True) if other != label)
        for a, label in zip(placed, y, strict=True)
    ]
    np.testing.assert_allclose(kinship.own, np.sort(own), rtol=1e-4)
    query = world.centres[:1].astype(np.float32)
    unit = (query[0] - cohort.centre) / np.linalg.norm(query[0] - cohort.centre)
    assert kinship.best(query)[0] == pytest.approx(max(float(unit @ b) for b in placed), rel=1e-4)
    assert Kinship.of(Cohort.of(x[:3], y[:3]), None).limit(0.05) == -np.inf
