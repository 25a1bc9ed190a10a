"""Other settings, tried with the steps that a script left behind."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from trainwell.diagnosis import diagnose
from trainwell.hooks.events import Backward
from trainwell.probes import counterfactuals
from trainwell.probes.rehearsal import Rehearsal
from trainwell.record import Counterfactual, Run

Watched = Callable[..., Run]


def _train(
    rate: float,
    steps: int = 32,
    batch: int = 16,
    loss: Callable[..., torch.Tensor] = F.cross_entropy,
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.SGD,
    network: nn.Module | None = None,
) -> nn.Module:
    torch.manual_seed(0)
    x = torch.randn(512, 8)
    y = (x[:, 0] + x[:, 1] > 0).long()
    model = network or nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 2))
    stepping = optimizer(model.parameters(), lr=rate)
    for rows in torch.randint(512, (steps, batch)):
        value = loss(model(x[rows]), y[rows])
        stepping.zero_grad()
        value.backward()
        stepping.step()
    return model


def _told(run: Run) -> list[Counterfactual]:
    return list(run.counterfactuals.values())


def _named(run: Run) -> list[str]:
    return [e.slug for e in diagnose(run).entries if e.severity != "info"]


def _refused(run: Run) -> str:
    assert _told(run) == []
    (note,) = (n for n in run.notes if n.startswith("no other settings were tried: "))
    return note.partition(": ")[2]


def test_without_being_asked_nothing_is_tried(watched: Watched) -> None:
    run = watched(lambda: _train(1e-4))
    assert (_told(run), run.notes) == ([], [])


def test_a_rate_too_low_is_shown_by_a_higher_one(watched: Watched) -> None:
    run = watched(lambda: _train(1e-3), probing=True)
    assert run.notes == []
    own = _told(run)[0]
    assert (own.is_baseline, own.start, own.factor, own.steps) == (True, "initial", 1.0, 32)
    # The trial stands for the run: the same steps end at about the same loss.
    assert own.after == pytest.approx(own.reached, rel=0.02)
    assert own.learning_rate == pytest.approx(1e-3)
    best = min(_told(run), key=lambda c: c.after)
    assert best.after < 0.5 * own.after
    assert "learning-rate-too-low" in _named(run)
    (entry,) = (e for e in diagnose(run).entries if e.slug == "learning-rate-too-low")
    assert "steps at 100 times the rate bring the loss to" in entry.message
    losses = entry.evidence["loss_then"]
    assert isinstance(losses, dict)
    assert {"SGD at 0.001", "SGD at 0.1"} <= set(losses)


def test_a_rate_too_high_is_shown_by_a_lower_one(watched: Watched) -> None:
    run = watched(lambda: _train(30.0), probing=True)
    assert "learning-rate-too-high" in _named(run)
    (entry,) = (e for e in diagnose(run).entries if e.slug == "learning-rate-too-high")
    assert "th of the rate bring the loss to" in entry.message


def test_a_run_that_left_the_numbers_is_tried_from_its_start(watched: Watched) -> None:
    def train() -> None:
        _train(1e6, loss=lambda out, y: F.mse_loss(out[:, 0], y.float()))

    run = watched(train, probing=True)
    assert {c.start for c in _told(run)} == {"initial"}
    assert math.isnan(_told(run)[0].reached)
    assert not math.isfinite(_told(run)[0].after)


def test_too_few_steps_are_shown_by_more_of_them(watched: Watched) -> None:
    run = watched(lambda: _train(0.05, steps=20), probing=True)
    (more,) = (c for c in _told(run) if c.start == "final" and c.is_baseline)
    assert more.before == more.reached
    assert more.after < 0.95 * more.before
    assert "too-few-epochs" in [e.slug for e in diagnose(run).entries]


def test_batches_of_one_are_tried_together(watched: Watched) -> None:
    run = watched(lambda: _train(0.1, batch=1, steps=24), probing=True)
    assert [c.batches for c in _told(run) if c.start == "final"] == [1, 1, 1, 8]
    wide = watched(lambda: _train(0.1, batch=16), probing=True)
    assert {c.batches for c in _told(wide)} == {1}


def test_nothing_is_said_of_a_healthy_run(watched: Watched) -> None:
    run = watched(lambda: _train(0.03, steps=100, optimizer=torch.optim.Adam), probing=True)
    assert len(_told(run)) >= 6
    assert _named(run) == []


def test_a_loss_by_hand_is_played_again(watched: Watched) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(0.3), nn.Linear(16, 2))

    def loss(out: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        scores = torch.log(out.softmax(1) + 1e-7)
        picked = scores[torch.arange(len(y)), y]
        return -picked.mean() + 1e-3 * sum(p.pow(2).sum() for p in model.parameters())

    run = watched(lambda: _train(0.1, loss=loss, network=model), probing=True)
    assert run.notes == []
    own = _told(run)[0]
    assert own.after == pytest.approx(own.reached, rel=0.2)


def test_two_networks_are_played_again(watched: Watched) -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.decoder = nn.Linear(8, 3), nn.Linear(3, 8)

    pair = Pair()

    def train() -> None:
        torch.manual_seed(0)
        optimizer = torch.optim.Adam(pair.parameters(), lr=0.01)
        for _ in range(24):
            x = torch.randn(16, 8)
            value = nn.MSELoss()(pair.decoder(torch.tanh(pair.encoder(x))), x)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()

    run = watched(train, probing=True)
    assert run.notes == []
    assert _told(run)[0].after == pytest.approx(_told(run)[0].reached, rel=0.05)


def test_weights_gradients_modes_and_random_numbers_stay(watched: Watched) -> None:
    def digest(probing: bool) -> list[Any]:
        model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(), nn.Linear(16, 2))
        for p in model.parameters():
            nn.init.constant_(p, 0.1)
        watched(lambda: _train(0.1, network=model).eval(), probing=probing)
        state = [*model.state_dict().values(), *(p.grad for p in model.parameters())]
        return [*state, torch.get_rng_state(), torch.tensor(model.training)]

    bare, probed = digest(False), digest(True)
    assert len(bare) == len(probed)
    assert all(torch.equal(a, b) for a, b in zip(bare, probed, strict=True))


def _with_two_losses() -> None:
    model = nn.Linear(8, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        model(torch.randn(4, 8)).mean().square().backward()
        model(torch.randn(4, 8)).abs().mean().backward()
        optimizer.step()


def _with_parts_from_before() -> None:
    weight = nn.Parameter(torch.ones(8))
    model = nn.Linear(8, 1)
    optimizer = torch.optim.SGD([weight, *model.parameters()], lr=0.1)
    for _ in range(20):
        scale = weight * 2
        optimizer.zero_grad()
        (model(torch.randn(4, 8)) + scale.sum()).square().mean().backward()
        optimizer.step()


def _without_a_network() -> None:
    weight = nn.Parameter(torch.ones(8))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for _ in range(20):
        optimizer.zero_grad()
        (torch.randn(4, 8) @ weight).square().mean().backward()
        optimizer.step()


def _with_lbfgs() -> None:
    model = nn.Linear(8, 1)
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=2)
    x = torch.randn(16, 8)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        return loss

    for _ in range(10):
        optimizer.step(closure)


class _Drifting(nn.Module):
    """Computes something else every time: what was remembered is not what is played."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 2)
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.layer(x) * self.calls


