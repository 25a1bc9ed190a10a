"""What is done to inputs and weights at a pass: the same as with data changed by hand."""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from tests.remedies.training import (
    Data,
    assert_alike,
    assert_changed,
    classes,
    evaluate,
    network,
    train,
    values,
)
from tests.treated import treated
from torch import nn

from trainwell.errors import CannotApplyError
from trainwell.record import Run
from trainwell.remedies.augment_inputs import AugmentInputs
from trainwell.remedies.catalogue import parse
from trainwell.remedies.impute_values import ImputeValues
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.scale_inputs import ScaleInputs
from trainwell.remedies.scale_robustly import ScaleRobustly
from trainwell.remedies.scale_targets import ScaleTargets
from trainwell.remedies.survey import Survey
from trainwell.remedies.surveyor import columns_of


def under(remedy: Remedy, **options: Any) -> Any:
    """The training of the classes with a remedy."""
    with treated(remedy) as live:
        trained = train(options.pop("data", None) or classes(), **options)
    assert live.unused([remedy]) == {}
    return trained


def fitted(remedy: Remedy, data: Data) -> Remedy:
    """Fitted to these data."""
    survey = Survey("train.py", inputs=columns_of(data.x.double(), pictures=False), batch=16)
    return remedy.fitted(Run("run", "train.py"), survey)


def mapped(data: Data, centre: torch.Tensor, scale: torch.Tensor, limit: float = math.inf) -> Data:
    """Data scaled beforehand."""
    x, held_x = (((v - centre) / scale).clamp(-limit, limit) for v in (data.x, data.held_x))
    return Data(x, data.y, held_x, data.held_y)


SCALES = {
    "z-score": lambda x: (x.mean(0), x.std(0)),
    "min-max": lambda x: (x.amin(0), x.amax(0) - x.amin(0)),
    "robust": lambda x: (x.quantile(0.5, 0), x.quantile(0.75, 0) - x.quantile(0.25, 0)),
}


