"""Every sampler leaves its machine's distribution as it is: its own code gives the transitions.

The random numbers are replaced by every possible outcome, each on a chain of its own, and the
probabilities that the sampler asks for are multiplied: that is the exact transition matrix.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from scipy.stats import chisquare
from tests.boltzmann.conftest import couplings, random_links, restricted

from trainwell.boltzmann.couplings import Couplings
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.enumeration import states
from trainwell.boltzmann.paths import CouplingsPath, RestrictedPath
from trainwell.boltzmann.sweeps import sweep
from trainwell.boltzmann.tempering import Tempering

F64, CPU = torch.float64, torch.device("cpu")


class Every(Draws):
    """All outcomes: chain c takes bit k of outcome c at the k-th number it asks for."""

    def __init__(self, starts: int, bits: int) -> None:
        super().__init__(0, F64)
        self.outcomes = states(bits, F64, CPU).repeat(starts, 1)
        self.log_chance = torch.zeros(len(self.outcomes), dtype=F64)
        self.used = 0

    def bernoulli(self, probability: torch.Tensor, out: torch.Tensor | None = None) -> torch.Tensor:
        shape = probability.shape
        chances = probability.reshape(len(self.outcomes), -1)
        bits = self.outcomes[:, self.used : self.used + chances.shape[1]]
        self.used += chances.shape[1]
        self.log_chance += torch.where(bits > 0, chances, 1 - chances).log().sum(1)
        return bits.reshape(shape).clone()

    def logistic(self, *shape: int) -> torch.Tensor:
        bits = self.outcomes[:, self.used : self.used + shape[0]].t()
        self.used += shape[0]
        return torch.where(bits > 0, -torch.inf, torch.inf).to(F64)

    def watched(self, machine: Couplings) -> Couplings:
        """The machine, with the fields that a sweep asks for counted into the chances."""
        every = self

        class Watched(Couplings):
            def field(self, units: Any, state: torch.Tensor) -> torch.Tensor:
                field = super().field(units, state)
                fired = every.outcomes[:, units].t()
                signed = torch.where(
                    fired > 0, every.scaled(field, units), -every.scaled(field, units)
                )
                every.log_chance += torch.nn.functional.logsigmoid(signed).sum(0)
                return field

        self.scaled = lambda field, units: field
        return Watched(
            machine.weights, machine.bias, machine.linked, machine.n_visible, machine.blocks
        )


def _matrix(before: torch.Tensor, after: torch.Tensor, log_chance: torch.Tensor) -> torch.Tensor:
    """Transition probabilities between states that are numbered by their bits."""
    powers = 2 ** torch.arange(before.shape[1])
    count = 2 ** before.shape[1]
    matrix = torch.zeros(count, count, dtype=F64)
    at = (before.long() @ powers, after.long() @ powers)
    return matrix.index_put(at, log_chance.exp(), accumulate=True)


def _check(matrix: torch.Tensor, log_weight: torch.Tensor) -> None:
    pi = log_weight.softmax(0)
    torch.testing.assert_close(matrix.sum(1), torch.ones(len(pi), dtype=F64), rtol=0, atol=1e-12)
    torch.testing.assert_close(pi @ matrix, pi, rtol=0, atol=1e-12)


def test_block_gibbs() -> None:
    machine = restricted(3, 4, seed=1)
    start = states(3, F64, CPU).repeat_interleave(2**7, 0)
    every = Every(2**3, 7)
    end = machine.gibbs(start, every)
    _check(_matrix(start, end, every.log_chance), -machine.free_energy(states(3, F64, CPU)))


@pytest.mark.parametrize("beta", [0.0, 0.3, 1.0])
def test_block_gibbs_on_the_path(beta: float) -> None:
    machine = restricted(3, 3, seed=2)
    path = RestrictedPath(machine, torch.tensor([0.4, -1.0, 0.2], dtype=F64))
    start = states(3, F64, CPU).repeat_interleave(2**6, 0)
    every = Every(2**3, 6)
    end = path.move(start, path.prepare(start), beta, every, backward=False)
    all_v = states(3, F64, CPU)
    _check(
        _matrix(start, end, every.log_chance), path.log_density(all_v, path.prepare(all_v), beta)
    )


@pytest.mark.parametrize(
    "connectivity", ["full", "semi", "restricted", random_links(6, 0.3, 1), random_links(6, 0.6, 2)]
)
@pytest.mark.parametrize("backward", [False, True])
def test_sweeps(connectivity: object, backward: bool) -> None:
    machine = couplings(4, 2, seed=3, connectivity=connectivity)
    every = Every(2**6, 6)
    start = states(6, F64, CPU).repeat_interleave(2**6, 0)
    end = sweep(every.watched(machine), start.t().contiguous(), every, backward=backward).t()
    matrix = _matrix(start, end, every.log_chance)
    _check(matrix, -machine.energy(states(6, F64, CPU).t()))


def test_a_sweep_backward_is_the_reversal() -> None:
    machine = couplings(3, 2, seed=4)
    matrices = []
    for backward in (False, True):
        every = Every(2**5, 5)
        start = states(5, F64, CPU).repeat_interleave(2**5, 0)
        end = sweep(every.watched(machine), start.t().contiguous(), every, backward=backward).t()
        matrices.append(_matrix(start, end, every.log_chance))
    pi = (-machine.energy(states(5, F64, CPU).t())).softmax(0)
    flow = pi.unsqueeze(1) * matrices[0]
    torch.testing.assert_close(flow, (pi.unsqueeze(1) * matrices[1]).t(), rtol=0, atol=1e-14)


def test_clamped_sweeps_sample_the_conditional() -> None:
    machine = couplings(2, 3, seed=5)
    every = Every(2**3, 5)
    visible = torch.tensor([1.0, 0.0], dtype=F64)
    hidden = states(3, F64, CPU).repeat_interleave(2**5, 0)
    start = torch.cat([visible.expand(len(hidden), 2), hidden], 1).repeat(1, 1)
    end = sweep(every.watched(machine), start.t().contiguous(), every, clamped=2).t()
    assert torch.equal(end[:, :2], start[:, :2])
    # The two bits of the clamped units are not asked for: every outcome stands four times.
    matrix = _matrix(start[:, 2:], end[:, 2:], every.log_chance) / 4
    all_states = torch.cat([visible.expand(8, 2), states(3, F64, CPU)], 1)
    _check(matrix, -machine.energy(all_states.t()))


@pytest.mark.parametrize("odd", [0, 1])
def test_exchanges_of_tempering(odd: int) -> None:
    """Over the joint states of three temperatures: two visible units each, 64 states."""
    machine = restricted(2, 3, seed=6, scale=2.0)
    path = RestrictedPath(machine, torch.tensor([0.5, -0.5], dtype=F64))
    joint = states(6, F64, CPU)
    every = Every(64, 1)
    tempering = Tempering(path, 3, 128, Draws(0, F64))
    start = joint.repeat_interleave(2, 0)
    tempering.states = start.view(128, 3, 2).permute(1, 0, 2).contiguous()
    tempering._draws, tempering._odd = every, odd
    tempering.exchange()
    end = tempering.states.permute(1, 0, 2).reshape(128, 6)
    density = torch.zeros(64, dtype=F64)
    for level, beta in enumerate((0.0, 0.5, 1.0)):
        own = joint[:, 2 * level : 2 * level + 2]
        density += path.log_density(own, path.prepare(own), beta)
    _check(_matrix(start, end, every.log_chance), density)


def _counts(samples: torch.Tensor) -> torch.Tensor:
    numbers = samples.long() @ 2 ** torch.arange(samples.shape[1])
    return torch.bincount(numbers, minlength=2 ** samples.shape[1])


@pytest.mark.parametrize("sampler", ["block", "sequential", "chromatic", "tempering"])
def test_samples_follow_the_distribution(sampler: str) -> None:
    draws, chains = Draws(11, F64), 20_000
    if sampler in ("block", "tempering"):
        rbm = restricted(4, 3, seed=8)
        log_weight = -rbm.free_energy(states(4, F64, CPU))
        if sampler == "block":
            samples = rbm.gibbs(draws.bernoulli(torch.full((chains, 4), 0.5, dtype=F64)), draws, 60)
        else:
            tempering = Tempering(RestrictedPath(rbm, torch.zeros(4, dtype=F64)), 3, chains, draws)
            for _ in range(40):
                tempering.step()
            samples = tempering.coldest
    else:
        links = "full" if sampler == "sequential" else random_links(5, 0.5, 9)
        machine = couplings(3, 2, seed=9, connectivity=links, scale=0.7)
        log_weight = -machine.energy(states(5, F64, CPU).t())
        state = draws.bernoulli(torch.full((5, chains), 0.5, dtype=F64))
        for _ in range(60):
            sweep(machine, state, draws)
        samples = state.t()
    expected = log_weight.softmax(0) * chains
    assert chisquare(_counts(samples).double(), expected).pvalue > 0.001


def test_tempering_of_a_general_machine_follows_the_distribution() -> None:
    draws = Draws(12, F64)
    machine = couplings(3, 1, seed=10, scale=1.5)
    tempering = Tempering(CouplingsPath(machine, torch.zeros(4, dtype=F64)), 4, 20_000, draws)
    for _ in range(30):
        tempering.step()
    expected = (-machine.energy(states(4, F64, CPU).t())).softmax(0) * 20_000
    assert chisquare(_counts(tempering.coldest).double(), expected).pvalue > 0.001
