"""Which process works at a trial, and whether it still lives."""

from __future__ import annotations

__all__ = ["BEAT", "is_alive", "own_name"]

import os
import socket
import time
from collections.abc import Mapping
from typing import Any

BEAT = 15.0
"""Seconds between two signs of life; after eight without one, a process on another machine counts
as dead."""


def own_name() -> str:
    """This process: machine, number, and when it began, since numbers are used again."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def is_alive(owner: str, beats: Mapping[str, Any]) -> bool:
    """Whether a process still lives.

    Args:
        owner: what `own_name` gave there.
        beats: when processes gave their last sign of life, in seconds since 1970.
    """
    host, pid, began = owner.rsplit(":", 2)
    if host != socket.gethostname():
        return time.time() - float(beats.get(owner, 0.0)) < 8 * BEAT
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _began(int(pid)) == began


def _began(pid: int) -> str:
    """When a process began, in the system's ticks; "" where that is not told, or it has died."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            # Behind the name, which may hold anything, in brackets.
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return ""
    # A zombie works at nothing.
    return "" if fields[0] == "Z" else fields[19]
