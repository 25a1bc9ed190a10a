"""A script under `trainwell run` next to the same script under `python`."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

_TOOL = [str(Path(sys.executable).with_name("trainwell")), "run"]
_SILENT = "trainwell: saw no backward(): nothing was trained, so there is nothing to diagnose\n"


@dataclass
class Ended:
    """What a process left."""

    status: int
    out: str
    err: str


Both = Callable[..., Ended]


@pytest.fixture
def both(tmp_path: Path) -> Both:
    """Writes a script, runs it under python and under trainwell, and compares what they leave."""

    def compare(
        source: str,
        *arguments: str,
        files: dict[str, str] | None = None,
        command: list[str] | None = None,
        stdin: str = "",
        environment: dict[str, str] | None = None,
    ) -> Ended:
        for name, text in {"train.py": source, **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        words = [*(command or ["train.py"]), *arguments]
        plain, watched = (
            _run([*start, *words], tmp_path, stdin, environment)
            for start in ([sys.executable], _TOOL)
        )
        assert watched.out == plain.out
        # None of these trains, and trainwell says so at the very end.
        assert watched.err.endswith(_SILENT), watched.err
        assert watched.err[: -len(_SILENT)] == plain.err
        assert watched.status == plain.status
        return plain

    return compare


def _run(
    words: list[str], folder: Path, stdin: str = "", environment: dict[str, str] | None = None
) -> Ended:
    done = subprocess.run(
        words,
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0", **(environment or {})},
    )
    out, err = (re.sub(r"\b0x[0-9a-f]+", "0x", text) for text in (done.stdout, done.stderr))
    return Ended(done.returncode, out, err)


def test_arguments_paths_and_working_directory(both: Both) -> None:
    seen = both(
        """
        import os, sys
        print(sys.argv, __name__, __file__, __spec__, __package__, __doc__)
        print([p for p in sys.path if "trainwell" not in p], os.getcwd())
        """,
        "--help",
        "--budget",
        "-m",
        "x",
        "--",
        "--lr=0.1",
    )
    assert seen.out.startswith("['train.py', '--help', '--budget', '-m', 'x', '--', '--lr=0.1']")


def test_a_script_in_another_folder_behind_a_link(both: Both, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.py").symlink_to(tmp_path / "real" / "train.py")
    seen = both(
        "",
        files={
            "real/train.py": "import sys, near; print(sys.path[0], __file__, sys.argv)",
            "real/near.py": "print('near')",
        },
        command=["link.py"],
    )
    assert seen.out.startswith(f"near\n{tmp_path}/real {tmp_path}/link.py ['link.py']")


def test_the_main_module_is_what_python_makes(both: Both) -> None:
    both(
        '''
        """The docstring."""
        x: int = 3
        import sys
        main = sys.modules["__main__"]
        assert main.__dict__ is globals()
        for name, value in list(globals().items()):
            if name != "main":
                print(name, value if name != "__loader__" else type(value))
        print(__loader__.path, __loader__.name, __annotations__, type(__builtins__))
        '''
    )


def test_safe_path_is_respected(both: Both) -> None:
    seen = both(
        "import sys; print([p for p in sys.path if 'trainwell' not in p])",
        environment={"PYTHONSAFEPATH": "1", "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )
    assert "python" in seen.out


def test_streams_are_untouched(both: Both) -> None:
    seen = both(
        """
        import sys
        print(input(), sys.stdin.read().upper(), end="")
        print("error", file=sys.stderr)
        print(sys.stdout.isatty(), sys.stdout.encoding, sys.stdout.line_buffering)
        sys.stdout.buffer.write(bytes([0x66, 0x0a]))
        """,
        stdin="one\ntwo\nthree\n",
    )
    assert seen.out.startswith("one TWO\nTHREE\n")


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("", 0),
        ("sys.exit()", 0),
        ("sys.exit(0)", 0),
        ("sys.exit(3)", 3),
        ("sys.exit(256 + 7)", 7),
        ("sys.exit(-1)", 255),
        ("sys.exit('some text')", 1),
        ("sys.exit((1, 2))", 1),
        ("raise SystemExit", 0),
        ("raise SystemExit(True)", 1),
        ("raise ValueError('no')", 1),
        ("raise KeyboardInterrupt", -signal.SIGINT),
        ("raise BaseException", 1),
        ("exit(4)", 4),
    ],
)
def test_exit_statuses(both: Both, end: str, status: int) -> None:
    assert both(f"import sys\nprint('started')\n{end}\n").status == status


def test_a_killed_script_is_just_gone(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import os\nprint('x', flush=True)\nos._exit(5)\n")
    watched = _run([*_TOOL, "train.py"], tmp_path)
    assert (watched.status, watched.out, watched.err) == (5, "x\n", "")


def test_tracebacks_are_pythons(both: Both) -> None:
    seen = both(
        """
        import near

        def outer():
            try:
                near.fail()
            except ZeroDivisionError as error:
                raise RuntimeError("outer") from error

        try:
            outer()
        except RuntimeError:
            {}["missing"]
        """,
        files={"near.py": "def fail():\n    return 1 / 0\n"},
    )
    assert "direct cause" in seen.err
    assert "During handling" in seen.err
    assert "KeyError: 'missing'" in seen.err


def test_tracebacks_of_groups_notes_and_recursion(both: Both) -> None:
    seen = both(
        """
        def deep(n):
            return deep(n - 1) if n else 1 / 0
        try:
            deep(100)
        except ZeroDivisionError as error:
            error.add_note("a note")
            raise ExceptionGroup("several", [ValueError("one"), error])
        """
    )
    assert "Previous line repeated 98 more times" in seen.err


def test_tracebacks_of_failed_imports(both: Both) -> None:
    both("import json\nimport near\n", files={"near.py": "import a_module_that_is_missing\n"})
    both("import near\n", files={"near.py": "x = = 3\n"})


def test_a_failing_torch_fails_as_it_does(both: Both) -> None:
    # The hook that waits for torch stands between Python's import machinery and this module.
    seen = both("import torch\n", files={"torch.py": "print('mine')\nraise ImportError('no')\n"})
    assert seen.out == "mine\n"
    both("import torch\n", files={"torch.py": "import a_module_that_is_missing\n"})


def test_an_excepthook_of_the_scripts_own(both: Both) -> None:
    seen = both(
        """
        import sys, traceback
        def hook(kind, value, tb):
            assert value.__traceback__ is tb
            print("hook:", kind.__name__, value, traceback.format_tb(tb))
        sys.excepthook = hook
        raise ValueError("no")
        """
    )
    assert seen.out.startswith("hook: ValueError no")
    assert seen.status == 1


def test_a_failing_excepthook(both: Both) -> None:
    both("import sys\nsys.excepthook = lambda *a: 1 / 0\nraise ValueError('no')\n")


def test_threads_and_exit_handlers_come_first(tmp_path: Path) -> None:
    source = """
        import atexit, threading, sys
        atexit.register(lambda: print("atexit", file=sys.stderr))
        go = threading.Event()
        def work():
            go.wait()
            print("thread", file=sys.stderr)
        threading.Thread(target=work).start()
        threading.Timer(0.05, go.set).start()
        print("end of script", file=sys.stderr)
        """
    (tmp_path / "train.py").write_text(textwrap.dedent(source))
    watched = _run([*_TOOL, "train.py"], tmp_path)
    assert watched.err == "end of script\nthread\natexit\n" + _SILENT


def test_exceptions_in_threads_and_exit_handlers(both: Both) -> None:
    seen = both(
        """
        import atexit, threading
        def fail():
            raise ValueError("no")
        atexit.register(fail)
        thread = threading.Thread(target=fail, name="worker")
        thread.start()
        thread.join()
        """
    )
    assert seen.err.count("ValueError: no") == 2


_PROCESSES = """
import multiprocessing as mp, pickle, sys
from dataclasses import dataclass

