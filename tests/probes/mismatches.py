"""Operations that PyTorch refuses, by what they are refused for; none needs a GPU."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

LONG = torch.long


def r(*shape: int, **options: object) -> torch.Tensor:
    return torch.zeros(*shape, **options)  # type: ignore[call-overload, no-any-return]


def meta(*shape: int) -> torch.Tensor:
    return torch.empty(*shape, device="meta")


Case = Callable[[], object]

SHAPE: dict[str, Case] = {
    "linear": lambda: nn.Linear(64, 10)(r(3, 128)),
    "matmul": lambda: r(3, 4) @ r(5, 6),
    "bmm": lambda: torch.bmm(r(2, 3, 4), r(2, 5, 6)),
    "batched matmul": lambda: torch.matmul(r(2, 3, 4), r(3, 4, 6)),
    "matrix times vector": lambda: r(3, 4) @ r(5),
    "dot": lambda: r(3) @ r(5),
    "mm of three dimensions": lambda: torch.mm(r(2, 3, 4), r(4, 5)),
    "add": lambda: r(3, 4) + r(3, 5),
    "channels": lambda: nn.Conv2d(3, 8, 3)(r(2, 1, 8, 8)),
    "convolution of rows": lambda: nn.Conv2d(3, 8, 3)(r(2, 8)),
    "kernel too large": lambda: nn.Conv2d(1, 8, 5)(r(2, 1, 3, 3)),
    "view": lambda: r(3, 5).view(2, 7),
    "view of a transpose": lambda: r(3, 5).t().view(15),
    "cat": lambda: torch.cat([r(3, 4), r(2, 5)]),
    "cat of two ranks": lambda: torch.cat([r(3, 4), r(2)]),
    "stack": lambda: torch.stack([r(3), r(4)]),
    "batch of targets": lambda: F.cross_entropy(r(3, 5), r(4, dtype=LONG)),
    "column of targets": lambda: F.cross_entropy(r(3, 5), r(3, 1, dtype=LONG)),
    "binary targets": lambda: F.binary_cross_entropy(r(3, 1), r(3)),
    "binary targets for logits": lambda: F.binary_cross_entropy_with_logits(r(3, 1), r(3)),
    "lstm": lambda: nn.LSTM(4, 3)(r(5, 2, 6)),
    "lstm state": lambda: nn.LSTM(4, 3)(r(5, 2, 4), (r(1, 3, 3), r(1, 3, 3))),
    "gru": lambda: nn.GRU(4, 3)(r(5, 2, 2, 4)),
    "batch norm": lambda: nn.BatchNorm1d(5)(r(3, 4)),
    "batch norm of rows": lambda: nn.BatchNorm2d(5)(r(3, 5)),
    "layer norm": lambda: nn.LayerNorm(5)(r(3, 4)),
    "group norm": lambda: nn.GroupNorm(2, 4)(r(3, 6)),
    "attention": lambda: nn.MultiheadAttention(4, 2)(r(5, 2, 6), r(5, 2, 6), r(5, 2, 6)),
    "in place": lambda: r(3).add_(r(2, 3)),
    "expand": lambda: r(3, 2).expand(3, 4),
    "mask": lambda: r(3, 4)[torch.ones(4, dtype=torch.bool)],
    "gather": lambda: r(3, 4).gather(1, r(5, 2, dtype=LONG)),
    "permute": lambda: r(3, 2).permute(0, 2, 1),
    "einsum": lambda: torch.einsum("ij,jk->ik", r(3, 4), r(5, 6)),
    "dimension": lambda: r(3).sum(dim=2),
    "pooling": lambda: F.max_pool2d(r(1, 1, 1, 1), 2),
    "pooling of a vector": lambda: F.max_pool2d(r(5), 2),
    "saved weights": lambda: nn.Linear(3, 4).load_state_dict(nn.Linear(5, 4).state_dict()),
    "gradient": lambda: (r(3, requires_grad=True) * 2).backward(r(4)),
    "tensordot": lambda: torch.tensordot(r(3, 4), r(5, 6), dims=1),
    "margin": lambda: F.multi_margin_loss(r(3, 4), r(5, dtype=LONG)),
}

DTYPE: dict[str, Case] = {
    "float64 data": lambda: nn.Linear(4, 2)(torch.from_numpy(np.ones((3, 4)))),
    "whole numbers": lambda: nn.Linear(4, 2)(r(3, 4, dtype=LONG)),
    "half": lambda: nn.Linear(4, 2)(r(3, 4, dtype=torch.half)),
    "matmul": lambda: r(3, 4) @ r(4, 5, dtype=LONG),
    "bmm": lambda: torch.bmm(r(2, 3, 4), r(2, 4, 6, dtype=torch.double)),
    "convolution": lambda: nn.Conv2d(3, 8, 3)(r(2, 3, 8, 8, dtype=torch.double)),
    "bytes of a picture": lambda: nn.Conv2d(3, 8, 3)(r(2, 3, 8, 8, dtype=torch.uint8)),
    "float targets": lambda: F.cross_entropy(r(3, 5), r(3)),
    "int32 targets": lambda: F.cross_entropy(r(3, 5), r(3, dtype=torch.int32)),
    "float targets of nll": lambda: F.nll_loss(r(3, 5), r(3)),
    "whole targets": lambda: F.binary_cross_entropy(r(3), r(3, dtype=LONG)),
    "whole targets for logits": lambda: F.binary_cross_entropy_with_logits(r(3), r(3, dtype=LONG)),
    "embedding": lambda: nn.Embedding(5, 3)(r(3)),
    "lstm": lambda: nn.LSTM(4, 3)(r(5, 2, 4, dtype=torch.double)),
    "in place": lambda: r(3, dtype=LONG).add_(torch.full((3,), 0.5)),
    "gather": lambda: r(3, 4).gather(1, r(3, 2)),
    "scatter": lambda: r(3, 4).scatter_(1, r(3, 1, dtype=LONG), r(3, 1, dtype=torch.double)),
    "mean": lambda: r(3, dtype=LONG).mean(),
    "softmax": lambda: F.softmax(r(3, dtype=LONG), 0),
    "gradient of whole numbers": lambda: r(3, dtype=LONG, requires_grad=True),
}

DEVICE: dict[str, Case] = {
    "network left behind": lambda: nn.Linear(4, 2, device="meta")(r(3, 4)),
    "batch left behind": lambda: nn.Linear(4, 2)(meta(3, 4)),
    "add": lambda: r(3) + meta(3),
    "cross_entropy": lambda: F.cross_entropy(r(3, 5), meta(3).long()),
    "mse_loss": lambda: F.mse_loss(r(3, 5), meta(3, 5)),
    "cat": lambda: torch.cat([r(3), meta(3)]),
    "where": lambda: torch.where(meta(3) > 0, r(3), r(3)),
    "lstm": lambda: nn.LSTM(4, 3)(meta(5, 2, 4)),
    "batch norm": lambda: nn.BatchNorm1d(5, device="meta")(r(3, 5)),
    "numpy": lambda: meta(3).numpy(),
    "copy": lambda: meta(3).to("cpu"),
}

MEMORY: dict[str, Case] = {
    "tensor": lambda: torch.empty(10**15),
    "layer": lambda: nn.Linear(10**8, 10**7),
    "operation": lambda: r(10**4, 1, 1).expand(10**4, 10**5, 10**5) * 2,
    "overflow": lambda: torch.empty(2**62, 2**62),
    "numpy": lambda: np.zeros(10**15),
    "python": lambda: bytearray(10**16),
}

INDEX: dict[str, Case] = {
    "label": lambda: F.cross_entropy(r(3, 5), torch.tensor([0, 1, 7])),
    "negative label": lambda: F.cross_entropy(r(3, 5), torch.tensor([0, 1, -7])),
    "token": lambda: nn.Embedding(5, 3)(torch.tensor([7])),
    "gather": lambda: r(3, 4).gather(1, torch.tensor([[5]])),
    "row": lambda: r(3, 4)[5],
    "rows": lambda: r(3, 4)[torch.tensor([1, 9])],
    "one hot": lambda: F.one_hot(torch.tensor([4]), 3),
}
"""Indices that point beyond what there is."""

GRAPH: dict[str, Case] = {
    "no graph": lambda: r(3).sum().backward(),
    "twice": lambda: twice((r(3, requires_grad=True) ** 2).sum()),
}
"""Backward passes that find no graph, or none any more."""


def twice(loss: torch.Tensor) -> None:
    """Two backward passes through one graph."""
    loss.backward()
    loss.backward()


OTHER: dict[str, Case] = {
    "backward of a vector": lambda: (r(3, requires_grad=True) * 2).backward(),
    "leaf in place": lambda: r(3, requires_grad=True).add_(1),
    "numpy of a gradient": lambda: r(3, requires_grad=True).numpy(),
    "truth of a vector": lambda: bool(r(3)),
    "ragged list": lambda: torch.tensor([[1, 2], [3]]),
    "no probability": lambda: torch.multinomial(-torch.ones(3), 2),
    "not positive definite": lambda: torch.linalg.cholesky(-torch.eye(3)),
    "negative size": lambda: torch.zeros(-3),
    "dropout": lambda: F.dropout(r(3), p=2.0),
    "None": lambda: nn.Linear(3, 4)(None),
    "numpy of two shapes": lambda: np.ones((3, 4)) + np.ones((3, 5)),
    "missing key": lambda: nn.ModuleDict()["head"],
    "batch norm of one row": lambda: nn.BatchNorm1d(5)(r(1, 5)),
}
"""What none of the four findings may take for its own."""
