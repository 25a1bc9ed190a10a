"""Every machine's learning step follows the gradient of the likelihood that brute force gives."""

from __future__ import annotations

import functools

import pytest
import torch
from tests.boltzmann.conftest import couplings, random_links, restricted
from tests.oracles import boltzmann as oracle

from trainwell.boltzmann.couplings_learner import CouplingsLearner
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.learner import Learner
from trainwell.boltzmann.rules import Rules
from trainwell.boltzmann.units import BernoulliUnits, GaussianUnits, SoftmaxUnits

_RATE = 0.125  # a power of two: dividing by it loses nothing


def _rows(kind: str, visible: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(7)
    if kind == "gaussian":
        return torch.randn(5, visible, generator=generator, dtype=torch.float64)
    if kind == "softmax":
        return torch.stack(list(oracle.one_hot(visible // 3, 3)))[[0, 4, 7, 7]]
    return (torch.rand(5, visible, generator=generator) < 0.5).double()


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize(
    ("kind", "visible", "hidden"),
    [
        ("bernoulli", 4, 3),
        ("bernoulli", 3, 6),
        ("bernoulli", 1, 1),
        ("softmax", 6, 3),
        ("softmax", 6, 5),
        ("gaussian", 3, 4),
    ],
)
def test_restricted(kind: str, visible: int, hidden: int, centered: bool) -> None:
    units = {"bernoulli": BernoulliUnits(), "softmax": SoftmaxUnits(3)}.get(kind, GaussianUnits())
    machine = restricted(visible, hidden, seed=1, units=units)
    rows = _rows(kind, visible)
    before = [t.clone() for t in (machine.weights, machine.visible_bias, machine.hidden_bias)]
    if kind == "gaussian":
        plain = oracle.gradients(oracle.gaussian_log_probability, rows, *before)
    else:
        every = list(
            oracle.one_hot(visible // 3, 3) if kind == "softmax" else oracle.binary(visible)
        )
        log_probability = functools.partial(oracle.restricted_log_probability, visible=every)
        plain = oracle.gradients(log_probability, rows, *before)
    rules = Rules(algorithm="exact", centered=centered)
    mean = rows.mean(0)
    learner = Learner(machine, rules, Draws(0, torch.float64), torch.zeros(visible), mean)
    expected = oracle.enhanced(
        tuple(plain), learner.visible_offset.clone(), learner.hidden_offset.clone()
    )
    learner.step(rows, _RATE)
    after = (machine.weights, machine.visible_bias, machine.hidden_bias)
    for new, old, wanted in zip(after, before, expected, strict=True):
        torch.testing.assert_close((new - old) / _RATE, wanted, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    ("visible", "hidden", "connectivity"),
    [
        (4, 0, "full"),
        (5, 3, "full"),
        (5, 3, "restricted"),
        (4, 4, "semi"),
        (5, 3, random_links(8, 0.4, 3)),
        (3, 6, random_links(9, 0.7, 4)),
        (6, 2, torch.zeros(8, 8, dtype=torch.bool)),
        (7, 5, random_links(12, 0.3, 5)),
    ],
)
def test_general(visible: int, hidden: int, connectivity: object) -> None:
    machine = couplings(visible, hidden, seed=2, connectivity=connectivity)
    rows = _rows("bernoulli", visible)[: 2 if visible + hidden > 10 else 5]
    before = machine.weights.clone(), machine.bias.clone()
    weights, bias = oracle.gradients(oracle.couplings_log_probability, rows, *before)
    rules = Rules(algorithm="exact", centered=False)
    learner = CouplingsLearner(
        machine, rules, Draws(0, torch.float64), machine.bias.clone(), rows.mean(0), "exact", 1
    )
    learner.step(rows, _RATE)
    mask = machine.linked.double()
    wanted = (weights + weights.t()) * mask
    torch.testing.assert_close((machine.weights - before[0]) / _RATE, wanted, rtol=0, atol=1e-10)
    torch.testing.assert_close((machine.bias - before[1]) / _RATE, bias, rtol=0, atol=1e-10)


def test_positive_phase_is_exact_where_hidden_units_are_not_linked() -> None:
    for positive in ("mean_field", "gibbs"):
        steps = []
        for way in (positive, "exact"):
            machine = couplings(4, 4, seed=3, connectivity="semi")
            rows = _rows("bernoulli", 4)
            learner = CouplingsLearner(
                machine,
                Rules(algorithm="exact"),
                Draws(0, torch.float64),
                machine.bias.clone(),
                rows.mean(0),
                way,
                1,
            )
            learner.step(rows, _RATE)
            steps.append(machine.weights)
        torch.testing.assert_close(*steps, rtol=0, atol=1e-12)


def test_centring_makes_learning_the_same_for_the_complement() -> None:
    """Data and model flipped, the enhanced gradient makes the flipped step."""
    rows = _rows("bernoulli", 4)
    machine = restricted(4, 3, seed=5)
    flipped = restricted(4, 3, seed=5)
    # p(1 - v) of the one is p(v) of the other.
    flipped.hidden_bias.add_(flipped.weights.sum(0))
    flipped.visible_bias.neg_()
    flipped.weights.neg_()
    for one, data in ((machine, rows), (flipped, 1 - rows)):
        Learner(
            one, Rules(algorithm="exact"), Draws(0, torch.float64), torch.zeros(4), data.mean(0)
        ).step(data, _RATE)
    torch.testing.assert_close(
        machine.free_energy(rows) - machine.free_energy(rows[:1]),
        flipped.free_energy(1 - rows) - flipped.free_energy(1 - rows[:1]),
    )


def test_momentum_and_decay() -> None:
    rows = _rows("bernoulli", 4)
    machine, plain = restricted(4, 3, seed=6), restricted(4, 3, seed=6)
    before = machine.weights.clone()
    args = Draws(0, torch.float64), torch.zeros(4), rows.mean(0)
    heavy = Learner(machine, Rules("exact", momentum=0.5, weight_decay=0.1), *args)
    heavy.step(rows, _RATE)
    Learner(plain, Rules("exact"), *args).step(rows, _RATE)
    shrunk = before * (1 - 0.1 * _RATE) + (plain.weights - before)
    torch.testing.assert_close(machine.weights, shrunk, rtol=0, atol=1e-12)
