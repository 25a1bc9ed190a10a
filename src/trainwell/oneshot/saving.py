"""Classifiers on disk: a folder of one JSON file and two of tensors; no pickle."""

from __future__ import annotations

__all__ = ["load", "save"]

import json
import os
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from trainwell.errors import BadInputError
from trainwell.oneshot.calibration import Calibration
from trainwell.oneshot.classifier import OneShotClassifier
from trainwell.oneshot.cohort import Cohort
from trainwell.oneshot.embedder import Embedder, embedder_of, rebuild
from trainwell.oneshot.gallery import Gallery
from trainwell.oneshot.head import Head
from trainwell.oneshot.nearness import index_named
from trainwell.oneshot.recogniser import Recogniser
from trainwell.oneshot.slots import Slots
from trainwell.oneshot.sought import Sought

_FORMAT = 1
_JSON, _EXAMPLES, _EMBEDDER = "classifier.json", "examples.safetensors", "embedder.safetensors"
_SETTINGS = ("rule", "metric", "scoring", "centre", "index", "random_state")


def save(classifier: OneShotClassifier, path: str | os.PathLike[str]) -> None:
    """Write a classifier into a folder, which is made when it is not there.

    The enrolled examples are kept as vectors, with the paths and texts that they came from. What
    stood there before is replaced only when everything new is written.

    Args:
        classifier: with something enrolled.
        path: the folder.

    Raises:
        BadInputError: if nothing is enrolled, or the folder cannot be written.
    """
    known, embedder = classifier._enrolled(), classifier._used_embedder()
    gallery, sought = known.gallery, known.sought
    arrays = {
        "examples": gallery.examples.rows,
        "owner": gallery.owner,
        "number": gallery.number,
        "rows": sought.rows.rows,
        "beside": sought.beside,
        "row_owner": sought.owner,
    }
    cohort = known.grounds.cohort
    if cohort is not None:
        arrays |= {"cohort": cohort.vectors, "cohort_labels": cohort.labels}
    head = classifier.base
    if head is not None:
        arrays |= {"head_weight": head.weight, "head_bias": head.bias}
    calibration = known.calibration
    if calibration is not None:
        arrays["strangers"] = calibration.strangers
    body: dict[str, Any] = {
        "format": _FORMAT,
        "settings": {name: getattr(classifier, name) for name in _SETTINGS}
        | {"views": classifier.views if isinstance(classifier.views, int) else None},
        "embedder": {
            "kind": embedder.kind,
            "name": embedder.name,
            "settings": embedder.settings(),
            "fingerprint": embedder.fingerprint(),
        },
        "seats": gallery.seats,
        "order": [gallery.seat(label) for label in gallery.labels],
        "following": gallery.following,
        "sources": gallery.sources,
        "false_accept": classifier.__dict__.get("false_accept_"),
        "head": None if head is None else {"labels": head.labels, "push": head.push},
        "nearer": known.nearer,
        "calibration": None
        if calibration is None
        else {
            "slope": calibration.slope,
            "unknown": calibration.unknown,
            "ways": calibration.ways,
            "shots": calibration.shots,
            "source": calibration.source,
            "for": known.calibrated_for,
        },
    }
    folder = os.fspath(path)
    try:
        os.makedirs(folder, exist_ok=True)
        files = {
            _EXAMPLES: {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}
        }
        weights = embedder.weights() if embedder.kind else {}
        if weights:
            files[_EMBEDDER] = {k: t.detach().cpu().contiguous() for k, t in weights.items()}
        body["checks"] = {}
        for name, tensors in files.items():
            save_file(tensors, os.path.join(folder, name + ".new"))
            body["checks"][name] = _check(os.path.join(folder, name + ".new"))
        with open(os.path.join(folder, _JSON + ".new"), "w", encoding="utf-8") as text:
            json.dump(body, text)
        # A file that is mapped into memory is replaced, never written over.
        for name in (*files, _JSON):
            os.replace(os.path.join(folder, name + ".new"), os.path.join(folder, name))
    except OSError as error:
        raise BadInputError(f"`{folder}` cannot be written: {error.strerror}") from error


