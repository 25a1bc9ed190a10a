"""The conformance benchmark: its plugins, its comparison, its table. Without the network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.conformance.__main__ import (
    PLUGINS,
    Environment,
    NotInstalledError,
    UnreachableError,
    failures_of,
    line,
    read,
    steps_of,
)
from benchmarks.conformance.comparison import Difference, Outcome, Session, compare, parse, settle
from benchmarks.conformance.suites import SUITES, Suite

SOURCE = Path(__file__).parents[2] / "src"


def session(finished: bool = True, **outcomes: Outcome) -> Session:
    return Session(outcomes, finished)


PASSED, FAILED = Outcome("passed"), Outcome("failed", "AssertionError: 1")


def test_an_outcome_that_changes_is_a_difference() -> None:
    found = compare(session(a=PASSED, b=FAILED), session(a=FAILED, b=FAILED), "process")
    assert found == [Difference("a", "process", "outcome", "passed", "failed: AssertionError: 1")]


def test_a_message_that_changes_is_a_difference_but_an_address_is_none() -> None:
    bare = session(a=Outcome("failed", "<X at 0x7f10>"), b=Outcome("failed", "3 warnings"))
    watched = session(a=Outcome("failed", "<X at 0x7a99>"), b=Outcome("failed", "4 warnings"))
    assert [(d.test, d.kind) for d in compare(bare, watched, "process")] == [("b", "message")]


def test_a_random_number_that_is_drawn_is_a_difference() -> None:
    bare = session(a=Outcome("passed", state={"torch": "1", "python": "2"}))
    watched = session(a=Outcome("passed", state={"torch": "9", "python": "2"}))
    assert compare(bare, watched, "each-test") == [Difference("a", "each-test", "torch", "1", "9")]


def test_a_test_that_was_not_run_is_a_difference_unless_the_time_was_over() -> None:
    bare = session(a=PASSED, b=PASSED)
    (found,) = compare(bare, session(a=PASSED), "process")
    assert (found.test, found.watched) == ("b", "not run")
    assert compare(bare, session(finished=False, a=PASSED), "process") == []
    (found,) = compare(session(a=PASSED), bare, "process")
    assert (found.test, found.bare) == ("b", "not run")


def test_what_differs_from_one_bare_run_to_the_next_is_flaky() -> None:
    bare = session(a=PASSED, b=PASSED, c=PASSED)
    found = compare(bare, session(a=FAILED, b=FAILED, c=FAILED), "process")
    again = [session(a=PASSED, b=PASSED), session(a=PASSED, b=FAILED)]
    assert [d.flaky for d in settle(found, bare, again)] == [False, True, False]


def test_flaky_random_numbers_do_not_excuse_an_outcome() -> None:
    bare = session(a=Outcome("passed", state={"numpy": "1"}))
    found = compare(bare, session(a=FAILED), "process")
    again = [session(a=Outcome("passed", state={"numpy": "2"}))]
    assert [d.flaky for d in settle(found, bare, again)] == [False]


def test_reading_outcomes_leaves_out_a_line_that_was_cut_off() -> None:
    lines = [
        '{"collected": 2}',
        '{"begun": "a"}',
        '{"test": "a", "outcome": "passed", "message": "", "state": {"torch": "1"}, "seconds": 2}',
        '{"begun": "b"}',
        '{"te',
    ]
    found = parse(lines)
    assert found.outcomes == {"a": Outcome("passed", "", {"torch": "1"}, 2)}
    assert found.begun == "b"
    assert not found.finished
    assert parse([*lines, '{"finished": 2}']).finished is False, "pytest was interrupted"
    assert parse([*lines, '{"finished": 1}']).finished is True


def test_steps_and_notes_are_those_of_the_process_and_of_every_test() -> None:
    lines = [
        '{"test": "a", "outcome": "passed", "watched": {"steps": 2, "notes": ["n"]}}',
        '{"test": "b", "outcome": "passed", "watched": {"refused": "watching already"}}',
        '{"steps": 5, "notes": ["n"]}',
    ]
    steps, notes = steps_of(parse(lines))
    assert steps == 7
    assert notes == {"n": 2, "not watched: watching already": 1}


def test_equal_failures_at_different_steps_count_together() -> None:
    def watched(step: int) -> Outcome:
        note = f"trainwell itself failed at step {step} and stopped watching: ValueError: 3"
        return Outcome("passed", watched={"steps": step, "notes": [note]})

    found = session(a=watched(1), b=watched(27))
    assert failures_of(found) == 2
    assert len(steps_of(found)[1]) == 1


def test_a_row_counts_tests_not_differences() -> None:
    suite = Suite("lib", "1.0", ("tests",), "hooks")
    sessions = {"bare": session(a=PASSED, b=PASSED), "process": session(a=PASSED, b=PASSED)}
    found = [
        Difference("a", "process", "torch", "1", "2"),
        Difference("a", "process", "modes", "1", "2"),
        Difference("b", "process", "outcome", "passed", "failed", flaky=True),
    ]
    assert line(suite, sessions, found).split() == ["lib", "1.0", "2", "2", "1", "-", "1", "0", "0"]


SAMPLE = """
import os, random, unittest
import pytest, torch

def test_passes(): random.random()
def test_fails(): assert 1 == 2, "first\\nsecond"
@pytest.mark.skip(reason="not here")
def test_skips(): pass
@pytest.mark.xfail(reason="known")
def test_xfails(): assert False
@pytest.fixture
def broken(): raise ValueError("broken")
def test_errors(broken): pass
@pytest.mark.parametrize("n", [1, 2])
def test_dies(n):
    if n == 1 and os.environ.get("DIE"): os._exit(3)
def test_trains():
    loss = torch.nn.Linear(2, 1)(torch.ones(3, 2)).sum()
    loss.backward()
