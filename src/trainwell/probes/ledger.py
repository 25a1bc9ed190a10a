"""The run under construction: numbers its facts and keeps what has not been written yet."""

from __future__ import annotations

__all__ = ["Ledger", "Vital", "Writer"]

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from trainwell.record import FACT_KINDS, Fact, Run, Series

Vital: TypeAlias = tuple[str, int, str, int, float]
"""(kind of fact, its number, quantity, step, value)."""

Writer: TypeAlias = Callable[[list[Fact], list[Vital]], None]
"""Takes what has changed since the last call."""

F = TypeVar("F", bound=Fact)

_KIND_OF: dict[type, str] = {made: kind for kind, made in FACT_KINDS.items()}


class Ledger:
    """Fills a `Run`.

    Args:
        run: filled in place.
        write: is handed the changes at every `flush`.

    Attributes:
        heard: called with every fact as soon as it is put.
    """

    def __init__(self, run: Run, write: Writer) -> None:
        self.run = run
        self._write = write
        self.heard: list[Callable[[Fact], None]] = []
        self._changed: dict[tuple[str, int], Fact] = {}
        self._vitals: list[Vital] = []

    def next_number(self, kind: str) -> int:
        """The number that the next fact of this kind gets."""
        return len(self.run.table(kind))

    def put(self, fact: F) -> F:
        """Add a fact, or replace the one with its number."""
        kind = _KIND_OF[type(fact)]
        self.run.table(kind)[fact.number] = fact
        self._changed[kind, fact.number] = fact
        for hear in self.heard:
            hear(fact)
        return fact

    def change(self, fact: F, **changes: Any) -> F:
        """Replace fields of a fact; nothing happens when they are equal already."""
        if all(getattr(fact, name) == value for name, value in changes.items()):
            return fact
        return self.put(replace(fact, **changes))

    def measure(self, kind: str, number: int, quantity: str, step: int, value: float) -> None:
        """Add one number to a series."""
        self.run.vitals.setdefault((kind, number, quantity), Series()).append(step, value)
        self._vitals.append((kind, number, quantity, step, value))

    def note(self, text: str) -> None:
        """Say once what could not be seen."""
        if text not in self.run.notes:
            self.run.notes.append(text)

    def flush(self) -> None:
        """Hand over what has changed."""
        facts, vitals = list(self._changed.values()), self._vitals
        self._changed, self._vitals = {}, []
        self._write(facts, vitals)
