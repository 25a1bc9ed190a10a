"""The SQLite store: what goes in comes out, whatever happens to the process."""

from __future__ import annotations

import dataclasses
import math
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainwell.errors import BadInputError, RecordError, UnknownNameError
from trainwell.record import Evaluation, LossCall, Network, Operation, Place, Run
from trainwell.record import store as store_module
from trainwell.record.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(str(tmp_path / ".trainwell" / "runs.db"))
    yield made
    made.close()


def test_a_run_comes_back_as_it_was(store: Store) -> None:
    run = Run("20261122-104500-4f2a", "train.py", ["--lr", "0.1"], started=1.5, notes=["one"])
    store.begin(run)
    place = Place("fc1", "train.py", 12, "x = F.relu(x)")
    first = Operation(0, "relu", "ReluBackward0", 0, place, inputs=(1, 2), shape=(64, 10))
    store.write(run, [first], [("operation", 0, "zero_share", 0, 0.5)])
    second = dataclasses.replace(first, depth=3, details={"dim": 1, "nested": [1, "a", None]})
    network = Network(0, "Net", dropout={"drop": 0.5}, batch_norm=["bn"])
    run.notes.append("two")
    run.steps = 7
    store.write(run, [second, network], [("operation", 0, "zero_share", 5, 1.0)])
    run.ended, run.exit_status = 9.25, 1
    run.error = {"type": "ValueError", "message": "no", "file": "train.py", "line": 3}
    run.notes.append("three")
    store.finish(run)

    loaded = store.load(run.id)
    assert loaded.operations == {0: second}
    assert loaded.networks == {0: network}
    assert list(loaded.series("operation", 0, "zero_share")) == [(0, 0.5), (5, 1.0)]
    assert loaded.notes == ["one", "two", "three"]
    run.operations, run.networks, run.vitals = loaded.operations, loaded.networks, loaded.vitals
    assert loaded == run


def test_nan_and_infinities_survive(store: Store) -> None:
    run = Run("a", "train.py")
    store.begin(run)
    values = [1.0, math.nan, math.inf, -math.inf, 5e-324, 1e308]
    store.write(run, [], [("objective", 0, "loss", i, v) for i, v in enumerate(values)])
    evaluation = Evaluation(0, 3, "test", math.inf, None, 100, "mse_loss")
    store.write(run, [evaluation], [])
    loaded = store.load("a")
    back = loaded.loss(0).values
    assert math.isnan(back[1])
    assert back[:1] + back[2:] == values[:1] + values[2:]
    assert loaded.evaluations[0].loss == math.inf


_numbers = st.floats(allow_nan=True, allow_infinity=True)
_facts = st.builds(
    LossCall,
    number=st.integers(0, 3),
    function=st.text(max_size=8),
    phase=st.sampled_from(["training", "evaluation"]),
    place=st.builds(Place, st.none() | st.text(max_size=8), st.none() | st.text(max_size=8)),
    prediction_shape=st.lists(st.integers(0, 9), max_size=3).map(tuple),
    prediction=st.dictionaries(st.text(max_size=4), st.floats(allow_nan=False), max_size=3),
    target_integral=st.booleans(),
    row_sum_error=st.none() | st.floats(allow_nan=False),
    options=st.dictionaries(st.text(max_size=4), st.booleans() | st.text(max_size=4), max_size=3),
)
_rows = st.tuples(
    st.sampled_from(["objective", "parameter"]),
    st.integers(0, 3),
    st.sampled_from(["loss", "gradient_rms"]),
    st.integers(0, 2**60),
    _numbers,
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.lists(_facts, max_size=4), st.lists(_rows, max_size=6)), max_size=4))
def test_any_writes_come_back(writes: list[tuple[list[LossCall], list[tuple]]]) -> None:
    store = Store(":memory:")
    run = Run("a", "train.py")
    store.begin(run)
    facts: dict[int, LossCall] = {}
    series: dict[tuple[str, int, str], list[tuple[int, str]]] = {}
    for some, rows in writes:
        store.write(run, some, rows)
        facts.update({fact.number: fact for fact in some})
        for kind, number, quantity, step, value in rows:
            # repr: NaN is not equal to itself; SQLite has no negative zero.
            series.setdefault((kind, number, quantity), []).append((step, repr(value + 0.0)))
    loaded = store.load("a")
    assert loaded.losses == facts
    assert {k: [(i, repr(v)) for i, v in s] for k, s in loaded.vitals.items()} == series
    store.close()


