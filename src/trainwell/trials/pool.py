"""Trials as processes of this machine, several at a time."""

from __future__ import annotations

__all__ = ["Point", "Pool", "PoolDiedError", "cores", "points_path", "preloads"]

import ast
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeAlias

import joblib

from trainwell.errors import TrainwellError
from trainwell.trials.forked import Forked
from trainwell.trials.job import Job, Outcome

_PRELOADED = frozenset({"numpy", "pandas", "scipy", "sklearn"})
"""Packages that do nothing on import but take their time; others are left to the script."""


_LOOK = 0.05
"""Seconds between two looks at what trials say of their evaluations."""

Point: TypeAlias = "tuple[str, float, float | None]"
"""An evaluation that has ended: its curve's name, loss, and accuracy or None."""


@dataclass
class _Running:
    job: Job
    result: str
    output: str
    began: float
    pid: int | None = None
    told: int = 0


class PoolDiedError(TrainwellError):
    """The process for trials is gone, and what ran in it."""


class Pool:
    """Runs jobs in forks of one process that has PyTorch loaded.

    Args:
        size: how many run at a time.
        modules: what that process imports beforehand.
        work: does a job, in a fork of a fork of this process; None: runs scripts, in forks of a
            process that has PyTorch and the modules, and nothing else.

    Raises:
        PoolDiedError: if the process does not start.
    """

    def __init__(
        self,
        size: int,
        modules: tuple[str, ...] = (),
        work: Callable[[Job, str], Outcome] | None = None,
    ) -> None:
        self.size = size
        self._stopped: dict[int, _Running] = {}
        self._folder = tempfile.mkdtemp(prefix="trainwell-trials-")
        self._running: dict[int, _Running] = {}
        self._count = 0
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        environment = os.environ | {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": _threads(size)}
        self._log = open(os.path.join(self._folder, "server"), "w+b")  # noqa: SIM115
        self._server: subprocess.Popen[bytes] | Forked
        if work is not None:
            self._server = Forked(work, self._log)
        else:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "trainwell.trials.server", *modules],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=environment,
            )
        threading.Thread(target=self._listen, daemon=True).start()
        if self._said.get() is None:
            self.close()
            raise PoolDiedError(f"the process for trials did not start: {self._last_words()}")

    def __enter__(self) -> Pool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def free(self) -> int:
        """How many more jobs may start now."""
        return self.size - len(self._running)

    @property
    def threads(self) -> int:
        """Threads that each job may use without crowding the others."""
        return int(_threads(self.size))

    def start(self, job: Job) -> int:
        """Start a job.

        Returns:
            Its number, by which `wait` tells of its end.
        """
        self._count += 1
        number = self._count
        path = os.path.join(self._folder, str(number))
        self._running[number] = _Running(job, path + ".json", path + ".txt", time.monotonic())
        order = {
            "id": number,
            "job": job.to_text(),
            "result": path + ".json",
            "output": path + ".txt",
        }
        assert self._server.stdin is not None
        try:
            self._server.stdin.write((json.dumps(order) + "\n").encode())
            self._server.stdin.flush()
        except BrokenPipeError:
            raise PoolDiedError(f"the process for trials has died: {self._last_words()}") from None
        return number

    def stop(self, number: int) -> None:
        """Kill a job; `wait` tells no more of it."""
        running = self._running.pop(number)
        self._stopped[number] = running
        if running.pid is not None:
            _kill(running.pid)

    def follow(
        self,
        hear: Callable[[int, Point], None] | None = None,
        limit: float = float("inf"),
        until: float = float("inf"),
    ) -> tuple[int, Outcome] | None:
        """Wait for the next job to end, and hear of the evaluations until then.

        Args:
            hear: called with the evaluations of the jobs that are followed, as they end; it may
                stop jobs.
            limit: seconds that a job may take; one that takes longer is killed and has failed.
            until: seconds after which to give up.

        Returns:
            The job's number and outcome; None when none has ended by `until`, or when all that
            ran were stopped.

        Raises:
            PoolDiedError: if the process for trials is gone.
        """
        end = time.monotonic() + until
        while self._running:
            if hear is not None:
                self._tell(hear)
                if not self._running:
                    return None
            if time.monotonic() > end:
                return None
            for number, running in self._running.items():
                if time.monotonic() - running.began > limit and running.pid is not None:
                    _kill(running.pid)
                    text = f"stopped after {limit:.0f} seconds"
                    del self._running[number]
                    return number, Outcome(-signal.SIGKILL, text)
            patient = None if limit == until == float("inf") else 1.0
            try:
                said = self._said.get(
                    timeout=_LOOK if hear is not None else patient and min(patient, until)
                )
            except queue.Empty:
                continue
            if said is None:
                raise PoolDiedError(f"the process for trials has died: {self._last_words()}")
            known = self._running.get(said["id"])
            if known is None:
                self._bury(said)
                continue
            if "pid" in said:
                known.pid = said["pid"]
                continue
            if hear is not None:
                self._tell(hear, said["id"])
                if said["id"] not in self._running:
                    self._bury(said)
                    continue
            del self._running[said["id"]]
            outcome = _outcome(known, said["status"])
            _remove(known)
            return said["id"], outcome
        return None

    def wait(self, limit: float = float("inf")) -> tuple[int, Outcome]:
        """Wait for the next job to end, where one runs.

        Args:
            limit: seconds that a job may take; one that takes longer is killed and has failed.

        Raises:
            PoolDiedError: if the process for trials is gone.
        """
        ended = self.follow(limit=limit)
        assert ended is not None
        return ended

    def _bury(self, said: dict[str, Any]) -> None:
        """What is said of a job that was stopped."""
        stopped = self._stopped.get(said["id"])
        if stopped is None:
            return
        if "pid" in said:
            _kill(said["pid"])
        else:
            _remove(self._stopped.pop(said["id"]))

    def _tell(self, hear: Callable[[int, Point], None], only: int | None = None) -> None:
        """Read what the jobs have said of their evaluations."""
        for number, running in list(self._running.items()):
            if not running.job.follow or only not in (None, number):
                continue
            try:
                with open(points_path(running.output), "rb") as file:
                    file.seek(running.told)
                    text = file.read()
            except FileNotFoundError:
                continue
            running.told += len(text)
            for line in text.splitlines():
                if number in self._running:
                    name, loss, accuracy = json.loads(line)
                    hear(number, (name, loss, accuracy))

    def close(self) -> None:
        """End all trials that still run, and the process for trials."""
        for running in self._running.values():
            if running.pid is not None:
                _kill(running.pid)
        self._running.clear()
        if self._server.stdin is not None:
            with suppress(BrokenPipeError):
                self._server.stdin.close()
        try:
            self._server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._log.close()
        if self._server.stdout is not None:
            self._server.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _listen(self) -> None:
        assert self._server.stdout is not None
        with suppress(ValueError):  # the stream was closed
            for line in self._server.stdout:
                self._said.put(json.loads(line))
        self._said.put(None)

    def _last_words(self) -> str:
        if self._log.closed:
            return "see above"
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _outcome(running: _Running, status: int) -> Outcome:
    try:
        with open(running.result, encoding="utf-8") as file:
            return Outcome.from_json(json.load(file))
    except FileNotFoundError:
        pass
    text = ""
    with suppress(OSError), open(running.output, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if status < 0:
        return Outcome(status, f"killed by {signal.Signals(-status).name}", output=text)
    last = text.strip().splitlines()[-1:] or ["it ended without a result"]
    return Outcome(status or 1, last[0], output=text)


def _remove(running: _Running) -> None:
    """What a trial has left: hundreds of them would fill the disk."""
    shutil.rmtree(running.output + ".folder", ignore_errors=True)
    for path in (running.result, running.output, points_path(running.output)):
        with suppress(FileNotFoundError):
            os.unlink(path)


def points_path(output: str) -> str:
    """Where a trial tells of its evaluations, by the file that takes what it prints."""
    return output + ".points"


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def cores() -> int:
    """How many processors this process may use: less than there are by affinity or a cgroup."""
    return int(joblib.cpu_count())


def _threads(size: int) -> str:
    return str(max(1, cores() // size))


def preloads(script: str) -> tuple[str, ...]:
    """Modules that a script imports, and that may be imported before it: of a few big packages."""
    try:
        with open(script, "rb") as file:
            tree = ast.parse(file.read())
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(dict.fromkeys(_imported(tree)))


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            if name.split(".")[0] in _PRELOADED:
                yield name