def load(path: str | os.PathLike[str], embedder: Any = None) -> OneShotClassifier:
    """The classifier that `save` wrote. Examples stay on disk until they are needed.

    Args:
        path: the folder.
        embedder: what it was enrolled with, where that was a function or a module of the user's.

    Raises:
        BadInputError: if it holds no classifier, a damaged one, or one of a later format; if it
            needs an embedder and got none, or got another one than it was enrolled with.
    """
    folder = os.fspath(path)
    body = _body(folder)
    try:
        tensors = _tensors(folder, _EXAMPLES, body)
        used = _embedder(folder, body, embedder)
        cohort: Any = False
        if "cohort" in tensors:
            cohort = Cohort(tensors["cohort"].numpy(), tensors["cohort_labels"].numpy())
        made = OneShotClassifier(used, cohort=cohort, **body["settings"])
        if body["head"] is not None:
            made.base = Head(
                tensors["head_weight"].numpy(),
                tensors["head_bias"].numpy(),
                tuple(body["head"]["labels"]),
                body["head"]["push"],
            )
        if body["false_accept"] is not None:
            made.false_accept_ = body["false_accept"]
        gallery = Gallery.restored(
            tensors["examples"].numpy(),
            tensors["owner"].numpy(),
            tensors["number"].numpy(),
            {int(number): source for number, source in body["sources"].items()},
            body["seats"],
            body["order"],
            body["following"],
        )
        owner = tensors["row_owner"].numpy()
        rows = tensors["rows"].numpy()
        sought = Sought(Slots(rows.shape[1], rows, owner >= 0), tensors["beside"].numpy(), owner)
        sought.index = index_named(made.index, made.metric)
        known = Recogniser(made._used_grounds(), gallery, sought)
        if body["calibration"] is not None:
            kept = dict(body["calibration"])
            known.calibrated_for = tuple(kept.pop("for"))
            known.calibration = Calibration(strangers=tensors["strangers"].numpy(), **kept)
        if body.get("nearer") is not None:
            known.nearer = tuple(body["nearer"])
        made._known = known
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise BadInputError(f"`{folder}` is damaged: {type(error).__name__} {error}") from error
    return made


def _body(folder: str) -> dict[str, Any]:
    try:
        with open(os.path.join(folder, _JSON), encoding="utf-8") as text:
            body = json.load(text)
    except OSError as error:
        raise BadInputError(f"`{folder}` holds no classifier: {error.strerror}") from error
    except ValueError as error:
        raise BadInputError(f"`{folder}` is damaged: {_JSON} is no JSON") from error
    if not isinstance(body, dict) or body.get("format") != _FORMAT:
        raise BadInputError(f"`{folder}` is of another format than {_FORMAT}, which is read here")
    return body


def _tensors(folder: str, name: str, body: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    path = os.path.join(folder, name)
    try:
        if _check(path) != body["checks"][name]:
            raise BadInputError(f"`{folder}` is damaged: {name} is not what was written")
        return dict(load_file(path))
    except OSError as error:
        raise BadInputError(f"`{folder}` is damaged: {name}: {error.strerror}") from error
    except SafetensorError as error:
        raise BadInputError(f"`{folder}` is damaged: {name}: {error}") from error


def _embedder(folder: str, body: Mapping[str, Any], given: Any) -> Embedder:
    kept = body["embedder"]
    if given is None:
        if not kept["kind"]:
            raise BadInputError(
                f"`{folder}` was enrolled with `{kept['name']}`, which no file can hold: "
                "load(path, embedder=...)"
            )
        weights = _tensors(folder, _EMBEDDER, body) if _EMBEDDER in body["checks"] else {}
        return rebuild(kept["kind"], kept["settings"], weights)
    embedder = embedder_of(given)
    if embedder.fingerprint() != kept["fingerprint"]:
        raise BadInputError(
            f"`{folder}` was enrolled with another embedder than the `{embedder.name}` given: "
            f"`{kept['name']}` with other weights or settings"
        )
    return embedder


def _check(path: str) -> int:
    """The CRC-32 of a file: reads a gigabyte in a second, and finds what disks do."""
    found = 0
    with open(path, "rb") as file:
        while part := file.read(1 << 24):
            found = zlib.crc32(part, found)
    return found
