"""The machines as scikit-learn estimators."""

from __future__ import annotations

import doctest
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.utils.estimator_checks import estimator_checks_generator

import trainwell.boltzmann.machine
import trainwell.boltzmann.rbm
from trainwell.boltzmann import RBM, BoltzmannMachine, ClassificationRBM, DBNClassifier
from trainwell.boltzmann.data import BadDataError, Rows, batch_of
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.rules import first_rate
from trainwell.boltzmann.training import DivergedError
from trainwell.errors import BadInputError, UnknownNameError

_A = np.array([[(i >> k) & 1 for k in range(3)] for i in range(8)], dtype=np.float32)
BARS = np.concatenate([np.repeat(_A, 3, axis=1), np.tile(_A, 3)])
"""Bars and stripes, 3x3: 16 rows of which two stand twice."""

MACHINES: list[Any] = [
    RBM(6, n_iter=30, batch_size=8, random_state=0),
    RBM(6, algorithm="cd", n_gibbs_steps=2, n_iter=30, batch_size=8, random_state=0),
    RBM(6, algorithm="pt", n_iter=30, batch_size=8, n_temperatures=3, random_state=0),
    RBM(6, algorithm="exact", n_iter=30, batch_size=8, random_state=0),
    BoltzmannMachine(3, n_iter=20, batch_size=8, random_state=0),
    BoltzmannMachine(3, algorithm="cd", positive="gibbs", n_iter=20, random_state=0),
    BoltzmannMachine(3, algorithm="pt", positive="mean_field", n_iter=20, random_state=0),
    BoltzmannMachine(0, algorithm="exact", n_iter=20, random_state=0),
]
EVERY = pytest.mark.parametrize("machine", MACHINES, ids=lambda m: repr(m)[:60])


def _checks() -> Any:
    for estimator in (
        RBM(3, visible="gaussian", dtype="float64", n_iter=2),
        RBM(3, n_iter=2, dtype="float64"),
        BoltzmannMachine(2, n_iter=2, dtype="float64"),
    ):
        for each, check in estimator_checks_generator(estimator):
            yield pytest.param(each, check, id=f"{type(each).__name__} {check.func.__name__}")


