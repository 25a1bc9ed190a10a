"""What is done at a loss call: in training the same as another loss by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from tests.remedies.training import (
    Data,
    Loss,
    assert_alike,
    assert_changed,
    classes,
    evaluate,
    network,
    train,
    values,
    yes_or_no,
)
from tests.treated import treated
from torch import nn

from trainwell.remedies.average_loss import AverageLoss
from trainwell.remedies.catalogue import parse
from trainwell.remedies.match_loss import MatchLoss
from trainwell.remedies.remedy import Remedy
from trainwell.remedies.use_sigmoid import UseSigmoid
from trainwell.remedies.weigh_classes import WeighClasses


def called(name: str, **options: Any) -> Loss:
    """A loss function, looked up when it is called."""
    return lambda p, y: getattr(F, name)(p, y, **options)


def under(remedy: Remedy, data: Data, **options: Any) -> Any:
    with treated(remedy) as live:
        trained = train(data, **options)
    assert live.unused([remedy]) == {}
    return trained


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_labels_are_smoothed_in_training_only(share: float) -> None:
    [remedy] = parse(f"label_smoothing={share}")
    found = under(remedy, classes())
    by_hand = train(
        classes(), loss=called("cross_entropy", label_smoothing=share), judge=F.cross_entropy
    )
    assert_alike(found, by_hand)
    assert_changed(found, train(classes()))
    assert evaluate(classes(), found.model, F.cross_entropy) == found.judged[-1]


def test_binary_labels_are_smoothed_in_training_only() -> None:
    [remedy] = parse("label_smoothing=0.2")
    plain = "binary_cross_entropy_with_logits"
    found = under(remedy, yes_or_no(), model=network(1), loss=called(plain))
    by_hand = train(
        yes_or_no(),
        network(1),
        loss=lambda p, y: getattr(F, plain)(p, y * 0.8 + 0.1),
        judge=getattr(F, plain),
    )
    assert_alike(found, by_hand)


def test_classes_are_weighed_in_training_only() -> None:
    weights = torch.tensor([1.0, 2.0, 0.5])
    found = under(WeighClasses((1.0, 2.0, 0.5)), classes())
    by_hand = train(classes(), loss=called("cross_entropy", weight=weights), judge=F.cross_entropy)
    assert_alike(found, by_hand)
    assert_changed(found, train(classes()))


def test_the_positive_class_is_weighed_in_training_only() -> None:
    plain = "binary_cross_entropy_with_logits"
    weight = torch.tensor([3.0])
    found = under(WeighClasses((3.0,), True), yes_or_no(), model=network(1), loss=called(plain))
    by_hand = train(
        yes_or_no(), network(1), loss=called(plain, pos_weight=weight), judge=called(plain)
    )
    assert_alike(found, by_hand)


@pytest.mark.parametrize("batch", [None, 16])
def test_a_summed_loss_is_averaged_in_training(batch: int | None) -> None:
    found = under(AverageLoss(batch), classes(), loss=called("cross_entropy", reduction="sum"))
    by_hand = train(classes(), loss=F.cross_entropy, judge=called("cross_entropy", reduction="sum"))
    assert_alike(found, by_hand)


def squashed(last: nn.Module, out: int) -> nn.Sequential:
    """The network with an activation behind it."""
    return nn.Sequential(*network(out), last)


class TestLogits:
    def test_a_softmax_in_front_of_cross_entropy_is_undone(self) -> None:
        [remedy] = parse("feed_logits")
        found = under(remedy, classes(), model=squashed(nn.Softmax(1), 3))
        # Evaluation runs without gradients: what made its outputs is known from training.
        assert_alike(found, train(classes(), network(3)))

    def test_a_sigmoid_in_front_of_a_loss_with_logits_is_undone(self) -> None:
        [remedy] = parse("feed_logits")
        loss = called("binary_cross_entropy_with_logits")
        found = under(remedy, yes_or_no(), model=squashed(nn.Sigmoid(), 1), loss=loss)
        assert_alike(found, train(yes_or_no(), network(1), loss=loss))

    def test_logits_stay(self) -> None:
        [remedy] = parse("feed_logits")
        with treated(remedy) as live:
            found = train(classes())
        assert_alike(found, train(classes()))
        assert "feed_logits" in live.unused([remedy])

    def test_probabilities_stay_for_those_who_read_them(self) -> None:
        model = squashed(nn.Softmax(1), 3)
        bare = model(classes().x)
        with treated(*parse("feed_logits")):
            assert torch.equal(model(classes().x), bare)


class TestMatching:
    @pytest.mark.parametrize("remedy", [MatchLoss(), MatchLoss("sigmoid")])
    def test_a_distance_to_a_sigmoid_becomes_the_cross_entropy(self, remedy: MatchLoss) -> None:
        found = under(remedy, yes_or_no(), model=squashed(nn.Sigmoid(), 1), loss=called("mse_loss"))
        by_hand = train(
            yes_or_no(),
            squashed(nn.Sigmoid(), 1),
            loss=F.binary_cross_entropy,
            judge=F.mse_loss,
        )
        assert_alike(found, by_hand)

    def test_a_distance_to_a_softmax_becomes_the_cross_entropy(self) -> None:
        labels = classes()
        hot = Data(
            labels.x, F.one_hot(labels.y).float(), labels.held_x, F.one_hot(labels.held_y).float()
        )
        found = under(
            MatchLoss("softmax"), hot, model=squashed(nn.Softmax(1), 3), loss=called("mse_loss")
        )
        by_hand = train(
            hot,
            squashed(nn.Softmax(1), 3),
            loss=lambda p, y: -(y * p.log()).sum(1).mean(),
            judge=F.mse_loss,
        )
        for a, b in zip(found.weights, by_hand.weights, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
        assert found.judged == pytest.approx(by_hand.judged, rel=1e-4)

    def test_raw_outputs_are_scores_around_a_half(self) -> None:
        found = under(MatchLoss(), yes_or_no(), model=network(1), loss=called("l1_loss"))
        by_hand = train(
            yes_or_no(),
            network(1),
            loss=lambda p, y: F.binary_cross_entropy_with_logits(4 * p - 2, y),
            judge=F.l1_loss,
        )
        assert_alike(found, by_hand)

    def test_numbers_that_are_no_labels_stay(self) -> None:
        with treated(MatchLoss()):
            found = train(values(), network(1), loss=called("mse_loss"))
        assert_alike(found, train(values(), network(1), loss=called("mse_loss")))


def test_shapes_are_matched_in_training_and_evaluation() -> None:
    data = values()
    flat = Data(data.x, data.y.squeeze(1), data.held_x, data.held_y.squeeze(1))

    def loss(p: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return F.mse_loss(p, y)

    [remedy] = parse("match_shapes")
    found = under(remedy, flat, model=network(1), loss=loss)
    assert_alike(found, train(data, network(1), loss=loss))


@pytest.mark.parametrize(
    "softmax",
    [nn.Softmax(1), nn.Softmax(dim=-1)],
)
def test_a_softmax_over_one_unit_becomes_a_sigmoid(softmax: nn.Module) -> None:
    loss = called("binary_cross_entropy")
    found = under(UseSigmoid(), yes_or_no(), model=squashed(softmax, 1), loss=loss)
    assert_alike(found, train(yes_or_no(), squashed(nn.Sigmoid(), 1), loss=loss))


def test_a_softmax_over_classes_stays() -> None:
    with treated(UseSigmoid()) as live:
        x = torch.randn(3, 4)
        assert torch.equal(x.softmax(1), torch.softmax(x, dim=-1))
        assert torch.equal(F.softmax(x, 1), F.softmax(x, dim=1))
        assert float(x.softmax(1).sum()) == pytest.approx(3)
    assert live.counts == {}


def test_nll_gets_the_logarithms_of_probabilities() -> None:
    def probable() -> nn.Module:
        return nn.Sequential(*network(), nn.Softmax(dim=1))

    with treated(*parse("use_log_softmax")) as live:
        by_remedy = train(classes(), probable(), loss=lambda p, y: F.nll_loss(p, y))
    assert not live.unused(parse("use_log_softmax"))
    by_hand = train(classes(), probable(), loss=lambda p, y: F.nll_loss(p.log(), y))
    assert_alike(by_remedy, by_hand)
    assert by_remedy.judged == pytest.approx(by_hand.judged)
