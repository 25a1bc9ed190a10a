"""Vectors of the labels of pretraining, from which thresholds and probabilities come later."""

from __future__ import annotations

__all__ = ["cohort_of"]

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from trainwell.oneshot.labelled import Labelled

_VECTORS = 500
"""About so many are kept, with at least two examples a label: the similarities of one label's
examples, and of different labels'."""


def cohort_of(
    data: Labelled, embed: Callable[[torch.Tensor], torch.Tensor], random: torch.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Vectors (n, width) and label numbers (n,).

    Args:
        data: pictures of the labels: those held out where there are any, since on labels that it
            has learned a network is surer than it will be on new ones.
        embed: from prepared pictures to vectors.
        random: which labels and examples, where there are more than are kept.
    """
    labels = torch.randperm(len(data.names), generator=random)[: _VECTORS // 2].sort().values
    each = max(2, _VECTORS // len(labels))
    rows = []
    for label in labels.tolist():
        own = torch.nonzero(data.labels == label)[:, 0]
        rows.append(own[torch.randperm(len(own), generator=random)[:each]])
    picked = torch.cat(rows)
    vectors = torch.cat([embed(data.pictures[part]) for part in torch.split(picked, 256)])
    return vectors.numpy(), data.labels[picked].numpy()
