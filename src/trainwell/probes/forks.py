"""Forked children: a probe is its own process's only."""

from __future__ import annotations

__all__ = ["ATTACHED"]

import os
import weakref
from typing import Protocol


class Detachable(Protocol):
    """What is to be let go of in a child."""

    def detach(self) -> None:
        """Stop to watch, and write nothing."""


ATTACHED: weakref.WeakSet[Detachable] = weakref.WeakSet()
"""The probes that are attached in this process."""


def _forked() -> None:
    # A child (a data loader's worker) shares our record's file: it must never write.
    for probe in list(ATTACHED):
        probe.detach()


if hasattr(os, "register_at_fork"):
    # Once for all probes: what is registered here stays for the life of the process.
    os.register_at_fork(after_in_child=_forked)
