"""Vectors of examples, with or without changed copies of them; the cohort in its many forms."""

from __future__ import annotations

__all__ = ["cohort_of", "embedded"]

from collections.abc import Sequence
from typing import Any

import numpy as np

from trainwell.errors import BadInputError
from trainwell.oneshot.cohort import Cohort
from trainwell.oneshot.embedder import Embedder
from trainwell.oneshot.examples import listed
from trainwell.oneshot.space import Vectors, unit


def embedded(embedder: Embedder, examples: Sequence[Any], views: Any, seed: int) -> Vectors:
    """One vector an example: that of itself, or the mean direction of its views.

    Args:
        embedder: what embeds.
        examples: any number.
        views: how many; or a function from an example to a list of them.
        seed: of the views' differences, the same for each example whatever stands beside it.

    Raises:
        BadInputError: as `Embedder.embed`, or if there is no view.
    """
    if not callable(views):
        if not isinstance(views, int) or isinstance(views, bool) or views < 1:
            raise BadInputError(f"`views` must be a whole number from 1 on, got {views}")
        if views == 1:
            return embedder.embed(examples)
    means = []
    step = max(1, embedder.batch_size // (views if isinstance(views, int) else 8))
    for first in range(0, len(examples), step):
        groups = [
            list(views(example))
            if callable(views)
            else embedder.views(example, views, np.random.default_rng(seed))
            for example in examples[first : first + step]
        ]
        if not all(groups):
            raise BadInputError("`views` gave no view of an example")
        vectors = embedder.embed([view for group in groups for view in group])
        ends = np.cumsum([len(group) for group in groups])[:-1]
        # Directions are averaged, as a long vector says no more than a short one; the length
        # that the vectors have is kept for distances.
        for part in np.split(vectors, ends):
            length = np.linalg.norm(part, axis=1).mean()
            means.append(unit(unit(part).mean(axis=0, keepdims=True)) * length)
    if not means:
        return embedder.embed(examples)
    return np.concatenate(means).astype(np.float32)


def cohort_of(given: Any, embedder: Embedder) -> Cohort | None:
    """A cohort from what `cohort=` of a classifier may be.

    Raises:
        BadInputError: if it is none of these, or its examples cannot be embedded.
    """
    if given is False:
        return None
    if given is None:
        own = embedder.cohort()
        return None if own is None else Cohort.of(*own)
    if isinstance(given, Cohort):
        return given
    if isinstance(given, tuple) and len(given) == 2:
        examples = listed(given[0])
        if len(examples) != len(given[1]):
            raise BadInputError(f"`cohort` has {len(examples)} examples and {len(given[1])} labels")
        return Cohort.of(embedder.embed(examples), given[1])
    raise BadInputError(
        f"`cohort` must be a Cohort, (examples, labels), None or False, got {type(given).__name__}"
    )
