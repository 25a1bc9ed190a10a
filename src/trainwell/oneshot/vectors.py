"""Rows that are vectors already."""

from __future__ import annotations

__all__ = ["VectorEmbedder"]

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch

from trainwell.errors import BadInputError
from trainwell.oneshot.embedder import Embedder


class VectorEmbedder(Embedder):
    """Takes each example, a row of numbers, as its own vector."""

    kind = "vectors"

    def __init__(self, *, name: str = "vectors", batch_size: int = 65_536) -> None:
        super().__init__(name, batch_size=batch_size)

    def _vectors(self, examples: Sequence[Any]) -> Any:
        try:
            return np.asarray(examples, dtype=np.float32)
        except (TypeError, ValueError) as error:
            raise BadInputError(
                "without an embedder an example must be a row of numbers, all of one length"
            ) from error

    @classmethod
    def from_saved(cls, settings: Mapping[str, Any], weights: Mapping[str, torch.Tensor]) -> Self:
        """The one that had these settings."""
        del weights
        return cls(**settings)