@pytest.mark.parametrize(("estimator", "check"), list(_checks()))
def test_scikit_learn_accepts_it(estimator: Any, check: Any) -> None:
    """All checks pass; those of Bernoulli units may end at the data that they refuse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            check(estimator)
        except Exception as error:
            told = error
            while told is not None and "must lie in [0, 1]" not in str(told):
                told = told.__context__  # type: ignore[assignment]
            if told is None or getattr(estimator, "visible", "bernoulli") == "gaussian":
                raise


@EVERY
def test_it_learns_and_gives_what_it_promises(machine: Any) -> None:
    untrained = clone(machine).set_params(n_iter=1, learning_rate=1e-9).fit(BARS)
    fitted = clone(machine).set_params(n_iter=100, learning_rate=1.0).fit(BARS)
    assert fitted.score(BARS) > untrained.score(BARS) + 0.3
    hidden = fitted.transform(BARS)
    assert hidden.shape == (16, machine.n_components)
    assert fitted.inverse_transform(hidden).shape == BARS.shape
    assert fitted.reconstruct(BARS).shape == BARS.shape
    assert fitted.sample(5, n_gibbs_steps=2).shape == (5, 9)
    assert fitted.sample(5, n_gibbs_steps=2, method="pt").shape == (5, 9)
    assert fitted.energy(BARS, hidden).shape == (16,)
    # -F is the log of a sum of exp(-E): at most ... never below any one term.
    assert (fitted.free_energy(BARS) <= fitted.energy(BARS, hidden.round()) + 1e-4).all()
    likelihood = fitted.log_likelihood(BARS)
    low, high = likelihood.interval
    assert low <= float(likelihood) <= high
    assert float(likelihood) == pytest.approx(fitted.score(BARS), abs=1e-4)
    assert len(fitted.history_) == fitted.n_iter_ == 100
    exact = [m.log_likelihood for m in fitted.history_]
    assert all(pair is not None and pair[0] == pair[1] for pair in exact)


@EVERY
def test_it_pickles_and_repeats(machine: Any) -> None:
    one, two = clone(machine).fit(BARS), clone(machine).fit(BARS)
    again = pickle.loads(pickle.dumps(one))
    for other in (two, again):
        np.testing.assert_array_equal(one.free_energy(BARS), other.free_energy(BARS))
        np.testing.assert_array_equal(
            one.sample(4, n_gibbs_steps=9), other.sample(4, n_gibbs_steps=9)
        )
    again.partial_fit(BARS)
    two.partial_fit(BARS)
    np.testing.assert_array_equal(again.free_energy(BARS), two.free_energy(BARS))


@EVERY
def test_samples_come_from_the_model(machine: Any) -> None:
    fitted = clone(machine).fit(BARS)
    samples = fitted.sample(4000, n_gibbs_steps=30)
    states = np.array([[(i >> k) & 1 for k in range(9)] for i in range(512)], dtype=np.float32)
    chance = np.exp(fitted.score_samples(states))
    assert chance.sum() == pytest.approx(1, abs=1e-3)
    np.testing.assert_allclose(samples.mean(0), chance @ states, atol=0.05)


@pytest.mark.parametrize("hidden", [0, 3])
def test_completing_follows_the_conditional(hidden: int) -> None:
    machines = [BoltzmannMachine(hidden, algorithm="exact", n_iter=100, learning_rate=1.0)]
    if hidden:
        machines.append(RBM(hidden, algorithm="exact", n_iter=100, learning_rate=1.0))
    known = np.arange(9) < 6
    for machine in machines:
        fitted = machine.set_params(random_state=0).fit(BARS)
        row = np.repeat(BARS[3:4], 4000, 0)
        done = fitted.conditional_sample(row, known, n_gibbs_steps=60, mean=False)
        np.testing.assert_array_equal(done[:, :6], row[:, :6])
        rest = np.array([[(i >> k) & 1 for k in range(3)] for i in range(8)], dtype=np.float32)
        joint = np.hstack([np.repeat(BARS[3:4, :6], 8, 0), rest])
        chance = np.exp(-fitted.free_energy(joint))
        np.testing.assert_allclose(done[:, 6:].mean(0), chance @ rest / chance.sum(), atol=0.04)
        by_row = fitted.conditional_sample(row[:5], np.repeat(known[None], 5, 0))
        assert by_row.shape == (5, 9)


def test_sparse_and_dense_rows_learn_the_same() -> None:
    dense = RBM(4, n_iter=5, batch_size=4, random_state=0).fit(BARS)
    thin = RBM(4, n_iter=5, batch_size=4, random_state=0).fit(sparse.csr_matrix(BARS))
    np.testing.assert_allclose(dense.components_, thin.components_, atol=1e-6)
    np.testing.assert_allclose(
        dense.transform(BARS), thin.transform(sparse.csc_array(BARS)), atol=1e-6
    )


def test_a_memory_map_is_read_in_batches(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.dat"
    rows = np.memmap(path, dtype=np.uint8, mode="w+", shape=(5000, 9))
    rows[:] = np.tile(BARS, (313, 1))[:5000]
    rows.flush()
    mapped = np.memmap(path, dtype=np.uint8, mode="r", shape=(5000, 9))
    taken = []
    take = Rows.take

    def watched(self: Rows, at: Any) -> torch.Tensor:
        block = take(self, at)
        taken.append(len(block))
        return block

    monkeypatch.setattr(Rows, "take", watched)
    fitted = RBM(4, random_state=0).partial_fit(mapped)
    assert max(taken) <= 4096
    assert sum(taken) == 10_000  # once for the mean, once to learn
    assert fitted.n_iter_ == 1


def test_batches_hold_every_row_once() -> None:
    for count in (1, 3, 99, 100, 130, 160, 65_536 + 70):
        data = np.arange(count, dtype=np.float64).reshape(-1, 1)
        rows = Rows(data, torch.float64, torch.device("cpu"))
        batches = list(rows.batches(100, Draws(0)))
        assert len(batches) == rows.batches_per_epoch(100)
        seen = torch.cat(batches).flatten().sort().values
        torch.testing.assert_close(seen, torch.arange(count, dtype=torch.float64))


@pytest.mark.parametrize(
    ("asked", "rows", "batch"),
    [
        ("auto", 1, 10),
        ("auto", 1499, 14),
        ("auto", 10_000, 100),
        ("auto", 10**7, 100),
        (7, 10, 7),
    ],
)
def test_few_rows_come_in_small_batches(asked: int | str, rows: int, batch: int) -> None:
    assert batch_of(asked, rows) == batch


@pytest.mark.parametrize(
    ("asked", "visible", "width", "rate"),
    [
        ("auto", "bernoulli", 784, 0.1),
        ("auto", "gaussian", 784, 10 / 784),
        ("auto", "gaussian", 4, 0.1),
        (0.3, "gaussian", 784, 0.3),
    ],
)
def test_many_gaussian_units_learn_slowly(
    asked: float | str, visible: str, width: int, rate: float
) -> None:
    assert first_rate(asked, visible, width) == rate


def test_wide_gaussian_data_do_not_diverge_as_they_come() -> None:
    draw = np.random.default_rng(0)
    bursts = (draw.random((1000, 1)) < 0.1) * draw.normal(size=(1, 800)) * 2
    rows = bursts + draw.normal(size=(1000, 800)) * 0.5
    rows = (rows - rows.mean(0)) / rows.std()
    error = {}
    for rate in ("auto", 0.05):
        rbm = RBM(50, visible="gaussian", learning_rate=rate, random_state=0).fit(rows)
        error[rate] = rbm.history_.moments[-1].reconstruction_error
    # The rows have variance 1. A rate that suits Bernoulli units throws these far off.
    assert error["auto"] < 0.8
    assert error[0.05] > 10


@pytest.mark.parametrize("asked", [0, 2.5, "all"])
def test_a_batch_is_a_whole_number_or_auto(asked: Any) -> None:
    for machine in (RBM(2), ClassificationRBM(2), BoltzmannMachine(1), DBNClassifier((2,))):
        machine.set_params(batch_size=asked)
        with pytest.raises(BadInputError, match='`batch_size` must be "auto" or a whole number'):
            machine.fit(BARS, np.arange(len(BARS)) % 2)
    with pytest.raises(BadInputError, match="`finetune_batch_size` must be"):
        DBNClassifier((2,), finetune_batch_size=asked).fit(BARS, np.arange(len(BARS)) % 2)


@pytest.mark.parametrize(
    "classifier",
    [
        DBNClassifier(random_state=0),
        DBNClassifier((100, 100), random_state=0),
        DBNClassifier((100, 100), pretrain=False, random_state=0),
        ClassificationRBM(100, random_state=0),
        ClassificationRBM(100, objective="generative", random_state=0),
        ClassificationRBM(100, objective="discriminative", random_state=0),
    ],
    ids=lambda c: repr(c)[:70],
)
def test_classifiers_work_as_they_come(classifier: Any) -> None:
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    train, test = slice(0, 1200), slice(1200, None)
    # The last 597 digits are of other writers; logistic regression knows 91 % of them.
    assert classifier.fit(X[train], y[train]).score(X[test], y[test]) > 0.82


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"algorithm": "pdc"}, "unknown algorithm `pdc`; did you mean `pcd`?"),
        ({"visible": "bernouli"}, "unknown visible `bernouli`; did you mean `bernoulli`?"),
        ({"precision": "fp16"}, "unknown precision `fp16`; did you mean `bf16`?"),
        ({"schedule": "cosine"}, "unknown schedule `cosine`"),
        ({"dtype": "float16"}, "unknown dtype `float16`; did you mean `float"),
        ({"n_components": 0}, "`n_components` must be 1 or more, got 0"),
        ({"n_gibbs_steps": 0}, "`n_gibbs_steps` must be 1 or more, got 0"),
        ({"n_iter": 0}, "`n_iter` must be a whole number from 1 on, got 0"),
        ({"learning_rate": 0.0}, '`learning_rate` must be "auto" or above 0, got 0.0'),
        ({"momentum": 1.0}, "`momentum` must be in [0, 1), got 1.0"),
        ({"weight_decay": -1}, "`weight_decay` must be 0 or more, got -1"),
        ({"visible": "softmax", "n_categories": 4}, "`n_categories` must be 2 or more and divide"),
    ],
)
def test_a_bad_parameter_is_one_clear_error(change: dict[str, Any], text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        RBM(4, **{"n_iter": 1, **change}).fit(BARS) if "n_components" not in change else RBM(
            **change
        ).fit(BARS)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (BARS + 1, "`X` must lie in [0, 1] for visible='bernoulli', got values from 1 to 2 ("),
        (-BARS, "`X` must lie in [0, 1] for visible='bernoulli', got values from -1 to"),
        (np.where(BARS > 0, np.nan, BARS), "Input X contains NaN."),
        (BARS[:0], "Found array with 0 sample(s)"),
        (BARS[0], "Expected 2D array, got 1D array"),
    ],
)
def test_bad_data_is_one_clear_error(rows: Any, text: str) -> None:
    with pytest.raises(BadDataError) as caught:
        RBM(4).fit(rows)
    assert str(caught.value).startswith(text)
    with pytest.raises(BadDataError):
        BoltzmannMachine(1).fit(sparse.csr_matrix(rows) if rows.ndim > 1 and len(rows) else rows)


def test_bad_calls_are_one_clear_error() -> None:
    fitted = RBM(30, n_iter=1, random_state=0).fit(np.tile(BARS, 5))
    with pytest.raises(BadDataError, match="X has 9 features, but RBM is expecting 45"):
        fitted.transform(BARS)
    with pytest.raises(BadInputError, match="enumeration goes up to 20 units"):
        fitted.log_partition("exact")
    with pytest.raises(UnknownNameError, match="unknown method `annealing`"):
        fitted.log_partition("annealing")
    with pytest.raises(UnknownNameError, match="unknown method `mcmc`"):
        fitted.sample(method="mcmc")
    with pytest.raises(BadInputError, match=r"`H` must be \(rows, 30\), got \(1, 3\)"):
        fitted.inverse_transform(np.zeros((1, 3)))
    with pytest.raises(BadInputError, match="`known` must be true and false, shaped"):
        fitted.conditional_sample(np.tile(BARS, 5), np.zeros(45))
    with pytest.raises(BadDataError, match="groups of 3 columns that sum to 1"):
        RBM(2, visible="softmax", n_categories=3).fit(BARS)
    with pytest.raises(BadInputError, match=r"`connectivity` must be \(11, 11\)"):
        BoltzmannMachine(2, connectivity=np.zeros((3, 3))).fit(BARS)
    with pytest.raises(BadInputError, match="`connectivity` must be symmetric"):
        BoltzmannMachine(0, connectivity=np.eye(9)).fit(BARS)
    with pytest.raises(BadInputError, match="`n_components` must be 0 or more, got -1"):
        BoltzmannMachine(-1).fit(BARS)
    with pytest.raises(BadInputError, match="enumeration goes up to 20 units, got 45"):
        BoltzmannMachine(0, algorithm="exact", n_iter=1).fit(np.tile(BARS, 5))


def test_weights_that_run_away_are_told() -> None:
    with pytest.raises(
        DivergedError, match=r"not finite after epoch [0-9]+: lower `learning_rate`"
    ):
        RBM(4, visible="gaussian", learning_rate=1e30, random_state=0).fit(100 * BARS)


def test_softmax_and_gaussian_units() -> None:
    codes = np.eye(3, dtype=np.float32)[[0, 1, 2, 2, 2, 0]]
    pairs = np.hstack([codes, codes])
    rbm = RBM(
        4,
        visible="softmax",
        n_categories=3,
        algorithm="exact",
        n_iter=300,
        learning_rate=1.0,
        random_state=0,
    ).fit(pairs)
    samples = rbm.sample(2000, n_gibbs_steps=50)
    assert (samples.reshape(-1, 2, 3).sum(2) == 1).all()
    np.testing.assert_allclose(samples[:, :3].mean(0), [2 / 6, 1 / 6, 3 / 6], atol=0.1)
    assert np.mean((samples[:, :3] == samples[:, 3:]).all(1)) > 0.8
    centres = np.repeat([[2.0, -2.0], [-2.0, 2.0]], 50, 0)
    rows = centres + np.random.default_rng(0).normal(size=(100, 2))
    for algorithm in ("pcd", "exact"):
        rbm = RBM(
            2,
            visible="gaussian",
            algorithm=algorithm,
            n_iter=300,
            batch_size=50,
            learning_rate=0.1,
            n_chains=50,
            random_state=0,
        ).fit(rows)
        entropy = 2 * 0.5 * np.log(2 * np.pi * np.e) + np.log(2)
        assert rbm.score(rows) == pytest.approx(-entropy, abs=0.25)


def test_early_stopping_keeps_the_best() -> None:
    rows = (np.random.default_rng(0).random((60, 12)) < 0.5).astype(np.float32)
    rbm = RBM(
        16,
        algorithm="pcd",
        learning_rate=0.5,
        n_iter=400,
        early_stopping=5,
        random_state=0,
        likelihood_every=1,
    ).fit(rows, validation=1 - rows[:30])
    assert rbm.history_.stopped == "early stopping"
    assert rbm.n_iter_ < 400
    best = rbm.history_.moments[rbm.history_.best_epoch - 1].held_out
    assert best == max(m.held_out for m in rbm.history_)
    assert rbm.score(1 - rows[:30]) == pytest.approx(best[0], abs=1e-3)
    with pytest.raises(BadDataError, match="holds out 1 rows, and `X` has only 1"):
        RBM(2, early_stopping=1).fit(BARS[:1])


def test_a_callback_and_ctrl_c_end_learning_and_keep_the_model() -> None:
    seen = []
    rbm = RBM(
        4,
        n_iter=50,
        random_state=0,
        callbacks=[lambda _, m: seen.append(m.epoch), lambda _, m: m.epoch == 3],
    ).fit(BARS)
    assert (seen, rbm.n_iter_, rbm.history_.stopped) == ([1, 2, 3], 3, "callback")

    def interrupt(_: Any, moment: Any) -> None:
        if moment.epoch == 2:
            raise KeyboardInterrupt

    rbm = RBM(4, n_iter=50, random_state=0, callbacks=[interrupt])
    with pytest.warns(UserWarning, match="interrupted after 4 of 100 updates; the model is kept"):
        rbm.fit(BARS)
    assert rbm.history_.stopped == "interrupted"
    assert rbm.transform(BARS).shape == (16, 4)


def test_looking_changes_nothing() -> None:
    rows = np.tile(BARS, 3)
    plain = RBM(24, n_iter=4, random_state=0).fit(rows)
    watched = RBM(24, n_iter=4, random_state=0, likelihood_every=2, annealing_temperatures=50).fit(
        rows
    )
    np.testing.assert_array_equal(plain.components_, watched.components_)
    brackets = [m.log_likelihood for m in watched.history_]
    assert [b is not None for b in brackets] == [False, True, False, True]
    low, high = brackets[-1]
    assert low <= high
    assert [p.method for p in watched.history_.moments[-1].partition] == ["ais", "reverse_ais"]
    epochs, values = watched.history_.curve("log_likelihood")
    assert epochs == [2, 4]
    assert values[1] == (low + high) / 2


def test_the_progress_bar_is_drawn_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    RBM(2, n_iter=2, random_state=0, verbose=True).fit(BARS)
    out, err = capsys.readouterr()
    assert out == ""
    assert "2/2" in err
    assert "reconstruction" in err


@pytest.mark.parametrize("module", [trainwell.boltzmann.rbm, trainwell.boltzmann.machine])
def test_examples(module: Any) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
