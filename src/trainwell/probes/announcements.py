"""What trainwell's own models tell the probe that watches them: their learning calls no backward.

Boltzmann machines announce their fits, one-shot classifiers their labels and answers.
"""

from __future__ import annotations

__all__ = ["MachineLog", "RecogniserLog", "is_watched"]

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from trainwell.probes.probe import Probe, attached_probes
from trainwell.record import Fact
from trainwell.record.machines import Machine
from trainwell.record.recognisers import Recogniser

F = TypeVar("F", bound=Fact)


class _Log(Generic[F]):
    """One fact in the record of the probe that watches when it begins.

    Args:
        part: what is announced, in the words of a report.
        begin: makes the fact.
    """

    def __init__(self, part: str, begin: Callable[[Probe], F]) -> None:
        self._part = part
        self._kept: list[tuple[Probe, F]] = []
        for probe in attached_probes():
            made = probe.guard.run(part, begin, probe)
            if made is not None:
                self._kept.append((probe, made))

    @property
    def is_kept(self) -> bool:
        """Whether a probe still listens."""
        return bool(self._kept)

    def _each(self, apply: Callable[[Probe, F], F]) -> None:
        # A probe that is detached meanwhile answers None, and is told nothing more.
        told = [(p, p.guard.run(self._part, apply, p, fact)) for p, fact in self._kept]
        self._kept = [(probe, fact) for probe, fact in told if fact is not None]


class MachineLog(_Log[Machine]):
    """One fit of a Boltzmann machine.

    Args:
        facts: fields of `trainwell.record.machines.Machine`, without number and place.
    """

    def __init__(self, **facts: Any) -> None:
        def begin(probe: Probe) -> Machine:
            number = probe.ledger.next_number("machine")
            # The line is found among the callers: the user's own code comes before this package.
            return probe.ledger.put(Machine(number, place=probe.sources.here(2), **facts))

        super().__init__("Boltzmann machines", begin)

    def change(self, **changes: Any) -> None:
        """Replace fields of the fact."""
        self._each(lambda probe, fact: probe.ledger.change(fact, **changes))

    def measure(self, update: int, values: Mapping[str, float]) -> None:
        """Add one measurement to the series.

        Args:
            update: how many updates were made before it.
            values: numbers by quantity.
        """

        def apply(probe: Probe, fact: Machine) -> Machine:
            for quantity, value in values.items():
                probe.ledger.measure("machine", fact.number, quantity, update, value)
            return probe.ledger.change(fact, updates=update)

        self._each(apply)


class RecogniserLog(_Log[Recogniser]):
    """One one-shot classifier.

    Args:
        name: of its embedder.
    """

    def __init__(self, name: str) -> None:
        def begin(probe: Probe) -> Recogniser:
            number = probe.ledger.next_number("recogniser")
            return probe.ledger.put(Recogniser(number, name, probe.sources.here(2)))

        super().__init__("one-shot classifiers", begin)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Replace fields of the fact."""
        self._each(lambda probe, fact: probe.ledger.change(fact, **changes))


def is_watched() -> bool:
    """Whether a probe watches this process."""
    return bool(attached_probes())
