"""Tells an active `trainwell run` or `trainwell.watch` what a fit was given and how it goes."""

from __future__ import annotations

__all__ = ["Announcement"]

from typing import Any

from trainwell.boltzmann.history import History, Moment
from trainwell.probes.machines import MachineLog


class Announcement:
    """One fit.

    Args:
        owner: the estimator.
        visible: the kind of its visible units.
    """

    def __init__(self, owner: Any, visible: str) -> None:
        self._log = MachineLog(
            name=type(owner).__name__,
            algorithm=str(owner.algorithm),
            visible=visible,
            hidden=int(owner.n_components),
            learning_rate=float(owner.learning_rate),
        )

    def given(self, data: Any) -> None:
        """The data have a shape."""
        self._log.change(rows=int(data.shape[0]), columns=int(data.shape[1]))

    def refused(self, low: float, high: float, outside: float) -> None:
        """The data do not fit the units.

        Args:
            low: smallest value.
            high: largest value.
            outside: share of values outside [0, 1].
        """
        self._log.change(low=low, high=high, outside=outside)

    def looked(self, owner: Any, moment: Moment) -> None:
        """An epoch is over; a callback of `trainwell.boltzmann.training.train`."""
        del owner
        values = {
            "reconstruction_error": moment.reconstruction_error,
            "largest_weight": moment.largest_weight,
            "dead_hidden": moment.dead_hidden,
        }
        for name in ("pseudo_likelihood", "stuck_chains", "chain_distance"):
            value = getattr(moment, name)
            if value is not None:
                values[name] = value
        if moment.log_likelihood is not None:
            low, high = moment.log_likelihood
            values |= {"log_likelihood": (low + high) / 2, "bracket": high - low}
        self._log.measure(moment.updates, values)

    def fitted(self, history: History) -> None:
        """Learning has ended."""
        self._log.change(stopped=history.stopped)
