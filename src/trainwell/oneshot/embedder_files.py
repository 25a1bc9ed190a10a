"""Embedders on disk: a folder of settings in JSON and weights in safetensors."""

from __future__ import annotations

__all__ = ["load_embedder", "save_embedder"]

import json
import os

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from trainwell.errors import BadInputError
from trainwell.oneshot.embedder import Embedder, embedder_named, rebuild

_JSON, _WEIGHTS = "embedder.json", "embedder.safetensors"


def save_embedder(embedder: Embedder, path: str | os.PathLike[str]) -> None:
    """Write an embedder into a folder, which is made when it is not there.

    Raises:
        BadInputError: if it is a function or a module of the user's, or cannot be written.
    """
    folder = os.fspath(path)
    if not embedder.kind:
        raise BadInputError(f"the embedder `{embedder.name}` cannot be built from a file")
    weights = {k: t.detach().cpu().contiguous() for k, t in embedder.weights().items()}
    try:
        os.makedirs(folder, exist_ok=True)
        save_file(weights, os.path.join(folder, _WEIGHTS + ".new"))
        with open(os.path.join(folder, _JSON + ".new"), "w", encoding="utf-8") as text:
            body = {"format": 1, "kind": embedder.kind, "settings": embedder.settings()}
            json.dump(body, text, indent=1)
        for name in (_WEIGHTS, _JSON):
            os.replace(os.path.join(folder, name + ".new"), os.path.join(folder, name))
    except OSError as error:
        raise BadInputError(f"`{folder}` cannot be written: {error.strerror}") from error


def load_embedder(path: str | os.PathLike[str]) -> Embedder:
    """The embedder of a folder that `save_embedder` wrote; else the pretrained one of this name.

    Raises:
        UnknownNameError: if there is neither a folder nor a pretrained embedder of this name.
        BadInputError: if the folder holds none, or a damaged one.
    """
    folder = os.fspath(path)
    if not os.path.isdir(folder):
        return embedder_named(folder)
    try:
        with open(os.path.join(folder, _JSON), encoding="utf-8") as text:
            body = json.load(text)
        weights = load_file(os.path.join(folder, _WEIGHTS))
        return rebuild(body["kind"], body["settings"], weights)
    except OSError as error:
        raise BadInputError(f"`{folder}` holds no embedder: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        raise BadInputError(f"`{folder}` is damaged: {error}") from error
