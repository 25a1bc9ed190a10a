"""What the tests of torchopt import as `helpers`: its source distribution leaves that file out.

Written for this benchmark from the calls in those tests; the network is smaller than a real one.
"""

from __future__ import annotations

import copy
import itertools
import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchopt import pytree

NUM_UPDATES = 3
_ROWS = 16
_FEATURES = 12
_CLASSES = 10


def parametrize(**choices):
    """The first value of every parameter, and all combinations in which at most two differ."""
    names = sorted(choices, key=lambda name: name != "dtype")
    rows = [
        [choices[name][i] for name, i in zip(names, indices, strict=True)]
        for indices in itertools.product(*(range(len(choices[name])) for name in names))
        if sum(i > 0 for i in indices) <= 2
    ]
    ids = ["-".join(f"{n}={v}" for n, v in zip(names, row, strict=True)) for row in rows]
    return pytest.mark.parametrize(names, rows, ids=ids)


def seed_everything(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def dtype_torch2numpy(dtype):
    return torch.empty(0, dtype=dtype).numpy().dtype


def get_model():
    with torch.no_grad():
        return nn.Sequential(
            nn.Linear(_FEATURES, 8),
            nn.BatchNorm1d(8),
            nn.ReLU(),
            nn.Linear(8, _CLASSES, bias=False),
            nn.Softmax(dim=-1),
        )


def get_models(device=None, dtype=torch.float32):
    """Three equal models, and batches to train them with."""
    seed_everything(42)
    base = get_model().to(device=device, dtype=dtype)
    rows = TensorDataset(
        torch.rand(_ROWS * NUM_UPDATES, _FEATURES),
        torch.randint(0, _CLASSES, (_ROWS * NUM_UPDATES,)),
    )
    return copy.deepcopy(base), copy.deepcopy(base), base, DataLoader(rows, _ROWS)


def assert_all_close(actual, expected, base=None):
    exact = actual.dtype == torch.float64
    rtol, atol = (1e-4, 1e-5) if exact else (1e-2, 1e-3)
    if base is not None:
        actual, expected = actual - base, expected - base
    torch.testing.assert_close(actual, expected, rtol=rtol, atol=atol)


def assert_pytree_all_close(actual, expected):
    left, structure = pytree.tree_flatten(actual)
    right, other = pytree.tree_flatten(expected)
    assert structure == other
    for a, b in zip(left, right, strict=True):
        assert_all_close(a, b)


@torch.no_grad()
def assert_model_all_close(model, model_ref, model_base, dtype=torch.float32):
    """Compare what was learned: the changes since `model_base`.

    Args:
        model: a module, or (parameters, buffers).
        model_ref: the module that it must equal.
        model_base: the module from which both started.
        dtype: of the parameters.
    """
    if isinstance(model, nn.Module):
        model = (model.parameters(), model.buffers())
    for kind, tensors in zip(("parameters", "buffers"), model, strict=True):
        others = getattr(model_ref, kind)(), getattr(model_base, kind)()
        for mine, theirs, start in zip(tensors, *others, strict=True):
            assert_all_close(*(t.to(dtype) for t in (mine, theirs, start)))
