"""What is done before and after a step: the same as by hand in the loop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from tests.remedies.training import assert_alike, assert_changed, classes, network, sgd, train
from tests.treated import treated, trial
from torch import nn

from trainwell.remedies.catalogue import parse
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.train_shorter import TrainShorter


def under(remedy: Remedy, **options: Any) -> Any:
    with treated(remedy) as live:
        trained = train(classes(), **options)
    assert live.unused([remedy]) == {}
    return trained


@pytest.mark.parametrize("limit", [1.0, 0.1])
def test_gradients_are_clipped(limit: float) -> None:
    [remedy] = parse(f"clip_gradients={limit}")
    found = under(remedy)
    by_hand = train(
        classes(), before_step=lambda m: nn.utils.clip_grad_norm_(m.parameters(), limit)
    )
    assert_alike(found, by_hand)
    assert_changed(found, train(classes()))


def test_gradients_are_clipped_inside_the_closure() -> None:
    data = classes()

    def fit(clipped: bool) -> nn.Module:
        model = network()
        optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=4)

        def closure() -> torch.Tensor:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(data.x), data.y)
            loss.backward()
            if clipped:
                nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            return loss

        for _ in range(3):
            optimizer.step(closure)
        return model

    with treated(*parse("clip_gradients=0.1")):
        found = fit(False)
    for a, b, c in zip(
        found.parameters(), fit(True).parameters(), fit(False).parameters(), strict=True
    ):
        torch.testing.assert_close(a, b)
        assert not torch.allclose(a, c)


@pytest.mark.parametrize("amount", [1e-3, 0.05])
def test_the_l1_penalty_of_the_weights_is_added_to_the_loss(amount: float) -> None:
    [remedy] = parse(f"l1_penalty={amount}")

    def penalise(model: nn.Module) -> None:
        # Adds the gradients of the penalty to those of the loss.
        (amount * sum(p.abs().sum() for p in model.parameters() if p.dim() > 1)).backward()

    assert_alike(under(remedy), train(classes(), before_step=penalise))
    assert_changed(under(remedy), train(classes()))


def test_gradients_are_zeroed() -> None:
    [remedy] = parse("zero_gradients")
    found = under(remedy, zero=False)
    assert_alike(found, train(classes()))
    assert_changed(found, train(classes(), zero=False))


@pytest.mark.parametrize("zero", [True, False])
def test_the_optimizer_steps(zero: bool) -> None:
    [remedy] = parse("step_optimizer")
    assert_alike(under(remedy, step=False, zero=zero), train(classes()))


def test_an_optimizer_that_steps_makes_no_more_steps() -> None:
    with treated(*parse("step_optimizer")):
        found = train(classes())
    assert_alike(found, train(classes()))


def test_steps_of_several_batches_are_steps_of_a_big_one() -> None:
    [remedy] = parse("accumulate_micro_batches=4")
    found = under(remedy, batch=8)
    by_hand = train(classes(), batch=32)
    for a, b in zip(found.weights, by_hand.weights, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)
    assert found.judged == pytest.approx(by_hand.judged, rel=1e-5)
    assert_changed(found, train(classes(), batch=8))


def test_training_ends_early() -> None:
    found = under(TrainShorter(0.5, 12), epochs=3)
    by_hand = train(classes(), epochs=1, batch=16)
    model, data = network(), classes()
    optimizer = sgd(model)
    for step in range(6):
        at = 16 * (step % 4)
        optimizer.zero_grad()
        F.cross_entropy(model(data.x[at : at + 16]), data.y[at : at + 16]).backward()
        optimizer.step()
    for a, b in zip(found.weights, model.parameters(), strict=True):
        torch.testing.assert_close(a, b.detach(), rtol=1e-6, atol=1e-6)
    assert found.judged[0] == pytest.approx(by_hand.judged[0])
    assert found.judged[1] == found.judged[2]


FORGOTTEN = """
import torch
torch.manual_seed(0)
x = torch.randn(64, 4)
y = x.sum(1, keepdim=True)
body, head = torch.nn.Linear(4, 8), torch.nn.Linear(8, 1)
optimizer = torch.optim.SGD({held}, lr=0.1)
for step in range(20):
    for parameter in [*body.parameters(), *head.parameters()]:
        parameter.grad = None
    loss = torch.nn.functional.mse_loss(head(body(x)), y)
    loss.backward()
    optimizer.step()
print(repr(loss.item()))
"""


def test_parameters_that_no_optimizer_holds_are_registered(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(FORGOTTEN.format(held="head.parameters()"))
    bare = trial(script)
    found = trial(script, remedies=parse("register_parameters"))
    script.write_text(FORGOTTEN.format(held="[*head.parameters(), *body.parameters()]"))
    by_hand = trial(script)
    assert (found.status, found.unused) == (0, {})
    assert found.output == by_hand.output != bare.output
    assert trial(script, remedies=parse("register_parameters")).unused == {
        "register_parameters": "every parameter with a gradient is in an optimizer"
    }
