"""Embedders: what goes in, what comes out, and what stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from trainwell.errors import BadInputError
from trainwell.oneshot import Embedder, FunctionEmbedder, ModuleEmbedder
from trainwell.oneshot.embedder import embedder_of, rebuild


def network() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(), torch.nn.Linear(8, 3)
    )


def test_batches_change_nothing() -> None:
    rows = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
    module = network()
    whole = ModuleEmbedder(module, batch_size=10).embed(rows)
    parts = ModuleEmbedder(module, batch_size=3).embed(list(rows))
    assert whole.shape == (10, 3)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, parts, rtol=1e-5, atol=1e-6)


def test_modes_and_random_numbers_stay() -> None:
    module = network().train()
    module[1].eval()
    torch.manual_seed(5)
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()

    def noisy(rows: Sequence[Any]) -> Any:
        return torch.rand(len(rows), 2) + float(np.random.rand())

    ModuleEmbedder(module).embed(np.zeros((2, 4), dtype=np.float32))
    FunctionEmbedder(noisy).embed([0, 1])
    assert [part.training for part in module.modules()] == [True, True, False, True, True]
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)
    assert all(p.grad is None for p in module.parameters())


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        (lambda rows: np.zeros((len(rows) + 1, 2)), "must give (2, width) for 2 examples"),
        (lambda rows: np.zeros(len(rows)), "got (2,)"),
        (lambda rows: np.zeros((len(rows), 0)), "got (2, 0)"),
        (lambda rows: np.array([[1.0], [np.nan]]), "NaN or infinity for 1 of 2 examples"),
        (lambda rows: "vectors", "must give numbers, got str"),
    ],
)
def test_what_is_no_table_of_finite_numbers_is_refused(returned: Any, text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        FunctionEmbedder(returned, name="mine").embed([1, 2])
    assert text in str(caught.value)
    assert "`mine`" in str(caught.value)


def test_no_examples_and_widths_that_change_are_refused() -> None:
    with pytest.raises(BadInputError, match="no examples"):
        FunctionEmbedder(lambda rows: np.zeros((len(rows), 2))).embed([])
    with pytest.raises(BadInputError, match="width 1, and then of width 2"):
        FunctionEmbedder(lambda rows: np.zeros((1, rows[0])), batch_size=1).embed([1, 2])


def test_modules_say_what_does_not_fit() -> None:
    embedder = ModuleEmbedder(network())
    with pytest.raises(BadInputError, match="cannot take these examples"):
        embedder.embed([np.zeros(5, dtype=np.float32)])
    with pytest.raises(BadInputError, match=r"one shape, got \(4,\) and \(5,\)"):
        embedder.embed([np.zeros(4), np.zeros(5)])
    with pytest.raises(BadInputError, match="got str: say with `prepare=`"):
        embedder.embed(["a text"])


def test_fingerprints_tell_weights_apart() -> None:
    one, other = ModuleEmbedder(network()), ModuleEmbedder(network())
    assert one.fingerprint() == other.fingerprint()
    with torch.no_grad():
        other.module[0].bias += 1e-3
    assert one.fingerprint() != other.fingerprint()


def test_anything_that_embeds_becomes_an_embedder() -> None:
    assert isinstance(embedder_of(network()), ModuleEmbedder)
    assert isinstance(embedder_of(lambda rows: rows), FunctionEmbedder)
    own = FunctionEmbedder(lambda rows: rows)
    assert embedder_of(own) is own
    with pytest.raises(BadInputError, match="got int"):
        embedder_of(3)


def test_unknown_kinds_and_views_are_refused() -> None:
    with pytest.raises(BadInputError, match="no embedder of the kind `other`"):
        rebuild("other", {}, {})
    with pytest.raises(BadInputError, match="has no views"):
        ModuleEmbedder(network()).views(0, 3, np.random.default_rng(0))
    with pytest.raises(BadInputError, match="cannot be built from a file"):
        ModuleEmbedder.from_saved({}, {})
    with pytest.raises(BadInputError, match="`batch_size` must be at least 1"):
        FunctionEmbedder(lambda rows: rows, batch_size=0)


def test_an_embedder_is_abstract() -> None:
    with pytest.raises(TypeError):
        Embedder("x")  # type: ignore[abstract]
