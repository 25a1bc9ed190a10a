"""Packages that only some embedders need: imported at use, with the command that installs them."""

from __future__ import annotations

__all__ = ["guest", "guest_file"]

import importlib
import importlib.util
import os
from typing import Any

from trainwell.errors import BadInputError


def guest(module: str, what: str, command: str) -> Any:
    """A module of a package that may be missing.

    Args:
        module: its name.
        what: what needs it, for the message.
        command: that installs it.

    Raises:
        BadInputError: if it is missing.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise BadInputError(f"{what} needs `{error.name or module}`: {command}") from error


def guest_file(package: str, path: str, what: str, command: str) -> str:
    """A file inside of a package, which is not imported.

    Args:
        package: its top-level module.
        path: below it.
        what: what needs it, for the message.
        command: that installs it.

    Raises:
        BadInputError: if the package or the file is missing.
    """
    found = importlib.util.find_spec(package)
    for folder in (found.submodule_search_locations or ()) if found is not None else ():
        file = os.path.join(folder, path)
        if os.path.exists(file):
            return file
    raise BadInputError(f"{what} needs `{package}`: {command}")
