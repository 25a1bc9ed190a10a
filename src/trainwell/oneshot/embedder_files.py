"""An embedder in one file: safetensors, with its settings as JSON in the header."""

from __future__ import annotations

__all__ = ["load_embedder", "save_embedder"]

import json
import os

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as save_tensors

from trainwell.errors import BadInputError
from trainwell.oneshot.embedder import EMBEDDERS, Embedder, rebuild

_FORMAT = "1"


def save_embedder(embedder: Embedder, path: str | os.PathLike[str]) -> None:
    """Write an embedder with its preparation, its weights and its cohort.

    Args:
        embedder: one of a kind that can be built from a file.
        path: the file.

    Raises:
        BadInputError: if only the user can build it again, or the file cannot be written.
    """
    name = os.fspath(path)
    if embedder.kind not in EMBEDDERS:
        raise BadInputError(
            f"the embedder `{embedder.name}` is of your own making: keep the code that makes it"
        )
    raw = save_tensors(
        {k: t.detach().cpu().contiguous() for k, t in embedder.weights().items()},
        {
            "trainwell-embedder": _FORMAT,
            "kind": embedder.kind,
            "settings": json.dumps(embedder.settings(), sort_keys=True),
        },
    )
    beside = f"{name}.{os.getpid()}.new"
    try:
        with open(beside, "wb") as file:
            file.write(raw)
        os.replace(beside, name)
    except OSError as error:
        if os.path.exists(beside):
            os.remove(beside)
        raise BadInputError(f"`{name}` cannot be written: {error.strerror}") from error


def load_embedder(path: str | os.PathLike[str]) -> Embedder:
    """The embedder that `save_embedder` wrote.

    Args:
        path: the file.

    Raises:
        BadInputError: if it cannot be read, is damaged, or holds no embedder.
    """
    name = os.fspath(path)
    if os.path.isdir(name):
        raise BadInputError(f"`{name}` is a folder: an embedder is a file that `pretrain` wrote")
    try:
        with safe_open(name, framework="pt") as file:
            told = file.metadata() or {}
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise BadInputError(f"`{name}` cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise BadInputError(f"`{name}` is damaged, or no embedder: {error}") from error
    if told.get("trainwell-embedder") != _FORMAT:
        raise BadInputError(f"`{name}` holds no embedder of format {_FORMAT}")
    try:
        settings = json.loads(told["settings"])
        kind = told["kind"]
    except (KeyError, ValueError) as error:
        raise BadInputError(f"`{name}` is damaged: its header has no settings") from error
    return rebuild(kind, settings, weights)
