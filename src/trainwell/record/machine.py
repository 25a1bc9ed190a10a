"""Which machine this is, and whether one of its processes still runs."""

from __future__ import annotations

__all__ = ["is_alive", "machine_name"]

import os


def machine_name() -> str:
    """The name that this machine has in its network."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


def is_alive(machine: str, process: int) -> bool:
    """Whether this process still runs; False for processes of other machines."""
    if machine != machine_name() or process <= 0 or os.name == "nt":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
