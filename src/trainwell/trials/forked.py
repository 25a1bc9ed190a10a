"""A process for trials that is forked from this one: it has whatever this one has in memory."""

from __future__ import annotations

__all__ = ["Forked"]

import os
import signal
import subprocess
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from trainwell.trials.job import Job, Outcome


class Forked:
    """Serves trials in a fork of this process; as much of a `subprocess.Popen` as `Pool` needs.

    Args:
        work: does a job, given the file that takes what is printed.
        log: takes what the process itself says.
    """

    def __init__(self, work: Callable[[Job, str], Outcome], log: BinaryIO) -> None:
        orders, self_orders = os.pipe()
        self_answers, answers = os.pipe()
        self._status: int | None = None
        self._pid = os.fork()
        if self._pid == 0:
            status = 1
            try:
                os.close(self_orders)
                os.close(self_answers)
                os.dup2(log.fileno(), 2)
                from trainwell.trials.server import serve

                serve(orders, answers, work)
                status = 0
            except BaseException:  # noqa: BLE001 - printed into the log, whose end the driver shows
                traceback.print_exc()
            finally:
                os._exit(status)
        os.close(orders)
        os.close(answers)
        self.stdin: BinaryIO = os.fdopen(self_orders, "wb")
        self.stdout: BinaryIO = os.fdopen(self_answers, "rb")

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._pid

    def wait(self, timeout: float = float("inf")) -> int:
        """Wait until it has ended.

        Raises:
            subprocess.TimeoutExpired: if it has not by then.
        """
        end = time.monotonic() + timeout
        while self._status is None:
            ended, status = os.waitpid(self._pid, os.WNOHANG)
            if ended:
                self._status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > end:
                raise subprocess.TimeoutExpired("trials", timeout)
            else:
                time.sleep(0.002)
        return self._status

    def kill(self) -> None:
        """Kill it."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
