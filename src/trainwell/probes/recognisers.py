"""One-shot classifiers that are enrolled and asked while a probe watches: they tell it themselves.

Enrolling calls no backward(), so nothing of it is seen otherwise.
"""

from __future__ import annotations

__all__ = ["RecogniserLog", "is_watched"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from trainwell.probes.forks import ATTACHED
from trainwell.record.recognisers import Recogniser

if TYPE_CHECKING:
    from trainwell.probes.probe import Probe


def is_watched() -> bool:
    """Whether any probe is attached."""
    return bool(ATTACHED)


class RecogniserLog:
    """One classifier, kept in the record of every probe that is attached when it begins.

    Args:
        name: of its embedder.
    """

    def __init__(self, name: str) -> None:
        self._kept: list[tuple[Probe, Recogniser]] = []
        for attached in list(ATTACHED):
            probe = cast("Probe", attached)
            made = probe.guard(self._begin, probe, name)
            if made is not None:
                self._kept.append((probe, made))

    @staticmethod
    def _begin(probe: Probe, name: str) -> Recogniser:
        number = probe.ledger.next_number("recogniser")
        # The line is found among the callers: the user's own code comes before this package.
        return probe.ledger.put(Recogniser(number, name, probe.sources.here(2)))

    @property
    def is_kept(self) -> bool:
        """Whether a probe still listens."""
        return bool(self._kept)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Replace fields of the fact."""

        def apply(probe: Probe, fact: Recogniser) -> Recogniser:
            return probe.ledger.change(fact, **changes)

        # A probe that is detached meanwhile answers None, and is told nothing more.
        told = [(probe, probe.guard(apply, probe, fact)) for probe, fact in self._kept]
        self._kept = [(probe, fact) for probe, fact in told if fact is not None]
