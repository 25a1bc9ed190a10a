"""What is done where the optimizer is built: the same as by hand in front of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from tests.remedies.training import (
    assert_alike,
    assert_changed,
    classes,
    evaluate,
    network,
    train,
)
from tests.treated import treated
from torch import nn

from trainwell.remedies.catalogue import parse
from trainwell.remedies.lower_dropout import LowerDropout
from trainwell.remedies.use_relu import UseRelu

adam = lambda model: torch.optim.Adam(model.parameters(), lr=0.01)  # noqa: E731
adamw = lambda model: torch.optim.AdamW(  # noqa: E731
    model.parameters(), lr=0.01, weight_decay=0.1
)


def sgd(model: nn.Module, **settings: Any) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), **{"lr": 0.05, **settings})


def under(names: str, **options: Any) -> Any:
    """The training with these remedies."""
    remedies = parse(names)
    with treated(*remedies) as live:
        trained = train(classes(), **options)
    assert live.unused(remedies) == {}
    return trained


@pytest.mark.parametrize(
    ("remedy", "given", "by_hand"),
    [
        ("lower_learning_rate", sgd, partial(sgd, lr=0.005)),
        ("lower_learning_rate=0.5", sgd, partial(sgd, lr=0.025)),
        ("raise_learning_rate", sgd, partial(sgd, lr=0.5)),
        ("weight_decay=0.05", sgd, partial(sgd, weight_decay=0.05)),
        ("weight_decay", sgd, partial(sgd, weight_decay=0.01)),
        ("weight_decay", adam, adamw),
        ("lower_momentum", partial(sgd, momentum=0.99), partial(sgd, momentum=0.9)),
        ("change_optimizer", sgd, lambda m: torch.optim.Adam(m.parameters(), lr=1e-3)),
        ("change_optimizer=sgd", adam, partial(sgd, lr=0.01, momentum=0.9)),
        ("change_optimizer=adamw:0.02", sgd, lambda m: torch.optim.AdamW(m.parameters(), lr=0.02)),
    ],
)
def test_settings_of_the_optimizer(
    remedy: str, given: Callable[..., Any], by_hand: Callable[..., Any]
) -> None:
    treated_one = under(remedy, optimizer=given)
    assert_alike(treated_one, train(classes(), optimizer=by_hand))
    assert_changed(treated_one, train(classes(), optimizer=given))


def test_rates_of_groups_and_their_schedules_keep_their_shape() -> None:
    def scheduled(model: nn.Module) -> tuple[torch.optim.Optimizer, Any]:
        groups = [{"params": model[0].parameters(), "lr": 1.0}, {"params": model[2].parameters()}]  # type: ignore[index]
        optimizer = torch.optim.SGD(groups, lr=0.1)
        return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5)

    with treated(*parse("lower_learning_rate")):
        optimizer, schedule = scheduled(network())
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.1, 0.01])
    optimizer.step()
    schedule.step()
    assert [g["lr"] for g in optimizer.param_groups] == pytest.approx([0.05, 0.005])


@pytest.mark.parametrize(
    ("remedy", "variance", "bound"),
    [
        ("initialise_he", 2 / 300, None),
        ("initialise_he=uniform", 2 / 300, math.sqrt(6 / 300)),
        ("initialise_lecun", 1 / 300, None),
        ("initialise_lecun=uniform", 1 / 300, math.sqrt(3 / 300)),
        ("initialise_xavier", 2 / 700, math.sqrt(6 / 700)),
        ("initialise_xavier=normal", 2 / 700, None),
    ],
)
def test_initialised_weights_have_the_variance_of_the_paper(
    remedy: str, variance: float, bound: float | None
) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(300, 400), nn.ReLU(), nn.Linear(400, 2, bias=False))
    with treated(*parse(remedy)) as live:
        sgd(model)
        second = model[0].weight.detach().clone()
        torch.optim.Adam(model.parameters())
    weight = model[0].weight.detach()
    assert live.counts == {remedy.partition("=")[0]: 2}
    assert float(weight.var()) == pytest.approx(variance, rel=0.02)
    assert not model[0].bias.detach().any()
    # The second optimizer of the same network draws nothing.
    assert torch.equal(weight, second)
    if bound is None:
        assert float(((weight / weight.std()) ** 4).mean()) == pytest.approx(3, abs=0.1)
    else:
        assert float(weight.abs().max()) == pytest.approx(bound, rel=0.001)


def test_initialising_is_calling_the_function_of_pytorch() -> None:
    def by_hand(model: nn.Module) -> None:
        for layer in (model[0], model[2]):  # type: ignore[index]
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)

    assert_alike(under("initialise_he"), train(classes(), ready=by_hand))


def test_frozen_layers_keep_their_weights() -> None:
    model = network()
    model[0].requires_grad_(False)
    before = model[0].weight.detach().clone()
    with treated(*parse("initialise_he")):
        sgd(model)
    assert torch.equal(model[0].weight, before)


def test_frozen_layers_are_thawed() -> None:
    def frozen(model: nn.Module) -> None:
        model[0].requires_grad_(False)  # type: ignore[index]

    assert_alike(under("unfreeze_parameters", ready=frozen), train(classes()))
    assert_changed(under("unfreeze_parameters", ready=frozen), train(classes(), ready=frozen))


class Normed(nn.Module):
    """The network with batch normalisation, written out."""

    def __init__(self) -> None:
        super().__init__()
        plain = network()
        self.first, self.last = plain[0], plain[2]
        self.norm = nn.BatchNorm1d(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(torch.tanh(self.norm(self.first(x))))


def test_batch_norm_stands_before_the_activation_and_learns() -> None:
    found = under("add_batch_norm")
    by_hand = train(classes(), Normed())
    assert found.judged == pytest.approx(by_hand.judged)
    assert found.losses == pytest.approx(by_hand.losses)
    norm = found.model[0].norm
    torch.testing.assert_close(norm.weight, by_hand.model.norm.weight)  # type: ignore[union-attr]
    torch.testing.assert_close(norm.running_mean, by_hand.model.norm.running_mean)  # type: ignore[union-attr]


def test_batch_norm_of_pictures() -> None:
    model = nn.Sequential(nn.Conv2d(1, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(20, 2))
    with treated(*parse("add_batch_norm")):
        sgd(model)
    assert isinstance(model[0].norm, nn.BatchNorm2d)
    output = model[0](torch.randn(64, 1, 4, 4) * 9 + 4)
    assert output.mean((0, 2, 3)).abs().max() < 1e-5


class Dropped(nn.Module):
    """The network with dropout in front of the last layer, written out."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.plain, self.drop = network(), nn.Dropout(share)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.plain[2](self.drop(self.plain[1](self.plain[0](x))))


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_dropout_drops_the_inputs_of_later_layers_in_training_only(share: float) -> None:
    found = under(f"dropout={share}")
    assert_alike(found, train(classes(), Dropped(share)))
    assert_changed(found, train(classes()))
    # Without its hook the network gives the same evaluation.
    plain = network()
    plain.load_state_dict(found.model.state_dict())
    assert evaluate(classes(), plain, F.cross_entropy) == found.judged[-1]