@pytest.mark.parametrize(
    ("train", "reason"),
    [
        (_with_two_losses, "2 losses are trained, where one can be played again"),
        (_with_parts_from_before, "what was computed before the network was called"),
        (_without_a_network, "no network was called for its loss"),
        (_with_lbfgs, "LBFGS cannot be started again"),
        (lambda: _train(0.1, network=_Drifting()), "the first step, played again, has the loss"),
        (lambda: _train(0.1, steps=5), "5 steps are too few to learn from"),
    ],
)
def test_what_cannot_be_played_again_is_said(
    watched: Watched, train: Callable[[], object], reason: str
) -> None:
    assert reason in _refused(watched(train, probing=True))


def test_what_was_tried_within_the_limit_counts(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = counterfactuals._Trial._try

    def stuck(trial: Any, setting: Any) -> Any:
        # The second setting hangs, whatever the clock of this machine is like.
        while trial.afters:
            os.read(os.pipe()[0], 1)
        return real(trial, setting)

    monkeypatch.setattr(counterfactuals._Trial, "_try", stuck)
    monkeypatch.setattr("trainwell.probes.counterfactuals.ask.__defaults__", (5.0,))
    run = watched(lambda: _train(0.1), probing=True)
    assert [c.is_baseline for c in _told(run)] == [True]
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, 0)


def _remembered(steps: int, batch: int, memory: int) -> Rehearsal:
    kept = Rehearsal(memory)
    model = nn.Linear(64, 1)
    kept.attach()
    for _ in range(steps):
        loss = model(torch.randn(batch, 64)).square().mean()
        kept.backward_begins(Backward((loss,), None, False, objective=0))
        loss.backward()
    kept.detach()
    return kept


def test_tapes_are_few_and_spread_over_the_run() -> None:
    kept = _remembered(400, 16, 64 << 20)
    assert kept.problem is None
    assert 24 <= len(kept.tapes) <= 48
    assert kept.backwards == 400


def test_memory_is_capped() -> None:
    # A batch takes 16 KiB: 20 of them fit beside the weights.
    kept = _remembered(100, 64, 20 * 16 * 1024 + 1024)
    assert kept.problem is None
    assert 8 <= len(kept.tapes) <= 20
    assert "take more than" in str(_remembered(100, 64, 4 * 16 * 1024).problem)
    assert _remembered(100, 64, 4 * 16 * 1024).tapes == []


def test_no_mode_and_no_hook_are_left() -> None:
    _remembered(10, 4, 64 << 20)
    assert torch._C._len_torch_function_stack() == 0
    assert not nn.modules.module._has_any_global_hook()


def test_a_mode_of_the_scripts_own_between_network_and_loss_is_left_alone() -> None:
    kept = Rehearsal()
    model = nn.Linear(4, 1)
    kept.attach()
    for _ in range(3):
        out = model(torch.randn(2, 4))
        with torch.device("cpu"):
            loss = out.square().mean()
            kept.backward_begins(Backward((loss,), None, False, objective=0))
            loss.backward()
        assert torch.zeros(1).device.type == "cpu"
    kept.detach()
    assert kept.problem is None
    assert torch._C._len_torch_function_stack() == 0
