"""The distribution of a deep belief network: a restricted machine on top, directed layers below."""

from __future__ import annotations

__all__ = ["Belief", "Directed"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn.functional import logsigmoid

from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.products import affine
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.units import BernoulliUnits, GaussianUnits, SoftmaxUnits, VisibleUnits


@dataclass(frozen=True, eq=False)
class Directed:
    """One layer below the top: how it is recognised upwards, and generated downwards.

    Attributes:
        up: (lower, upper) recognition weights.
        up_bias: (upper,).
        down: (lower, upper) generative weights; the same tensor as `up` until they are refined.
        down_bias: (lower,).
        units: the kind of the lower units.
    """

    up: torch.Tensor
    up_bias: torch.Tensor
    down: torch.Tensor
    down_bias: torch.Tensor
    units: VisibleUnits

    def recognise(self, lower: torch.Tensor) -> torch.Tensor:
        """Probabilities of the upper units, (rows, upper)."""
        return affine(self.up_bias, lower, self.up).sigmoid_()

    def activation(self, upper: torch.Tensor) -> torch.Tensor:
        """What the lower units get from the upper ones, (rows, lower)."""
        return affine(self.down_bias, upper, self.down.t())


@dataclass(frozen=True, eq=False)
class Belief:
    """A deep belief network.

    Attributes:
        layers: the directed layers, the lowest first.
        top: the machine over the two uppermost layers.

    Sources:
        Hinton, Osindero & Teh 2006, "A fast learning algorithm for deep belief nets".
    """

    layers: Sequence[Directed]
    top: Restricted

    def up(self, v: torch.Tensor) -> torch.Tensor:
        """Probabilities of the uppermost units, going up by probabilities, (rows, hidden)."""
        return self.top.hidden_probability(self.below_top(v))

    def below_top(self, v: torch.Tensor) -> torch.Tensor:
        """Probabilities of the top machine's visible units, (rows, units)."""
        for layer in self.layers:
            v = layer.recognise(v)
        return v

    def down(self, below_top: torch.Tensor, draws: Draws | None = None) -> torch.Tensor:
        """The visible units' expectations given the top machine's visible units.

        Args:
            below_top: (rows, units).
            draws: layers in between are drawn; their probabilities are handed on when None.
        """
        state = below_top
        for number, layer in reversed(list(enumerate(self.layers))):
            state = layer.units.mean(layer.activation(state))
            if draws is not None and number:
                state = draws.bernoulli(state)
        return state

    def sample_up(self, v: torch.Tensor, draws: Draws) -> list[torch.Tensor]:
        """All layers drawn upwards, the visible one first, the top's visible one last."""
        states = [v]
        for layer in self.layers:
            states.append(draws.bernoulli(layer.recognise(states[-1])))
        return states

    def bound(self, v: torch.Tensor, log_partition: float, draws: Draws) -> torch.Tensor:
        """A draw of the variational lower bound of log p(v), (rows,), nats.

        Its mean over draws is the bound; with no directed layer it is log p(v) itself.

        Args:
            v: (rows, visible).
            log_partition: of the top machine.
            draws: the random numbers.

        Sources:
            Salakhutdinov & Murray 2008, "On the quantitative analysis of deep belief networks",
            section 5.
        """
        total = v.new_zeros(len(v), dtype=torch.float64)
        for layer in self.layers:
            activation = affine(layer.up_bias, v, layer.up)
            # All rows share their thresholds: a row's bound does not depend on what is beside it.
            thresholds = draws.uniform(1, activation.shape[1])
            upper = torch.lt(thresholds, activation.sigmoid()).to(v.dtype)
            total += _log_density(layer.units, v, layer.activation(upper)).double()
            total -= _log_density(BernoulliUnits(), upper, activation).double()
            v = upper
        return total - self.top.free_energy(v).double() - log_partition


def _log_density(
    units: VisibleUnits, values: torch.Tensor, activation: torch.Tensor
) -> torch.Tensor:
    """Log p(values) of independent units with these activations, (rows,), nats."""
    if isinstance(units, BernoulliUnits):
        fired = values * logsigmoid(activation) + (1 - values) * logsigmoid(-activation)
        return fired.sum(-1)
    if isinstance(units, GaussianUnits):
        zero = torch.zeros_like(activation[0])
        return units.log_base(values, activation) - units.log_normalizer(zero, zero)
    assert isinstance(units, SoftmaxUnits)
    return (values * activation).sum(-1) - units.log_normalizer(activation, activation[0])
