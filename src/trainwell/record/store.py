"""One SQLite file that holds the runs of a project.

The file is in WAL mode: it can be read while a run writes, several runs may write at once, and
after `kill -9` everything up to the last commit is there.
"""

from __future__ import annotations

__all__ = ["RECORD", "RunSummary", "Store"]

import json
import math
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from trainwell.errors import BadInputError, RecordError, UnknownNameError
from trainwell.record.codec import fact_from_json, fact_to_json
from trainwell.record.facts import Fact
from trainwell.record.machine import is_alive, machine_name
from trainwell.record.run import FACT_KINDS, Run
from trainwell.record.schema import APPLICATION, SCHEMAS
from trainwell.record.series import Series

RECORD = os.path.join(".trainwell", "runs.db")
"""The record of a project, from the folder in which trainwell is called."""

_PATIENCE = 10.0
"""Seconds to wait for another process that writes; its transactions take milliseconds."""


@dataclass(frozen=True)
class RunSummary:
    """A line of the list of runs.

    Attributes:
        id: the run's unique name.
        script: path of the script, or "-m module".
        arguments: the script's own arguments.
        started, ended: seconds since 1970; `ended` is None while it runs or after `kill -9`.
        exit_status: the script's own; None while unknown.
        steps: backward passes, as of the last write.
        alive: its process still runs on this machine.
    """

    id: str
    script: str
    arguments: tuple[str, ...]
    started: float
    ended: float | None
    exit_status: int | None
    steps: int
    alive: bool


