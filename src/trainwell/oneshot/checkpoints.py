"""An interrupted pretraining on disk: one file, from which it goes on as if nothing had been."""

from __future__ import annotations

__all__ = ["load_checkpoint", "save_checkpoint"]

import json
import os
from collections.abc import Mapping
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_tensors

from trainwell.errors import BadInputError

_FORMAT = "1"


def save_checkpoint(
    path: str, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any]
) -> None:
    """Write a checkpoint; what was there before stays whole until it is replaced.

    Args:
        path: the file.
        tensors: all that has numbers.
        facts: the rest: what JSON holds.

    Raises:
        BadInputError: if it cannot be written.
    """
    raw = save_tensors(
        {name: t.detach().cpu().contiguous() for name, t in tensors.items()},
        {"trainwell": _FORMAT, "facts": json.dumps(facts)},
    )
    beside = f"{path}.{os.getpid()}.new"
    try:
        with open(beside, "wb") as file:
            file.write(raw)
        os.replace(beside, path)
    except OSError as error:
        raise BadInputError(f"`{path}` cannot be written: {error.strerror}") from error


def load_checkpoint(path: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """What `save_checkpoint` wrote: tensors and facts.

    Raises:
        BadInputError: if it cannot be read, or is no checkpoint of pretraining.
    """
    try:
        with safe_open(path, framework="pt") as file:
            told = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise BadInputError(f"`{path}` cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise BadInputError(f"`{path}` is damaged: {error}") from error
    if told.get("trainwell") != _FORMAT or "facts" not in told:
        raise BadInputError(f"`{path}` is no checkpoint of `pretrain`")
    return tensors, json.loads(told["facts"])
