"""Scripts of unusual idioms behave under `trainwell run` exactly as under `python`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from trainwell.record.store import Store

_FOLDER = Path(__file__).parent.parent / "kinds" / "idioms"
_SCRIPTS = sorted(_FOLDER.glob("*.py"))

_SLOW = {
    "compile_eager",
    "compile_whole_step",
    "export",
    "large_graph",
    "pool_of_workers",
    "subprocesses",
    "workers_forkserver",
    "workers_spawn",
}
"""Several seconds each: they run in `make test-all` only."""

_LESS_OFTEN = {
    "conv_batchnorm",
    "cwd_removed",
    "defaults",
    "dropout_alone",
    "exceptions_chained",
    "exit_in_backward",
    "forward_called",
    "forward_mode",
    "func_call_backward",
    "func_jacrev",
    "func_jvp",
    "func_vmap_between",
    "function_setup_context",
    "gc_disabled",
    "grad_keywords",
    "hessian_vector",
    "interrupt_in_step",
    "interrupt_signal",
    "lazy_modules",
    "loader_kinds",
    "losses_then_backwards",
    "models_one_line",
    "monitoring",
    "mutation_allowed",
    "os_exit",
    "policy_gradient",
    "random_streams",
    "reloaded",
    "stdin_read",
    "terminated",
    "thread",
    "tiny",
    "unhashable_losses",
    "views_in_place",
}
"""Close to others: left to `make test-all` too, for `make test` to stay quick."""


@dataclass(frozen=True)
class Setting:
    """How a script is started.

    Attributes:
        flags: the interpreter's options.
        stdin: what standard input holds.
        unread: standard output is a pipe whose reading end is closed.
        folder: name of the folder that the script is copied to.
    """

    flags: tuple[str, ...] = ()
    stdin: str = ""
    unread: bool = False
    folder: bytes = b"scripts"


_SETTINGS: dict[str, tuple[Setting, ...]] = {
    "bad_path": (Setting(folder=b"caf\xe9 \xff"), Setting(folder="späte ✓".encode())),
    "debugger": (Setting(stdin="p round(loss.item(), 3)\nn\np step\nc\n"),),
    "flags": (
        Setting(),
        Setting(("-O",)),
        Setting(("-OO", "-B")),
        Setting(("-W", "error")),
        Setting(("-W", "error::RuntimeWarning", "-u")),
        Setting(("-X", "utf8", "-R", "-P")),
    ),
    "stdin_read": (Setting(stdin="10\n20\n"),),
    "stdout_pipe": (Setting(unread=True),),
}
"""The scripts that need another arrangement than the plain one."""

_ALOUD = (
    "forward_called",
    "exit_in_hook",
    "raise_in_forward",
    "flags",
    "tiny",
    "own_hooks_at_exit",
)
"""Also run without `--quiet`: the report comes behind what the script prints."""


@dataclass(frozen=True)
class Outcome:
    """What a process left: exit status (negative: the signal), and both streams."""

    status: int
    output: bytes
    errors: bytes


def _cases() -> list[object]:
    cases = []
    for script in _SCRIPTS:
        marks = [pytest.mark.slow] if script.stem in _SLOW | _LESS_OFTEN else []
        for number, setting in enumerate(_SETTINGS.get(script.stem, (Setting(),))):
            name = script.stem if number == 0 else f"{script.stem}-{number}"
            cases.append(pytest.param(script, setting, id=name, marks=marks))
    return cases


def _run(script: Path, setting: Setting, words: list[str], home: Path) -> Outcome:
    folder = os.path.join(os.fsencode(home), setting.folder)
    os.makedirs(folder, exist_ok=True)
    copy = os.fsdecode(os.path.join(folder, os.fsencode(script.name)))
    shutil.copyfile(script, copy)
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TRAINWELL", "PYTEST", "COV_"))
    }
    environment |= {"OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "COLUMNS": "100"}
    reader = writer = None
    if setting.unread:
        reader, writer = os.pipe()
        os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, *setting.flags, *words, copy],
            input=setting.stdin.encode(),
            stdout=subprocess.PIPE if writer is None else writer,
            stderr=subprocess.PIPE,
            cwd=home,
            env=environment,
            timeout=120,
            check=False,
        )
    finally:
        if writer is not None:
            os.close(writer)
    return Outcome(done.returncode, done.stdout or b"", done.stderr)


_FRAME = re.compile(rb'^([ |]*)File "(.*)", line \d+, in ')


def _own_errors(errors: bytes) -> bytes:
    """Standard error without trainwell's one-line notes and without PyTorch's traceback frames.

    With a process-wide hook `nn.Module.__call__` takes another branch inside PyTorch: the frames of
    the script, and their order, are what has to stay.
    """
    kept, depth = [], None
    for line in errors.splitlines(keepends=True):
        frame = _FRAME.match(line)
        if frame:
            depth = len(frame[1]) if b"/torch/" in frame[2] else None
        elif depth is not None and line[depth : depth + 2] != b"  ":
            depth = None  # behind the source line and its markers
        if depth is None and not line.startswith(b"trainwell: "):
            kept.append(line)
    return b"".join(kept)


def _steps(home: Path) -> int | None:
    record = home / ".trainwell" / "runs.db"
    if not record.exists():
        return None
    store = Store(str(record), create=False)
    try:
        # The run that was begun first is the script's; forks and workers begin theirs later.
        return store.summaries()[-1].steps
    finally:
        store.close()


def _notes(home: Path) -> list[str]:
    record = home / ".trainwell" / "runs.db"
    if not record.exists():
        return []
    store = Store(str(record), create=False)
    try:
        return [n for s in store.summaries() for n in store.load(s.id).notes]
    finally:
        store.close()


def _expected_steps(script: Path) -> set[int] | None:
    """What the comment `# steps: 40` says; None for `any`."""
    found = re.search(r"^# steps: (any|\d+(?: or \d+)*)$", script.read_text(), re.MULTILINE)
    assert found, f"{script.name} does not say how many steps it trains"
    return None if found[1] == "any" else {int(n) for n in found[1].split(" or ")}


def test_there_are_enough_idioms() -> None:
    assert len(_SCRIPTS) >= 60
    assert {*_SETTINGS, *_SLOW, *_LESS_OFTEN, *_ALOUD} <= {script.stem for script in _SCRIPTS}


@pytest.mark.parametrize(("script", "setting"), _cases())
def test_a_script_behaves_as_under_python(script: Path, setting: Setting, tmp_path: Path) -> None:
    bare = _run(script, setting, [], tmp_path)
    watched = _run(script, setting, ["-m", "trainwell", "run", "--quiet"], tmp_path)
    assert watched.output == bare.output
    assert _own_errors(watched.errors) == _own_errors(bare.errors)
    assert watched.status == bare.status
    expected = _expected_steps(script)
    if expected is not None:
        assert (_steps(tmp_path) or 0) in expected
    assert not [note for note in _notes(tmp_path) if "failed" in note]


@pytest.mark.parametrize("name", _ALOUD)
def test_the_report_comes_behind_the_output(name: str, tmp_path: Path) -> None:
    script, setting = _FOLDER / f"{name}.py", Setting()
    bare = _run(script, setting, [], tmp_path)
    watched = _run(script, setting, ["-m", "trainwell", "run", "--no-record"], tmp_path)
    assert watched.output.startswith(bare.output)
    assert _own_errors(watched.errors).startswith(_own_errors(bare.errors))
    assert watched.status == bare.status
    assert len(watched.output + watched.errors) > len(bare.output + bare.errors)
    assert not (tmp_path / ".trainwell").exists()
