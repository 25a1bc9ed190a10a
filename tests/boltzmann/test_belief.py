"""Deep belief networks: bounds, layers, refinement, fine-tuning, scikit-learn's interface."""

from __future__ import annotations

import doctest
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.datasets import load_diabetes, load_digits
from sklearn.utils.estimator_checks import estimator_checks_generator
from tests.boltzmann.conftest import restricted
from tests.oracles import boltzmann as oracle
from torch import nn

import trainwell.boltzmann.dbn
import trainwell.boltzmann.supervised
from trainwell.boltzmann import DBN, RBM, DBNClassifier, DBNRegressor
from trainwell.boltzmann.belief import Belief, Directed
from trainwell.boltzmann.data import BadDataError
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.enumeration import restricted_log_partition
from trainwell.boltzmann.modules import enlivened
from trainwell.boltzmann.units import BernoulliUnits
from trainwell.errors import BadInputError

DIGITS = (load_digits().data / 16).astype(np.float32)
LABELS = load_digits().target


def _log_probability(v: torch.Tensor, layer: Directed, belief: Belief) -> float:
    """log p(v) of a network of one directed layer under a machine, by brute force."""
    top = belief.top
    every = list(oracle.binary(top.n_visible))
    total = []
    for h in every:
        top_log = oracle.restricted_log_probability(
            h, top.weights, top.visible_bias, top.hidden_bias, every
        )
        p = (layer.down @ h + layer.down_bias).sigmoid()
        total.append(top_log + (v * p.log() + (1 - v) * (1 - p).log()).sum())
    return float(torch.stack(total).logsumexp(0))


def test_the_bound_is_below_the_likelihood_and_close() -> None:
    lower, top = restricted(4, 3, seed=1, scale=0.7), restricted(3, 4, seed=2, scale=0.7)
    layer = Directed(
        lower.weights, lower.hidden_bias, lower.weights, lower.visible_bias, BernoulliUnits()
    )
    belief = Belief([layer], top)
    z = restricted_log_partition(top)
    rows = torch.stack(list(oracle.binary(4)))
    draws = Draws(0, torch.float64)
    bounds = torch.stack([belief.bound(rows, z, draws) for _ in range(3000)])
    exact = [_log_probability(v, layer, belief) for v in rows]
    for bound, error, value in zip(bounds.mean(0), bounds.std(0) / 3000**0.5, exact, strict=True):
        assert bound <= value + 4 * error
        assert bound >= value - 1.0
    assert np.exp(exact).sum() == pytest.approx(1.0)


def test_one_layer_is_a_restricted_machine() -> None:
    dbn = DBN((10,), n_iter=3, random_state=0).fit(DIGITS)
    machine = dbn.machines_[0]
    np.testing.assert_allclose(dbn.score_samples(DIGITS), machine.score_samples(DIGITS), atol=1e-3)
    np.testing.assert_array_equal(dbn.transform(DIGITS), machine.transform(DIGITS))


def test_layers_are_trained_on_what_the_ones_below_make() -> None:
    dbn = DBN((30, 20, 10), n_iter=4, random_state=0).fit(DIGITS)
    below = DIGITS
    for number, machine in enumerate(dbn.machines_):
        alone = RBM(**machine.get_params())
        assert machine.n_features_in_ == below.shape[1]
        untrained = alone.set_params(n_iter=1, learning_rate=1e-9).fit(below)
        error = np.mean((machine.reconstruct(below) - below) ** 2)
        assert error < np.mean((untrained.reconstruct(below) - below) ** 2), number
        below = machine.transform(below)
    np.testing.assert_allclose(dbn.transform(DIGITS), below, atol=1e-6)
    module = dbn.to_module()
    assert all(isinstance(m, nn.Linear | nn.Sigmoid) for m in module)
    with torch.no_grad():
        made = module(torch.from_numpy(DIGITS)).numpy()
    np.testing.assert_allclose(made, below, atol=1e-6)
    assert dbn.reconstruct(DIGITS).shape == DIGITS.shape
    assert dbn.inverse_transform(below).shape == DIGITS.shape
    assert dbn.sample(5, n_gibbs_steps=10).shape == (5, 64)
    known = np.arange(64) < 32
    done = dbn.conditional_sample(DIGITS[:5], known, n_gibbs_steps=10)
    np.testing.assert_array_equal(done[:, :32], DIGITS[:5, :32])
    again = pickle.loads(pickle.dumps(dbn))
    np.testing.assert_array_equal(again.sample(3, n_gibbs_steps=3), dbn.sample(3, n_gibbs_steps=3))
    thin = DBN((30, 20, 10), n_iter=4, random_state=0).fit(sparse.csr_matrix(DIGITS))
    np.testing.assert_allclose(thin.transform(DIGITS), dbn.transform(DIGITS), atol=1e-4)


