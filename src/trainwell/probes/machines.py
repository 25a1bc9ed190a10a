"""Boltzmann machines that are fitted while a probe watches: they tell it themselves.

Their learning calls no backward(), so nothing of it is seen otherwise.
"""

from __future__ import annotations

__all__ = ["MachineLog"]

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from trainwell.probes.forks import ATTACHED
from trainwell.record.machines import Machine

if TYPE_CHECKING:
    from trainwell.probes.probe import Probe


class MachineLog:
    """One fit, kept in the record of every probe that is attached when it begins.

    Args:
        facts: fields of `trainwell.record.machines.Machine`, without number and place.
    """

    def __init__(self, **facts: Any) -> None:
        self._kept: list[tuple[Probe, Machine]] = []
        for attached in list(ATTACHED):
            probe = cast("Probe", attached)
            made = probe.guard(self._begin, probe, facts)
            if made is not None:
                self._kept.append((probe, made))

    @staticmethod
    def _begin(probe: Probe, facts: Mapping[str, Any]) -> Machine:
        number = probe.ledger.next_number("machine")
        # The line is found among the callers: the user's own code comes before this package.
        return probe.ledger.put(Machine(number, place=probe.sources.here(2), **facts))

    def change(self, **changes: Any) -> None:
        """Replace fields of the fact."""

        def apply(probe: Probe, fact: Machine) -> Machine:
            return probe.ledger.change(fact, **changes)

        self._each(apply)

    def measure(self, update: int, values: Mapping[str, float]) -> None:
        """Add one look to the series.

        Args:
            update: how many updates were made before it.
            values: numbers by quantity.
        """

        def apply(probe: Probe, fact: Machine) -> Machine:
            for quantity, value in values.items():
                probe.ledger.measure("machine", fact.number, quantity, update, value)
            return probe.ledger.change(fact, updates=update)

        self._each(apply)

    def _each(self, apply: Callable[[Probe, Machine], Machine]) -> None:
        # A probe that is detached meanwhile answers None, and is told nothing more.
        told = [(probe, probe.guard(apply, probe, fact)) for probe, fact in self._kept]
        self._kept = [(probe, fact) for probe, fact in told if fact is not None]
