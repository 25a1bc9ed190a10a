"""Which units of which rows are known."""

from __future__ import annotations

__all__ = ["known_units"]

from typing import Any

import numpy as np
import torch

from trainwell.errors import BadInputError


def known_units(known: Any, shape: tuple[int, ...], device: torch.device) -> torch.Tensor:
    """The mask of known units for every row, (rows, visible) of bool.

    Args:
        known: (visible,) or (rows, visible) of bool.
        shape: (rows, visible).
        device: of the result.

    Raises:
        BadInputError: if the shape fits neither.
    """
    mask = np.asarray(known)
    if mask.dtype != np.bool_ or mask.shape not in (shape, shape[1:]):
        raise BadInputError(
            f"`known` must be true and false, shaped {shape[1:]} or {shape}, got {mask.dtype} "
            f"{mask.shape}"
        )
    return torch.from_numpy(np.broadcast_to(mask, shape).copy()).to(device)
