"""The rate that every step used, who stepped the schedule, and what became of gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.optim import lr_scheduler

from trainwell.record import Run
from trainwell.record.rates import rate_line

Watched = Callable[..., Run]


def _train(
    steps: int,
    schedule: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler] | None = None,
    before: Callable[[nn.Module], object] = lambda model: None,
    groups: int = 1,
) -> list[float]:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    given = [
        {"params": m.parameters(), "lr": 0.01 * (i + 1)} for i, m in enumerate((model[0], model[2]))
    ]
    optimizer = torch.optim.SGD(given if groups > 1 else model.parameters(), lr=0.05)
    made = None if schedule is None else schedule(optimizer)
    rates = []
    for _ in range(steps):
        x = torch.randn(16, 8)
        loss = nn.functional.cross_entropy(model(x), x.argmax(1) % 3)
        optimizer.zero_grad()
        loss.backward()
        before(model)
        rates.append(max(group["lr"] for group in optimizer.param_groups))
        optimizer.step()
        if made is not None:
            made.step()
    return rates


@pytest.mark.parametrize("every", [1, 7, None])
@pytest.mark.parametrize("groups", [1, 2])
def test_the_mean_rate_is_that_of_all_steps(
    watched: Watched, every: int | None, groups: int
) -> None:
    rates: list[float] = []

    def go() -> None:
        rates.extend(_train(900, lambda o: lr_scheduler.CosineAnnealingLR(o, 300), groups=groups))

    run = watched(go, every=every)
    line = rate_line(run, run.optimizers[0])
    assert line is not None
    assert line.budget * line.reference == pytest.approx(sum(rates) / len(rates), rel=0.01)
    assert line.reference == pytest.approx(max(rates))
    assert len(line.rates) < 800
    (seen,) = run.schedulers.values()
    assert (seen.name, seen.steps, seen.updates, seen.early) == (
        "CosineAnnealingLR",
        900,
        900,
        False,
    )
    assert seen.settings["T_max"] == 300


def test_a_steady_rate_is_one_entry(watched: Watched) -> None:
    run = watched(lambda: _train(50), every=5)
    assert list(run.series("optimizer", 0, "rate")) == [(0, 0.05)]
    assert run.optimizers[0].rate_changes == 0


def test_joined_schedules_are_stepped_once(watched: Watched) -> None:
    def schedule(optimizer: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
        parts: list[lr_scheduler.LRScheduler] = [
            lr_scheduler.LinearLR(optimizer, 0.1, total_iters=5),
            lr_scheduler.ExponentialLR(optimizer, 0.9),
        ]
        return lr_scheduler.SequentialLR(optimizer, parts, [5])

    run = watched(lambda: _train(20, schedule))
    joined = [s for s in run.schedulers.values() if s.steps]
    assert [(s.name, s.steps, s.parts) for s in joined] == [
        ("SequentialLR", 20, ("LinearLR", "ExponentialLR"))
    ]


def test_a_schedule_that_is_stepped_first_is_early(watched: Watched) -> None:
    def go() -> None:
        weight = nn.Parameter(torch.ones(3))
        optimizer = torch.optim.SGD([weight], lr=0.1)
        schedule = lr_scheduler.StepLR(optimizer, 2)
        for _ in range(4):
            schedule.step()
            optimizer.zero_grad()
            weight.square().sum().backward()
            optimizer.step()

    with pytest.warns(UserWarning, match="before `optimizer.step"):
        run = watched(go)
    assert run.schedulers[0].early


def _halve(model: nn.Module) -> None:
    for parameter in model.parameters():
        assert parameter.grad is not None
        parameter.grad.mul_(0.5)


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        (lambda model: None, 1.0),
        (_halve, 0.5),
        (lambda model: model.zero_grad(), 0.0),
        (lambda model: model.zero_grad(set_to_none=False), 0.0),
    ],
)
def test_what_is_left_of_the_gradients_is_measured(
    watched: Watched, before: Callable[[nn.Module], object], kept: float
) -> None:
    values = (
        watched(lambda: _train(12, before=before)).series("optimizer", 0, "gradient_kept").values
    )
    assert len(values) >= 10
    assert values == pytest.approx([kept] * len(values), rel=1e-4)


@pytest.mark.parametrize("every", [1, None])
def test_closures_and_accumulation_are_not_taken_for_clipping(
    watched: Watched, every: int | None
) -> None:
    def go() -> None:
        torch.manual_seed(0)
        model = nn.Linear(8, 3)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        lbfgs = torch.optim.LBFGS(model.parameters(), max_iter=3)
        x = torch.randn(16, 8)
        for i in range(40):
            nn.functional.cross_entropy(model(x), x.argmax(1) % 3).backward()
            if i % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()

        def closure() -> torch.Tensor:
            lbfgs.zero_grad()
            loss = nn.functional.cross_entropy(model(x), x.argmax(1) % 3)
            loss.backward()
            return loss

        for _ in range(3):
            lbfgs.step(closure)

    run = watched(go, every=every)
    for number in run.optimizers:
        values = run.series("optimizer", number, "gradient_kept").values
        assert values == pytest.approx([1.0] * len(values))
