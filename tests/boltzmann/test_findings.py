"""What a fit tells a probe, and that healthy fits show nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import trainwell
from trainwell.boltzmann import DBN, RBM, BoltzmannMachine
from trainwell.boltzmann.data import OutsideError

DIGITS = (load_digits().data > 7).astype(np.float32)
_LINES = np.array([[(i >> k) & 1 for k in range(4)] for i in range(16)], dtype=np.float32)
BARS = np.tile(np.concatenate([np.repeat(_LINES, 4, axis=1), np.tile(_LINES, 4)]), (20, 1))


@pytest.mark.parametrize(
    ("estimator", "rows"),
    [
        (RBM(64, n_iter=20, learning_rate=0.1, batch_size=50, random_state=0), DIGITS),
        (RBM(64, n_iter=20, algorithm="cd", learning_rate=0.1, random_state=0), DIGITS),
        (RBM(10, n_iter=100, algorithm="pt", learning_rate=0.1, random_state=0), BARS),
        (RBM(10, n_iter=100, learning_rate=0.1, random_state=0), BARS),
        (BoltzmannMachine(4, connectivity="semi", n_iter=60, random_state=0), BARS),
        (DBN((40, 20), n_iter=15, learning_rate=0.1, random_state=0), DIGITS),
    ],
    ids=lambda v: repr(v)[:50] if hasattr(v, "fit") else "",
)
def test_healthy_fits_show_nothing(estimator: Any, rows: Any) -> None:
    with trainwell.watch(record=False) as run:
        estimator.fit(rows)
    assert run.diagnosis().entries == []
    machine = run.record.machines[0]
    assert machine.updates > 0
    assert machine.place.file == __file__
    assert "estimator.fit(rows)" in (machine.place.code or "")
    assert "1 Boltzmann machine" in run.report() or "2 Boltzmann machines" in run.report()
    weights = run.record.series("machine", 0, "largest_weight")
    assert len(weights.values) == estimator.n_iter


def test_watching_changes_nothing() -> None:
    bare = RBM(16, n_iter=3, random_state=0).fit(DIGITS)
    with trainwell.watch(record=False):
        watched = RBM(16, n_iter=3, random_state=0).fit(DIGITS)
    np.testing.assert_array_equal(bare.components_, watched.components_)


def test_data_that_are_refused_are_in_the_record() -> None:
    with pytest.raises(OutsideError), trainwell.watch(record=False) as run:
        RBM(4).fit(DIGITS * 16)
    assert [e.code for e in run.diagnosis().entries] == ["BMN105"]
    machine = run.record.machines[0]
    assert (machine.low, machine.high, machine.rows) == (0.0, 16.0, len(DIGITS))


def test_a_fit_outside_of_any_watch_is_told_to_nobody() -> None:
    with trainwell.watch(record=False) as run:
        pass
    RBM(4, n_iter=1, random_state=0).fit(DIGITS)
    assert run.record.machines == {}
