"""Graphs that outlive their step are counted, and none is kept by the counting."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from trainwell.record import Run

Watched = Callable[..., Run]
STEPS = 12


def _train(
    keep: Callable[[torch.Tensor], object], steps: int = STEPS, **options: Any
) -> Callable[[], None]:
    def train() -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        for _ in range(steps):
            loss = model(torch.ones(3, 4)).square().mean()
            optimizer.zero_grad()
            loss.backward(**options)
            optimizer.step()
            keep(loss)

    return train


def kept(run: Run, quantity: str = "kept_graphs") -> list[float]:
    return run.series("objective", 0, quantity).values


class _Sum:
    """Adds up, as `total += loss` does."""

    def __init__(self, every: int = 1000) -> None:
        self.total: Any = 0
        self.calls = 0
        self.every = every

    def __call__(self, loss: torch.Tensor) -> None:
        self.total = self.total + loss
        self.calls += 1
        if not self.calls % self.every:
            self.total = 0


def test_losses_in_a_list_are_counted(watched: Watched) -> None:
    run = watched(_train([].append))
    assert kept(run) == list(range(STEPS))
    assert kept(run, "kept_losses") == list(range(STEPS))


def test_a_sum_of_losses_is_counted_though_the_losses_are_gone(watched: Watched) -> None:
    run = watched(_train(_Sum()))
    assert kept(run) == list(range(STEPS))
    # The loss of the step before is still bound to its name.
    assert max(kept(run, "kept_losses")) <= 1


def test_a_sum_that_is_made_anew_is_freed(watched: Watched) -> None:
    counts = kept(watched(_train(_Sum(every=4))))
    # At the look after the sum was made anew, the loss of the step before is gone as well.
    assert counts == [0, 1, 2, 3] * 3


@pytest.mark.parametrize(
    "keep",
    [lambda loss: None, lambda loss: loss.item(), lambda loss: loss.detach()],
    ids=["nothing", "item", "detach"],
)
@pytest.mark.parametrize("retain", [False, True])
def test_what_holds_no_graph_is_not_counted(
    keep: Callable[[torch.Tensor], object], retain: bool, watched: Watched
) -> None:
    numbers: list[object] = []
    run = watched(_train(lambda loss: numbers.append(keep(loss)), retain_graph=retain))
    assert max(kept(run)) <= 1


def test_counting_keeps_nothing(watched: Watched) -> None:
    held: list[weakref.ref[torch.Tensor]] = []
    watched(_train(lambda loss: held.append(weakref.ref(loss))))
    gc.collect()
    assert [r() for r in held] == [None] * STEPS


def test_two_backwards_of_one_loss_are_one(watched: Watched) -> None:
    def train() -> None:
        weight = torch.ones(3, requires_grad=True)
        for _ in range(STEPS):
            loss = weight.square().sum()
            for _ in range(2):
                loss.backward(retain_graph=True)

    assert max(kept(watched(train))) <= 1
