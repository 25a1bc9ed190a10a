"""Matrix products: every kernel gives what float64 gives, as far as its precision reaches."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import nn

from trainwell.boltzmann import RBM, ClassificationRBM, modules
from trainwell.boltzmann import products as module
from trainwell.boltzmann.products import add_outer, affine, rounded_dtype

SMALL, LARGE = (7, 11, 5), (200, 150, 120)
"""(rows, inputs, outputs), below and above what oneDNN is called for."""

FLOAT32, BF16 = 2e-6, 1.5e-2
"""Largest errors, as shares of the largest value."""


def _some(shape: tuple[int, int, int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rows, inputs, outputs = shape
    draw = torch.Generator().manual_seed(0)
    made = [torch.randn(s, generator=draw) for s in ((rows, inputs), (inputs, outputs), (outputs,))]
    return made[0], made[1], made[2]


def _error(found: torch.Tensor, right: torch.Tensor) -> float:
    return float((found.double() - right).abs().max() / right.abs().max())


@pytest.fixture(params=["plain", "onednn"])
def kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The test runs with PyTorch's products, and with oneDNN's on every processor."""
    name: str = request.param
    if name == "plain":
        monkeypatch.setattr(module, "_onednn", lambda: None)
        return name
    if not torch.backends.mkldnn.is_available():
        pytest.skip("this build of PyTorch has no oneDNN")
    forced = torch.ops.mkldnn._linear_pointwise
    monkeypatch.setattr(module, "_onednn", lambda: forced)
    return name


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("shape", [SMALL, LARGE], ids=["small", "large"])
class TestKernels:
    def test_affine(self, shape: tuple[int, int, int]) -> None:
        x, weights, bias = _some(shape)
        right = x.double() @ weights.double()
        assert _error(affine(None, x, weights), right) < FLOAT32
        assert _error(affine(bias, x, weights), right + bias.double()) < FLOAT32

    def test_affine_by_transposed_weights(self, shape: tuple[int, int, int]) -> None:
        x, weights, bias = _some(shape)
        across = weights.t().contiguous().t()
        assert _error(affine(bias, x, across), (x.double() @ weights.double() + bias)) < FLOAT32

    def test_affine_in_float64(self, shape: tuple[int, int, int]) -> None:
        x, weights, bias = (t.double() for t in _some(shape))
        torch.testing.assert_close(affine(bias, x, weights), x @ weights + bias)

    def test_affine_leaves_gradients_alone(self, shape: tuple[int, int, int]) -> None:
        x, weights, bias = _some(shape)
        weights.requires_grad_()
        affine(bias, x, weights).sum().backward()
        assert weights.grad is not None
        torch.testing.assert_close(weights.grad, x.sum(0).unsqueeze(1).expand_as(weights))

    def test_fine_tuning_follows_the_gradients_of_the_module(
        self, shape: tuple[int, int, int]
    ) -> None:
        _, inputs, outputs = shape
        x = _some(shape)[0]
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(inputs, outputs), nn.Sigmoid(), nn.Linear(outputs, 3))
        called: list[nn.Module] = []
        module[2].register_forward_hook(lambda layer, inputs, output: called.append(layer))
        found: list[dict[str, torch.Tensor]] = []
        for way in (modules._quick(module), nullcontext()):
            module.zero_grad()
            with way:
                module(x).square().mean().backward()
            found.append({n: p.grad.clone() for n, p in module.named_parameters()})
        assert called == [module[2]] * 2
        assert "forward" not in module[2].__dict__
        assert len(found[0]) == 4
        for name, gradient in found[0].items():
            torch.testing.assert_close(gradient, found[1][name], rtol=1e-4, atol=1e-6)

    @pytest.mark.parametrize("keep", [1.0, 0.9, 0.0])
    def test_outer_products_are_added(self, shape: tuple[int, int, int], keep: float) -> None:
        v, total, _ = _some(shape)
        h = torch.randn(shape[0], shape[2], generator=torch.Generator().manual_seed(1))
        right = keep * total.double() + 0.3 * v.double().t() @ h.double()
        rounded = total.clone()
        add_outer(total, v, h, keep=keep, rate=0.3)
        assert _error(total, right) < FLOAT32
        add_outer(rounded, v, h, keep=keep, rate=0.3, rounded=torch.bfloat16)
        assert FLOAT32 < _error(rounded, right) < BF16
        assert rounded.dtype == torch.float32

    def test_rounded_weights_leave_the_bias_unrounded(self, shape: tuple[int, int, int]) -> None:
        x, weights, bias = _some(shape)
        found = affine(bias * 1000, x, weights.bfloat16())
        assert found.dtype == torch.float32
        assert _error(found - bias * 1000, x.double() @ weights.double()) < BF16


