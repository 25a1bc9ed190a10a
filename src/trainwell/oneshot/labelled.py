"""Labelled pictures from wherever the user keeps them: folders, arrays, a dataset of torch."""

from __future__ import annotations

__all__ = ["SUFFIXES", "Labelled", "labelled"]

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from trainwell.errors import BadInputError
from trainwell.oneshot.preparation import Preparation

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
"""What a file of a folder must end with to be taken for a picture."""


@dataclass(frozen=True)
class Labelled:
    """Prepared pictures and what they show.

    Attributes:
        pictures: (n, channels, roomy, roomy), uint8.
        labels: (n,), int64, numbers of names.
        names: of the labels, sorted.
    """

    pictures: torch.Tensor
    labels: torch.Tensor
    names: tuple[str, ...]

    def of(self, wanted: Sequence[int]) -> Labelled:
        """The pictures of some labels, numbered anew in the order of their names."""
        kept = torch.tensor(sorted(wanted), dtype=torch.int64)
        there = torch.isin(self.labels, kept)
        names = tuple(self.names[number] for number in kept.tolist())
        return Labelled(self.pictures[there], torch.searchsorted(kept, self.labels[there]), names)


def labelled(
    data: Any,
    labels: Any,
    preparation: Preparation,
    advance: Callable[[int, int], None] | None = None,
) -> Labelled:
    """Read pictures and prepare them.

    Args:
        data: a folder of folders of pictures (each folder is a label, however deep it lies), an
            array of pictures, or a dataset of torch whose items begin with a picture and its label.
        labels: of an array, one a picture; None for the others.
        preparation: what is done to each picture.
        advance: told after each batch how many of how many are read.

    Raises:
        BadInputError: if a picture cannot be read, or there are fewer than two labels with at least
            two pictures each.
    """
    if isinstance(data, str | os.PathLike):
        _no_labels(labels, "a folder")
        examples, words = _of_folder(os.fspath(data))
        source = f"`{os.fspath(data)}`"
    elif labels is not None:
        examples, words = _of_arrays(data, labels)
        source = "`labels`"
    elif hasattr(data, "__getitem__") and hasattr(data, "__len__") and not _is_array(data):
        examples, words = _of_dataset(data)
        source = "the dataset"
    else:
        raise BadInputError(
            "`data` must be a folder, a dataset of (picture, label), or an array beside `labels`, "
            f"got {type(data).__name__} alone"
        )
    names, numbers, counts = np.unique(words, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise BadInputError(
            f"{source} has {len(names)} label{'s' if len(names) != 1 else ''}"
            f"{f', `{names[0]}`' if len(names) else ''}: pretraining needs at least 2"
        )
    if counts.min() < 2:
        few = str(names[counts.argmin()])
        raise BadInputError(
            f"the label `{few}` has 1 picture: pretraining needs at least 2 of each"
        )
    parts = []
    for first in range(0, len(examples), 256):
        parts.append(preparation(examples[first : first + 256]))
        if advance is not None:
            advance(min(first + 256, len(examples)), len(examples))
    return Labelled(
        torch.cat(parts), torch.from_numpy(numbers.astype(np.int64)), tuple(names.tolist())
    )


def _is_array(data: Any) -> bool:
    return isinstance(data, np.ndarray | torch.Tensor)


def _no_labels(labels: Any, what: str) -> None:
    if labels is not None:
        raise BadInputError(f"`labels` goes with an array: {what} has its own")


def _of_folder(folder: str) -> tuple[Sequence[Any], list[str]]:
    if not os.path.isdir(folder):
        problem = "is no folder" if os.path.exists(folder) else "does not exist"
        raise BadInputError(f"`{folder}` {problem}: a folder of folders of pictures is needed")
    paths, words = [], []
    for place, folders, files in os.walk(folder):
        folders.sort()
        label = os.path.relpath(place, folder).replace(os.sep, "/")
        for file in sorted(files):
            if file.startswith(".") or not file.lower().endswith(SUFFIXES):
                continue
            if label == ".":
                raise BadInputError(
                    f"`{os.path.join(folder, file)}` lies in no label's folder: a folder of "
                    "folders of pictures is needed"
                )
            paths.append(os.path.join(place, file))
            words.append(label)
    if not paths:
        raise BadInputError(f"`{folder}` holds no pictures ({', '.join(SUFFIXES)})")
    return paths, words


def _of_arrays(data: Any, labels: Any) -> tuple[Sequence[Any], list[str]]:
    words = _words(labels)
    if not hasattr(data, "__len__"):
        raise BadInputError(f"`data` must be an array of pictures, got {type(data).__name__}")
    if len(data) != len(words):
        raise BadInputError(f"{len(data)} pictures have {len(words)} labels: one each is needed")
    if _is_array(data) and data.ndim not in (3, 4):
        raise BadInputError(
            "`data` must be (pictures, height, width), with the channels before or behind these "
            f"two where there are any, got {tuple(data.shape)}"
        )
    return data, words


def _of_dataset(data: Any) -> tuple[Sequence[Any], list[str]]:
    pictures, labels = [], []
    for index in range(len(data)):
        item = data[index]
        if not isinstance(item, tuple | list) or len(item) < 2:
            raise BadInputError(
                f"an item of the dataset must begin with a picture and its label, got "
                f"{type(item).__name__}"
            )
        pictures.append(item[0])
        labels.append(item[1])
    return pictures, _words(labels)


def _words(labels: Iterable[Any]) -> list[str]:
    if isinstance(labels, torch.Tensor):
        labels = labels.detach().cpu().numpy()
    try:
        table = np.asarray(list(labels))
    except (TypeError, ValueError) as error:
        raise BadInputError("`labels` must be a list of names or numbers") from error
    if table.ndim != 1 or table.dtype.kind not in "OUSbiu":
        kind = f"an array {tuple(table.shape)} of {table.dtype}"
        raise BadInputError(f"`labels` must be a list of names or whole numbers, got {kind}")
    return [str(word) for word in table.tolist()]
