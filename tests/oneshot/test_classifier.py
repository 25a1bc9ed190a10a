"""Enrolling, forgetting, answering."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from trainwell.errors import BadInputError, UnknownNameError
from trainwell.oneshot import Cohort, FunctionEmbedder, OneShotClassifier

SCORINGS = ["plain", "standing", "ratio"]
RULES = ["prototype", "nearest"]


def enrolled(world: Any, cohort: Any, *, labels: int = 8, shots: int = 2, **settings: Any):
    x, y = world.take(range(labels), shots)
    return OneShotClassifier(cohort=cohort, **settings).fit(x, [f"label {i}" for i in y])


def test_one_example_is_enough(world: Any, cohort: Any) -> None:
    classifier = OneShotClassifier(cohort=cohort)
    x, y = world.take(range(10), 1, seed=1)
    for example, label in zip(x, y.tolist(), strict=True):
        assert classifier.enroll(label, example) is classifier
    queries, right = world.take(range(10), 20, seed=2)
    assert classifier.labels == list(range(10))
    assert classifier.score(queries, right) > 0.9


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_plain_answers_are_those_of_a_loop(world: Any, rule: str, metric: str) -> None:
    x, y = world.take(range(6), 3)
    queries, _ = world.take(range(6), 4, seed=5)
    classifier = OneShotClassifier(rule=rule, metric=metric, cohort=False).fit(x, y)
    answers = classifier.predict_batch(queries)
    for query, label, similarity in zip(queries, answers.labels, answers.similarity, strict=True):
        rows, owner = x.astype(float), y
        if metric == "cosine":
            rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
            query = query / np.linalg.norm(query)
        if rule == "prototype":
            rows = np.stack([rows[y == k].mean(axis=0) for k in range(6)])
            owner = np.arange(6)
            if metric == "cosine":
                rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        found = rows @ query if metric == "cosine" else -np.linalg.norm(rows - query, axis=1)
        assert label == owner[found.argmax()]
        assert similarity == pytest.approx(found.max(), abs=1e-4)


@pytest.mark.parametrize("scoring", SCORINGS)
@pytest.mark.parametrize("rule", RULES)
def test_removing_leaves_every_other_answer_exactly_as_it_was(
    world: Any, cohort: Any, scoring: str, rule: str
) -> None:
    classifier = enrolled(world, cohort, labels=30, scoring=scoring, rule=rule)
    queries, _ = world.take(range(60), 10, seed=3)
    before = classifier.predict_batch(queries, unknown=True)
    gone = [f"label {i}" for i in (0, 7, 29, 13)]
    for label in gone:
        classifier.forget(label)
    kept = ~np.isin(before.labels.astype(str), gone)
    others = [i for i, label in enumerate(before.labels) if label is not None and kept[i]]
    after = classifier.predict_batch(queries, unknown=True)
    assert after.threshold == before.threshold
    for name in ("labels", "similarity", "score"):
        old, new = getattr(before, name)[others], getattr(after, name)[others]
        np.testing.assert_array_equal(old, new)
    assert not set(gone) & set(after.labels)
    # A label that comes back takes a free seat, and the others' answers are as before.
    x, y = world.take(range(30), 2)
    for label in gone:
        classifier.enroll(label, list(x[y == int(label.split()[1])]))
    again = classifier.predict_batch(queries)
    np.testing.assert_array_equal(before.score[others], again.score[others])
    np.testing.assert_allclose(before.score, again.score, rtol=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_one_example_is_removed_by_its_number(world: Any, rule: str) -> None:
    x, y = world.take(range(3), 2)
    classifier = OneShotClassifier(rule=rule, cohort=False).fit(x, y)
    wrong = world.centres[1].astype(np.float32)
    classifier.enroll(0, wrong)
    (first, *_) = classifier.explain([wrong]).neighbours
    assert (first.label, first.example) == (0, 6)
    alone = OneShotClassifier(rule=rule, cohort=False).fit(x, y)
    classifier.remove(example=6)
    np.testing.assert_array_equal(classifier.predict_batch(x).score, alone.predict_batch(x).score)
    with pytest.raises(BadInputError, match="there is no example 6"):
        classifier.remove(example=6)
    classifier.remove(example=0).remove(example=1)
    assert classifier.labels == [1, 2]


@pytest.mark.parametrize("rule", RULES)
def test_rename_and_merge(world: Any, rule: str) -> None:
    x, y = world.take(range(4), 2)
    classifier = OneShotClassifier(rule=rule, cohort=False).fit(x, y)
    classifier.rename(2, "two")
    assert classifier.labels == [0, 1, "two", 3]
    assert classifier.predict([world.centres[2]])[0] == "two"
    classifier.merge(3, into=1)
    assert classifier.labels == [0, 1, "two"]
    whole = OneShotClassifier(rule=rule, cohort=False).fit(x, np.where(y == 3, 1, y))
    queries, _ = world.take(range(4), 5, seed=8)
    np.testing.assert_allclose(
        classifier.predict_batch(queries).score, whole.predict_batch(queries).score, rtol=1e-5
    )
    for call, text in [
        (lambda: classifier.rename(0, 1), "the label `1` is enrolled already: `merge` joins"),
        (lambda: classifier.merge(0, 0), "cannot be merged into itself"),
        (lambda: classifier.rename(9, 5), "unknown label `9`"),
        (lambda: classifier.forget("twoo"), "unknown label `twoo`; did you mean `two`?"),
        (lambda: classifier.remove(), "one of them"),
    ]:
        with pytest.raises(BadInputError) as caught:
            call()
        assert text in str(caught.value)
    assert classifier.labels == [0, 1, "two"]


@pytest.mark.parametrize("scoring", SCORINGS)
def test_unknowns_are_refused_from_one_example(world: Any, cohort: Any, scoring: str) -> None:
    classifier = enrolled(world, cohort, labels=20, shots=1, scoring=scoring)
    known, y = world.take(range(20), 20, seed=4)
    strangers, _ = world.take(range(20, 60), 20, seed=4)
    accepted = [label is not None for label in classifier.predict(strangers, unknown=True)]
    assert 0.005 < np.mean(accepted) < 0.15
    kept = classifier.predict(known, unknown=True) == np.array([f"label {i}" for i in y])
    assert np.mean(kept) > 0.5
    classifier.calibrate(false_accept=0.3)
    more = [label is not None for label in classifier.predict(strangers, unknown=True)]
    assert np.mean(more) > np.mean(accepted)


@pytest.mark.parametrize("scoring", ["ratio", "standing"])
def test_every_label_of_the_cohort_is_rehearsed(world: Any, cohort: Any, scoring: str) -> None:
    classifier = enrolled(world, cohort, labels=20, shots=1, scoring=scoring)
    grounds = classifier._used_grounds()
    assert grounds.cohort is not None
    names = {
        row.tobytes(): label
        for row, label in zip(
            grounds.space.place(grounds.cohort.vectors), grounds.cohort.labels, strict=True
        )
    }
    seen: set[Any] = set()

    def rule(placed: Any, groups: Any, count: int) -> Any:
        seen.update(names[row.tobytes()] for row in placed)
        return placed, np.ones(count, np.int64)

    object.__setattr__(grounds, "stand_for", rule)
    assert grounds.calibration(ways=20, shots=1, seed=0) is not None
    assert seen == set(grounds.cohort.labels)


@pytest.mark.parametrize("scoring", SCORINGS)
def test_probabilities_are_calibrated(world: Any, cohort: Any, scoring: str) -> None:
    classifier = enrolled(world, cohort, labels=20, shots=1, scoring=scoring)
    queries, y = world.take(range(20), 20, seed=4)
    chances = classifier.predict_proba(queries)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-6)
    assert chances.shape == (400, 20)
    right = classifier.classes_[chances.argmax(axis=1)] == [f"label {i}" for i in y]
    assert abs(chances.max(axis=1).mean() - right.mean()) < 0.1
    wider = classifier.predict_proba(queries, unknown=True)
    assert wider.shape == (400, 21)
    np.testing.assert_allclose(wider.sum(axis=1), 1, rtol=1e-6)


def test_without_a_cohort_the_examples_calibrate(world: Any) -> None:
    classifier = OneShotClassifier().fit(*world.take(range(10), 4))
    assert classifier.calibrate().source == "examples"
    few = OneShotClassifier().fit(*world.take(range(10), 1))
    assert few.predict_batch(world.centres[:2]).calibrated == ""
    with pytest.raises(BadInputError, match="need a cohort"):
        few.predict(world.centres[:2], unknown=True)


def test_transductive_modes_are_named(world: Any, cohort: Any) -> None:
    classifier = enrolled(world, cohort, labels=10, shots=1)
    queries, _ = world.take(range(10), 1, seed=11)
    found = classifier.predict_batch(queries, "one_to_one")
    assert found.assume == "one_to_one"
    assert sorted(found.labels) == sorted(classifier.labels)
    even = classifier.predict_batch(np.repeat(queries, 3, axis=0), "balanced")
    assert even.assume == "balanced"
    with pytest.raises(BadInputError, match="at least as many labels as queries, got 10 and 20"):
        classifier.predict_batch(np.repeat(queries, 2, axis=0), "one_to_one")
    with pytest.raises(UnknownNameError, match="did you mean `balanced`"):
        classifier.predict_batch(queries, "balance")
    with pytest.raises(BadInputError, match="does not go with `unknown`"):
        classifier.predict_batch(queries, "balanced", unknown=True)


def test_explain_tells_the_neighbours(world: Any, cohort: Any) -> None:
    classifier = enrolled(world, cohort, labels=5, shots=3)
    told = classifier.explain([world.centres[3]], count=4, unknown=True)
    assert told.label == told.best == told.neighbours[0].label == "label 3"
    assert len(told.neighbours) == 4
    similarities = [n.similarity for n in told.neighbours]
    assert similarities == sorted(similarities, reverse=True)
    assert "`label 3`: score" in str(told)
    assert "accepted from" in str(told)
    with pytest.raises(BadInputError, match="takes one query, got 2"):
        classifier.explain(world.centres[:2])


def test_texts_are_examples_and_sources() -> None:
    def letters(texts: Any) -> Any:
        return [[text.count(c) for c in "abcde"] for text in texts]

    classifier = OneShotClassifier(letters).enroll("a", "aaa").enroll("b", ["bb", "bbbb"])
    assert classifier.predict("aab") == "a"
    assert classifier.predict(["bba", "aaab"]).tolist() == ["b", "a"]
    assert classifier.explain("bb").neighbours[0].source == "bb"


def test_it_is_an_estimator_of_scikit_learn(world: Any, cohort: Any) -> None:
    x, y = world.take(range(6), 10)
    classifier = OneShotClassifier(cohort=Cohort.of(*cohort))
    assert cross_val_score(clone(classifier), x, y, cv=3).mean() > 0.9
    classifier.fit(x, y)
    np.testing.assert_array_equal(classifier.classes_, range(6))
    assert classifier.predict(x).dtype == classifier.classes_.dtype
    classifier.partial_fit(*world.take([30], 1))
    assert 30 in classifier.labels
    classifier.fit(x, y)
    assert 30 not in classifier.labels


def test_views_are_averaged(world: Any) -> None:
    def copies(example: Any) -> list[Any]:
        return [example, 2 * example, -0.5 * example]

    classifier = OneShotClassifier(views=copies).enroll(0, world.centres[0])
    assert classifier.predict_batch(world.centres[:1]).similarity[0] == pytest.approx(1.0)
    with pytest.raises(BadInputError, match="`views` must be a whole number from 1 on"):
        OneShotClassifier(views=0).enroll(0, world.centres[0])
    with pytest.raises(BadInputError, match="has no views"):
        OneShotClassifier(views=4).enroll(0, world.centres[0])


def test_bad_input_is_one_line_and_nothing_is_lost(world: Any, cohort: Any) -> None:
    classifier = enrolled(world, cohort, labels=5)
    queries, _ = world.take(range(5), 3, seed=2)
    before = classifier.predict_batch(queries)
    for call, text in [
        (lambda: classifier.enroll("x", np.full(16, np.nan)), "NaN or infinity for 1 of 1"),
        (lambda: classifier.enroll("x", np.zeros(7)), "width 7, and the enrolled"),
        (lambda: classifier.enroll("x", []), "no examples to enrol"),
        (lambda: classifier.enroll("x", "a text"), "a row of numbers"),
        (lambda: classifier.enroll(1.5, queries[0]), "a text or a whole number, got float `1.5`"),
        (lambda: classifier.enroll("", queries[0]), "must not be an empty text"),
        (lambda: classifier.enroll("label 1", queries[0], new=True), "is enrolled already"),
        (lambda: classifier.partial_fit(queries, ["a"]), "15 examples and 1 labels"),
        (lambda: classifier.fit(queries[:, :3], ["a"] * 15), "width 3"),
        (lambda: classifier.predict(np.zeros((2, 7))), "width 7"),
        (lambda: classifier.predict([]), "no examples"),
        (lambda: classifier.calibrate(false_accept=1.0), "between 0 and 1, got 1.0"),
        (lambda: OneShotClassifier().predict(queries), "no label is enrolled yet"),
        (lambda: OneShotClassifier(rule="mean").enroll("a", queries[0]), "unknown rule `mean`"),
        (lambda: OneShotClassifier(cohort=3).enroll("a", queries[0]), "got int"),
        (lambda: OneShotClassifier(scoring="ratio").enroll("a", queries[0]), "needs a cohort"),
        (lambda: OneShotClassifier(cohort=(queries, [1])).enroll("a", [1]), "15 examples and 1"),
    ]:
        with pytest.raises(BadInputError) as caught:
            call()
        assert text in str(caught.value)
        assert "\n" not in str(caught.value)
    after = classifier.predict_batch(queries)
    np.testing.assert_array_equal(before.score, after.score)
    np.testing.assert_array_equal(before.labels, after.labels)


def test_an_embedder_that_changes_its_width_is_refused() -> None:
    widths = iter([3, 3, 4, 3])
    classifier = OneShotClassifier(FunctionEmbedder(lambda xs: np.ones((len(xs), next(widths)))))
    classifier.enroll("a", "x").enroll("b", "y")
    with pytest.raises(BadInputError, match="width 4, and the enrolled examples have width 3"):
        classifier.enroll("c", "z")
    assert classifier.labels == ["a", "b"]
    assert classifier.predict("x") == "a"