@dataclass
class Item:
    value: int

def double(item):
    return Item(item.value * 2)

print("main module runs as", __name__)
if __name__ == "__main__":
    context = mp.get_context(sys.argv[1])
    with context.Pool(1) as pool:
        print(pool.map(double, [Item(1), Item(2)]))
    assert pickle.loads(pickle.dumps(Item(3))) == Item(3)
    print(pickle.dumps(Item).count(b"__main__"))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_worker_processes(both: Both, method: str) -> None:
    seen = both(_PROCESSES, method)
    assert "[Item(value=2), Item(value=4)]" in seen.out
    assert seen.err == ""


def test_spawned_workers_of_a_module(both: Both) -> None:
    seen = both(
        "",
        "spawn",
        command=["-m", "package.worker"],
        files={"package/__init__.py": "", "package/worker.py": _PROCESSES},
    )
    assert "[Item(value=2), Item(value=4)]" in seen.out


def test_forked_children_end_in_silence(both: Both) -> None:
    seen = both(
        """
        import os, signal, sys
        child = os.fork()
        if child == 0:
            print("child", signal.getsignal(signal.SIGTERM), flush=True)
            sys.exit(0)
        print(os.waitpid(child, 0)[1])
        """
    )
    assert seen.out == f"child {int(signal.SIG_DFL)!r}\n0\n" or "SIG_DFL" in seen.out


