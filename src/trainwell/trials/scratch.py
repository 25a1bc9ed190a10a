"""A working directory of its own for every trial of a script that writes files."""

from __future__ import annotations

__all__ = ["WrittenFiles", "mirror"]

import functools
import os
import sys
from collections.abc import Collection
from typing import Any

import torch

_MOST = 4096
"""Files that are remembered; a script that writes more is taken to write everywhere."""

_IGNORED = frozenset({".trainwell", ".git", "__pycache__"})


class WrittenFiles:
    """Notes which files below a folder this process opens for writing, by relative paths.

    It listens to Python's own audit events, and cannot be undone: a trial is a process of its own.

    Args:
        folder: the working directory.
    """

    def __init__(self, folder: str) -> None:
        self._folder = os.path.abspath(folder)
        self._active = True
        self.inside: set[str] = set()
        self.elsewhere: set[str] = set()
        sys.addaudithook(self._heard)
        # It opens its file in C++, where no event is raised.
        original = torch.save

        @functools.wraps(original)
        def save(obj: object, f: Any, *args: Any, **kwargs: Any) -> None:
            self._heard("open", (f, "w", 0))
            original(obj, f, *args, **kwargs)

        torch.save = save

    def stop(self) -> None:
        """Note nothing more."""
        self._active = False

    def _heard(self, event: str, arguments: tuple[object, ...]) -> None:
        if event != "open" or not self._active:
            return
        path, mode, flags = arguments
        writes = (isinstance(mode, str) and any(c in mode for c in "wax+")) or (
            mode is None and isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
        )
        if not writes or not isinstance(path, str | bytes | os.PathLike):
            return
        name = os.fsdecode(path)
        if os.path.isabs(name):
            whole = os.path.normpath(name)
            # What lies elsewhere (/dev, /tmp, caches) is shared by any two runs of a script.
            if whole.startswith(self._folder + os.sep) and len(self.elsewhere) < _MOST:
                self._add(self.elsewhere, os.path.relpath(whole, self._folder))
        elif len(self.inside) < _MOST:
            self._add(self.inside, os.path.normpath(name))

    @staticmethod
    def _add(found: set[str], path: str) -> None:
        parts = path.split(os.sep)
        if not _IGNORED & set(parts) and parts[0] != os.pardir:
            found.add(path)


def mirror(folder: str, target: str, written: Collection[str]) -> None:
    """Make a folder that looks like another one, without the files that a script writes.

    Files and folders are symbolic links to the originals; folders in which the script writes are
    real, so that what it writes stays in the mirror.

    Args:
        folder: the original.
        target: an empty folder.
        written: paths of the files that the script writes, relative to `folder`.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name in _IGNORED or entry.name in written:
                continue
            inside = entry.name + os.sep
            below = [w.removeprefix(inside) for w in written if w.startswith(inside)]
            path = os.path.join(target, entry.name)
            if below and entry.is_dir():
                os.mkdir(path)
                mirror(entry.path, path, below)
            else:
                os.symlink(entry.path, path)
