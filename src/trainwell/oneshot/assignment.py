"""Answers to a whole batch at once, where something is known about the batch."""

from __future__ import annotations

__all__ = ["MODES", "balanced", "one_to_one"]

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.special import logsumexp

from trainwell.errors import BadInputError

MODES = ("balanced", "independent", "one_to_one")

_ROUNDS = 200
"""Sweeps of balancing; it stops earlier when the shares stand still."""


def one_to_one(logits: NDArray[np.float64]) -> NDArray[np.int64]:
    """The label of each query, no label twice, so that the sum of logits is largest.

    Args:
        logits: (queries, labels), at least as many labels as queries.

    Raises:
        BadInputError: if there are more queries than labels.
    """
    queries, labels = logits.shape
    if queries > labels:
        raise BadInputError(
            f"one-to-one needs at least as many labels as queries, got {labels} and {queries}"
        )
    _, chosen = linear_sum_assignment(-logits)
    return np.asarray(chosen, np.int64)


def balanced(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-probabilities under the knowledge that every label is asked for equally often.

    Rows and columns are scaled in turn until each label's shares add up to the same.

    Args:
        logits: (queries, labels).

    Sources:
        Cuturi 2013, "Sinkhorn distances", section 4; Hu, Gripon & Pateux 2021, "Leveraging the
        feature distribution in transfer-based few-shot learning", section 3.3.
    """
    found = logits - logsumexp(logits, axis=1, keepdims=True)
    share = np.log(logits.shape[0] / logits.shape[1])
    for _ in range(_ROUNDS):
        sums = logsumexp(found, axis=0, keepdims=True)
        found = found - sums + share
        found = found - logsumexp(found, axis=1, keepdims=True)
        if np.abs(sums - share).max() < 1e-6:
            break
    return np.asarray(found)
