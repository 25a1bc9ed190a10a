"""Runs a script so that, to the script, it is as if Python ran it.

`__main__`, `sys.argv`, `sys.path`, working directory, standard streams, exceptions and exit status
are Python's own (docs.python.org/3/using/cmdline.html). Imports no torch: the script may want to
set `CUDA_VISIBLE_DEVICES` or `OMP_NUM_THREADS` first.
"""

from __future__ import annotations

__all__ = ["Script", "execute", "load"]

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader, SourcelessFileLoader
from types import CodeType, ModuleType, TracebackType

from trainwell.errors import BadInputError
from trainwell.probes.ending import Ending
from trainwell.probes.tracebacks import hide_frames


@dataclass(frozen=True)
class Script:
    """A script that is ready to run.

    Attributes:
        name: the script's path as it was given, or the module's dotted name.
        arguments: what stands behind it.
        is_module: run it as `python -m` does.
        code: the compiled script; None for modules, and for folders and archives with a
            `__main__.py`: those are found when they run, as Python does it.
        home: where a module is looked for first; the working directory when None.
    """

    name: str
    arguments: tuple[str, ...] = ()
    is_module: bool = False
    code: CodeType | None = None
    home: str | None = None


def load(name: str, arguments: tuple[str, ...] = (), *, is_module: bool = False) -> Script:
    """Read and compile a script; a module is looked for when it runs.

    Raises:
        BadInputError: if there is no such file, or it is not Python.
    """
    if is_module or os.path.isdir(name):
        return Script(name, arguments, is_module)
    try:
        with open(name, "rb") as file:
            source = file.read()
    except FileNotFoundError:
        raise BadInputError(f"no such script: `{name}`") from None
    except OSError as error:
        raise BadInputError(f"cannot read the script `{name}`: {error.strerror}") from None
    if source.startswith(b"PK\x03\x04"):
        return Script(name, arguments)
    if name.endswith(".pyc"):
        code = SourcelessFileLoader("__main__", _absolute(name)).get_code("__main__")
        return Script(name, arguments, code=code)
    try:
        # `dont_inherit`: this file's `from __future__` must not become the script's.
        code = compile(source, _absolute(name), "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise _not_python(error, name) from None
    return Script(name, arguments, code=code)


def execute(
    script: Script, ending: Ending, saw: Callable[[BaseException], None]
) -> BadInputError | None:
    """Run a script in this process, as its `__main__`. Call it outside of every `try`.

    What the script raises goes on up, so that Python itself prints it, joins the threads, and
    sets the exit status.

    Args:
        script: from `load`.
        ending: armed; its status is set.
        saw: called with an uncaught exception, before it goes on.

    Returns:
        Why the script could not start: no such module, or a syntax error in it. Not raised, so
        that it cannot be taken for an exception of the script's.

    Raises:
        BaseException: whatever the script raises.
    """
    if script.code is None:
        # While `sys.path` is still trainwell's.
        import runpy  # noqa: F401
    _become(script)
    try:
        _run(script)
    except BaseException as error:
        problem = _misuse(error, script)
        if problem is not None:
            return problem
        if not isinstance(error, SystemExit | KeyboardInterrupt):
            saw(error)
        ending.status = _status(error)
        _print_without_frames()
        raise
    return None


def _absolute(name: str) -> str:
    # As Python does it (_Py_abspath): `..` and double slashes stay.
    return name if os.path.isabs(name) else os.path.join(os.getcwd(), name.removeprefix("./"))


def _become(script: Script) -> None:
    main = ModuleType("__main__")
    # These, in this order, are what Python gives a script.
    main.__dict__.update(__annotations__={}, __builtins__=sys.modules["builtins"])
    if script.code is not None:
        loader = SourcelessFileLoader if script.name.endswith(".pyc") else SourceFileLoader
        main.__file__ = _absolute(script.name)
        main.__loader__ = loader("__main__", main.__file__)
        main.__dict__["__cached__"] = None
    sys.modules["__main__"] = main
    if "multiprocessing" in sys.modules:
        # On its import it takes what is `__main__` then, for what spawned workers send back.
        sys.modules["__mp_main__"] = main
    sys.argv[:] = ["-m" if script.is_module else script.name, *script.arguments]
    if script.is_module:
        folder = os.getcwd() if script.home is None else script.home
    elif script.code is None:
        folder = _absolute(script.name)
    else:
        folder = os.path.dirname(os.path.realpath(script.name))
    if not sys.flags.safe_path:
        sys.path[0] = folder
    elif script.code is None and not script.is_module:
        sys.path.insert(0, folder)


def _run(script: Script) -> None:
    if script.code is not None:
        exec(script.code, sys.modules["__main__"].__dict__)  # noqa: S102
    else:
        import runpy

        # What the interpreter itself calls for `-m`, folders and archives.
        runpy._run_module_as_main(  # type: ignore[attr-defined]
            script.name if script.is_module else "__main__", alter_argv=script.is_module
        )


def _misuse(error: BaseException, script: Script) -> BadInputError | None:
    # A module that is missing or not Python: known only from inside runpy.
    if script.code is not None:
        return None
    import runpy

    if isinstance(error, SystemExit) and isinstance(
        error.__context__,
        runpy._Error,  # type: ignore[attr-defined]
    ):
        what = "module" if script.is_module else "script"
        return BadInputError(f"cannot run the {what} `{script.name}`: {error.__context__}")
    if isinstance(error, SyntaxError):
        traceback = error.__traceback__
        while traceback is not None:
            name = traceback.tb_frame.f_code.co_name
            if name in ("_get_module_details", "_get_main_module_details"):
                return _not_python(error, script.name)
            if name == "_run_code":
                break
            traceback = traceback.tb_next
    return None


def _not_python(error: SyntaxError | ValueError, name: str) -> BadInputError:
    if not isinstance(error, SyntaxError):
        return BadInputError(f"`{name}` is not a Python script: {error}")
    file = name if error.filename in (None, _absolute(name)) else error.filename
    place = f"{file}:{error.lineno}"
    text = f": {error.text.strip()}" if error.text else ""
    return BadInputError(f"{place} is not valid Python ({error.msg}){text}")


def _status(error: BaseException) -> int:
    if isinstance(error, KeyboardInterrupt):
        return -signal.SIGINT
    if not isinstance(error, SystemExit):
        return 1
    if error.code is None:
        return 0
    return error.code & 0xFF if isinstance(error.code, int) else 1


def _print_without_frames() -> None:
    # Frames of trainwell's are added until the exception leaves its outermost function, so they
    # are taken out at the last moment: when it is printed.
    previous = sys.excepthook

    def excepthook(
        kind: type[BaseException], error: BaseException, _: TracebackType | None
    ) -> None:
        sys.excepthook = previous
        hide_frames(error, _run.__code__)
        # What post-mortem debuggers start from.
        sys.last_traceback = error.__traceback__
        try:
            previous(kind, error, error.__traceback__)
        except Exception as failure:  # noqa: BLE001 - as Python does, but without this frame
            hide_frames(failure, excepthook.__code__)
            sys.stderr.write("Error in sys.excepthook:\n")
            sys.__excepthook__(type(failure), failure, failure.__traceback__)
            sys.stderr.write("\nOriginal exception was:\n")
            sys.__excepthook__(kind, error, error.__traceback__)

    sys.excepthook = excepthook
