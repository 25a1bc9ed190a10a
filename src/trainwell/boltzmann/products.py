"""Matrix products by the fastest kernel at hand, with factors rounded to bfloat16 on request.

On the CPU, PyTorch gives float32 products to MKL, which has no AVX-512 kernels for processors that
are not Intel's. oneDNN comes with PyTorch too and has them: 0.64 against 1.43 ms for 200 rows by
784x500, as exact (measured, one thread of an AMD EPYC with AVX-512).
"""

from __future__ import annotations

__all__ = ["PRECISIONS", "add_outer", "affine", "rounded_dtype"]

from functools import cache
from typing import Any

import torch

PRECISIONS: tuple[str, ...] = ("float32", "bf16")
"""What matrix products round their factors to. Weights and sums are float32 in either."""

_WORTH = 1 << 20
"""Multiplications of a product below which oneDNN's call costs more than it saves."""


def rounded_dtype(
    precision: str, dtype: torch.dtype, device: str | torch.device
) -> torch.dtype | None:
    """What the factors of products are rounded to; None where rounding saves nothing.

    Args:
        precision: a name of `PRECISIONS`.
        dtype: of the weights; only float32 is rounded.
        device: where they are; a CPU without bfloat16 instructions rounds nothing.
    """
    if precision == "float32" or dtype != torch.float32:
        return None
    return torch.bfloat16 if _has_bf16(torch.device(device).type) else None


@cache
def _has_bf16(device: str) -> bool:
    if device == "cpu":
        return bool(_abilities().keys() & {"avx512_bf16", "amx_bf16"})
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return False


def _abilities() -> dict[str, Any]:
    """The processor's instruction sets, those that it has; an older PyTorch tells of none."""
    tell = getattr(torch.cpu, "get_capabilities", dict)
    return {name: value for name, value in tell().items() if value}


def affine(bias: torch.Tensor | None, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """`bias + x @ weights`, (rows, outputs), in the dtype of `x`.

    Args:
        bias: (outputs,), or None for 0.
        x: (rows, inputs); rounded to the dtype of `weights` where that is another.
        weights: (inputs, outputs).
    """
    if weights.dtype != x.dtype:
        product = torch.mm(x.to(weights.dtype), weights)
        # The bias is added unrounded, and makes the sum float32.
        return product.to(x.dtype) if bias is None else product + bias
    kernel = _kernel(x, weights)
    if kernel is not None:
        made: torch.Tensor = kernel(_dense(x), _dense(weights).t(), bias, "none", [], "")
        return made
    return torch.mm(x, weights) if bias is None else torch.addmm(bias, x, weights)


def add_outer(
    total: torch.Tensor,
    v: torch.Tensor,
    h: torch.Tensor,
    *,
    keep: float = 1.0,
    rate: float = 1.0,
    rounded: torch.dtype | None = None,
) -> None:
    """Make `total` into `keep * total + rate * v'h`, in place.

    Args:
        total: (inputs, outputs).
        v: (rows, inputs).
        h: (rows, outputs).
        keep: share of `total` that stays.
        rate: weight of the product.
        rounded: what `v` and `h` are rounded to first.
    """
    if rounded is not None:
        product = torch.mm(v.to(rounded).t(), h.to(rounded))
    else:
        kernel = _kernel(v.t(), h)
        if kernel is None:
            total.addmm_(v.t(), h, beta=keep, alpha=rate)
            return
        product = kernel(_dense(v).t(), _dense(h).t(), None, "none", [], "")
    if keep != 1.0:
        total.mul_(keep)
    total.add_(product, alpha=rate)


def _dense(x: torch.Tensor) -> torch.Tensor:
    """`x` without gaps between its rows.

    For factors with gaps oneDNN may have no kernel but the one that it is tested by, which takes a
    thousand times as long.
    """
    return x if x.t().is_contiguous() else x.contiguous()


def _kernel(x: torch.Tensor, weights: torch.Tensor) -> Any:
    """OneDNN's linear layer, if it is the faster one for `x @ weights`; it knows no gradients."""
    if x.dtype != torch.float32 or x.device.type != "cpu" or x.requires_grad:
        return None
    if x.shape[0] * x.shape[1] * weights.shape[1] < _WORTH or weights.requires_grad:
        return None
    return _onednn()


@cache
def _onednn() -> Any:
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return None
    if torch.backends.cpu.get_cpu_capability() != "AVX512":
        return None
    # The operator that torch.compile makes linear layers into. With "none" as the element-wise
    # operation behind it, its sums are float32's own unless somebody asked PyTorch for less.
    return getattr(torch.ops.mkldnn, "_linear_pointwise", None)
