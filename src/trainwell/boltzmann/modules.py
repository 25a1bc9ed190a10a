"""Plain PyTorch modules made of a machine's weights, and their fine-tuning."""

from __future__ import annotations

__all__ = ["encoder", "enlivened", "finetune", "output_layer", "untrained"]

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn.utils import skip_init

from trainwell.boltzmann.data import Rows
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.history import History, Moment
from trainwell.boltzmann.products import affine


def encoder(
    layers: Sequence[tuple[torch.Tensor, torch.Tensor]],
    dropout: float = 0.0,
    input_dropout: float = 0.0,
) -> nn.Sequential:
    """Linear layers and sigmoids.

    Args:
        layers: (lower, upper) weights and (upper,) biases, the lowest first; copied.
        dropout: share of every layer's outputs that is dropped in training.
        input_dropout: share of the inputs that is dropped in training.
    """
    made: list[nn.Module] = [nn.Dropout(input_dropout)] if input_dropout else []
    for weights, bias in layers:
        # Without PyTorch's own initial values, which would draw from the caller's random stream.
        linear: nn.Linear = skip_init(  # type: ignore[no-untyped-call]
            nn.Linear,
            weights.shape[0],
            weights.shape[1],
            dtype=weights.dtype,
            device=weights.device,
        )
        with torch.no_grad():
            linear.weight.copy_(weights.t())
            linear.bias.copy_(bias)
        made += [linear, nn.Sigmoid()]
        if dropout:
            made.append(nn.Dropout(dropout))
    return nn.Sequential(*made)


def enlivened(
    layers: Sequence[tuple[torch.Tensor, torch.Tensor]], rows: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Layers whose units differ between rows: what pre-training left pale is scaled up.

    Where the activation of a layer's median unit deviates by less than 1, a sigmoid's output is
    nearly constant, and with some such layers above each other fine-tuning never starts. The
    deviation becomes 1 and every unit's mean stays; other layers are given back as they are.

    Args:
        layers: as `encoder` takes them.
        rows: (rows, columns) of the data.

    Sources:
        Mishkin & Matas 2016, "All you need is a good init", for setting variances layer by layer.
    """
    made = []
    for weights, bias in layers:
        activation = affine(bias, rows, weights)
        deviation = activation.std(0, correction=0).median()
        if 0 < deviation < 1:
            mean = activation.mean(0)
            weights, bias = weights / deviation, mean + (bias - mean) / deviation
            activation = affine(bias, rows, weights)
        made.append((weights, bias))
        rows = activation.sigmoid()
    return made


def output_layer(inputs: int, outputs: int, draws: Draws) -> nn.Linear:
    """A linear layer whose weights and biases are 0: at first all answers are alike.

    Args:
        inputs: units below.
        outputs: units.
        draws: give dtype and device.
    """
    layer: nn.Linear = skip_init(  # type: ignore[no-untyped-call]
        nn.Linear, inputs, outputs, dtype=draws.dtype, device=draws.device
    )
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def untrained(widths: Sequence[int], draws: Draws) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Random weights and zero biases for `encoder`: Glorot & Bengio 2010, times 4 for sigmoids.

    Args:
        widths: of the input and of every layer.
        draws: the random numbers.
    """
    layers = []
    for lower, upper in pairwise(widths):
        limit = 4 * (6 / (lower + upper)) ** 0.5
        weights = (2 * draws.uniform(lower, upper) - 1) * limit
        layers.append((weights, torch.zeros(upper, dtype=draws.dtype, device=draws.device)))
    return layers


class _Linear(torch.autograd.Function):
    """A linear layer by the fastest kernel, forwards and backwards; see `products`."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        return affine(bias.detach(), x.detach(), weight.detach().t())

    @staticmethod
    def backward(
        ctx: Any, gradient: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]:
        x, weight = ctx.saved_tensors
        down = affine(None, gradient, weight.detach()) if ctx.needs_input_grad[0] else None
        return down, affine(None, gradient.t(), x.detach()), gradient.sum(0)


@contextmanager
def _quick(module: nn.Module) -> Iterator[None]:
    """Lets the linear layers inside compute by `_Linear`, and be called as ever: hooks see them."""
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Linear)]

    def quicken(layer: nn.Linear) -> Callable[[torch.Tensor], Any]:
        return lambda x: _Linear.apply(x, layer.weight, layer.bias)  # type: ignore[no-untyped-call]

    for layer in layers:
        layer.__dict__["forward"] = quicken(layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.__dict__["forward"]


def finetune(
    module: nn.Module,
    rows: Rows,
    split: Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]],
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    *,
    n_iter: int,
    batch_size: int | str,
    learning_rate: float,
    weight_decay: float,
    draws: Draws,
) -> History:
    """Train a whole module by back-propagation with Adam, the rate falling to 0.

    Args:
        module: changed in place; left in evaluation mode. Its linear layers have biases.
        rows: inputs and targets side by side.
        split: takes a batch apart.
        loss: of outputs and targets, a mean over rows.
        n_iter: epochs.
        batch_size: rows of a batch, or "auto".
        learning_rate: at the start.
        weight_decay: decoupled, as in AdamW.
        draws: shuffle the rows.
    """
    optimizer = torch.optim.AdamW(module.parameters(), lr=learning_rate, weight_decay=weight_decay)
    total = max(1, n_iter * rows.batches_per_epoch(batch_size))
    done = 0
    history = History()
    module.train()
    # Dropout draws from PyTorch's own stream: seeded here, and put back for the caller.
    devices = [] if draws.device.type == "cpu" else [draws.device]
    with torch.random.fork_rng(devices), torch.enable_grad(), _quick(module):
        torch.manual_seed(int(draws.integers(2**31 - 1, 1)[0]))
        for epoch in range(1, n_iter + 1):
            losses = []
            for batch in rows.batches(batch_size, draws):
                inputs, targets = split(batch)
                for group in optimizer.param_groups:
                    group["lr"] = learning_rate * (1.0 - done / total)
                optimizer.zero_grad()
                value = loss(module(inputs), targets)
                value.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                losses.append(float(value.detach()))
                done += 1
            mean = sum(losses) / len(losses)
            history.moments.append(Moment(epoch, done, loss=mean))
    module.eval()
    return history
