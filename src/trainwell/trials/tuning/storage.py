"""Where studies are kept: a journal file of Optuna's in the project, or any database."""

from __future__ import annotations

__all__ = ["JOURNAL", "locked", "open_storage", "open_study", "study_names"]

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._file import BaseJournalFileLock

from trainwell.errors import BadInputError, UnknownNameError

# What happens to a study is shown in this project's own words.
optuna.logging.set_verbosity(optuna.logging.WARNING)

JOURNAL = os.path.join(".trainwell", "studies.journal")
"""Relative to the working directory."""


class _FileLock(BaseJournalFileLock):
    """A lock that the system gives back when its holder is killed.

    Optuna's own locks are files: whoever is killed while holding one blocks the others for half a
    minute.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        assert self._descriptor is not None
        os.close(self._descriptor)
        self._descriptor = None


def open_storage(place: str | None, *, create: bool) -> BaseStorage:
    """Open it.

    Args:
        place: a database's URL, a journal file's path; None: the project's journal.
        create: make it when it is not there.

    Raises:
        BadInputError: if it cannot be opened.
    """
    if place is not None and "://" in place:
        try:
            return RDBStorage(place)
        except Exception as error:
            first = str(error).strip().splitlines()[0]
            raise BadInputError(f"`--storage`: cannot open `{place}`: {first}") from error
    path = os.path.abspath(place or JOURNAL)
    if not create and not os.path.exists(path):
        raise BadInputError("nothing was tuned here yet: trainwell tune SCRIPT")
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return JournalStorage(JournalFileBackend(path, lock_obj=_FileLock(path + ".lock")))
    except OSError as error:
        raise BadInputError(f"`--storage`: cannot open `{path}`: {error.strerror}") from None
    except (ValueError, KeyError) as error:
        raise BadInputError(f"`{path}` is no journal of Optuna's: {error}") from None


@contextmanager
def locked(place: str | None, study: str) -> Iterator[bool]:
    """Let no other process of this study take a trial, where the storage is a file.

    Gives:
        Whether others are kept out; not so for databases.
    """
    if place is not None and "://" in place:
        yield False
        return
    lock = _FileLock(f"{os.path.abspath(place or JOURNAL)}.{study}.lock")
    lock.acquire()
    try:
        yield True
    finally:
        lock.release()


def study_names(storage: BaseStorage) -> list[str]:
    """The studies of a storage, the newest last."""
    found = optuna.get_all_study_summaries(storage, include_best_trial=False)
    return [s.study_name for s in sorted(found, key=lambda s: s.user_attrs.get("began", 0.0))]


def open_study(storage: BaseStorage, name: str | None) -> optuna.Study:
    """A study that is there; the newest one when its name is None.

    Raises:
        UnknownNameError: if there is none of this name.
        BadInputError: if there is none at all.
    """
    names = study_names(storage)
    if not names:
        raise BadInputError("nothing was tuned here yet: trainwell tune SCRIPT")
    if name is not None and name not in names:
        raise UnknownNameError("study", name, names)
    return optuna.load_study(study_name=name or names[-1], storage=storage)
