"""Attributes of modules and classes that are replaced for a while, and their restoration.

This is the only place in trainwell that replaces an attribute of PyTorch's or of Python's.
"""

from __future__ import annotations

__all__ = ["PatchSet", "is_dead_wrapper"]

import functools
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from trainwell.errors import BadInputError
from trainwell.hooks.frames import PACKAGE

_MARK = "__trainwell_patch__"
_ABSENT = object()
_open_lock = threading.Lock()
_open: dict[str, PatchSet] = {}


@dataclass(eq=False)
class _Patch:
    owner: Any
    name: str
    original: Any
    """What the attribute gave before; callable or not."""
    wrapper: Any
    own: bool
    """The owner itself had the attribute; otherwise it was inherited."""
    below: _Patch | None = None
    """The patch that stood there before, of another set or one that was given up."""
    alive: bool = True


class PatchSet:
    """Replaces attributes, and gives back what is still its own.

    An attribute that somebody else has replaced since is left alone: the wrapper that stays under
    theirs only calls the original. A wrapper of a closed set that comes to light again is skipped
    by the next set.

    Args:
        owner: what the attributes are replaced for, for example "watching". At most one set of
            each owner is open in a process.
        busy: the error's text where the owner has an open set already.

    Raises:
        BadInputError: if the owner has an open set.
    """

    def __init__(self, owner: str, busy: str = "") -> None:
        with _open_lock:
            if owner in _open:
                raise BadInputError(busy or f"`{owner}` has replaced PyTorch's functions already")
            _open[owner] = self
        self.owner = owner
        self._patches: list[_Patch] = []

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> Any:
        """Replace a function by one that is made from it.

        The wrapper carries the original's name, signature and documentation (`functools.wraps`).

        Args:
            owner: the module or class that has the function.
            name: the attribute's name.
            make: gets the original, gives what stands in for it.

        Returns:
            What stands there now.
        """
        original = _living(getattr(owner, name))
        wrapper = functools.wraps(original)(_unseen(make(original)))
        if not hasattr(original, "__module__"):
            # Methods in C have none.
            wrapper.__module__ = None  # type: ignore[assignment]
        return self._put(owner, name, original, wrapper)

    def replace_value(self, owner: Any, name: str, value: Any) -> None:
        """Replace an attribute by a value that needs no original.

        Args:
            owner: the module or class that has the attribute.
            name: the attribute's name.
            value: what stands there from now on.
        """
        self._put(owner, name, _living(getattr(owner, name)), value)

    def restore(self, owner: Any = None, name: str | None = None) -> None:
        """Give attributes back, the latest first; those that are not ours any more stay.

        Args:
            owner: only the attribute of this module or class, and of this name; all of them,
                and the set is closed, when it is left out.
            name: the attribute's name.
        """
        kept: list[_Patch] = []
        for patch in reversed(self._patches):
            if owner is not None and (patch.owner is not owner or patch.name != name):
                kept.append(patch)
                continue
            patch.alive = False
            if vars(patch.owner).get(patch.name, _ABSENT) is not patch.wrapper:
                continue
            if _is_own(patch):
                setattr(patch.owner, patch.name, _living(patch.original))
            else:
                delattr(patch.owner, patch.name)
        self._patches = kept[::-1]
        if owner is None:
            with _open_lock:
                if _open.get(self.owner) is self:
                    del _open[self.owner]

    def _put(self, owner: Any, name: str, original: Any, wrapper: Any) -> Any:
        held = vars(owner).get(name, _ABSENT)
        below = getattr(held, _MARK, None)
        if not isinstance(below, _Patch) or below.wrapper is not held or below.owner is not owner:
            below = None
        patch = _Patch(owner, name, original, wrapper, own=held is not _ABSENT, below=below)
        if callable(wrapper) and not isinstance(wrapper, type):
            setattr(wrapper, _MARK, patch)
        setattr(owner, name, wrapper)
        self._patches.append(patch)
        return wrapper


def _unseen(function: Any) -> Any:
    """Let warnings that a function's callees raise name its caller's line, as without it.

    `warnings.warn(..., stacklevel=2)` counts frames, and leaves out those whose file has both
    "importlib" and "_bootstrap" in its name (`is_internal_filename` in CPython's _warnings.c).
    The name still lies in this package: tracebacks tell it as trainwell's own.
    """
    if isinstance(function, FunctionType):
        file = os.path.join(PACKAGE, "hooks", "importlib._bootstrap", "wrapper.py")
        function.__code__ = function.__code__.replace(co_filename=file)
    return function


def is_dead_wrapper(function: Any) -> bool:
    """Whether a function is a wrapper of a set that has given it up."""
    patch = getattr(function, _MARK, None)
    return isinstance(patch, _Patch) and patch.wrapper is function and not patch.alive


def _is_own(patch: _Patch) -> bool:
    """Whether the owner itself had the attribute before this patch and the dead ones below it."""
    below = patch.below
    while below is not None and not below.alive:
        patch, below = below, below.below
    return patch.own


def _living(function: Any) -> Any:
    """The function itself; for wrappers that were given up, what they stood in for."""
    while is_dead_wrapper(function):
        function = getattr(function, _MARK).original
    return function
