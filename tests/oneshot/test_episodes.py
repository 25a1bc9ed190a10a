"""Episodes, their figures and their pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from trainwell.errors import BadInputError
from trainwell.oneshot import (
    OneShotClassifier,
    evaluate_episodes,
    plot_confusion,
    plot_map,
    plot_reliability,
)
from trainwell.oneshot.reliability import Reliability


@pytest.fixture
def classifier(world: Any, cohort: Any) -> OneShotClassifier:
    return OneShotClassifier(cohort=cohort).fit(*world.take(range(4), 1))


def test_figures(world: Any, classifier: OneShotClassifier) -> None:
    x, y = world.take(range(30), 6, seed=3)
    done = evaluate_episodes(classifier, x, y, ways=10, queries=4, episodes=30)
    assert done.accuracies.shape == (30,)
    assert 0.8 < done.accuracy.mean < 1
    assert 0 < done.accuracy.half < 0.05
    assert done.auroc is not None
    assert 0.7 < done.auroc.mean < 1
    assert done.found_false_accept is not None
    assert done.found_false_accept.mean < 0.15
    assert done.reliability is not None
    assert done.reliability.error < 0.1
    assert done.confusion.sum() == 30 * 10 * 4
    assert "10-way 1-shot, 30 episodes\n  accuracy" in str(done)
    # What was enrolled before is left alone, and the same seed gives the same figures.
    assert classifier.labels == [0, 1, 2, 3]
    again = evaluate_episodes(classifier, x, y, ways=10, queries=4, episodes=30)
    np.testing.assert_array_equal(done.accuracies, again.accuracies)


def test_plain_episodes_without_strangers(world: Any) -> None:
    x, y = world.take(range(5), 3, seed=3)
    done = evaluate_episodes(None, x, y, ways=5, queries=1, episodes=4, assume="one_to_one")
    assert done.auroc is None
    assert done.reliability is None
    assert "answered one_to_one" in str(done)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"ways": 40}, "40 ways need as many labels with 2 examples, and there are 5"),
        ({"ways": 1}, "`ways` must be 2"),
        ({"shots": 3}, "5 ways need as many labels with 4 examples, and there are 0"),
        ({"queries": 0}, "`queries` must be at least 1, got 0"),
        ({"ways": 2, "episodes": 0}, "`episodes` 1 at least"),
    ],
)
def test_what_cannot_be_is_told(world: Any, settings: Any, text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        evaluate_episodes(None, *world.take(range(5), 3), **settings)
    assert text in str(caught.value)


def test_the_calibration_error_is_that_of_a_loop() -> None:
    random = np.random.default_rng(0)
    confidences = random.random(500)
    hits = random.random(500) < confidences**2
    slow = 0.0
    for number in range(15):
        inside = (confidences >= number / 15) & (confidences < (number + 1) / 15)
        if inside.any():
            gap = abs(confidences[inside].mean() - hits[inside].mean())
            slow += gap * inside.sum() / 500
    assert Reliability.of(confidences, hits).error == pytest.approx(slow)


def test_pictures(world: Any, classifier: OneShotClassifier, tmp_path: Any) -> None:
    done = evaluate_episodes(classifier, *world.take(range(12), 4), ways=5, episodes=5)
    for number, figure in enumerate(
        [plot_reliability(done), plot_confusion(done), plot_map(classifier)]
    ):
        figure.savefig(tmp_path / f"{number}.png")
        assert (tmp_path / f"{number}.png").stat().st_size > 5000
    plain = evaluate_episodes(None, *world.take(range(12), 4), ways=5, episodes=5)
    with pytest.raises(BadInputError, match="no cohort to calibrate with"):
        plot_reliability(plain)
    with pytest.raises(BadInputError, match="needs three enrolled examples, got 1"):
        plot_map(OneShotClassifier().enroll("a", [[1.0, 2.0]]))


def test_auroc_is_that_of_scikit_learn(world: Any) -> None:
    x, y = world.take(range(8), 5)
    done = evaluate_episodes(None, x, y, ways=4, queries=4, episodes=1, random_state=3)
    assert done.auroc is not None
    assert np.isnan(done.auroc.half)
    assert roc_auc_score([1, 0], [1.0, 0.0]) == 1.0
    assert 0.5 < done.auroc.mean <= 1
