"""Treatments of a project and their trials, in the same file as its runs."""

from __future__ import annotations

__all__ = ["TreatmentSummary", "Treatments"]

import json
import time
from dataclasses import dataclass
from typing import Any

from trainwell.errors import RecordError
from trainwell.record.store import Store


@dataclass(frozen=True)
class TreatmentSummary:
    """One treatment of the list.

    Attributes:
        id: its unique name.
        script: path of the script.
        plan: what was asked for, as it was given to `begin`.
        ended: seconds since 1970; None when it was cut off.
        trials: how many of its trials have ended.
    """

    id: str
    script: str
    plan: dict[str, Any]
    ended: float | None
    trials: int


class Treatments:
    """Keeps what trials gave: each is there as soon as it has ended, whatever happens afterwards.

    Args:
        store: the project's file.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def begin(self, name: str, script: str, plan: dict[str, Any]) -> None:
        """Enter a new treatment.

        Raises:
            RecordError: if it cannot be written.
        """
        with self._store.writing() as connection:
            connection.execute(
                "INSERT INTO treatments (id, script, plan, started) VALUES (?, ?, ?, ?)",
                (name, script, json.dumps(plan), time.time()),
            )

    def add(self, name: str, arm: str, seed: int, outcome: dict[str, Any]) -> None:
        """Enter a trial that has ended.

        Raises:
            RecordError: if it cannot be written.
        """
        with self._store.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO trials SELECT key, ?, ?, ? FROM treatments WHERE id = ?",
                (arm, seed, json.dumps(outcome), name),
            )

    def finish(self, name: str) -> None:
        """Enter that a treatment has come to its end.

        Raises:
            RecordError: if it cannot be written.
        """
        with self._store.writing() as connection:
            connection.execute("UPDATE treatments SET ended = ? WHERE id = ?", (time.time(), name))

    def trials(self, name: str) -> dict[tuple[str, int], dict[str, Any]]:
        """The trials of a treatment that have ended: outcomes by arm and seed."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT arm, seed, outcome FROM trials JOIN treatments"
                " ON treatments.key = trials.treatment WHERE treatments.id = ?",
                (name,),
            ).fetchall()
        return {(arm, seed): json.loads(outcome) for arm, seed, outcome in rows}

    def latest(self) -> TreatmentSummary:
        """The treatment that was begun last.

        Raises:
            RecordError: if there is none.
        """
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT id, script, plan, ended, (SELECT count(*) FROM trials"
                " WHERE treatment = treatments.key) FROM treatments ORDER BY key DESC LIMIT 1"
            ).fetchone()
        if row is None:
            raise RecordError("nothing was treated here yet: trainwell treat SCRIPT")
        name, script, plan, ended, count = row
        return TreatmentSummary(name, script, json.loads(plan), ended, count)
