"""Files, folders and lines as examples; rows of answers as text."""

from __future__ import annotations

__all__ = ["gathered", "labelled", "table"]

import csv
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from trainwell.errors import BadInputError

_SUFFIXES = {
    "pictures": (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm"),
    "sounds": (".wav",),
    "texts": (".txt",),
    "arrays": (".npy",),
}


def gathered(given: Sequence[str], medium: str) -> tuple[list[Any], list[str]]:
    """Examples that the command line names, and what they are called in answers.

    Args:
        given: files, folders of files, texts; "-" for lines of standard input.
        medium: of the embedder.

    Raises:
        BadInputError: if something is not there, or a folder holds nothing of this medium.
    """
    found: list[Any] = []
    names: list[str] = []
    for name in given:
        if name == "-":
            lines = [line for line in map(str.strip, sys.stdin) if line]
            found += lines
            names += lines
        elif os.path.isdir(name):
            files = _files(name, medium)
            if not files:
                wanted = ", ".join(_SUFFIXES.get(medium, ()))
                raise BadInputError(f"`{name}` holds no files of {medium} ({wanted})")
            for file in files:
                _add(file, medium, found, names)
        else:
            _add(name, medium, found, names)
    if not found:
        raise BadInputError("there are no examples")
    return found, names


def _add(file: str, medium: str, found: list[Any], names: list[str]) -> None:
    own = _of_file(file, medium)
    found += own
    names += own if medium == "texts" else [file] * len(own)


def labelled(given: Sequence[str], medium: str) -> tuple[list[Any], list[str]]:
    """Examples and their labels: folders of folders, or files of label,text lines.

    Raises:
        BadInputError: if there is nothing labelled.
    """
    examples: list[Any] = []
    labels: list[str] = []
    for name in given:
        if medium == "texts" and os.path.isfile(name):
            rows = [row for row in csv.reader(_lines(name)) if row]
            if bad := next((row for row in rows if len(row) != 2), None):
                raise BadInputError(f"`{name}` must hold label,text lines, got {','.join(bad)!r}")
            labels += [label.strip() for label, _ in rows]
            examples += [text for _, text in rows]
            continue
        if not os.path.isdir(name):
            raise BadInputError(
                f"`{name}` is no folder: without `--label` a folder for each label is needed"
            )
        for label in sorted(os.listdir(name)):
            folder = os.path.join(name, label)
            if os.path.isdir(folder):
                for file in _files(folder, medium):
                    own = _of_file(file, medium)
                    examples += own
                    labels += [label] * len(own)
    if not examples:
        raise BadInputError(f"`{', '.join(given)}` holds no labels: a folder for each is needed")
    return examples, labels


def _files(folder: str, medium: str) -> list[str]:
    suffixes = _SUFFIXES.get(medium, ())
    names = sorted(n for n in os.listdir(folder) if n.lower().endswith(suffixes))
    return [os.path.join(folder, name) for name in names]


def _of_file(name: str, medium: str) -> list[Any]:
    if medium == "texts":
        return _lines(name) if name.endswith(".txt") else [name]
    if not os.path.exists(name):
        raise BadInputError(f"`{name}` cannot be read: No such file or directory")
    if medium == "arrays":
        import numpy as np

        try:
            return [np.load(name, allow_pickle=False)]
        except (OSError, ValueError) as error:
            raise BadInputError(f"`{name}` cannot be read: {error}") from error
    return [name]


def _lines(name: str) -> list[str]:
    try:
        with open(name, encoding="utf-8") as text:
            return [line for line in map(str.strip, text) if line]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise BadInputError(f"`{name}` cannot be read: {reason}") from error


def table(rows: list[dict[str, Any]], form: str, head: Mapping[str, Any]) -> str:
    """Rows as CSV, or as one JSON object with what holds for all of them."""
    if form == "json":
        return json.dumps({**head, "rows": rows}, ensure_ascii=False) + "\n"
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