def test_refinement_raises_the_bound() -> None:
    rows = (DIGITS > 0.4).astype(np.float32)
    options = {"n_iter": 8, "batch_size": 50, "learning_rate": 0.1, "random_state": 0}
    greedy = DBN((40, 15), **options).fit(rows)
    refined = DBN((40, 15), refine_iter=20, refine_learning_rate=0.1, **options).fit(rows)
    assert refined.score(rows) > greedy.score(rows) + 0.5
    assert not torch.equal(refined.belief_.layers[0].up, refined.belief_.layers[0].down)


def test_a_classifier_of_digits_and_its_module() -> None:
    train, test = slice(0, 1200), slice(1200, None)
    classifier = DBNClassifier(
        (100, 50),
        n_iter=20,
        learning_rate=0.1,
        batch_size=20,
        finetune_iter=15,
        finetune_batch_size=20,
        finetune_learning_rate=0.01,
        dropout=0.1,
        random_state=0,
    )
    state = torch.random.get_rng_state()
    classifier.fit(DIGITS[train], LABELS[train])
    assert torch.equal(torch.random.get_rng_state(), state)
    assert classifier.score(DIGITS[test], LABELS[test]) > 0.85
    module = classifier.to_module()
    assert isinstance(module, nn.Module)
    assert not module.training
    logits = module(torch.from_numpy(DIGITS[test])).detach()
    np.testing.assert_allclose(
        logits.double().softmax(1).numpy(), classifier.predict_proba(DIGITS[test]), atol=1e-6
    )
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict(DIGITS), classifier.predict(DIGITS))
    losses = [m.loss for m in classifier.history_]
    assert losses[-1] < losses[0]


def test_pale_layers_are_scaled_up_and_lively_ones_kept() -> None:
    draw = torch.Generator().manual_seed(0)
    rows = torch.rand(300, 20, generator=draw)
    lively = (torch.randn(20, 30, generator=draw) * 3, torch.randn(30, generator=draw))
    pale = (torch.randn(30, 25, generator=draw) * 0.01, torch.randn(25, generator=draw))
    first, second = enlivened([lively, pale], rows)
    assert first[0] is lively[0]
    assert first[1] is lively[1]
    below = (rows @ lively[0] + lively[1]).sigmoid()
    before, after = below @ pale[0] + pale[1], below @ second[0] + second[1]
    assert float(before.std(0, correction=0).median()) < 0.1
    assert float(after.std(0, correction=0).median()) == pytest.approx(1, rel=1e-3)
    torch.testing.assert_close(after.mean(0), before.mean(0), rtol=1e-3, atol=1e-3)
    # One row tells nothing about how rows differ.
    assert enlivened([pale], below[:1])[0][0] is pale[0]


def test_inputs_are_dropped_in_fine_tuning_alone() -> None:
    options = {"layers": (20,), "n_iter": 2, "finetune_iter": 5, "random_state": 0}
    plain = DBNClassifier(**options).fit(DIGITS, LABELS)
    dropped = DBNClassifier(input_dropout=0.3, **options).fit(DIGITS, LABELS)
    first = dropped.to_module()[0]
    assert isinstance(first, nn.Dropout)
    assert first.p == 0.3
    # The pre-trained weights are the same; what is dropped makes fine-tuning harder.
    np.testing.assert_array_equal(
        plain.dbn_.machines_[0].components_, dropped.dbn_.machines_[0].components_
    )
    losses = [m.loss for m in plain.history_], [m.loss for m in dropped.history_]
    assert losses[0][-1] < losses[1][-1]
    np.testing.assert_array_equal(dropped.predict(DIGITS), dropped.predict(DIGITS))


