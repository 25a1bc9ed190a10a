"""Autograd's own record of which line made which operation, switched on for chosen steps.

In anomaly mode (without its NaN check) autograd keeps, with every node, the Python stack that made
it. It costs some 0.1 ms an operation and changes no number. While it is on for trainwell, the
script sees the switch in the position in which the script itself put it.
"""

from __future__ import annotations

__all__ = ["StackTracing"]

from collections.abc import Callable

import torch


class StackTracing:
    """Switches stack recording on and off behind the script's own switch."""

    def __init__(self) -> None:
        self.on = False
        self._wanted = (torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled())
        self._set: Callable[[bool, bool], None] = torch.set_anomaly_enabled
        self._originals = {
            name: getattr(torch, name)
            for name in (
                "set_anomaly_enabled",
                "is_anomaly_enabled",
                "is_anomaly_check_nan_enabled",
            )
        }

    def attach(self) -> None:
        """Put the script's view of the switch in front of the real one."""

        def set_anomaly_enabled(enabled: bool, check_nan: bool = True) -> None:
            self._wanted = (enabled, check_nan)
            self._apply()

        torch.set_anomaly_enabled = set_anomaly_enabled
        torch.is_anomaly_enabled = lambda: self._wanted[0]
        torch.is_anomaly_check_nan_enabled = lambda: self._wanted[1]

    def detach(self) -> None:
        """Give the switch back, in the script's position."""
        self.switch(on=False)
        for name, original in self._originals.items():
            setattr(torch, name, original)

    def switch(self, *, on: bool) -> None:
        """Record stacks from now on, or stop."""
        if on != self.on:
            self.on = on
            self._apply()

    def _apply(self) -> None:
        enabled, check_nan = self._wanted
        if enabled or not self.on:
            self._set(enabled, check_nan)
        else:
            self._set(True, False)
