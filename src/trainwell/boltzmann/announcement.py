"""Tells an active `trainwell run` or `trainwell.watch` what a fit was given and how it went."""

from __future__ import annotations

__all__ = ["Announcement"]

from typing import Any

from trainwell.boltzmann.data import Rows
from trainwell.boltzmann.history import History


class Announcement:
    """One fit."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner

    def given(self, data: Any, visible: str) -> None:
        """The data, before they are checked."""

    def fitted(self, rows: Rows, history: History) -> None:
        """What was measured, however the fit ended."""
