"""A small training, written out by hand, with places at which a test can do more by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import nn

Tensor = torch.Tensor


@dataclass
class Data:
    """Rows to train on and rows to judge by."""

    x: Tensor
    y: Tensor
    held_x: Tensor
    held_y: Tensor


def numbers(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Columns on different scales, and a rule that leads from them to a number."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(96, 4, generator=generator) * torch.tensor([1.0, 5.0, 0.3, 2.0])
    x = x + torch.tensor([0.5, -3.0, 0.0, 10.0])
    return x, x[:, 0] - 0.5 * x[:, 1] + 3 * x[:, 2].square() + 0.1 * x[:, 3]


def classes() -> Data:
    """Three classes."""
    x, score = numbers()
    y = torch.bucketize(score, score.quantile(torch.tensor([1 / 3, 2 / 3])))
    return Data(x[:64], y[:64], x[64:], y[64:])


def values() -> Data:
    """A number to be predicted, far from 0."""
    x, score = numbers()
    y = 40 + 7 * score[:, None]
    return Data(x[:64], y[:64], x[64:], y[64:])


def yes_or_no() -> Data:
    """Zeros and ones, as floating point numbers of the output's shape."""
    x, score = numbers()
    y = (score > score.median()).float()[:, None]
    return Data(x[:64], y[:64], x[64:], y[64:])


def network(out: int = 3, activation: Callable[[], nn.Module] = nn.Tanh) -> nn.Sequential:
    """A small network, the same every time."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 8), activation(), nn.Linear(8, out))


def sgd(model: nn.Module) -> torch.optim.Optimizer:
    """The usual optimizer here."""
    return torch.optim.SGD(model.parameters(), lr=0.05)


@dataclass
class Trained:
    """What a training left.

    Attributes:
        model: the network.
        losses: of every step, as the script sees them.
        judged: loss of every evaluation.
    """

    model: nn.Module
    losses: list[float] = field(default_factory=list)
    judged: list[float] = field(default_factory=list)

    @property
    def weights(self) -> list[Tensor]:
        return [p.detach().clone() for p in self.model.parameters()]


Loss = Callable[[Tensor, Tensor], Tensor]


def train(
    data: Data,
    model: nn.Module | None = None,
    optimizer: Callable[[nn.Module], torch.optim.Optimizer] = sgd,
    *,
    loss: Loss | None = None,
    judge: Loss | None = None,
    epochs: int = 3,
    batch: int = 16,
    zero: bool = True,
    step: bool = True,
    ready: Callable[[nn.Module], object] = lambda _: None,
    before_pass: Callable[[nn.Module], object] = lambda _: None,
    before_step: Callable[[nn.Module], object] = lambda _: None,
    after_step: Callable[[nn.Module], object] = lambda _: None,
    after_epoch: Callable[[nn.Module, float], object] = lambda *_: None,
) -> Trained:
    """Train.

    Args:
        data: rows.
        model: the network.
        optimizer: makes the optimizer, just before the first epoch.
        loss: of training; cross-entropy when None.
        judge: of evaluation; the same when None.
        epochs, batch: how long.
        zero, step: call `zero_grad()` and `step()`.
        ready: called with the model in front of the optimizer.
        before_pass, before_step, after_step, after_epoch: called then.
    """
    # Looked up here, as it may stand for something else by now.
    loss = loss or F.cross_entropy
    model = network() if model is None else model
    ready(model)
    chosen = optimizer(model)
    trained = Trained(model)
    torch.manual_seed(2)
    for _ in range(epochs):
        model.train()
        for at in range(0, len(data.x), batch):
            if zero:
                chosen.zero_grad()
            before_pass(model)
            value = loss(model(data.x[at : at + batch]), data.y[at : at + batch])
            value.backward()
            before_step(model)
            if step:
                chosen.step()
            after_step(model)
            trained.losses.append(value.item())
        trained.judged.append(evaluate(data, model, judge or loss))
        after_epoch(model, trained.judged[-1])
    return trained


def evaluate(data: Data, model: nn.Module, judge: Loss) -> float:
    """The loss on the rows that were held out, in two batches."""
    model.eval()
    total = 0.0
    with torch.no_grad():
        for x, y in zip(data.held_x.split(20), data.held_y.split(20), strict=True):
            total += judge(model(x), y).item() * len(x)
    return total / len(data.held_x)


def assert_alike(one: Trained, other: Trained, *, losses: bool = True) -> None:
    """Both trainings have the same weights and the same results."""
    assert len(one.weights) == len(other.weights)
    for a, b in zip(one.weights, other.weights, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6)
    for a, b in zip(one.judged, other.judged, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
    if losses:
        torch.testing.assert_close(one.losses, other.losses, rtol=1e-5, atol=1e-6)


def assert_changed(one: Trained, other: Trained) -> None:
    """The trainings went different ways."""
    assert any(
        not torch.allclose(a, b, atol=1e-4) for a, b in zip(one.weights, other.weights, strict=True)
    )
