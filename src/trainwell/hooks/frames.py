"""Which frames of a stack are trainwell's own: told by the package's location, by nothing else."""

from __future__ import annotations

__all__ = ["PACKAGE", "is_own", "whole_path"]

import os

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
"""The folder of this package, with a separator at its end."""

_SPECIMENS = os.path.join(PACKAGE, "specimens") + os.sep


def is_own(file: str) -> bool:
    """Whether a file is one of trainwell's own; the specimens are scripts like any other.

    Args:
        file: as code objects name it.
    """
    return file.startswith(PACKAGE) and not file.startswith(_SPECIMENS)


def whole_path(file: str) -> str:
    """The whole path of a file; its name as it is where the working directory is gone."""
    try:
        return os.path.abspath(file)
    except FileNotFoundError:
        return os.path.normpath(file)
