"""Kinds of visible units: what they may be, how they are drawn, what they add to the energy.

The energy of a restricted machine is `-log_base(v; a) - b'h - v'Wh`. Given the hidden units, the
visible ones are drawn from the density proportional to `exp(log_base(v; a) + v'Wh)`, whose
parameter is the activation `a + Wh`.
"""

from __future__ import annotations

__all__ = [
    "VISIBLE",
    "BernoulliUnits",
    "GaussianUnits",
    "LabelledUnits",
    "SoftmaxUnits",
    "VisibleUnits",
    "units_of",
]

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch.nn.functional import softplus

from trainwell.boltzmann.draws import Draws
from trainwell.errors import BadInputError, UnknownNameError

VISIBLE: tuple[str, ...] = ("bernoulli", "gaussian", "softmax")
"""Names of the kinds of visible units."""


@dataclass(frozen=True)
class VisibleUnits(ABC):
    """One kind of visible units; all tensors are (rows, units)."""

    @abstractmethod
    def mean(self, activation: torch.Tensor) -> torch.Tensor:
        """Expected values given the activations; may write into `activation`."""

    @abstractmethod
    def sample(self, activation: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Drawn values given the activations; may write into `activation`."""

    @abstractmethod
    def log_base(self, v: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Minus the energy that the visible units have by themselves, (rows,), nats."""

    @abstractmethod
    def log_normalizer(self, activation: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Log of the sum (integral) over v of exp(log_base(v; bias) + v'(activation - bias))."""

    @abstractmethod
    def bias_of(self, mean: torch.Tensor, rows: int) -> torch.Tensor:
        """The bias at which independent units have the data's mean.

        Args:
            mean: (units,).
            rows: how many rows the mean was taken over; keeps the bias finite.
        """


@dataclass(frozen=True)
class BernoulliUnits(VisibleUnits):
    """Units that are 0 or 1; data in between are taken as probabilities."""

    def mean(self, activation: torch.Tensor) -> torch.Tensor:
        """The probability of 1."""
        return activation.sigmoid_()

    def sample(self, activation: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Zeros and ones."""
        probability = activation.sigmoid_()
        return draws.bernoulli(probability, out=probability)

    def log_base(self, v: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """The sum of v times bias."""
        return v @ bias

    def log_normalizer(self, activation: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """The sum of log(1 + exp(activation))."""
        del bias
        return softplus(activation).sum(-1)

    def bias_of(self, mean: torch.Tensor, rows: int) -> torch.Tensor:
        """The logit of the mean (Hinton 2010, section 8.1), one half row of 0 and of 1 added."""
        # Laplace-like smoothing; without it a pixel that is always 0 gets a bias of -inf.
        return torch.logit((mean * rows + 0.5) / (rows + 1.0))


@dataclass(frozen=True)
class GaussianUnits(VisibleUnits):
    """Real units with variance 1: the energy is half the squared distance from the bias."""

    def mean(self, activation: torch.Tensor) -> torch.Tensor:
        """The activation itself."""
        return activation

    def sample(self, activation: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Normal numbers around the activation."""
        return activation.add_(draws.normal(*activation.shape))

    def log_base(self, v: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Minus half the squared distance from the bias."""
        return -0.5 * (v - bias).square().sum(-1)

    def log_normalizer(self, activation: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """The integral of a Gaussian that the hidden units have moved."""
        moved = activation.square() - bias.square()
        return 0.5 * moved.sum(-1) + 0.5 * math.log(2 * math.pi) * activation.shape[-1]

    def bias_of(self, mean: torch.Tensor, rows: int) -> torch.Tensor:
        """The mean."""
        del rows
        return mean.clone()


@dataclass(frozen=True)
class SoftmaxUnits(VisibleUnits):
    """Groups of units of which exactly one is 1: categories, one-hot.

    Attributes:
        categories: units in a group, 2 or more; groups lie side by side.
    """

    categories: int

    def mean(self, activation: torch.Tensor) -> torch.Tensor:
        """The probability of each category."""
        return self._grouped(activation).softmax(-1).view_as(activation)

    def sample(self, activation: torch.Tensor, draws: Draws) -> torch.Tensor:
        """One-hot groups."""
        return draws.categorical(self._grouped(activation)).view_as(activation)

    def log_base(self, v: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """The sum of v times bias."""
        return v @ bias

    def log_normalizer(self, activation: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """The groups' log-sum-exp, summed."""
        del bias
        return self._grouped(activation).logsumexp(-1).sum(-1)

    def bias_of(self, mean: torch.Tensor, rows: int) -> torch.Tensor:
        """The log of the mean, half a row added to each category."""
        return torch.log((mean * rows + 0.5) / (rows + 0.5 * self.categories))

    def _grouped(self, units: torch.Tensor) -> torch.Tensor:
        return units.reshape(*units.shape[:-1], -1, self.categories)


@dataclass(frozen=True)
class LabelledUnits(VisibleUnits):
    """Units of one kind, and behind them one group of softmax units, the label.

    Attributes:
        inner: the kind of those before the label.
        classes: units of the label.
    """

    inner: VisibleUnits
    classes: int

    def mean(self, activation: torch.Tensor) -> torch.Tensor:
        """Both parts' expected values."""
        x, y = self._parts(activation)
        return torch.cat([self.inner.mean(x.contiguous()), y.softmax(-1)], -1)

    def sample(self, activation: torch.Tensor, draws: Draws) -> torch.Tensor:
        """Both parts drawn."""
        x, y = self._parts(activation)
        return torch.cat([self.inner.sample(x.contiguous(), draws), draws.categorical(y)], -1)

    def log_base(self, v: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Both parts' sum."""
        (x, y), (a, d) = self._parts(v), self._parts(bias)
        return self.inner.log_base(x, a) + y @ d

    def log_normalizer(self, activation: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Both parts' sum."""
        (x, y), (a, _) = self._parts(activation), self._parts(bias)
        return self.inner.log_normalizer(x, a) + y.logsumexp(-1)

    def bias_of(self, mean: torch.Tensor, rows: int) -> torch.Tensor:
        """Both parts' biases."""
        x, y = self._parts(mean)
        label = SoftmaxUnits(self.classes).bias_of(y, rows)
        return torch.cat([self.inner.bias_of(x, rows), label])

    def _parts(self, units: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return units[..., : -self.classes], units[..., -self.classes :]


def units_of(visible: str, n_features: int, n_categories: int | None) -> VisibleUnits:
    """The kind of units by its name.

    Args:
        visible: a name of `VISIBLE`.
        n_features: how many visible units there are.
        n_categories: units in a group of "softmax"; None: all units are one group.

    Raises:
        UnknownNameError: if there is no such kind.
        BadInputError: if the groups do not fill the units.
    """
    if visible == "bernoulli":
        return BernoulliUnits()
    if visible == "gaussian":
        return GaussianUnits()
    if visible != "softmax":
        raise UnknownNameError("visible", str(visible), VISIBLE)
    categories = n_features if n_categories is None else n_categories
    if categories < 2 or n_features % categories:
        raise BadInputError(
            f"`n_categories` must be 2 or more and divide the {n_features} columns, "
            f"got {categories}"
        )
    return SoftmaxUnits(categories)
