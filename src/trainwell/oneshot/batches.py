"""Batches of two pictures a label, where turned and mirrored pictures are labels of their own."""

from __future__ import annotations

__all__ = ["Batches"]

from dataclasses import dataclass

import torch

from trainwell.oneshot.augmentation import Augmentation, turned
from trainwell.oneshot.labelled import Labelled
from trainwell.oneshot.preparation import Preparation


@dataclass(frozen=True)
class _Batch:
    pictures: torch.Tensor
    labels: torch.Tensor


class Batches:
    """Draws batches without end.

    Args:
        data: pictures and labels.
        preparation: how the network's input is drawn from them.
        augmentation: how each is changed.
        turns: labels that each label is made into: 1, 4 (quarter turns) or 8 (their mirror images
            too). A turned letter is another letter (Santoro et al. 2016, section 4.1).
        batch_size: pictures of a batch; half as many labels.
        random: where all choices come from.
    """

    def __init__(
        self,
        data: Labelled,
        preparation: Preparation,
        augmentation: Augmentation,
        turns: int,
        batch_size: int,
        random: torch.Generator,
    ) -> None:
        self.data = data
        self.preparation = preparation
        self.augmentation = augmentation
        self.turns = turns
        self.random = random
        self.labels = len(data.names) * turns
        self._pairs = min(max(batch_size // 2, 1), self.labels)
        order = data.labels.argsort(stable=True)
        self._order = order
        self._counts = torch.bincount(data.labels, minlength=len(data.names))
        self._starts = self._counts.cumsum(0) - self._counts

    def draw(self) -> _Batch:
        """Pictures (2 n, channels, size, size) and labels (2 n,): see `Objective`."""
        picked = torch.randperm(self.labels, generator=self.random)[: self._pairs]
        label, turn = picked // self.turns, picked % self.turns
        counts = self._counts[label]
        first = (torch.rand(len(label), generator=self.random) * counts).long()
        # Another one: as many steps further on, around the end, as do not come back to the first.
        step = 1 + (torch.rand(len(label), generator=self.random) * (counts - 1)).long()
        second = (first + step) % counts
        start = self._starts[label]
        rows = self._order[torch.cat([start + first, start + second])]
        size, count = self.preparation.size, len(rows)
        maps = turned(self.augmentation.maps(count, self.random), turn.repeat(2))
        bend = self.augmentation.bend(count, size, self.random)
        drawn = self.preparation.drawn(self.data.pictures[rows], maps, bend)
        return _Batch(drawn, picked.repeat(2))
