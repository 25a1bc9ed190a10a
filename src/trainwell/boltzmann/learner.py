"""One learning step of a restricted machine: statistics of data and of the model, then the update.

What a step costs is five matrix products. Data and chains are stacked, so that their activations
are one product and both outer products are one; everything else goes over small matrices.
"""

from __future__ import annotations

__all__ = ["Learner"]

from dataclasses import replace

import torch

from trainwell.boltzmann.draws import Draws
from trainwell.boltzmann.enumeration import model_rows
from trainwell.boltzmann.paths import RestrictedPath
from trainwell.boltzmann.products import add_outer, rounded_dtype
from trainwell.boltzmann.restricted import Restricted
from trainwell.boltzmann.rules import Rules
from trainwell.boltzmann.tempering import Tempering


class Learner:
    """The state of learning: chains, offsets, momentum.

    Args:
        machine: changed in place.
        rules: the algorithm.
        draws: the random numbers.
        base_bias: (visible,) biases of independent units with the data's mean; chains start there.
        mean: (visible,) the data's mean, where the visible offsets start.
    """

    def __init__(
        self,
        machine: Restricted,
        rules: Rules,
        draws: Draws,
        base_bias: torch.Tensor,
        mean: torch.Tensor,
    ) -> None:
        self.machine = machine
        self.rules = rules
        self.draws = draws
        self.visible_offset = mean.clone() if rules.centered else torch.zeros_like(mean)
        half = 0.5 if rules.centered else 0.0
        self.hidden_offset = torch.full_like(machine.hidden_bias, half)
        self.tempering: Tempering | None = None
        self.chains: torch.Tensor | None = None
        """(n_chains, visible), of "pcd" and "pt"; those of "cd" after the last step."""
        if rules.algorithm == "pt":
            path = RestrictedPath(machine, base_bias)
            self.tempering = Tempering(path, rules.n_temperatures, rules.n_chains, draws)
            self.chains = self.tempering.coldest
        elif rules.algorithm == "pcd":
            self.chains = machine.units.sample(base_bias.repeat(rules.n_chains, 1), draws)
        self._velocity = [torch.zeros_like(t) for t in self._parameters] if rules.momentum else []
        self.rounded: torch.dtype | None = None
        """What the factors of products are rounded to, None for nothing."""
        if rules.algorithm != "exact":
            weights = machine.weights
            self.rounded = rounded_dtype(rules.precision, weights.dtype, weights.device)

    @property
    def _parameters(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.machine.weights, self.machine.visible_bias, self.machine.hidden_bias

    def reading(self) -> Restricted:
        """The machine as activations read it: its weights as they are now, rounded if wished."""
        if self.rounded is None:
            return self.machine
        return replace(self.machine, weights=self.machine.weights.to(self.rounded))

    def step(self, x: torch.Tensor, rate: float) -> None:
        """Learn from a batch.

        Args:
            x: (rows, visible).
            rate: the learning rate, of gradients of the mean log-likelihood.
        """
        if self.rules.algorithm == "exact":
            self._exact(x, rate)
        elif self.rules.algorithm == "cd":
            self._contrastive(x, rate)
        else:
            self._persistent(x, rate)

    def _persistent(self, x: torch.Tensor, rate: float) -> None:
        assert self.chains is not None
        machine, rows = self.reading(), len(x)
        for _ in range(self.rules.n_gibbs_steps - 1):
            self._move(machine)
        v = torch.cat([x, self.chains])
        h = machine.hidden_probability(v)
        if self.tempering is None:
            # The chains move on by what is here already, before the weights change.
            fired = self.draws.bernoulli(h[rows:])
            self.chains = machine.units.sample(machine.visible_activation(fired), self.draws)
        self._update(v, h, rows, rate)
        if self.tempering is not None:
            self._move(machine)

    def _move(self, machine: Restricted) -> None:
        assert self.chains is not None
        if self.tempering is None:
            self.chains = machine.gibbs(self.chains, self.draws)
        else:
            self.tempering.step()
            self.chains = self.tempering.coldest

    def _contrastive(self, x: torch.Tensor, rate: float) -> None:
        machine, rows = self.reading(), len(x)
        seen = machine.hidden_probability(x)
        v, h = x, seen
        for _ in range(self.rules.n_gibbs_steps):
            fired = self.draws.bernoulli(h)
            v = machine.units.sample(machine.visible_activation(fired), self.draws)
            h = machine.hidden_probability(v)
        self.chains = v
        self._update(torch.cat([x, v]), torch.cat([seen, h]), rows, rate)

    def _exact(self, x: torch.Tensor, rate: float) -> None:
        rows = len(x)
        model_v, model_h, probability = model_rows(self.machine)
        v = torch.cat([x, model_v])
        h = torch.cat([self.machine.hidden_probability(x), model_h])
        self._update(v, h, rows, rate, probability)

    def _update(
        self,
        v: torch.Tensor,
        h: torch.Tensor,
        rows: int,
        rate: float,
        probability: torch.Tensor | None = None,
    ) -> None:
        """Follow the (enhanced) gradient: rows of data count up, rows of the model count down.

        Args:
            v: (rows + model rows, visible); overwritten.
            h: (rows + model rows, hidden), probabilities; overwritten.
            rows: how many are data.
            rate: the learning rate.
            probability: of the model rows; equal when None.
        """
        rules = self.rules
        share = v.new_full((len(v),), 1.0 / rows)
        means = []
        if rules.centered:
            # As products: PyTorch sums over rows more slowly.
            means = [torch.mv(t[:rows].t(), share[:rows]) for t in (v, h)]
        share[rows:] = -1.0 / (len(v) - rows) if probability is None else -probability
        if rules.centered:
            v -= self.visible_offset
            h -= self.hidden_offset
        h *= share.unsqueeze(1)
        # With G = v'h the gradient of the weights, the enhanced gradients of the biases are
        # sum(share v) - G hidden_offset and sum(h) - G' visible_offset: no product is needed.
        visible = torch.mv(v.t(), share.sub_(torch.mv(h, self.hidden_offset)))
        hidden = torch.mv(h.t(), 1.0 - torch.mv(v, self.visible_offset))
        weights, visible_bias, hidden_bias = self._parameters
        keep = 1.0 - rate * rules.weight_decay
        if rules.momentum:
            for velocity, gradient in zip(self._velocity[1:], (visible, hidden), strict=True):
                velocity.mul_(rules.momentum).add_(gradient, alpha=rate)
            add_outer(self._velocity[0], v, h, keep=rules.momentum, rate=rate, rounded=self.rounded)
            weights.mul_(keep).add_(self._velocity[0])
            visible_bias += self._velocity[1]
            hidden_bias += self._velocity[2]
        else:
            add_outer(weights, v, h, keep=keep, rate=rate, rounded=self.rounded)
            visible_bias.add_(visible, alpha=rate)
            hidden_bias.add_(hidden, alpha=rate)
        for offset, mean in zip((self.visible_offset, self.hidden_offset), means, strict=False):
            offset.lerp_(mean, rules.offset_rate)