class Calling(nn.Module):
    """Calls dropout itself."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.plain, self.share = network(), share

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = F.dropout(self.plain[1](self.plain[0](x)), self.share, self.training)
        return self.plain[2](hidden)


@pytest.mark.parametrize("make", [Dropped, Calling])
def test_less_is_dropped(make: Callable[[float], nn.Module]) -> None:
    assert_alike(under("lower_dropout", model=make(0.8)), train(classes(), make(0.1)))
    assert_alike(under("lower_dropout=0.4", model=make(0.8)), train(classes(), make(0.4)))


def test_little_dropout_stays() -> None:
    remedy = LowerDropout(0.5)
    with treated(remedy) as live:
        found = train(classes(), Dropped(0.3))
    assert_alike(found, train(classes(), Dropped(0.3)))
    assert live.unused([remedy]) == {"lower_dropout": "its moment never came in this run"}


@pytest.mark.parametrize(
    ("remedy", "given", "by_hand"),
    [
        ("use_relu", nn.Tanh, nn.ReLU),
        ("use_relu", nn.Sigmoid, nn.ReLU),
        ("use_leaky_relu", nn.ReLU, nn.LeakyReLU),
        ("use_gelu", nn.ReLU, nn.GELU),
        ("use_tanh", nn.Sigmoid, nn.Tanh),
    ],
)
def test_hidden_activations_are_swapped(
    remedy: str, given: type[nn.Module], by_hand: type[nn.Module]
) -> None:
    found = under(remedy, model=network(3, given))
    assert_alike(found, train(classes(), network(3, by_hand)))


def test_output_activations_stay() -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.Sigmoid(), nn.Linear(8, 1), nn.Sigmoid())
    with treated(*parse("use_relu")):
        sgd(model)
    assert [type(m) for m in model] == [nn.Linear, nn.ReLU, nn.Linear, nn.Sigmoid]


class Functional(nn.Module):
    """Calls its activations, a hidden one and the output's."""

    def __init__(self, activation: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.plain, self.activation = network(), activation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.plain[0](x)
        hidden = self.activation(hidden)
        return torch.tanh(self.plain[2](hidden))


@pytest.mark.parametrize(
    "call",
    [lambda x: torch.tanh(x), lambda x: x.tanh(), lambda x: F.tanh(x)],
    ids=["torch.tanh", "tensor.tanh", "F.tanh"],
)
def test_called_activations_are_swapped_at_their_lines(
    call: Callable[[torch.Tensor], torch.Tensor],
) -> None:
    at = ((__file__, call.__code__.co_firstlineno),)
    remedy = UseRelu(at_kinds=("tanh",), at_modules=(), at_calls=at)
    with treated(remedy) as live:
        found = train(classes(), Functional(call))
    assert live.unused([remedy]) == {}
    assert_alike(found, train(classes(), Functional(torch.relu)))


def test_an_activation_is_inserted_between_stacked_layers() -> None:
    def stacked(*between: nn.Module) -> nn.Sequential:
        torch.manual_seed(1)
        first, second, last = nn.Linear(4, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        return nn.Sequential(first, *between, second, nn.Tanh(), last)

    found = under("insert_activation", model=stacked())
    assert_alike(found, train(classes(), stacked(nn.ReLU())))


def test_an_output_is_released() -> None:
    squashed = nn.Sequential(*network(), nn.Sigmoid())
    assert_alike(under("release_output", model=squashed), train(classes(), network()))


def test_group_norm_takes_the_place_of_batch_norm_in_the_optimizer_too() -> None:
    def batch_normed() -> nn.Module:
        torch.manual_seed(1)
        return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))

    def group_normed() -> nn.Module:
        model = batch_normed()
        model[1] = nn.GroupNorm(4, 8)
        return model

    by_remedy = under("use_group_norm=4", model=batch_normed())
    assert_alike(by_remedy, train(classes(), group_normed()))
    assert_changed(by_remedy, train(classes(), batch_normed()))


def test_recurrent_matrices_become_orthogonal() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn, self.out = nn.RNN(4, 8), nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.out(self.rnn(x)[0])

    torch.manual_seed(1)
    model = Recurrent()
    with treated(*parse("initialise_he")):
        sgd(model)
    carried = model.rnn.weight_hh_l0.detach()
    torch.testing.assert_close(carried @ carried.T, torch.eye(8))
