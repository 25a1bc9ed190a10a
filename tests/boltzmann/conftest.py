"""Machines with random parameters, in float64."""

from __future__ import annotations

import pytest
import torch

from trainwell.boltzmann.connectivity import links
from trainwell.boltzmann.couplings import Couplings
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.units import BernoulliUnits, VisibleUnits


def restricted(
    visible: int, hidden: int, seed: int, units: VisibleUnits | None = None, scale: float = 1.0
) -> Restricted:
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> torch.Tensor:
        return scale * torch.randn(shape, generator=generator, dtype=torch.float64)

    return Restricted(
        normal(visible, hidden), normal(visible), normal(hidden), units or BernoulliUnits()
    )


def couplings(
    visible: int, hidden: int, seed: int, connectivity: object = "full", scale: float = 1.0
) -> Couplings:
    generator = torch.Generator().manual_seed(seed)
    units = visible + hidden
    linked = links(connectivity, visible, hidden)
    upper = scale * torch.randn(units, units, generator=generator, dtype=torch.float64).triu(1)
    weights = (upper + upper.t()) * linked
    bias = scale * torch.randn(units, generator=generator, dtype=torch.float64)
    return Couplings.of(weights, bias, linked, visible)


def random_links(units: int, share: float, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    upper = (torch.rand(units, units, generator=generator) < share).triu(1)
    return upper | upper.t()


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)
