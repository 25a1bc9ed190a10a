"""Pictures of a machine, with matplotlib where it is installed."""

from __future__ import annotations

__all__ = ["Plots"]


class Plots:
    """The `plot_*` methods."""