class Store:
    """The runs of a project. May be used by several threads; not across a fork.

    Args:
        path: the file, usually `.trainwell/runs.db`.
        create: make the file and its folder when they are missing.

    Raises:
        RecordError: if the file is missing (and not to be made), cannot be written, is damaged,
            belongs to another program, or was written by a newer trainwell.
    """

    def __init__(self, path: str, *, create: bool = True) -> None:
        self.path = path
        self._keys: dict[str, int] = {}
        self._notes: dict[str, int] = {}
        self._lock = threading.Lock()
        self._process = os.getpid()
        if not create and not os.path.exists(path):
            raise RecordError(f"no record at `{path}`: nothing was run here with trainwell yet")
        if create:
            _make_folder(os.path.dirname(path) or ".")
        with self._explained():
            # isolation_level=None: transactions begin where this file says so, nowhere else.
            self._connection = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
            try:
                self._open()
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Close the file; everything written is in it already."""
        self._connection.close()

    def begin(self, run: Run) -> None:
        """Enter a new run.

        Raises:
            RecordError: if it cannot be written, or a run of that id exists.
        """
        with self.writing() as connection:
            cursor = connection.execute(
                "INSERT INTO runs (id, script, arguments, started, steps, machine, process)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    run.id,
                    _text(run.script),
                    json.dumps(run.arguments),
                    run.started,
                    run.steps,
                    machine_name(),
                    os.getpid(),
                ),
            )
            self._keys[run.id] = int(cursor.lastrowid or 0)
            self._put_notes(run)

    def write(
        self, run: Run, facts: Iterable[Fact], vitals: Iterable[tuple[str, int, str, int, float]]
    ) -> None:
        """Add what was seen since the last write, in one transaction.

        Args:
            run: its steps and notes are brought up to date.
            facts: new or changed ones; a fact replaces the one of its kind and number.
            vitals: (kind of fact, its number, quantity, step, value), appended.

        Raises:
            RecordError: if it cannot be written.
        """
        with self.writing() as connection:
            key = self._key(run.id)
            connection.execute("UPDATE runs SET steps = ? WHERE key = ?", (run.steps, key))
            self._put_notes(run)
            connection.executemany(
                "INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)",
                ((key, _KINDS[type(f)], f.number, fact_to_json(f)) for f in facts),
            )
            connection.executemany(
                "INSERT INTO vitals VALUES (?, ?, ?, ?, ?, ?)", ((key, *row) for row in vitals)
            )

    def finish(self, run: Run) -> None:
        """Enter how the run ended: `ended`, `exit_status`, `error`, `steps` and `notes`.

        Raises:
            RecordError: if it cannot be written.
        """
        with self.writing() as connection:
            key = self._key(run.id)
            error = None if run.error is None else json.dumps(run.error)
            connection.execute(
                "UPDATE runs SET ended = ?, exit_status = ?, error = ?, steps = ? WHERE key = ?",
                (run.ended, run.exit_status, error, run.steps, key),
            )
            self._put_notes(run)

    def load(self, name: str) -> Run:
        """The run with this id, or whose id alone begins so.

        Raises:
            UnknownNameError: if there is none.
            BadInputError: if several ids begin so.
            RecordError: if the file cannot be read.
        """
        with self.reading() as connection:
            key, row = self._find(connection, name)
            run = Run(
                id=row[0],
                script=row[1],
                arguments=json.loads(row[2]),
                started=row[3],
                ended=row[4],
                exit_status=row[5],
                error=None if row[6] is None else json.loads(row[6]),
                steps=row[7],
            )
            run.notes = [
                body
                for (body,) in connection.execute(
                    "SELECT body FROM notes WHERE run = ? ORDER BY position", (key,)
                )
            ]
            for kind, body in connection.execute(
                "SELECT kind, body FROM facts WHERE run = ? ORDER BY kind, number", (key,)
            ):
                fact = fact_from_json(kind, body)
                run.table(kind)[fact.number] = fact
            for kind, number, quantity, step, value in connection.execute(
                "SELECT kind, number, quantity, step, value FROM vitals WHERE run = ?"
                " ORDER BY rowid",
                (key,),
            ):
                series = run.vitals.setdefault((kind, number, quantity), Series())
                series.append(step, math.nan if value is None else value)
        return run

    def ranks_of(self, group: str) -> list[str]:
        """Ids of the runs that are ranks of one distributed training, in the order of begin."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT runs.id, facts.body FROM facts JOIN runs ON runs.key = facts.run"
                " WHERE facts.kind = 'rank' ORDER BY runs.key"
            ).fetchall()
        return [name for name, body in rows if json.loads(body)["group"] == group]

    def children_of(self, run: str) -> list[str]:
        """Ids of the processes of a run that trained each for itself, in the order of begin."""
        with self.reading() as connection:
            rows = connection.execute("SELECT id FROM runs ORDER BY key").fetchall()
        return [name for (name,) in rows if name.startswith(f"{run}-child")]

    def latest(self) -> str | None:
        """Id of the run that was begun last."""
        with self.reading() as connection:
            row = connection.execute("SELECT id FROM runs ORDER BY key DESC LIMIT 1").fetchone()
        return None if row is None else str(row[0])

    def summaries(self) -> list[RunSummary]:
        """All runs, the one begun last first."""
        with self.reading() as connection:
            rows = connection.execute(
                "SELECT id, script, arguments, started, ended, exit_status, steps, machine, process"
                " FROM runs ORDER BY key DESC"
            ).fetchall()
        return [
            RunSummary(
                name,
                script,
                tuple(json.loads(arguments)),
                started,
                ended,
                status,
                steps,
                alive=ended is None and is_alive(machine, process),
            )
            for name, script, arguments, started, ended, status, steps, machine, process in rows
        ]

    def _open(self) -> None:
        connection = self._connection
        with self.reading():
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            version = self._version()
        if application != APPLICATION and tables:
            raise RecordError(f"`{self.path}` is a database of another program: move it away")
        if version > len(SCHEMAS):
            raise RecordError(
                f"`{self.path}` was written by a newer trainwell (schema {version}, this one reads"
                f" up to {len(SCHEMAS)}): update trainwell, or move the file away"
            )
        self._use_wal()
        connection.execute("PRAGMA synchronous = NORMAL")
        if version < len(SCHEMAS):
            with self.writing():
                # Read again: another process may have been quicker.
                for script in SCHEMAS[self._version() :]:
                    for statement in script.split(";"):
                        connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {len(SCHEMAS)}")

    def _use_wal(self) -> None:
        # While another process does the same, SQLite refuses at once instead of waiting. A file
        # system without shared memory (some network drives) keeps its rollback journal: slower,
        # and as safe.
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                time.sleep(0.01)

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _key(self, name: str) -> int:
        if name not in self._keys:
            raise RecordError(f"run `{name}` was not begun in `{self.path}`")
        return self._keys[name]

    def _put_notes(self, run: Run) -> None:
        known = self._notes.get(run.id, 0)
        if len(run.notes) > known:
            self._connection.executemany(
                "INSERT INTO notes VALUES (?, ?, ?)",
                (
                    (self._keys[run.id], at, _text(run.notes[at]))
                    for at in range(known, len(run.notes))
                ),
            )
            self._notes[run.id] = len(run.notes)

    def _find(self, connection: sqlite3.Connection, name: str) -> tuple[int, tuple[Any, ...]]:
        rows = connection.execute(
            "SELECT key, id, script, arguments, started, ended, exit_status, error, steps"
            " FROM runs WHERE substr(id, 1, length(?)) = ? ORDER BY key",
            (name, name),
        ).fetchall()
        # The whole id, or a run and the ranks that it started: their ids begin with its own.
        first = [row for row in rows if all(other[1].startswith(row[1]) for other in rows)]
        if len(first or rows) > 1:
            raise BadInputError(
                f"`{name}` begins the ids of {len(rows)} runs, such as `{rows[0][1]}` and"
                f" `{rows[-1][1]}`: give more of it"
            )
        if not rows:
            ids = [i for (i,) in connection.execute("SELECT id FROM runs")]
            raise UnknownNameError("run", name, ids)
        key, *row = (first or rows)[0]
        return key, tuple(row)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that writes; what raises inside undoes it."""
        if os.getpid() != self._process:
            raise RecordError("a forked process may not write into its parent's record")
        notes = dict(self._notes)
        with self._explained(), self._lock:
            # IMMEDIATE: the wait for other writers happens here, never in the middle.
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._notes = notes
                # A full disk has made SQLite roll back already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A transaction that reads."""
        with self._explained(), self._lock:
            # One transaction: all tables as of one moment, while a run goes on writing.
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise RecordError(f"cannot use the record `{self.path}`: {error}") from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise RecordError(f"cannot write the record `{self.path}`: {error}") from error
            raise RecordError(
                f"the record `{self.path}` is damaged ({error}): move it away, and a new one is"
                " made"
            ) from error


_KINDS: dict[type[Fact], str] = {made: kind for kind, made in FACT_KINDS.items()}


def _text(text: str) -> str:
    """A text that SQLite takes: bytes of a file's name that are no characters are spelled out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder, exist_ok=True)
        ignored = os.path.join(folder, ".gitignore")
        if os.path.basename(folder) == ".trainwell" and not os.path.exists(ignored):
            with open(ignored, "w", encoding="utf-8") as file:
                file.write("*\n")
    except OSError as error:
        raise RecordError(
            f"cannot make the folder of the record, `{folder}`: {error.strerror}"
        ) from error
