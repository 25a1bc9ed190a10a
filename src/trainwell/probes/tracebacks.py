"""Tracebacks without trainwell's frames, and the line of the user's that an exception points at."""

from __future__ import annotations

__all__ = ["describe_error", "hide_frames"]

import os
import sysconfig
from collections.abc import Callable, Iterator
from types import CodeType, TracebackType

from trainwell.hooks.frames import is_own, whole_path


def hide_frames(error: BaseException, runner: CodeType) -> None:
    """Take trainwell's frames out of an exception's tracebacks, in place.

    Args:
        error: its causes, contexts and group members are treated too.
        runner: code of the function that ran the script; frames up to it are dropped.
    """
    for each in _chain(error):
        each.__traceback__ = _filtered(each.__traceback__, runner)


def describe_error(error: BaseException) -> dict[str, str | int | None]:
    """The exception as {"type", "message", "file", "line"} of a `Run`.

    File and line are the innermost ones outside of Python's library and installed packages.
    """
    made = type(error)
    name = made.__qualname__
    if made.__module__ not in ("builtins", "__main__"):
        name = f"{made.__module__}.{name}"
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ of the user's must not hide the rest
        message = "(its text could not be made)"
    file: str | None = None
    line: int | None = None
    foreign = _foreign()
    for entry in _entries(error.__traceback__):
        path = whole_path(entry.tb_frame.f_code.co_filename)
        if entry.tb_frame.f_code.co_filename[:1] != "<" and not foreign(path):
            file, line = entry.tb_frame.f_code.co_filename, entry.tb_lineno
    if isinstance(error, SyntaxError) and error.filename is not None:
        file, line = error.filename, error.lineno
    return {"type": name, "message": message, "file": file, "line": line}


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def _entries(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _filtered(traceback: TracebackType | None, runner: CodeType) -> TracebackType | None:
    entries = list(_entries(traceback))
    for at, entry in enumerate(entries):
        if entry.tb_frame.f_code is runner:
            entries = entries[at + 1 :]
            break
    kept: list[TracebackType] = []
    for entry in entries:
        file = entry.tb_frame.f_code.co_filename
        if is_own(file):
            # Python leaves its import machinery out of tracebacks, but only where that calls a
            # module straight away, not through the hook that waits for torch.
            while kept and "importlib._bootstrap" in kept[-1].tb_frame.f_code.co_filename:
                kept.pop()
        else:
            kept.append(entry)
    following: TracebackType | None = None
    for entry in reversed(kept):
        entry.tb_next = following
        following = entry
    return following


def _foreign() -> Callable[[str], bool]:
    paths = sysconfig.get_paths()
    roots = tuple(
        os.path.abspath(paths[name]) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
    )

    def foreign(path: str) -> bool:
        return is_own(path) or path.startswith(roots) or f"{os.sep}site-packages{os.sep}" in path

    return foreign