def test_the_source_can_be_inspected(both: Both) -> None:
    both(
        """
        import inspect, typing
        from dataclasses import dataclass, fields
        from typing import NamedTuple, get_type_hints

        @dataclass
        class Settings:
            rate: "float" = 0.1
            near: "Settings | None" = None

        class Pair(NamedTuple):
            a: int

        print(inspect.getsource(Settings), inspect.getfile(Settings))
        print(get_type_hints(Settings), len(fields(Settings)), Settings.__module__, Pair(1))
        print(inspect.getmodule(Settings))
        """
    )


def test_modules_run_as_with_dash_m(both: Both) -> None:
    seen = both(
        "",
        "--lr",
        "0.1",
        "--json",
        command=["-m", "package.train"],
        files={
            "package/__init__.py": "import sys; print('package', sys.argv)",
            "package/near.py": "value = 3",
            "package/train.py": """
                import sys
                from .near import value
                print(value, sys.argv, __package__, __spec__.name, __file__, __name__)
                print(sys.path[0])
                if __name__ == "__main__":
                    raise ValueError("no")
                """,
        },
    )
    assert "['-m', '--lr', '0.1', '--json']" in seen.out
    assert "runpy" in seen.err


def test_packages_folders_and_archives(both: Both, tmp_path: Path) -> None:
    files = {"package/__init__.py": "", "package/__main__.py": "import sys; print(sys.argv, 1)"}
    assert both("", "x", command=["-m", "package"], files=files).status == 0
    assert (
        "['folder', 'x']"
        in both(
            "", "x", command=["folder"], files={"folder/__main__.py": "import sys; print(sys.argv)"}
        ).out
    )
    with zipfile.ZipFile(tmp_path / "archive.pyz", "w") as archive:
        archive.writestr("__main__.py", "import sys; print(sys.argv, sys.path[0], __file__)")
    assert "archive.pyz" in both("", command=["archive.pyz"]).out


def test_torch_is_not_there_before_the_script_wants_it(both: Both) -> None:
    both(
        """
        import sys
        heavy = ["torch", "numpy", "sklearn", "optuna", "libcst", "jinja2", "rich"]
        heavy += ["typer", "pydantic", "multiprocessing"]
        print([name for name in heavy if name in sys.modules])
        print(sys.meta_path[-1])
        """
    )


def test_the_interpreter_is_as_python_leaves_it(both: Both) -> None:
    both(
        """
        import faulthandler, gc, locale, os, random, signal, sys, threading, tracemalloc, warnings
        print(sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__)
        print(sys.unraisablehook is sys.__unraisablehook__, threading.excepthook)
        print(sys.stdout is sys.__stdout__, sys.stderr is sys.__stderr__, sys.stdin)
        print(sys.gettrace(), sys.getprofile(), threading.gettrace(), sys.breakpointhook)
        print(warnings.filters, warnings.showwarning, sys.flags, sys.getrecursionlimit())
        print(gc.get_threshold(), gc.isenabled(), gc.callbacks, sys.path_hooks)
        print(locale.setlocale(locale.LC_ALL), tracemalloc.is_tracing(), faulthandler.is_enabled())
        print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGCHLD))
        print([t.name for t in threading.enumerate()], sys.getswitchinterval())
        print(sorted(k for k in os.environ if k not in ("_", "LINES", "COLUMNS")), os.umask(0o22))
        print(sorted(os.listdir(".")) and sys.dont_write_bytecode, sys.pycache_prefix, sys.argv)
        random.seed(3)
        print(random.random(), sys.modules["__main__"] is sys.modules[__name__])
        """
    )


