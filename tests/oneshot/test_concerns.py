"""What a classifier tells a probe, and what it finds wrong with what is enrolled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import trainwell
from trainwell.oneshot import OneShotClassifier


def found(run: Any) -> list[str]:
    return [entry.code for entry in run.diagnosis().entries]


def test_healthy_enrolment_shows_nothing(world: Any, cohort: Any) -> None:
    with trainwell.watch(record=False) as run:
        classifier = OneShotClassifier(cohort=cohort).fit(*world.take(range(10), 4))
        classifier.predict(world.take(range(10), 10, seed=3)[0])
    assert found(run) == []
    (fact,) = run.record.recognisers.values()
    assert (fact.name, fact.labels, fact.examples, fact.queries) == ("vectors", 10, 40, 100)
    assert fact.place.file == __file__
    assert "OneShotClassifier(cohort=cohort).fit" in (fact.place.code or "")
    assert "1 one-shot classifier" in run.report()


def test_labels_too_alike(world: Any, cohort: Any) -> None:
    x, y = world.take(range(5), 1)
    with trainwell.watch(record=False) as run:
        classifier = OneShotClassifier(cohort=cohort).fit(x, y)
        classifier.enroll("twin", x[3] * 1.01)
    assert found(run) == ["ONE101"]
    concerns = classifier.check()
    assert {concerns.first, concerns.second} == {"3", "twin"}
    assert concerns.alike == pytest.approx(1, abs=0.01)


def test_a_stray_example(world: Any, cohort: Any) -> None:
    x, y = world.take(range(5), 4)
    with trainwell.watch(record=False) as run:
        classifier = OneShotClassifier(cohort=cohort).fit(x, y)
        classifier.enroll(2, world.centres[4])
    assert found(run) == ["ONE102"]
    concerns = classifier.check()
    assert (concerns.stray, concerns.of, concerns.other) == ("20", "2", "4")


def test_queries_off_the_ground(world: Any, cohort: Any) -> None:
    # The embedder's examples fill eight directions; what is foreign lies in the eight others.
    ground = np.array([1.0] * 8 + [0.05] * 8, np.float32)
    x, y = world.take(range(5), 1)
    known, (others, names) = (x - 1) * ground, cohort
    queries = world.take(range(5), 10, seed=3)[0] - 1
    for turn, expected in ((ground, []), (ground[::-1], ["ONE103"])):
        with trainwell.watch(record=False) as run:
            classifier = OneShotClassifier(cohort=((others - 1) * ground, names)).fit(known, y)
            classifier.predict(queries * turn)
        assert found(run) == expected
    with trainwell.watch(record=False) as run:
        OneShotClassifier().fit(x, y).predict(np.repeat(x, 10, axis=0))
    assert found(run) == []


def test_watching_changes_nothing(world: Any, cohort: Any) -> None:
    x, y = world.take(range(10), 2)
    bare = OneShotClassifier(cohort=cohort).fit(x, y).predict_batch(x)
    with trainwell.watch(record=False):
        watched = OneShotClassifier(cohort=cohort).fit(x, y).predict_batch(x)
    np.testing.assert_array_equal(bare.score, watched.score)
    with trainwell.watch(record=False) as run:
        pass
    OneShotClassifier(cohort=cohort).fit(x, y)
    assert run.record.recognisers == {}