class Test(unittest.TestCase):
    def test_subtests(self):
        for i in range(3):
            with self.subTest(i=i): self.assertNotEqual(i, 1)
"""

EXPECTED = {
    "test_passes": "passed",
    "test_fails": "failed",
    "test_skips": "skipped",
    "test_xfails": "xfailed",
    "test_errors": "error",
    "test_dies[1]": "passed",
    "test_dies[2]": "passed",
    "test_trains": "passed",
    "Test::test_subtests": "failed",
}


def installed(folder: Path) -> Environment:
    """An environment that needs no index: this interpreter, and tests that are written here."""
    environment = Environment(
        Suite("lib", "1.0", ("test_it.py",), "nothing"), folder, SOURCE, part=False, every=None
    )
    environment.python = Path(sys.executable)
    environment.tests.mkdir(parents=True)
    (environment.tests / "pytest.ini").write_text("[pytest]\n")
    (environment.tests / "test_it.py").write_text(SAMPLE)
    # pytest-timeout is no requirement of trainwell's own tests.
    (environment.tests / "pytest_timeout.py").write_text(
        "def pytest_addoption(parser): parser.addoption('--timeout')"
    )
    return environment


def outcomes(found: Session) -> dict[str, str]:
    return {test.partition("::")[2]: o.outcome for test, o in found.outcomes.items()}


def test_every_outcome_is_the_same_in_all_modes(tmp_path: Path) -> None:
    environment = installed(tmp_path)
    sessions = {mode: environment.run(mode) for mode in ("bare", "process", "each-test")}
    for mode, found in sessions.items():
        assert found.finished
        assert outcomes(found) == EXPECTED, mode
        differing = compare(sessions["bare"], found, mode)
        assert [d for d in differing if d.kind in ("outcome", "message")] == []
    assert steps_of(sessions["bare"])[0] == 0
    assert steps_of(sessions["process"])[0] == steps_of(sessions["each-test"])[0] == 1
    messages = {t.partition("::")[2]: o.message for t, o in sessions["bare"].outcomes.items()}
    assert messages["test_fails"] == "AssertionError: first"
    assert messages["test_skips"] == "Skipped: not here"
    assert messages["test_errors"] == "ValueError: broken"


def test_a_test_in_which_the_process_dies_is_crashed_and_the_others_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = installed(tmp_path)
    monkeypatch.setenv("DIE", "1")
    found = environment.run("bare")
    assert found.finished
    assert outcomes(found) == EXPECTED | {"test_dies[1]": "crashed"}


def test_an_interrupted_run_goes_on(tmp_path: Path) -> None:
    environment = installed(tmp_path)
    file = environment.results("bare")
    file.parent.mkdir(parents=True)
    known = {"test": "test_it.py::test_fails", "outcome": "passed", "message": "known before"}
    file.write_text(json.dumps(known) + '\n{"begun": "test_it.py::test_passes"}\n')
    found = environment.run("bare")
    assert outcomes(found) == EXPECTED | {"test_fails": "passed"}
    size = file.stat().st_size
    assert environment.run("bare") == found
    assert file.stat().st_size == size, "nothing was run again"


def test_only_the_tests_that_differ_run_again(tmp_path: Path) -> None:
    environment = installed(tmp_path)
    found = environment.again(["test_it.py::test_passes"])
    assert outcomes(found) == {"test_passes": "passed"}


def test_a_drawn_random_number_shows_in_the_state(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import random\ndef test_a(): pass\ndef test_b(): pass\n")
    (tmp_path / "draw.py").write_text("import random\ndef pytest_runtest_call(): random.random()\n")
    sessions = []
    for plugin in ([], ["-p", "draw"]):
        file = tmp_path / f"{len(plugin)}.jsonl"
        words = ["-m", "pytest", "-p", "record_outcomes", *plugin, "--outcomes", str(file)]
        subprocess.run(
            [sys.executable, *words, "-p", "no:cacheprovider", "test_it.py"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": f"{PLUGINS}{os.pathsep}{tmp_path}"},
            check=True,
            capture_output=True,
        )
        sessions.append(read(file))
    assert {(d.test, d.kind) for d in compare(*sessions, "process")} == {
        ("test_it.py::test_a", "python"),
        ("test_it.py::test_b", "python"),
    }


def test_an_index_that_cannot_be_reached_is_told_from_a_package_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    suite = Suite("lib", "1.0", ("tests",), "hooks")
    environment = Environment(suite, tmp_path, SOURCE, part=False, every=None)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(UnreachableError):
        environment.prepare()
    (tmp_path / "index").mkdir()
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "index").as_uri())
    with pytest.raises(NotInstalledError, match=r"lib==1\.0") as caught:
        environment.prepare()
    assert not isinstance(caught.value, UnreachableError)


def test_results_of_another_trainwell_are_not_taken(tmp_path: Path) -> None:
    (tmp_path / "trainwell").mkdir()
    suite = Suite("lib", "1.0", ("tests",), "hooks")

    def files() -> list[Path]:
        environment = Environment(suite, tmp_path, tmp_path, part=False, every=None)
        return [environment.results(mode) for mode in ("bare", "process")]

    bare, process = files()
    (tmp_path / "trainwell" / "probe.py").write_text("1")
    assert files()[0] == bare
    assert files()[1] != process


def test_the_table_gives_a_reason_for_whatever_is_left_out() -> None:
    for suite in SUITES.values():
        assert all([*suite.ignored.values(), *suite.deselected.values(), suite.about]), suite.name
        assert all((PLUGINS.parent / name).exists() for name in suite.added.values())
        unpinned = {need for need in suite.needs if "==" not in need}
        assert unpinned <= {"mpmath", "pandas", "pillow", "sympy"}, "compiled for every Python"
