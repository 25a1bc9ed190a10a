"""Work in a copy of the process."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from trainwell.probes.counterfactuals import ForkError, answers


def test_answers_come_in_their_order() -> None:
    def work() -> Iterator[dict[str, Any]]:
        yield from ({"n": n} for n in range(3))

    assert answers(work, 30) == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_what_was_answered_before_the_limit_counts_and_nothing_is_left_behind() -> None:
    reader, writer = os.pipe()

    def work() -> Iterator[dict[str, Any]]:
        os.write(writer, b"x")
        yield {"process": os.getpid()}
        threading.Event().wait()

    (answer,) = answers(work, 0.5)
    assert answer["process"] != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(answer["process"], 0)
    os.close(writer)
    # The pipe ends: nobody else holds it any more.
    assert os.read(reader, 2) == b"x"
    assert os.read(reader, 1) == b""
    os.close(reader)


def test_an_exception_in_the_copy_is_told() -> None:
    def work() -> Iterator[dict[str, Any]]:
        yield {"n": 0}
        raise ValueError("no such thing")

    with pytest.raises(ForkError, match="ValueError: no such thing"):
        answers(work, 30)


def test_an_exception_here_takes_the_copy_along(monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[int] = []
    fork = os.fork
    monkeypatch.setattr(os, "fork", lambda: children.append(child := fork()) or child)

    def interrupted(*args: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("trainwell.probes.counterfactuals.select.select", interrupted)
    with pytest.raises(KeyboardInterrupt):
        answers(lambda: iter(threading.Event().wait, None), 30)  # type: ignore[arg-type]
    with pytest.raises(ProcessLookupError):
        os.kill(children[0], 0)


def test_the_copy_prints_nothing_and_runs_no_exit_handler(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def work() -> Iterator[dict[str, Any]]:
        atexit.register(os.write, 1, b"handler")
        os.write(1, b"out")
        os.write(2, b"err")
        yield {}

    assert answers(work, 30) == [{}]
    assert capfd.readouterr() == ("", "")