@pytest.mark.parametrize("switch", ["enable", "disable"])
def test_garbage_is_collected_as_the_script_wants_it(both: Both, switch: str) -> None:
    both(
        f"""
        import atexit, gc
        gc.{switch}()
        import torch
        print(gc.isenabled(), gc.get_threshold())
        atexit.register(lambda: print(gc.isenabled()))
        """
    )


def test_future_imports_do_not_leak_into_the_script(both: Both) -> None:
    both("def f(x: 1 + 1): pass\nprint(f.__annotations__)\n")


def test_encodings_and_warnings_of_the_source(both: Both, tmp_path: Path) -> None:
    both("print('\\d')\nif 1 is 1: print('é')\n", environment={"PYTHONWARNINGS": "default"})
    (tmp_path / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\nprint('\xe9', __file__)\n")
    both("", command=["latin.py"])


def test_a_script_may_close_or_replace_its_streams(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import sys\nsys.stdout = open('log', 'w')\nprint('x')\n")
    watched = _run([*_TOOL, "train.py"], tmp_path)
    assert (watched.status, watched.out, watched.err) == (0, "", _SILENT)
    assert (tmp_path / "log").read_text() == "x\n"


def test_the_scripts_own_modules_shadow_nothing_of_trainwells(tmp_path: Path) -> None:
    for name in ("statistics", "report", "errors", "difflib", "record", "rich", "cli"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('shadowed')\n")
    (tmp_path / "train.py").write_text("print('x')\n")
    watched = _run([*_TOOL, "train.py"], tmp_path)
    assert (watched.out, watched.err) == ("x\n", _SILENT)


_SLEEPER = """
import sys, time
try:
    print("ready", flush=True)
    while True:
        time.sleep(0.01)
finally:
    print("finally", flush=True)
"""


def _signalled(source: str, number: int, folder: Path) -> Ended:
    (folder / "train.py").write_text(textwrap.dedent(source))
    with subprocess.Popen(
        [*_TOOL, "train.py"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    return Ended(process.returncode, out, err)


def test_sigterm_ends_it_as_it_ends_python_but_with_the_report(tmp_path: Path) -> None:
    ended = _signalled(_SLEEPER, signal.SIGTERM, tmp_path)
    assert ended == Ended(-signal.SIGTERM, "", _SILENT)


def test_sigint_ends_it_as_it_ends_python_but_with_the_report(tmp_path: Path) -> None:
    ended = _signalled(_SLEEPER, signal.SIGINT, tmp_path)
    assert (ended.status, ended.out) == (-signal.SIGINT, "finally\n")
    assert re.fullmatch(
        r'Traceback \(most recent call last\):\n  File ".*/?train\.py", line \d, in <module>\n'
        r"    \S.*\nKeyboardInterrupt\n" + re.escape(_SILENT),
        ended.err,
    )


def test_a_sigterm_handler_of_the_scripts_own_counts(tmp_path: Path) -> None:
    ended = _signalled(
        """
        import signal, sys, time
        def stop(*_):
            print("saved", flush=True)
            sys.exit(9)
        signal.signal(signal.SIGTERM, stop)
        print("ready", flush=True)
        while True:
            time.sleep(0.01)
        """,
        signal.SIGTERM,
        tmp_path,
    )
    assert ended == Ended(9, "saved\n", _SILENT)


def test_sigterm_while_waiting_for_a_thread(tmp_path: Path) -> None:
    ended = _signalled(
        """
        import threading, time
        def work():
            print("ready", flush=True)
            while True:
                time.sleep(0.01)
        threading.Thread(target=work).start()
        """,
        signal.SIGTERM,
        tmp_path,
    )
    assert (ended.status, ended.err) == (-signal.SIGTERM, _SILENT)
