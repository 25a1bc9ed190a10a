"""The labels that a network knows already, and new ones, in one decision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainwell.errors import BadInputError
from trainwell.oneshot import OneShotClassifier, cut_head, load


@pytest.fixture(scope="module")
def trained(world: Any) -> Any:
    """A network that knows 60 labels, cut, and what it was trained on."""
    x, y = world.take(range(60, 120), 40, seed=2)
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(16, 32), torch.nn.Tanh(), torch.nn.Linear(32, 60))
    optimizer = torch.optim.Adam(module.parameters(), 0.01)
    inputs, targets = torch.from_numpy(x), torch.from_numpy(y - 60)
    for _ in range(60):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(module(inputs), targets).backward()
        optimizer.step()
    return module, *cut_head(module, [f"old {i}" for i in range(60)]), x, y


def enrolled(world: Any, trained: Any, labels: int, shots: int = 1) -> OneShotClassifier:
    _, embedder, head, x, y = trained
    classifier = OneShotClassifier(embedder, cohort=(x, y), base=head)
    rows, names = world.take(range(labels), shots)
    return classifier.partial_fit(rows, [f"new {i}" for i in names])


def test_old_and_new_labels_in_one_decision(world: Any, trained: Any, tmp_path: Path) -> None:
    module, embedder, head, x, _ = trained
    inputs = torch.from_numpy(x)
    np.testing.assert_allclose(
        head.logs(embedder.embed(x)), module(inputs).log_softmax(1).detach(), atol=1e-4
    )
    classifier = enrolled(world, trained, 6)
    new, right_new = world.take(range(6), 20, seed=5)
    old, right_old = world.take(range(60, 120), 3, seed=6)
    found_new = classifier.predict(new) == [f"new {i}" for i in right_new]
    found_old = classifier.predict(old) == [f"old {i - 60}" for i in right_old]
    assert found_new.mean() > 0.5
    assert found_old.mean() > 0.5
    chances = classifier.predict_proba(new)
    assert chances.shape == (120, 66)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-6)
    classifier.save(tmp_path)
    np.testing.assert_array_equal(load(tmp_path, embedder).predict_proba(new), chances)
    for call, text in [
        (lambda: classifier.enroll("old 3", new[0]), "the label `old 3` is one of `base` already"),
        (lambda: classifier.predict_batch(new, "balanced", unknown=True), "not go with `unknown`"),
        (lambda: cut_head(torch.nn.ReLU()), "has no linear layer"),
        (lambda: cut_head(module, ["a"]), "needs as many different labels, got 1"),
    ]:
        with pytest.raises(BadInputError) as caught:
            call()
        assert text in str(caught.value)


def test_unknowns_are_refused_beside_a_head(world: Any, trained: Any, tmp_path: Path) -> None:
    classifier = enrolled(world, trained, 20)
    _, embedder, *_ = trained
    new, right_new = world.take(range(20), 20, seed=5)
    old, right_old = world.take(range(60, 120), 8, seed=6)
    strangers, _ = world.take(range(20, 60), 20, seed=7)
    accepted = {}
    for share in (0.05, 0.2):
        told = classifier.predict_batch(strangers, unknown=True, false_accept=share)
        accepted[share] = np.mean([label is not None for label in told])
    assert 0.03 < accepted[0.05] < 0.07
    assert 0.14 < accepted[0.2] < 0.26
    found_new = classifier.predict(new, unknown=True) == [f"new {i}" for i in right_new]
    found_old = classifier.predict(old, unknown=True) == [f"old {i - 60}" for i in right_old]
    assert found_new.mean() > 0.3
    assert found_old.mean() > 0.3
    told = classifier.predict_batch(old, unknown=True)
    assert np.isfinite(told.similarity).all()
    # A label that is given at all is the one that is given without refusing.
    plain = classifier.predict(old)
    assert all(a is None or a == b for a, b in zip(told.labels, plain, strict=True))
    classifier.save(tmp_path)
    again = load(tmp_path, embedder).predict_batch(old, unknown=True)
    np.testing.assert_array_equal(again.labels, told.labels)
    # A label that goes takes no other answer with it.
    classifier.forget("new 3")
    after = classifier.predict(old, unknown=True)
    kept = [i for i, label in enumerate(told.labels) if label not in (None, "new 3")]
    np.testing.assert_array_equal(after[kept], told.labels[kept])


def test_probabilities_beside_a_head_leave_room_for_nobody(world: Any, trained: Any) -> None:
    classifier = enrolled(world, trained, 20)
    new, old, strangers = (
        world.take(part, 10, seed=5)[0] for part in (range(20), range(60, 120), range(20, 60))
    )
    chances = [classifier.predict_proba(rows, unknown=True) for rows in (new, old, strangers)]
    for table in chances:
        assert table.shape[1] == 81
        np.testing.assert_allclose(table.sum(axis=1), 1, rtol=1e-6)
    nobody = [float(table[:, -1].mean()) for table in chances]
    assert nobody[2] > 0.5 > max(nobody[:2])
    # As many queries are strangers as are of known labels, as it says.
    asked = np.concatenate([c[:, -1] for c in (chances[0][:200], chances[1][:200], chances[2])])
    assert abs(asked.mean() - 0.5) < 0.15
    without = classifier.predict_proba(new)
    np.testing.assert_allclose(chances[0][:, :20], without[:, :20], rtol=1e-6)


def test_a_head_whose_labels_the_cohort_lacks_is_told(world: Any, trained: Any) -> None:
    _, embedder, head, x, y = trained
    rows, _ = world.take(range(6), 1)
    names = [f"new {i}" for i in range(6)]
    some = y >= 70
    for cohort in ((x[some], y[some]), (x[~some], y[~some])):
        classifier = OneShotClassifier(embedder, cohort=cohort, base=head).fit(rows, names)
        assert len(classifier.predict(rows)) == 6
        with pytest.raises(BadInputError, match="none that the head calls `old "):
            classifier.predict(rows, unknown=True)
