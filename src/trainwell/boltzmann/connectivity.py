"""Which units of a general machine are linked."""

from __future__ import annotations

__all__ = ["links"]

from typing import Any

import numpy as np
import torch

from trainwell.errors import BadInputError, UnknownNameError


def links(connectivity: Any, n_visible: int, n_hidden: int) -> torch.Tensor:
    """(units, units) of bool, symmetric, False on the diagonal; visible units first.

    Args:
        connectivity: "full", every pair of units; "restricted", visible with hidden ones only;
            "semi", restricted and visible ones among themselves; or a (units, units) array whose
            true entries are links.
        n_visible: visible units.
        n_hidden: hidden units.

    Raises:
        UnknownNameError: if there is no such name.
        BadInputError: if an array has the wrong shape, is not symmetric, or links a unit to itself.
    """
    units = n_visible + n_hidden
    visible = torch.arange(units) < n_visible
    across = visible.unsqueeze(0) != visible.unsqueeze(1)
    others = ~torch.eye(units, dtype=torch.bool)
    if isinstance(connectivity, str):
        if connectivity == "full":
            return others
        if connectivity == "restricted":
            return across
        if connectivity == "semi":
            return (across | (visible.unsqueeze(0) & visible.unsqueeze(1))) & others
        raise UnknownNameError("connectivity", connectivity, ("full", "restricted", "semi"))
    array = np.asarray(connectivity).astype(bool)
    if array.shape != (units, units):
        raise BadInputError(
            f"`connectivity` must be ({units}, {units}), {n_visible} visible and {n_hidden} hidden "
            f"units, got {array.shape}"
        )
    if (array != array.T).any() or array.diagonal().any():
        raise BadInputError(
            "`connectivity` must be symmetric with a false diagonal: no unit is linked to itself"
        )
    return torch.from_numpy(array.copy())