def test_large_products_are_given_to_onednn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def kernel(x: torch.Tensor, weights: torch.Tensor, *rest: object) -> torch.Tensor:
        asked.append((tuple(x.shape), tuple(weights.shape), rest))
        return x @ weights.t()

    monkeypatch.setattr(module, "_onednn", lambda: kernel)
    x, weights, _ = _some(LARGE)
    affine(None, x, weights)
    assert asked == [((200, 150), (120, 150), (None, "none", [], ""))]
    x, weights, _ = _some(SMALL)
    affine(None, x, weights)
    assert len(asked) == 1


def test_onednn_is_given_no_gaps(monkeypatch: pytest.MonkeyPatch) -> None:
    # As columns of a wider table have them: 100x784 by 784x300 took a second instead of 0.2 ms.
    def kernel(x: torch.Tensor, weights: torch.Tensor, *_: object) -> torch.Tensor:
        for factor in (x, weights):
            assert factor.is_contiguous() or factor.t().is_contiguous()
        return x @ weights.t()

    monkeypatch.setattr(module, "_onednn", lambda: kernel)
    x, weights, _ = (torch.cat([t, t[..., :3]], -1)[..., : t.shape[-1]] for t in _some(LARGE))
    assert not x.is_contiguous()
    for one, other in ((x, weights), (weights.t(), x.t())):
        right = one.double() @ other.double()
        assert _error(affine(None, one, other), right) < FLOAT32
        total = torch.zeros(right.shape)
        add_outer(total, one.t(), other)
        assert _error(total, right) < FLOAT32


def test_what_is_rounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_has_bf16", {"cpu": False, "cuda": True}.__getitem__)
    assert rounded_dtype("bf16", torch.float32, "cpu") is None
    assert rounded_dtype("bf16", torch.float32, "cuda") == torch.bfloat16
    assert rounded_dtype("bf16", torch.float64, "cuda") is None
    assert rounded_dtype("float32", torch.float32, "cuda") is None


class TestLearningWithRoundedFactors:
    @pytest.fixture(autouse=True)
    def everywhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # PyTorch multiplies bfloat16 on every processor, if slowly.
        monkeypatch.setattr(module, "_has_bf16", lambda device: True)

    @pytest.mark.parametrize("options", [{}, {"momentum": 0.5}, {"algorithm": "cd"}], ids=str)
    def test_likelihood_is_float32s(self, options: dict[str, object]) -> None:
        side = np.array([[(i >> k) & 1 for k in range(3)] for i in range(8)], dtype=np.float32)
        bars = np.concatenate([np.repeat(side, 3, axis=1), np.tile(side, 3)])
        score = {}
        for precision in ("float32", "bf16"):
            machines = [
                RBM(
                    8,
                    n_iter=400,
                    batch_size=16,
                    learning_rate=0.2,
                    precision=precision,
                    random_state=seed,
                    **options,
                ).fit(bars)
                for seed in range(4)
            ]
            assert all(m.components_.dtype == np.float32 for m in machines)
            score[precision] = [m.score(bars) for m in machines]
        # Seeds of one precision differ by as much.
        spread = 3 * np.std(score["float32"]) + 0.05
        assert np.mean(score["bf16"]) > np.mean(score["float32"]) - spread
        assert score["bf16"] != score["float32"]

    @pytest.mark.parametrize("objective", ["hybrid", "discriminative", "generative"])
    def test_classification(self, objective: str) -> None:
        rows = np.eye(4, dtype=np.float32)[[0, 1, 2, 3] * 10]
        machine = ClassificationRBM(
            8,
            objective=objective,
            n_iter=200,
            learning_rate=1.0,
            precision="bf16",
            random_state=0,
        ).fit(rows, ["even", "odd"] * 20)
        assert machine.predict(np.eye(4)).tolist() == ["even", "odd", "even", "odd"]
