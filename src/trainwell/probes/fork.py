"""Runs a function in a forked copy of this process, which can change nothing here."""

from __future__ import annotations

__all__ = ["ForkError", "answers"]

import gc
import json
import os
import select
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NoReturn


class ForkError(Exception):
    """The copy ended before it was done, not because of the time limit; the text says why."""


def answers(work: Callable[[], Iterator[dict[str, Any]]], seconds: float) -> list[dict[str, Any]]:
    """What a generator yields in a copy of this process, until it ends or its time is up.

    The copy has no streams, ends with this process, and runs nothing that is registered for the
    end of a process. Wherever this function is left, the copy is gone.

    Args:
        work: is called in the copy; yields what JSON can hold.
        seconds: wall time after which the copy is killed; what it has answered by then counts.

    Raises:
        ForkError: if `work` raised.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # Python warns of every fork of a process with threads; the copy uses none of them.
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        _work(work, reader, writer)
    os.close(writer)
    try:
        lines = _read(reader, time.monotonic() + seconds)
    finally:
        os.close(reader)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    found = [json.loads(line) for line in lines]
    if found and "raised" in found[-1]:
        raise ForkError(str(found[-1]["raised"]))
    return found


def _read(reader: int, deadline: float) -> list[bytes]:
    """The whole lines that come until the pipe is closed, or the time is up."""
    text = b""
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([reader], [], [], left)
        part = os.read(reader, 1 << 16) if ready else b""
        if not part:
            break
        text += part
    return text.split(b"\n")[:-1]


def _work(work: Callable[[], Iterator[dict[str, Any]]], reader: int, writer: int) -> NoReturn:
    try:
        gc.disable()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.close(reader)
        try:
            for answer in work():
                os.write(writer, json.dumps(answer).encode() + b"\n")
        except Exception as error:  # noqa: BLE001 - told to the parent, which says so
            text = f"{type(error).__name__}: {error}"
            os.write(writer, json.dumps({"raised": text}).encode() + b"\n")
    finally:
        # Neither handlers for the end of the process nor buffers: they are the parent's.
        os._exit(0)
