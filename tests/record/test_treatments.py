"""Treatments in the record: every trial is there as soon as it has ended."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainwell.errors import RecordError
from trainwell.record import Run
from trainwell.record.schema import APPLICATION, SCHEMAS
from trainwell.record.store import Store
from trainwell.record.treatments import Treatments, TreatmentSummary


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".trainwell" / "runs.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    made = Store(str(path))
    yield made
    made.close()


def test_trials_come_back_as_they_were(store: Store) -> None:
    kept = Treatments(store)
    kept.begin("a", "train.py", {"trials": 3})
    kept.begin("b", "train.py", {})
    kept.add("a", "as it is", 0, {"status": 0, "curves": {"x#0": [[1, 0.5, None, 3]]}})
    kept.add("a", "use_relu + l1_penalty", 2, {"status": 1, "error": "ValueError: é"})
    kept.add("b", "as it is", 0, {"status": 0})
    assert kept.trials("a") == {
        ("as it is", 0): {"status": 0, "curves": {"x#0": [[1, 0.5, None, 3]]}},
        ("use_relu + l1_penalty", 2): {"status": 1, "error": "ValueError: é"},
    }
    assert kept.trials("b") == {("as it is", 0): {"status": 0}}
    assert kept.trials("absent") == {}


def test_a_trial_that_ran_again_counts_once(store: Store) -> None:
    kept = Treatments(store)
    kept.begin("a", "train.py", {})
    kept.add("a", "as it is", 0, {"status": 1})
    kept.add("a", "as it is", 0, {"status": 0})
    assert kept.trials("a") == {("as it is", 0): {"status": 0}}
    assert kept.latest().trials == 1


def test_the_latest_is_the_one_that_was_begun_last(store: Store) -> None:
    kept = Treatments(store)
    with pytest.raises(RecordError, match="nothing was treated here yet: trainwell treat SCRIPT"):
        kept.latest()
    kept.begin("a", "one.py", {"budget": 1.5})
    kept.begin("b", "two.py", {})
    kept.finish("a")
    assert kept.latest() == TreatmentSummary("b", "two.py", {}, None, 0)
    kept.finish("b")
    assert kept.latest().ended is not None


def test_a_name_is_taken_once(store: Store) -> None:
    kept = Treatments(store)
    kept.begin("a", "train.py", {})
    with pytest.raises(RecordError):
        kept.begin("a", "train.py", {})


def test_numbers_that_are_no_numbers_survive(store: Store) -> None:
    kept = Treatments(store)
    kept.begin("a", "train.py", {})
    kept.add("a", "as it is", 0, {"curves": {"x#0": [[1, float("inf"), None, 3]]}})
    kept.add("a", "as it is", 1, {"curves": {"x#0": [[1, float("nan"), None, 3]]}})
    trials = kept.trials("a")
    assert trials["as it is", 0]["curves"]["x#0"][0][1] == float("inf")
    assert str(trials["as it is", 1]["curves"]["x#0"][0][1]) == "nan"


def test_a_file_of_the_first_schema_is_migrated_with_its_runs(path: Path) -> None:
    path.parent.mkdir()
    old = sqlite3.connect(path)
    old.executescript(SCHEMAS[0])
    old.execute(f"PRAGMA application_id = {APPLICATION}")
    old.execute("PRAGMA user_version = 1")
    old.execute(
        "INSERT INTO runs (id, script, arguments, started, steps, machine, process)"
        " VALUES ('old', 'train.py', '[]', 1.0, 7, 'here', 1)"
    )
    old.commit()
    old.close()
    store = Store(str(path))
    kept = Treatments(store)
    kept.begin("a", "train.py", {})
    assert kept.latest().id == "a"
    assert store.load("old") == Run("old", "train.py", [], started=1.0, steps=7)
    store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(SCHEMAS),)
    connection.close()


def test_migrated_files_and_new_ones_are_the_same(path: Path, tmp_path: Path) -> None:
    def tables(at: Path) -> list[tuple[str, str]]:
        connection = sqlite3.connect(at)
        found = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        connection.close()
        return found

    path.parent.mkdir()
    old = sqlite3.connect(path)
    old.executescript(SCHEMAS[0])
    old.execute(f"PRAGMA application_id = {APPLICATION}")
    old.execute("PRAGMA user_version = 1")
    old.close()
    Store(str(path)).close()
    Store(str(tmp_path / "new.db")).close()
    assert tables(path) == tables(tmp_path / "new.db")
    assert {"trials", "treatments"} <= {name for name, _ in tables(path)}


KILLED = """
import os, signal, sys
from trainwell.record.store import Store
from trainwell.record.treatments import Treatments
kept = Treatments(Store(sys.argv[1]))
kept.begin("a", "train.py", {"trials": 9})
for seed in range(3):
    kept.add("a", "as it is", seed, {"status": 0})
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_kill_every_trial_that_ended_is_there(path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    store = Store(str(path), create=False)
    kept = Treatments(store)
    assert kept.latest() == TreatmentSummary("a", "train.py", {"trials": 9}, None, 3)
    assert sorted(kept.trials("a")) == [("as it is", seed) for seed in range(3)]
    store.close()
