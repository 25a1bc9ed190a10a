"""How a file is named to a reader."""

from __future__ import annotations

__all__ = ["short_path"]

import os


def short_path(file: str, folder: str) -> str:
    """The path from `folder` where that is shorter, else as it is.

    Example:
        >>> short_path("/home/ada/net/train.py", "/home/ada/net")
        'train.py'
        >>> short_path("/opt/lib/loss.py", "/home/ada/net")
        '/opt/lib/loss.py'
    """
    if file.startswith("<"):
        return file
    relative = os.path.relpath(os.path.join(folder, file), folder)
    return relative if len(relative) < len(file) else file
