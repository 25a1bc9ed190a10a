"""The approximate index: against the exact search, as labels come and go, from file, absent."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.oneshot import OneShotClassifier, load

LABELS = 6000


@pytest.fixture(scope="module")
def many() -> Any:
    """Examples of many labels, queries near to some, and a cohort."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(LABELS + 100, 24)).astype(np.float32)
    asked = random.integers(0, LABELS, 400)
    queries = centres[asked] + 0.5 * random.normal(size=(400, 24)).astype(np.float32)
    cohort = np.repeat(centres[LABELS:], 3, axis=0)
    cohort += 0.5 * random.normal(size=cohort.shape).astype(np.float32)
    return centres[:LABELS], queries.astype(np.float32), (cohort, np.repeat(np.arange(100), 3))


def pair(many: Any, **settings: Any) -> tuple[OneShotClassifier, OneShotClassifier]:
    x, _, cohort = many
    exact, near = (
        OneShotClassifier(index=index, cohort=cohort, **settings).fit(x, np.arange(LABELS))
        for index in ("exact", "approximate")
    )
    return exact, near


@pytest.mark.parametrize("scoring", ["plain", "standing", "ratio"])
@pytest.mark.parametrize("rule", ["prototype", "nearest"])
def test_it_finds_what_the_exact_search_finds(many: Any, scoring: str, rule: str) -> None:
    exact, near = pair(many, scoring=scoring, rule=rule)
    right, found = exact.predict(many[1]), near.predict(many[1])
    assert (right == found).mean() >= 0.95
    # Scores are exact where the label is the same.
    (_, one), (_, other) = (c._known.best(many[1]) for c in (exact, near))
    same = right == found
    np.testing.assert_allclose(one[same], other[same], rtol=1e-4, atol=1e-3)
    assert (other <= one + 1e-3).all()


def test_distances_too(many: Any) -> None:
    exact, near = pair(many, scoring="plain", metric="euclidean")
    assert (exact.predict(many[1]) == near.predict(many[1])).mean() >= 0.95


def test_labels_come_and_go(many: Any) -> None:
    _, near = pair(many, scoring="plain")
    queries = many[1]
    before = near.predict(queries)
    index = near._known.sought.index
    made = index.index
    gone = int(before[0])
    near.forget(gone)
    after = near.predict(queries)
    assert gone not in after
    np.testing.assert_array_equal(after[before != gone], before[before != gone])
    near.enroll("new", queries[0])
    assert near.predict(queries[:1]).tolist() == ["new"]
    assert index.index is made
    # Many changes make it anew.
    for label in range(1000):
        if label in near.labels:
            near.forget(label)
    assert not set(near.predict(queries)) & set(range(1000))
    assert index.index is not made
    assert near.predict(queries[:1]).tolist() == ["new"]


def test_a_file_keeps_the_choice_and_makes_it_again(many: Any, tmp_path: Path) -> None:
    _, near = pair(many, scoring="ratio")
    near.save(tmp_path)
    again = load(tmp_path)
    assert again.index == "approximate"
    np.testing.assert_array_equal(again.predict(many[1]), near.predict(many[1]))


def test_few_labels_are_searched_exactly(world: Any) -> None:
    x, y = world.take(range(10), 2)
    near = OneShotClassifier(index="approximate").fit(x, y)
    np.testing.assert_array_equal(near.predict(x), OneShotClassifier().fit(x, y).predict(x))
    index = near._known.sought.index
    assert index is not None
    assert index.index is None


def test_what_is_missing_or_misspelt_is_one_line(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = world.take(range(3), 1)
    with pytest.raises(UnknownNameError, match="did you mean `approximate`"):
        OneShotClassifier(index="aproximate").fit(x, y)
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(BadInputError, match=r"needs `faiss`: pip install 'trainwell\[oneshot-in"):
        OneShotClassifier(index="approximate").fit(x, y)
