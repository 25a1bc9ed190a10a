"""The pyproject.toml that speaks for a script."""

from __future__ import annotations

__all__ = ["Table", "find_table"]

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trainwell.errors import BadInputError

_NAME = "pyproject.toml"


@dataclass(frozen=True)
class Table:
    """A `[tool.trainwell]`, as it was written.

    Attributes:
        file: where it stands: from the working directory if it is below, else the whole path.
        values: its keys.
    """

    file: str
    values: Mapping[str, Any]


def find_table(*folders: str) -> Table | None:
    """The nearest `[tool.trainwell]`.

    Looked for in the folders and in those above each, in this order; a pyproject.toml without
    that table is passed by, and nobody minds what else is in it.

    Args:
        folders: where to start: the script's, then the working directory.

    Raises:
        BadInputError: if a pyproject.toml that names trainwell cannot be read, or is not TOML.
    """
    seen: set[str] = set()
    for start in folders:
        for folder in _upwards(os.path.abspath(start)):
            if folder in seen:
                break
            seen.add(folder)
            table = _table(os.path.join(folder, _NAME))
            if table is not None:
                return table
    return None


def _upwards(folder: str) -> Iterator[str]:
    yield folder
    while (above := os.path.dirname(folder)) != folder:
        folder = above
        yield folder


def _table(path: str) -> Table | None:
    name = _named(path)
    try:
        with open(path, "rb") as file:
            source = file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise BadInputError(f"cannot read `{name}`: {error.strerror}") from error
    if b"trainwell" not in source:
        return None
    # Here, because most projects have nothing to parse.
    import tomllib

    try:
        document = tomllib.loads(source.decode())
    except ValueError as error:
        raise BadInputError(f"`{name}` is not valid TOML: {error}") from error
    tools = document.get("tool")
    values = tools.get("trainwell") if isinstance(tools, dict) else None
    if values is None:
        return None
    if not isinstance(values, dict):
        raise BadInputError(f"`{name}`: `tool.trainwell` must be a table, got {values!r}")
    return Table(name, values)


def _named(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith(os.pardir) else relative
