"""What networks are given, and what else looks measure of data, norms, dropout and answers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from trainwell.record import Inputs, Run

Watched = Callable[..., Run]


def data(rows: int = 64, columns: int = 6, seed: int = 0) -> torch.Tensor:
    return torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))


def fit(
    model: nn.Module,
    x: torch.Tensor,
    evaluated: torch.Tensor,
    epochs: int = 4,
    batch: int = 16,
) -> None:
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    y = (x[:, 0] > 0).long()
    for _ in range(epochs):
        model.train()
        for rows in torch.arange(len(x)).split(batch):
            optimizer.zero_grad()
            F.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            F.cross_entropy(model(evaluated), (evaluated[:, 0] > 0).long())


def by_phase(run: Run) -> dict[str, Inputs]:
    return {i.phase: i for i in run.inputs_seen.values()}


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 2))


@pytest.mark.parametrize("leaked", [0, 16, 32])
def test_evaluation_rows_that_were_trained_on_are_recognised(watched: Watched, leaked: int) -> None:
    x = data()
    evaluated = torch.cat([x[:leaked], data(32 - leaked, seed=5)])
    run = watched(lambda: fit(net(), x, evaluated))
    seen = by_phase(run)
    repeats = run.series("inputs", seen["evaluation"].number, "repeats").values
    assert repeats == [leaked / 32] * 4
    trained = run.series("inputs", seen["training"].number, "repeats").values
    assert trained == [0.0] * 4 + [1.0] * 12, "every row is known after the first epoch"


def test_moments_are_those_of_all_looks(watched: Watched) -> None:
    x = 3 + 2 * data(96)
    run = watched(lambda: fit(net(), x, x[:48] * 10))
    seen = by_phase(run)
    values = seen["training"].values
    assert (values["low"], values["high"]) == (float(x.min()), float(x.max()))
    assert values["mean"] == pytest.approx(float(x.mean()), rel=1e-5)
    assert values["std"] == pytest.approx(float(x.std(correction=0)), rel=1e-5)
    assert seen["evaluation"].values["mean"] == pytest.approx(float(x[:48].mean()) * 10, rel=1e-5)
    assert seen["training"].columns == 6


def test_equal_rows_within_a_batch_are_counted(watched: Watched) -> None:
    x = data(4).repeat(16, 1)
    assert by_phase(watched(lambda: fit(net(), x, x)))["training"].duplicates == 0.75


def test_tokens_and_lone_numbers_are_left_alone(watched: Watched) -> None:
    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 2))
    tokens = torch.arange(36).reshape(12, 3) % 9

    def train() -> None:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            F.cross_entropy(model(tokens), tokens[:, 0] % 2).backward()
            optimizer.step()

    assert not watched(train).inputs_seen


def test_answers_are_counted_in_training_and_evaluation(watched: Watched) -> None:
    x = data(64)
    run = watched(lambda: fit(net(), x, x))
    training = next(c for c in run.losses.values() if c.phase == "training")
    counts = training.classes
    assert set(counts) == {"0", "1"}
    assert sum(row[0] for row in counts.values()) == 64 * 4
    later = {name: row[1:] for name, row in counts.items()}
    assert all(right <= min(seen, said) for seen, said, right in later.values())
    last = list(run.evaluations.values())[-1]
    assert last.accuracy is not None
    assert 0.5 <= last.confidence <= 1
    assert last.accuracy == pytest.approx(round(last.accuracy * 64) / 64)


def test_dropout_and_batch_norm_say_what_they_take(watched: Watched) -> None:
    model = nn.Sequential(
        nn.Linear(6, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.75), nn.Linear(64, 2)
    )
    run = watched(lambda: fit(model, data(), data(seed=3)))
    (drop,) = [o for o in run.operations.values() if o.kind == "dropout"]
    shares = run.series("operation", drop.number, "dropped_share").values
    assert len(shares) == 16, "at every look, not only at the one whose lines are traced"
    assert all(0.65 < s < 0.85 for s in shares)
    (norm,) = [o for o in run.operations.values() if o.kind == "batch_norm"]
    assert set(run.series("operation", norm.number, "norm_values").values) == {16}


def test_gradients_of_one_batch_agree_and_of_noise_do_not(watched: Watched) -> None:
    def train(noise: float) -> None:
        torch.manual_seed(2)
        model = nn.Linear(6, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
        x = data(256)
        for step in range(24):
            batch = x[:128] if noise == 0 else x[step : step + 1]
            target = batch[:, :1] + noise * torch.randn(len(batch), 1)
            optimizer.zero_grad()
            F.mse_loss(model(batch), target).backward()
            optimizer.step()

    same = watched(lambda: train(0.0)).series("objective", 0, "gradient_agreement").values
    assert len(same) == 23
    assert min(same) > 0.99
    noisy = watched(lambda: train(10.0)).series("objective", 0, "gradient_agreement").values
    assert abs(sum(noisy) / len(noisy)) < 0.5


def test_an_optimizer_that_the_script_drops_keeps_its_count(watched: Watched) -> None:
    run = watched(lambda: fit(net(), data(), data(seed=3)), every=50)
    assert run.optimizers[0].steps == 16


def test_accumulated_gradients_are_no_stale_ones(watched: Watched) -> None:
    def train() -> None:
        torch.manual_seed(0)
        model, x = net(), data(256)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for index, rows in enumerate(torch.arange(256).repeat(4).split(8)):
            F.cross_entropy(model(x[rows]), (x[rows, 0] > 0).long()).backward()
            if index % 4 == 3:
                optimizer.step()
                optimizer.zero_grad()
            if index % 16 == 15:
                with torch.no_grad():
                    model(x)

    run = watched(train, every=7)
    assert run.objectives[0].stale_looks == 0
    # Before its first step the optimizer is not known, and the first look waits for none.
    assert run.objectives[0].updates == run.objectives[0].update_looks - 1 > 4
