"""Trials as processes of this machine, several at a time."""

from __future__ import annotations

__all__ = ["Pool", "preloads"]

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
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from trainwell.errors import TrainwellError
from trainwell.trials.job import Job, Outcome

_PRELOADED = frozenset({"numpy", "pandas", "scipy", "sklearn"})
"""Packages that do nothing on import but take their time; others are left to the script."""


@dataclass
class _Running:
    job: Job
    result: str
    output: str
    began: float
    pid: int | None = None


class Pool:
    """Runs jobs in forks of one process that has PyTorch loaded.

    Args:
        size: how many run at a time.
        modules: what that process imports beforehand.

    Raises:
        TrainwellError: if the process does not start.
    """

    def __init__(self, size: int, modules: tuple[str, ...] = ()) -> None:
        self.size = size
        self._folder = tempfile.mkdtemp(prefix="trainwell-trials-")
        self._running: dict[int, _Running] = {}
        self._count = 0
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        environment = os.environ | {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": _threads(size)}
        self._log = open(os.path.join(self._folder, "server"), "w+b")  # noqa: SIM115
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
            raise TrainwellError(f"the process for trials did not start: {self._last_words()}")

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
        self._server.stdin.write((json.dumps(order) + "\n").encode())
        self._server.stdin.flush()
        return number

    def wait(self, limit: float = float("inf")) -> tuple[int, Outcome]:
        """Wait for the next job to end.

        Args:
            limit: seconds that a job may take; one that takes longer is killed and has failed.

        Raises:
            TrainwellError: if the process for trials is gone.
        """
        while True:
            for number, running in self._running.items():
                if time.monotonic() - running.began > limit and running.pid is not None:
                    _kill(running.pid)
                    text = f"stopped after {limit:.0f} seconds"
                    del self._running[number]
                    return number, Outcome(-signal.SIGKILL, text)
            try:
                said = self._said.get(timeout=None if limit == float("inf") else 1.0)
            except queue.Empty:
                continue
            if said is None:
                raise TrainwellError(f"the process for trials has died: {self._last_words()}")
            known = self._running.get(said["id"])
            if known is None:
                continue
            if "pid" in said:
                known.pid = said["pid"]
                continue
            del self._running[said["id"]]
            outcome = _outcome(known, said["status"])
            _remove(known)
            return said["id"], outcome

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
    for path in (running.result, running.output):
        with suppress(FileNotFoundError):
            os.unlink(path)


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _threads(size: int) -> str:
    return str(max(1, len(os.sched_getaffinity(0)) // size))


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
