"""Tells an active `trainwell run` or `trainwell.watch` what a fit was given and how it goes."""

from __future__ import annotations

__all__ = ["Announcement"]

from typing import Any

from trainwell.boltzmann.history import History, Moment
from trainwell.boltzmann.rules import first_rate
from trainwell.probes.announcements import MachineLog


class Announcement:
    """One fit.

    Args:
        owner: the estimator.
        visible: the kind of its visible units.
        width: how many; 1 where the data are not known yet.
    """

    def __init__(self, owner: Any, visible: str, width: int = 1) -> None:
        self._asked, self._visible = owner.learning_rate, visible
        self._log = MachineLog(
            name=type(owner).__name__,
            algorithm=str(owner.algorithm),
            visible=visible,
            hidden=int(owner.n_components),
            learning_rate=first_rate(self._asked, visible, width),
        )

    def given(self, data: Any) -> None:
        """The data have a shape."""
        rows, columns = map(int, data.shape)
        rate = first_rate(self._asked, self._visible, columns)
        self._log.change(rows=rows, columns=columns, learning_rate=rate)

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
