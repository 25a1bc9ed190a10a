"""What is saved comes back, and what is damaged is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

from trainwell.boltzmann import (
    DBN,
    RBM,
    BoltzmannMachine,
    ClassificationRBM,
    DBNClassifier,
    DBNRegressor,
    load,
    save,
)
from trainwell.errors import BadInputError

X = (load_digits().data[:200] / 16).astype(np.float32)
Y = load_digits().target[:200]
FITTED: list[Any] = [
    RBM(8, n_iter=2, random_state=0).fit(X),
    RBM(8, n_iter=2, visible="gaussian", algorithm="pt", dtype="float64", random_state=0).fit(X),
    RBM(5, n_iter=2, visible="softmax", n_categories=2, random_state=0).fit(
        np.stack([X, 1 - X], -1).reshape(200, -1)
    ),
    BoltzmannMachine(3, connectivity=~np.eye(67, dtype=bool), n_iter=2, random_state=0).fit(X),
    ClassificationRBM(8, n_iter=2, random_state=0).fit(X, Y.astype(str)),
    DBN((8, 6, 5), n_iter=2, refine_iter=1, random_state=0).fit(X),
    DBNClassifier((8, 6), n_iter=1, finetune_iter=1, dropout=0.1, random_state=0).fit(X, Y),
    DBNClassifier((8, 6), n_iter=1, finetune_iter=1, input_dropout=0.2, random_state=0).fit(X, Y),
    DBNRegressor((8,), n_iter=1, finetune_iter=1, random_state=0).fit(X, np.stack([Y, -Y], 1)),
]


@pytest.mark.parametrize("estimator", FITTED, ids=lambda e: type(e).__name__)
def test_it_comes_back(estimator: Any, tmp_path: Path) -> None:
    save(estimator, tmp_path / "model")
    again = load(tmp_path / "model")
    assert type(again) is type(estimator)
    rows = np.stack([X, 1 - X], -1).reshape(200, -1) if estimator.n_features_in_ == 128 else X
    for method in ("transform", "free_energy", "predict", "predict_proba", "reconstruct"):
        if hasattr(estimator, method):
            np.testing.assert_array_equal(
                getattr(again, method)(rows), getattr(estimator, method)(rows)
            )
    if hasattr(again, "sample"):
        again.sample(3, n_gibbs_steps=2)
    if hasattr(again, "partial_fit"):
        again.partial_fit(rows)


def test_what_is_not_there_or_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model"
    with pytest.raises(BadInputError, match="holds no machine: No such file"):
        load(path)
    with pytest.raises(BadInputError, match=r"`estimator` must be one of RBM, .*, got int"):
        save(3, path)
    with pytest.raises(NotFittedError):
        save(RBM(), path)
    save(FITTED[0], path)
    tensors = path / "parameters.safetensors"
    whole = tensors.read_bytes()
    tensors.write_bytes(whole[:-4] + b"oops")
    with pytest.raises(BadInputError, match=r"is damaged: parameters.safetensors is not what"):
        load(path)
    tensors.write_bytes(whole[:100])
    with pytest.raises(BadInputError, match="is damaged"):
        load(path)
    tensors.write_bytes(whole)
    body = json.loads((path / "model.json").read_text())
    (path / "model.json").write_text(json.dumps(body | {"format": 9}))
    with pytest.raises(BadInputError, match="is of another format than 1"):
        load(path)
    (path / "model.json").write_text(json.dumps(body | {"parameters": {"units": 3}}))
    with pytest.raises(BadInputError, match=r"is damaged: .*units"):
        load(path)
    (path / "model.json").write_text("{")
    with pytest.raises(BadInputError, match=r"is damaged: model.json is no JSON"):
        load(path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInputError, match="cannot be written"):
        save(FITTED[0], tmp_path / "file")