class TestScaling:
    @pytest.mark.parametrize("method", SCALES)
    def test_it_is_training_and_evaluating_on_scaled_data(self, method: str) -> None:
        data = classes()
        by_hand = mapped(data, *SCALES[method](data.x))
        found = under(fitted(ScaleInputs(method=method), data))
        alike(found, train(by_hand))
        assert_changed(found, train(data))

    def test_without_a_survey_the_first_batch_tells(self) -> None:
        data = classes()
        first = data.x[:16]
        alike(under(ScaleInputs()), train(mapped(data, first.mean(0), first.std(0))))

    def test_outliers_are_clipped_and_set_no_scale(self) -> None:
        data = classes()
        data.x[3, 1] = 1e4
        centre, scale = SCALES["robust"](data.x)
        found = under(fitted(ScaleRobustly(), data), data=data)
        alike(found, train(mapped(data, centre, scale, limit=3.5)))

    def test_a_constant_column_is_centred_and_not_blown_up(self) -> None:
        data = classes()
        data.x[:, 2] = data.held_x[:, 2] = 7.0
        remedy = fitted(ScaleInputs(), data)
        assert remedy.at_scale[2] == 1.0  # type: ignore[attr-defined]
        assert all(math.isfinite(v) for v in under(remedy, data=data).judged)

    def test_pictures_are_scaled_by_channel(self) -> None:
        torch.manual_seed(0)
        x = torch.randn(8, 3, 5, 5) * torch.tensor([1.0, 20.0, 0.1])[:, None, None] + 3
        seen = []
        model = nn.Conv2d(3, 2, 3)
        with treated(ScaleInputs()):
            model.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
            model(x)
        torch.testing.assert_close(seen[0].std((0, 2, 3)), torch.ones(3), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(seen[0].mean((0, 2, 3)), torch.zeros(3), rtol=0, atol=1e-4)

    def test_only_the_network_that_trains_first_is_scaled(self) -> None:
        other, seen = nn.Linear(4, 2), []
        other.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
        x = classes().x
        with treated(ScaleInputs()):
            network()(x)
            other(x)
        assert seen[0] is x

    def test_a_first_batch_of_one_row_measures_nothing(self) -> None:
        remedy = ScaleInputs()
        with treated(remedy) as live:
            network()(torch.ones(1, 4))
        assert live.unused([remedy]) == {
            "scale_inputs": "the first batch is too small to measure its columns"
        }

    def test_there_is_nothing_to_scale_in_numbers_of_words(self) -> None:
        with pytest.raises(CannotApplyError, match="no floating point tensor"):
            ScaleInputs().fitted(Run("run", "train.py"), Survey("train.py"))


class TestTargets:
    @pytest.mark.parametrize(("name", "power"), [("mse_loss", 2), ("l1_loss", 1)])
    def test_it_is_training_on_scaled_targets(self, name: str, power: int) -> None:
        data = values()
        mean, deviation = float(data.y.mean()), float(data.y.std())
        remedy = ScaleTargets((mean,), (deviation,), name)
        with treated(remedy):
            found = train(data, network(1), loss=lambda p, y: getattr(F, name)(p, y))
        scaled = Data(data.x, (data.y - mean) / deviation, data.held_x, data.held_y)
        by_hand = train(
            scaled,
            network(1),
            loss=getattr(F, name),
            judge=lambda p, y: getattr(F, name)(p * deviation + mean, y),
        )
        # The loss that the script sees is that on scaled targets, the evaluation's is its own.
        assert_alike(found, by_hand)

    def test_predictions_are_in_the_unit_of_the_targets(self) -> None:
        data = values()
        remedy = ScaleTargets((40.0,), (10.0,), "mse_loss")
        with treated(remedy):
            model = network(1)
            plain = model[2].weight.detach().clone()
            output = model(data.x)
            assert torch.equal(model[2].weight, plain)
        torch.testing.assert_close(output, network(1)(data.x) * 10 + 40)

    def test_without_a_survey_the_first_batch_tells(self) -> None:
        data = values()
        first = data.y[:16]
        with treated(*parse("scale_targets")) as live:
            found = train(data, network(1), loss=lambda p, y: F.mse_loss(p, y))
        assert live.counts["scale_targets"] == 11
        assert found.judged[-1] < float(data.held_y.var()) + float(first.mean()) ** 2 / 2


def alike(one: Any, other: Any) -> None:
    # Centre and scale are rounded to six digits, as the patch writes them.
    for a, b in zip(one.weights, other.weights, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(one.judged, other.judged, rtol=1e-4, atol=1e-4)


class Noisy(nn.Module):
    """The network with noise on its inputs, written out."""

    def __init__(self, amount: float) -> None:
        super().__init__()
        self.plain, self.amount = network(), amount

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            x = x + self.amount * (torch.randn_like(x) * x.std(0, keepdim=True))
        return self.plain(x)


@pytest.mark.parametrize("amount", [0.2, 0.5])
def test_inputs_are_noisy_in_training_only(amount: float) -> None:
    [remedy] = parse(f"input_noise={amount}")
    found = under(remedy)
    assert_alike(found, train(classes(), Noisy(amount)))
    assert_changed(found, train(classes()))
    assert evaluate(classes(), found.model, F.cross_entropy) == found.judged[-1]


def test_examples_are_mixed_with_their_losses_in_training_only() -> None:
    found = under(AugmentInputs(at_pictures=False))
    data, model = classes(), network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    torch.manual_seed(2)
    losses = []
    for _ in range(3):
        for at in range(0, 64, 16):
            x, y = data.x[at : at + 16], data.y[at : at + 16]
            share = torch.distributions.Beta(0.2, 0.2).sample()
            order = torch.randperm(16)
            output = model(share * x + (1 - share) * x[order])
            loss = share * F.cross_entropy(output, y) + (1 - share) * F.cross_entropy(
                output, y[order]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    torch.testing.assert_close(found.losses, losses, rtol=1e-5, atol=1e-6)
    for a, b in zip(found.weights, model.parameters(), strict=True):
        torch.testing.assert_close(a, b.detach(), rtol=1e-5, atol=1e-6)
    assert evaluate(data, found.model, F.cross_entropy) == found.judged[-1]


def test_pictures_without_kornia_name_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kornia", None)
    monkeypatch.setitem(sys.modules, "kornia.augmentation", None)
    pictures = columns_of(torch.rand(20, 3).double(), pictures=True)
    with pytest.raises(CannotApplyError, match=r"pip install 'trainwell\[vision\]'"):
        AugmentInputs().fitted(Run("run", "train.py"), Survey("train.py", inputs=pictures))


def test_weights_are_noisy_for_each_pass_and_restored_before_the_step() -> None:
    found = under(*parse("weight_noise"))
    clean: list[torch.Tensor] = []

    def disturb(model: nn.Module) -> None:
        clean[:] = [p.detach().clone() for p in model.parameters()]
        with torch.no_grad():
            for weight in model.parameters():
                if weight.dim() > 1:
                    scale = 0.1 * weight.square().mean().sqrt()
                    weight.add_(torch.randn_like(weight) * scale)

    def restore(model: nn.Module) -> None:
        with torch.no_grad():
            for weight, old in zip(model.parameters(), clean, strict=True):
                weight.copy_(old)

    by_hand = train(classes(), before_pass=disturb, before_step=restore)
    assert_alike(found, by_hand)
    assert_changed(found, train(classes()))
    assert evaluate(classes(), found.model, F.cross_entropy) == found.judged[-1]


def test_weights_are_clean_at_an_evaluation_though_no_step_was_made() -> None:
    data, model = classes(), network()
    clean = evaluate(data, model, F.cross_entropy)
    with treated(*parse("weight_noise")):
        model.train()
        F.cross_entropy(model(data.x), data.y).backward()
        assert evaluate(data, model, F.cross_entropy) == clean


@pytest.mark.parametrize(
    "names",
    ["input_noise", "augment_inputs", "weight_noise", "label_smoothing", "l1_penalty", "dropout"],
)
def test_evaluation_is_left_alone(names: str) -> None:
    data, model = classes(), network()
    bare = evaluate(data, model, F.cross_entropy)
    with treated(*parse(names)):
        torch.optim.SGD(model.parameters(), lr=0.05)
        state = torch.get_rng_state()
        model.train()
        F.cross_entropy(model(data.x[:16]), data.y[:16])
        torch.set_rng_state(state)
        assert evaluate(data, model, lambda p, y: F.cross_entropy(p, y)) == bare
        assert torch.equal(torch.get_rng_state(), state)


class TestModes:
    def test_evaluation_mode_at_evaluation(self) -> None:
        def never_evaluates() -> tuple[nn.Module, float]:
            torch.manual_seed(3)
            model = nn.Sequential(
                nn.Linear(4, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.Linear(8, 3)
            )
            data = classes()
            for _ in range(3):
                model(data.x).sum().backward()
            with torch.no_grad():
                loss = F.cross_entropy(model(data.held_x), data.held_y).item()
            assert model.training
            return model, loss

        with treated(*parse("evaluate_in_eval_mode")):
            model, loss = never_evaluates()
        assert loss == evaluate_whole(model)
        assert loss != never_evaluates()[1]

    def test_training_mode_at_training(self) -> None:
        def always_evaluates(mode: bool) -> float:
            torch.manual_seed(3)
            model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))
            model.train(mode)
            loss = F.cross_entropy(model(classes().x), classes().y).item()
            model.eval()
            return loss

        with treated(*parse("train_in_train_mode")):
            found = always_evaluates(False)
        assert found == always_evaluates(True) != always_evaluates(False)


def evaluate_whole(model: nn.Module) -> float:
    data = classes()
    model.eval()
    with torch.no_grad():
        return F.cross_entropy(model(data.held_x), data.held_y).item()


def test_missing_values_get_their_columns_mean() -> None:
    data = classes()
    data.x[::5, 2] = float("nan")
    data.held_x[0, 1] = float("inf")
    means = (0.5, -3.0, 0.25, 10.0)

    def filled(x: torch.Tensor) -> torch.Tensor:
        return torch.where(torch.isfinite(x), x, torch.tensor(means))

    remedy = ImputeValues(means)
    with treated(remedy) as live:
        by_remedy = train(data)
    assert live.unused([remedy]) == {}
    by_hand = train(Data(filled(data.x), data.y, filled(data.held_x), data.held_y))
    assert_alike(by_remedy, by_hand)
    assert by_remedy.judged == by_hand.judged
