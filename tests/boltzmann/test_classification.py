"""The classification machine: gradients, probabilities, scikit-learn's interface."""

from __future__ import annotations

import doctest
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.utils.estimator_checks import estimator_checks_generator
from tests.oracles import boltzmann as oracle

import trainwell.boltzmann.classification
from trainwell.boltzmann import ClassificationRBM
from trainwell.boltzmann.data import BadDataError
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.labels import LabelLearner
from trainwell.boltzmann.learner import Learner
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.rules import Rules
from trainwell.boltzmann.units import BernoulliUnits, LabelledUnits
from trainwell.errors import UnknownNameError

_VISIBLE, _CLASSES, _HIDDEN, _RATE = 4, 3, 4, 0.125


def _joint_states() -> list[torch.Tensor]:
    return [torch.cat([v, y]) for v in oracle.binary(_VISIBLE) for y in oracle.one_hot(1, _CLASSES)]


def _label_given_row(v: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
    """log p(label | row) by brute force."""

    def joint(state: torch.Tensor) -> torch.Tensor:
        return oracle.restricted_log_probability(state, *parameters, visible=_joint_states())

    others = [torch.cat([v[:_VISIBLE], y]) for y in oracle.one_hot(1, _CLASSES)]
    return joint(v) - torch.stack([joint(s) for s in others]).logsumexp(0)


@pytest.mark.parametrize("shares", [(1.0, 0.0), (0.0, 1.0), (1.0, 0.25)])
def test_steps_follow_the_gradient(shares: tuple[float, float]) -> None:
    generator = torch.Generator().manual_seed(0)
    before = [
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in [(_VISIBLE + _CLASSES, _HIDDEN), (_VISIBLE + _CLASSES,), (_HIDDEN,)]
    ]
    rows = torch.stack(_joint_states())[[3, 10, 21, 22, 40]]
    machine = Restricted(*[t.clone() for t in before], LabelledUnits(BernoulliUnits(), _CLASSES))
    rules = Rules("exact", centered=False)
    draws = Draws(0, torch.float64)
    learner = Learner(machine, rules, draws, machine.visible_bias.clone(), rows.mean(0))
    # Both parts are taken at the same point: with rates so small, one after the other is that.
    tiny = _RATE * 2.0**-30 if all(shares) else _RATE
    LabelLearner(learner, _CLASSES, *shares).step(rows, tiny)
    expected = [torch.zeros_like(t) for t in before]
    if shares[0]:
        for total, part in zip(
            expected, oracle.gradients(_label_given_row, rows, *before), strict=True
        ):
            total += shares[0] * part
    if shares[1]:

        def joint(v: torch.Tensor, *parameters: torch.Tensor) -> torch.Tensor:
            return oracle.restricted_log_probability(v, *parameters, visible=_joint_states())

        for total, part in zip(expected, oracle.gradients(joint, rows, *before), strict=True):
            total += shares[1] * part
    after = (machine.weights, machine.visible_bias, machine.hidden_bias)
    tolerance = 1e-5 if all(shares) else 1e-10
    for new, old, wanted in zip(after, before, expected, strict=True):
        torch.testing.assert_close((new - old) / tiny, wanted, rtol=0, atol=tolerance)


@pytest.mark.parametrize("objective", ["discriminative", "generative", "hybrid"])
def test_it_classifies_digits(objective: str) -> None:
    X, y = load_digits(return_X_y=True)
    X = X / 16
    rate = {"generative": 0.1}.get(objective, 0.2)
    machine = ClassificationRBM(
        64,
        objective=objective,
        n_iter=40,
        batch_size=20,
        learning_rate=rate,
        random_state=0,
    ).fit(X[:1200], y[:1200])
    assert machine.score(X[1200:], y[1200:]) > (0.75 if objective == "generative" else 0.87)
    chance = machine.predict_proba(X[1200:])
    np.testing.assert_allclose(chance.sum(1), 1, atol=1e-12)
    np.testing.assert_allclose(np.log(chance), machine.predict_log_proba(X[1200:]), atol=1e-9)
    again = pickle.loads(pickle.dumps(machine))
    np.testing.assert_array_equal(again.predict(X), machine.predict(X))
    rows, labels = machine.sample(20, label=3, n_gibbs_steps=5)
    assert rows.shape == (20, 64)
    assert (labels == 3).all()
    assert machine.sample(4, n_gibbs_steps=5)[1].shape == (4,)


def test_early_stopping_goes_by_the_held_out_error() -> None:
    X, y = load_digits(return_X_y=True)
    machine = ClassificationRBM(
        30, n_iter=100, learning_rate=0.5, early_stopping=2, random_state=0
    ).fit(X / 16, y)
    assert machine.history_.stopped == "early stopping"
    errors = [m.held_out_error for m in machine.history_]
    assert min(errors) == errors[machine.history_.best_epoch - 1]


def test_bad_input_is_one_clear_error() -> None:
    X, y = np.eye(4), [0, 1, 0, 1]
    with pytest.raises(BadDataError, match="two classes or more, got 1 class"):
        ClassificationRBM(2).fit(X, [1, 1, 1, 1])
    with pytest.raises(UnknownNameError, match="unknown objective `hybird`; did you mean `hybrid`"):
        ClassificationRBM(2, objective="hybird").fit(X, y)
    with pytest.raises(BadDataError, match=r"must lie in \[0, 1\]"):
        ClassificationRBM(2).fit(3 * X, y)
    fitted = ClassificationRBM(2, n_iter=1, random_state=0).fit(X, y)
    with pytest.raises(BadDataError, match="X has 3 features"):
        fitted.predict(X[:, :3])
    with pytest.raises(UnknownNameError, match="unknown label `7`"):
        fitted.sample(label=7)


_HEAVY = ("sparse_matrix", "sparse_array", "classifiers_train", "regressors_train", "_order_")
"""Parts of names of checks that fit many times; they run in `make test-all`."""


def _checks() -> list[Any]:
    estimator = ClassificationRBM(
        16,
        visible="gaussian",
        dtype="float64",
        n_iter=15,
        batch_size=10,
        learning_rate=0.1,
    )
    return [
        pytest.param(
            each,
            check,
            id=check.func.__name__,
            marks=[pytest.mark.slow] if any(h in check.func.__name__ for h in _HEAVY) else [],
        )
        for each, check in estimator_checks_generator(estimator)
    ]


@pytest.mark.parametrize(("estimator", "check"), _checks())
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_accepts_it(estimator: Any, check: Any) -> None:
    check(estimator)


def test_the_example() -> None:
    result = doctest.testmod(trainwell.boltzmann.classification)
    assert (result.attempted > 0, result.failed) == (True, 0)
