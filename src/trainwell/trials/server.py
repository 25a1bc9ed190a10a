"""A process that has PyTorch loaded and forks a child for every trial.

    python -m trainwell.trials.server MODULE...

Importing torch takes longer than many trials do; a fork of a process that has it takes
milliseconds, and is as separate. Orders come line by line on standard input, as JSON: {"id",
"job", "result", "output"}. Answers go line by line to standard output: {"id", "pid"} when a trial
has begun, {"id", "status"} when its process has ended. When standard input ends, so do all trials.
"""

from __future__ import annotations

__all__ = ["main", "serve"]

import gc
import importlib
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch._dynamo  # noqa: F401 - the first optimizer imports it: shared by all trials here

from trainwell.trials.job import Job, Outcome
from trainwell.trials.worker import work


def main(modules: list[str]) -> int:
    """Serve until standard input ends.

    Args:
        modules: to import beforehand; those that cannot be imported are left to the script.
    """
    for name in modules:
        with suppress(ImportError):
            importlib.import_module(name)
    serve(0, 1, work)
    return 0


def serve(orders: int, answers: int, work: Callable[[Job, str], Outcome]) -> None:
    """Serve until the orders end.

    Args:
        orders: descriptor that they come from.
        answers: descriptor that answers go to.
        work: does a job in a process of its own, given the file that takes what is printed.
    """
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # Ctrl-C reaches the whole group of the terminal; the driver decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running: dict[int, int] = {}
    waiting = b""
    # What all trials share is not theirs to look through: remedies search the objects of a trial.
    gc.collect()
    gc.freeze()
    _say(answers, {"ready": True})
    while True:
        ready, _, _ = select.select([orders, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            _reap(running, answers)
        if orders in ready:
            data = os.read(orders, 1 << 16)
            if not data:
                break
            *lines, waiting = (waiting + data).split(b"\n")
            for line in lines:
                order = json.loads(line)
                child = _start(order, (wake, waker, orders, answers), work)
                running[child] = order["id"]
                _say(answers, {"id": order["id"], "pid": child})
    for child in running:
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)


def _start(
    order: dict[str, Any], pipes: tuple[int, ...], work: Callable[[Job, str], Outcome]
) -> int:
    child = os.fork()
    if child:
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(child, child)
        return child
    status = 1
    try:
        # A group of its own, so that its workers end with it.
        with suppress(PermissionError):
            os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        for pipe in pipes:
            if pipe > 2:  # the standard streams are redirected by the work
                os.close(pipe)
        outcome = work(Job.from_text(order["job"]), order["output"])
        part = order["result"] + ".part"
        with open(part, "w", encoding="utf-8") as file:
            json.dump(outcome.to_json(), file)
        # Whole or not at all: a result that is there is complete.
        os.replace(part, order["result"])
        status = 0
    except BaseException:  # noqa: BLE001 - printed, and the driver sees that no result came
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(status)


def _reap(running: dict[int, int], answers: int) -> None:
    for child in list(running):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            # What the script started and left behind goes with it.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child, signal.SIGKILL)
            code = os.waitstatus_to_exitcode(status)
            _say(answers, {"id": running.pop(child), "status": code})


def _say(answers: int, what: dict[str, Any]) -> None:
    os.write(answers, (json.dumps(what) + "\n").encode())


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
