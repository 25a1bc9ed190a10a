"""Learning p(label | row) of a machine whose label is a group of visible units."""

from __future__ import annotations

__all__ = ["OBJECTIVES", "LabelLearner", "LabelMonitor", "label_scores"]

import time

import torch
from torch.nn.functional import softplus

from trainwell.boltzmann.history import Moment
from trainwell.boltzmann.learner import Learner
from trainwell.boltzmann.products import add_outer, affine
from trainwell.boltzmann.restricted import Restricted

OBJECTIVES: tuple[str, ...] = ("hybrid", "discriminative", "generative")
"""What is maximised: a weighted sum, log p(label | row), log p(row, label)."""


def label_scores(machine: Restricted, x: torch.Tensor, classes: int) -> torch.Tensor:
    """Log p(label, row) up to a constant of each row, (rows, classes).

    Args:
        machine: its last `classes` visible units are the label.
        x: (rows, columns), without the label.
        classes: how many labels there are.
    """
    activation, label = _activations(machine, x, classes)
    return softplus(activation.unsqueeze(1) + label).sum(-1) + machine.visible_bias[-classes:]


def _activations(
    machine: Restricted, x: torch.Tensor, classes: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Hidden activations by the row, (rows, hidden), and by each label, (classes, hidden)."""
    weights = machine.weights
    label = weights[-classes:].to(x.dtype)
    return affine(machine.hidden_bias, x, weights[:-classes]), label


class LabelLearner:
    """Makes discriminative steps, generative ones, or both.

    Args:
        learner: makes the generative steps on rows with their labels.
        classes: how many labels there are.
        discriminative: weight of log p(label | row).
        generative: weight of log p(row, label).

    Sources:
        Larochelle & Bengio 2008, "Classification using discriminative restricted Boltzmann
        machines", sections 4 and 5.
    """

    def __init__(
        self, learner: Learner, classes: int, discriminative: float, generative: float
    ) -> None:
        self._learner = learner
        self._classes = classes
        self._discriminative = discriminative
        self._generative = generative

    @property
    def chains(self) -> torch.Tensor | None:
        """Persistent chains of rows with labels."""
        return self._learner.chains

    def step(self, x: torch.Tensor, rate: float) -> None:
        """Learn from a batch.

        Args:
            x: (rows, columns + classes), the one-hot label last.
            rate: the learning rate.
        """
        if self._generative:
            self._learner.step(x, rate * self._generative)
        if self._discriminative:
            self._discriminate(x, rate * self._discriminative)

    def _discriminate(self, x: torch.Tensor, rate: float) -> None:
        machine, classes, learner = self._learner.machine, self._classes, self._learner
        row, target = x[:, :-classes], x[:, -classes:]
        activation, label = _activations(learner.reading(), row, classes)
        each = activation.unsqueeze(1) + label
        scores = softplus(each).sum(-1) + machine.visible_bias[-classes:]
        # Each label's hidden probabilities count by how much too improbable the label is.
        missing = (target - scores.softmax(-1)) / len(x)
        weighted = each.sigmoid_().mul_(missing.unsqueeze(-1))
        pull = weighted.sum(1)
        add_outer(machine.weights[:-classes], row, pull, rate=rate, rounded=learner.rounded)
        machine.weights[-classes:].add_(weighted.sum(0), alpha=rate)
        machine.hidden_bias.add_(pull.sum(0), alpha=rate)
        machine.visible_bias[-classes:].add_(missing.sum(0), alpha=rate)
        decay = learner.rules.weight_decay
        if decay and not self._generative:
            machine.weights.mul_(1.0 - rate * decay)


class LabelMonitor:
    """Measures a classifier at the end of an epoch: the share of rows that it gets wrong.

    Args:
        machine: what learns.
        classes: how many labels there are.
        sample: (rows, columns + classes) training rows that are looked at.
        held_out: the same of held-out rows, or None.
    """

    def __init__(
        self,
        machine: Restricted,
        classes: int,
        sample: torch.Tensor,
        held_out: torch.Tensor | None,
    ) -> None:
        self._machine = machine
        self._classes = classes
        self._sample = sample
        self._held_out = held_out
        self._began = time.perf_counter()

    def look(self, epoch: int, updates: int, chains: torch.Tensor | None, *, last: bool) -> Moment:
        """Measure.

        Args:
            epoch: epochs made.
            updates: updates made.
            chains: not looked at.
            last: not looked at.
        """
        del chains, last
        machine = self._machine
        hidden = machine.hidden_probability(self._sample)
        back = machine.units.mean(machine.visible_activation(hidden))
        return Moment(
            epoch=epoch,
            updates=updates,
            seconds=time.perf_counter() - self._began,
            reconstruction_error=float((self._sample - back).square().mean()),
            error=self._error(self._sample),
            held_out_error=None if self._held_out is None else self._error(self._held_out),
            largest_weight=float(machine.weights.abs().max()),
        )

    def _error(self, rows: torch.Tensor) -> float:
        classes = self._classes
        best = label_scores(self._machine, rows[:, :-classes], classes).argmax(1)
        return float((best != rows[:, -classes:].argmax(1)).double().mean())