def test_a_failed_write_leaves_nothing(store: Store) -> None:
    run = Run("a", "train.py", notes=["one"])
    store.begin(run)
    run.notes.append("two")

    def rows() -> Iterator[tuple[str, int, str, int, float]]:
        yield ("objective", 0, "loss", 0, 1.0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(run, [Operation(0, "relu", "ReluBackward0", 0)], rows())
    loaded = store.load("a")
    assert (loaded.operations, loaded.vitals, loaded.notes) == ({}, {}, ["one"])
    store.write(run, [], [])
    assert store.load("a").notes == ["one", "two"]


def test_runs_are_found_by_a_unique_beginning(store: Store) -> None:
    assert store.latest() is None
    assert store.summaries() == []
    for name in ["20261122-4f2a", "20261122-5b00", "20261122-4f2a-2"]:
        store.begin(Run(name, "train.py", ["x"], started=3.0))
    assert store.load("20261122-5").id == "20261122-5b00"
    assert store.load("20261122-4f2a").id == "20261122-4f2a"
    assert store.latest() == "20261122-4f2a-2"
    with pytest.raises(BadInputError, match="begins the ids of 3 runs"):
        store.load("2026")
    with pytest.raises(UnknownNameError, match="unknown run `20261122-5b01`; did you mean"):
        store.load("20261122-5b01")
    with pytest.raises(UnknownNameError):
        store.load("20261122-%")


def test_summaries_tell_whether_the_process_lives(store: Store) -> None:
    run = Run("a", "train.py", ["--lr", "1"], started=3.0)
    store.begin(run)
    run.steps = 12
    store.write(run, [], [])
    (summary,) = store.summaries()
    assert (summary.alive, summary.steps, summary.ended) == (True, 12, None)
    assert summary.arguments == ("--lr", "1")
    run.ended, run.exit_status = 5.0, 0
    store.finish(run)
    (summary,) = store.summaries()
    assert (summary.alive, summary.ended, summary.exit_status) == (False, 5.0, 0)


def test_an_unknown_or_repeated_run_is_refused(store: Store) -> None:
    with pytest.raises(RecordError, match="run `a` was not begun"):
        store.write(Run("a", "train.py"), [], [])
    store.begin(Run("a", "train.py"))
    with pytest.raises(RecordError, match="UNIQUE"):
        store.begin(Run("a", "train.py"))


def test_a_forked_child_cannot_write(store: Store) -> None:
    run = Run("a", "train.py")
    store.begin(run)
    child = os.fork()
    if child == 0:
        try:
            store.write(run, [], [("objective", 0, "loss", 0, 1.0)])
        except RecordError:
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.load("a").vitals == {}


_WRITER = """
import sys, os
from trainwell.record import Run
from trainwell.record.store import Store
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = Store(path)
run = Run(name, "train.py")
store.begin(run)
i = 0
while i != count:
    store.write(run, [], [("objective", 0, "loss", i, float(i)), ("objective", 0, "low", i, 0.0)])
    i += 1
    if count < 0:
        print(i, flush=True)
run.ended = 1.0
store.finish(run)
"""


def test_kill_9_keeps_all_that_was_committed(tmp_path: Path) -> None:
    path = str(tmp_path / "runs.db")
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, path, "a", "-1"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= 50:
                break
        os.kill(process.pid, signal.SIGKILL)
        told = max([int(line), *(int(rest) for rest in process.stdout if rest.endswith("\n"))])
    store = Store(path)
    (summary,) = store.summaries()
    assert (summary.alive, summary.ended) == (False, None)
    loss, low = (store.load("a").series("objective", 0, q) for q in ("loss", "low"))
    assert len(loss) == len(low) >= told >= 50
    assert loss.values == [float(i) for i in range(len(loss))]
    store.close()


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / ".trainwell" / "runs.db")
    names = [f"run-{i}" for i in range(6)]
    processes = [
        subprocess.Popen([sys.executable, "-c", _WRITER, path, name, "60"]) for name in names
    ]
    assert [process.wait() for process in processes] == [0] * 6
    store = Store(path, create=False)
    assert sorted(s.id for s in store.summaries()) == names
    for name in names:
        assert store.load(name).loss(0).values == [float(i) for i in range(60)]
    store.close()


def test_a_run_can_be_read_while_it_is_written(store: Store) -> None:
    run = Run("a", "train.py")
    store.begin(run)
    reader = Store(store.path, create=False)
    for i in range(3):
        store.write(run, [], [("objective", 0, "loss", i, 1.0)])
        assert len(reader.load("a").loss(0)) == i + 1
    reader.close()


def test_the_folder_ignores_itself(store: Store) -> None:
    assert Path(store.path).with_name(".gitignore").read_text() == "*\n"


def test_a_missing_record_is_not_made_by_a_reader(tmp_path: Path) -> None:
    path = tmp_path / ".trainwell" / "runs.db"
    with pytest.raises(RecordError, match="nothing was run here"):
        Store(str(path), create=False)
    assert not path.parent.exists()


def test_a_newer_record_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    Store(str(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(RecordError, match=r"written by a newer trainwell \(schema 99"):
        Store(str(path))
    assert path.read_bytes() == before


def test_an_older_record_is_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "runs.db")
    store = Store(path)
    store.begin(Run("a", "train.py"))
    store.close()
    newer = (*store_module.SCHEMAS, "ALTER TABLE runs ADD COLUMN machine_learning TEXT")
    monkeypatch.setattr(store_module, "SCHEMAS", newer)
    migrated = Store(path)
    assert migrated.load("a").script == "train.py"
    columns = [row[1] for row in migrated._connection.execute("PRAGMA table_info(runs)")]
    assert "machine_learning" in columns
    migrated.close()
    Store(path).close()


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE birds (name)")
    connection.close()
    with pytest.raises(RecordError, match="of another program"):
        Store(str(path))


def test_what_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    path.write_bytes(b"hello" * 1000)
    with pytest.raises(RecordError, match=r"runs\.db` is damaged .*move it away"):
        Store(str(path))
    assert path.read_bytes() == b"hello" * 1000


def test_damage_in_the_middle_is_named(tmp_path: Path) -> None:
    path = tmp_path / "runs.db"
    store = Store(str(path))
    run = Run("a", "train.py")
    store.begin(run)
    store.write(run, [], [("objective", 0, "loss", i, 1.0) for i in range(5000)])
    store.close()
    body = bytearray(path.read_bytes())
    body[8192:] = b"\xa5" * (len(body) - 8192)
    path.write_bytes(bytes(body))
    with pytest.raises(RecordError, match="is damaged"):
        damaged = Store(str(path))
        try:
            damaged.load("a")
        finally:
            damaged.close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / ".trainwell").write_text("in the way")
    with pytest.raises(RecordError, match="cannot make the folder of the record"):
        Store(str(tmp_path / ".trainwell" / "runs.db"))


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "runs.db").mkdir()
    with pytest.raises(RecordError, match=r"cannot use the record `.*runs\.db`: unable to open"):
        Store(str(tmp_path / "runs.db"))