def test_pretraining_takes_rows_without_labels() -> None:
    few = np.concatenate([np.flatnonzero(LABELS[:1000] == c)[:2] for c in range(10)])
    options = {"finetune_iter": 40, "finetune_learning_rate": 0.01, "random_state": 0}
    pretrained = DBNClassifier((100,), n_iter=40, learning_rate=0.1, batch_size=20, **options)
    pretrained.fit(DIGITS[few], LABELS[few], unlabelled=DIGITS[:1000])
    assert pretrained.dbn_.machines_[0].history_.moments[0].updates == 50
    assert pretrained.score(DIGITS[1000:], LABELS[1000:]) > 0.6


def test_a_regressor() -> None:
    X, y = load_diabetes(return_X_y=True)
    X = X / X.std(0)
    options = {"visible": "gaussian", "n_iter": 5, "learning_rate": 0.01, "random_state": 0}
    one = DBNRegressor(
        (30,),
        finetune_iter=40,
        batch_size=20,
        finetune_batch_size=20,
        finetune_learning_rate=0.003,
        **options,
    ).fit(X[:300], y[:300])
    assert one.score(X[300:], y[300:]) > 0.3
    both = DBNRegressor((30,), finetune_iter=1, **options).fit(X, np.column_stack([y, -y]))
    assert both.predict(X).shape == (442, 2)


def test_bad_input_is_one_clear_error() -> None:
    with pytest.raises(BadInputError, match=r"`layers` must name one layer or more, got \(\)"):
        DBN(()).fit(DIGITS)
    with pytest.raises(BadInputError, match=r"`dropout` must be in \[0, 1\), got 1.0"):
        DBNClassifier(dropout=1.0).fit(DIGITS, LABELS)
    with pytest.raises(BadInputError, match=r"`input_dropout` must be in \[0, 1\), got -0.1"):
        DBNClassifier(input_dropout=-0.1).fit(DIGITS, LABELS)
    with pytest.raises(BadDataError, match=r"must lie in \[0, 1\]"):
        DBN((3,)).fit(DIGITS * 16)
    with pytest.raises(BadDataError, match="`unlabelled` has 10 columns, and `X` has 64"):
        DBNClassifier((3,), n_iter=1).fit(DIGITS, LABELS, unlabelled=DIGITS[:, :10])
    with pytest.raises(BadDataError, match="two classes or more, got 1 class"):
        DBNClassifier((3,)).fit(DIGITS, np.zeros(len(DIGITS)))


_HEAVY = ("sparse_matrix", "sparse_array", "classifiers_train", "regressors_train", "_order_")
"""Parts of names of checks that fit many times; they run in `make test-all`."""


def _checks() -> list[Any]:
    shared = {"visible": "gaussian", "dtype": "float64", "n_iter": 1, "learning_rate": 0.001}
    fine = {"finetune_iter": 15, "finetune_batch_size": 10, "finetune_learning_rate": 0.05}
    made = [
        DBN((4, 3), **shared),
        DBNClassifier((12,), **shared, **fine),
        DBNRegressor((12,), **shared, **fine),
    ]
    return [
        pytest.param(
            each,
            check,
            id=f"{type(each).__name__} {check.func.__name__}",
            marks=[pytest.mark.slow] if any(h in check.func.__name__ for h in _HEAVY) else [],
        )
        for estimator in made
        for each, check in estimator_checks_generator(estimator)
    ]


@pytest.mark.parametrize(("estimator", "check"), _checks())
@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_accepts_it(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("module", [trainwell.boltzmann.dbn, trainwell.boltzmann.supervised])
def test_examples(module: Any) -> None:
    result = doctest.testmod(module)
    assert (result.attempted > 0, result.failed) == (True, 0)
