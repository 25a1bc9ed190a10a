"""Annealing finds the log Z that enumeration gives, within its own error, in both directions."""

from __future__ import annotations

import math

import pytest
import torch
from tests.boltzmann.conftest import couplings, random_links, restricted
from tests.oracles import boltzmann as oracle

from trainwell.boltzmann.annealing import log_mean_exp, temperatures
from trainwell.boltzmann.couplings import Couplings
from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.likelihood import free_energies, log_partition
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.units import BernoulliUnits, GaussianUnits, SoftmaxUnits
from trainwell.errors import BadInputError, UnknownNameError

F64 = torch.float64


def _machine(number: int) -> Restricted | Couplings:
    kinds = ("bernoulli", "softmax", "gaussian", "full", "sparse")
    kind = kinds[number % len(kinds)]
    scale = 0.5 + 0.5 * (number % 3)
    if kind == "bernoulli":
        return restricted(12, 8, number, scale=scale)
    if kind == "softmax":
        return restricted(9, 8, number, SoftmaxUnits(3), scale)
    if kind == "gaussian":
        return restricted(5, 8, number, GaussianUnits(), scale / 3)
    if kind == "full":
        return couplings(6, 4, number, scale=scale)
    return couplings(7, 5, number, random_links(12, 0.3, number), scale)


@pytest.mark.parametrize("method", ["ais", pytest.param("reverse_ais", marks=pytest.mark.slow)])
def test_fifty_random_machines(method: str) -> None:
    far = []
    for number in range(50):
        machine = _machine(number)
        size = machine.n_units if isinstance(machine, Couplings) else machine.n_visible
        base = torch.zeros(size, dtype=F64)
        exact = log_partition(machine, "exact", base, Draws(0, F64)).value
        found = log_partition(
            machine, method, base, Draws(number, F64), chains=200, n_temperatures=250
        )
        assert 1 <= found.effective_sample_size <= 200
        far.append((found.value - exact) / found.standard_error)
    assert max(map(abs, far)) <= 3, far
    # The error is as large as it says, neither more nor less.
    assert 0.75 < math.sqrt(sum(z * z for z in far) / 50) < 1.25


def test_down_the_path_on_ten_random_machines() -> None:
    for number in range(10):
        machine = _machine(number)
        size = machine.n_units if isinstance(machine, Couplings) else machine.n_visible
        base = torch.zeros(size, dtype=F64)
        exact = log_partition(machine, "exact", base, Draws(0, F64)).value
        found = log_partition(
            machine, "reverse_ais", base, Draws(number, F64), chains=200, n_temperatures=250
        )
        assert abs(found.value - exact) <= 3 * found.standard_error


def test_the_exact_partition_is_that_of_brute_force() -> None:
    machine = restricted(3, 4, seed=1)
    every = list(oracle.binary(3))
    total = sum(
        math.exp(
            float(
                oracle.restricted_log_probability(
                    v, machine.weights, machine.visible_bias, machine.hidden_bias, every
                )
            )
        )
        for v in every
    )
    assert total == pytest.approx(1.0)
    exact = log_partition(machine, "exact", machine.visible_bias, Draws(0, F64)).value
    for v in every:
        expected = oracle.restricted_log_probability(
            v, machine.weights, machine.visible_bias, machine.hidden_bias, every
        )
        found = -machine.free_energy(v.unsqueeze(0)) - exact
        torch.testing.assert_close(found[0], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("connectivity", ["full", "semi"])
def test_free_energies_of_a_general_machine(connectivity: str) -> None:
    machine = couplings(3, 3, seed=2, connectivity=connectivity)
    exact = log_partition(machine, "exact", machine.bias, Draws(0, F64)).value
    rows = torch.stack(list(oracle.binary(3)))
    found = -free_energies(machine, rows, machine.bias, Draws(0, F64)) - exact
    for row, value in zip(rows, found, strict=True):
        expected = oracle.couplings_log_probability(row, machine.weights, machine.bias)
        torch.testing.assert_close(value, expected, rtol=0, atol=1e-12)


def test_many_linked_hidden_units_have_annealed_free_energies() -> None:
    small = couplings(2, 6, seed=3, scale=0.5)
    rows = torch.tensor([[0.0, 1.0]], dtype=F64)
    exact = free_energies(small, rows, torch.zeros(8, dtype=F64), Draws(0, F64))
    # The same machine with 15 hidden units more that are linked to each other only.
    more = couplings(2, 21, seed=4, connectivity="full", scale=0.1)
    more.weights.zero_()
    more.bias.zero_()
    more.weights[:8, :8] = small.weights
    more.bias[:8] = small.bias
    found = free_energies(more, rows, torch.zeros(23, dtype=F64), Draws(0, F64))
    assert float(found + 15 * math.log(2) - exact) == pytest.approx(0, abs=0.1)


def test_temperatures_rise_from_0_to_1() -> None:
    betas = temperatures(1000)
    assert (betas[0], betas[-1], len(betas)) == (0.0, 1.0, 1000)
    assert betas == sorted(betas)


def test_a_mean_of_exponentials() -> None:
    weight = torch.tensor([1000.0, 1000.0 + math.log(3.0)], dtype=F64)
    value, error, size = log_mean_exp(weight)
    assert value == pytest.approx(1000 + math.log(2))
    assert error == pytest.approx(math.sqrt(2) / 2 / math.sqrt(2))
    assert size == pytest.approx(16 / 10)


def test_what_cannot_be_annealed() -> None:
    machine = Restricted(torch.zeros(40, 40), torch.zeros(40), torch.zeros(40), BernoulliUnits())
    base = torch.zeros(40)
    with pytest.raises(BadInputError, match=r"enumeration goes up to 20 units .* got 40 visible"):
        log_partition(machine, "exact", base, Draws(0))
    with pytest.raises(UnknownNameError, match=r"unknown method `asi`; did you mean `ais`"):
        log_partition(machine, "asi", base, Draws(0))
    with pytest.raises(BadInputError, match="needs states of the model"):
        log_partition(machine, "reverse_ais", base, Draws(0), n_temperatures=2)
    with pytest.raises(BadInputError, match="2 or more chains, got 1"):
        log_partition(machine, "ais", base, Draws(0), chains=1)
    with pytest.raises(BadInputError, match="`n_temperatures` must be 2 or more, got 1"):
        temperatures(1)
