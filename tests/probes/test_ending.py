"""The callback at the end of a process."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap

import pytest

_START = """
import atexit, os, signal, sys, threading, time
from trainwell.probes.ending import Ending
def end():
    print("end", ending.status, flush=True)
    return 5
ending = Ending(end)
ending.arm()
"""


def _run(source: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", _START + textwrap.dedent(source)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_callbacks_status_counts_if_the_script_succeeded() -> None:
    assert _run("") == (5, "end 0\n")


def test_the_scripts_own_status_comes_first() -> None:
    assert _run("ending.status = 3; sys.exit(3)") == (3, "end 3\n")


def test_it_comes_after_threads_and_exit_handlers() -> None:
    source = """
        atexit.register(print, "handler")
        go = threading.Event()
        threading.Thread(target=lambda: (go.wait(), print("thread"))).start()
        go.set()
        """
    assert _run(source) == (5, "thread\nhandler\nend 0\n")


def test_what_is_buffered_is_not_lost() -> None:
    assert _run("print('x' * 10, end='')") == (5, "x" * 10 + "end 0\n")


def test_forked_children_do_not_call_back() -> None:
    source = """
        child = os.fork()
        if not child:
            print("child", signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, flush=True)
            sys.exit(0)
        print(os.waitpid(child, 0)[1], flush=True)
        """
    assert _run(source) == (5, "child True\n0\nend 0\n")


def test_sigterm_calls_back_once_and_ends_the_process() -> None:
    source = "os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    assert _run(source) == (-signal.SIGTERM, "end -15\n")


def test_sigterm_waits_for_shielded_work() -> None:
    source = """
        with ending.shield():
            with ending.shield():
                os.kill(os.getpid(), signal.SIGTERM)
                print("first half", flush=True)
            print("second half", flush=True)
        print("never")
        """
    assert _run(source) == (-signal.SIGTERM, "first half\nsecond half\nend -15\n")


def test_a_shield_in_another_thread_does_not_hold_sigterm_back() -> None:
    source = """
        inside = threading.Event()
        def work():
            with ending.shield():
                inside.set()
                time.sleep(60)
        threading.Thread(target=work, daemon=True).start()
        inside.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)
        """
    assert _run(source) == (-signal.SIGTERM, "end -15\n")


@pytest.mark.parametrize("handler", ["signal.SIG_IGN", "lambda *_: print('own', flush=True)"])
def test_a_handler_that_is_there_stays(handler: str) -> None:
    source = f"""
        import signal, os
        signal.signal(signal.SIGTERM, {handler})
        {_START.replace(chr(10), chr(10) + " " * 8)}
        os.kill(os.getpid(), signal.SIGTERM)
        print("on", flush=True)
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    own = "" if "IGN" in handler else "own\n"
    assert (done.returncode, done.stdout) == (5, f"{own}on\nend 0\n")


def test_an_interrupt_still_ends_by_sigint() -> None:
    source = """
        from dataclasses import dataclass
        def end():
            # A dataclass runs a string, and Python forgets how the one before it ended.
            @dataclass
            class Point:
                x: int
            print("end", flush=True)
            return 0
        ending._callback = end
        ending.status = -signal.SIGINT
        raise KeyboardInterrupt
        """
    done = subprocess.run(
        [sys.executable, "-c", _START + textwrap.dedent(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGINT, "end\n")
    assert done.stderr.endswith("KeyboardInterrupt\n")


def test_imports_at_the_end_do_not_see_the_scripts_folder() -> None:
    source = """
        sys.path.insert(0, "/somewhere/else")
        with ending.own_path():
            print("/somewhere/else" in sys.path, flush=True)
        print(sys.path[0], flush=True)
        """
    assert _run(source) == (5, "False\n/somewhere/else\nend 0\n")
