"""The command line: `main` parses, calls one command, and gives its exit status.

Exit status: 0 clean, 1 findings at or above `--fail-on`, 2 misuse. What a script itself ends with
stays.
"""

from __future__ import annotations

__all__ = ["main"]

import os
import sys
from typing import TYPE_CHECKING

from trainwell.errors import TrainwellError

if TYPE_CHECKING:
    from trainwell.cli.session import Session


def main() -> int:
    """Run the command line on `sys.argv`.

    Returns:
        The exit status.

    Raises:
        BaseException: whatever the script of `trainwell run` raises.
    """
    try:
        outcome = _outcome(sys.argv[1:])
    except TrainwellError as error:
        return _misused(str(error))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of the pipe has gone; nothing must be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    if isinstance(outcome, int):
        return outcome
    # Here, and not inside the command: the script's own exceptions and exits are none of the
    # command line's.
    problem = outcome.run_script()
    return 0 if problem is None else _misused(str(problem))


def _outcome(words: list[str]) -> int | Session:
    """What the command returned."""
    if words[:1] == ["run"]:
        from trainwell.cli.declarations import read_plainly
        from trainwell.cli.run import run

        given = read_plainly(run, words[1:])
        if given is not None:
            return run(**given)
    from typer.exceptions import TyperException
    from typer.main import get_command

    from trainwell.cli.app import app

    try:
        # The app itself, when called, would set `sys.excepthook` for good.
        command = get_command(app)
        outcome: int | Session | None = command.main(
            words or ["--help"], prog_name="trainwell", standalone_mode=False
        )
    except TyperException as error:
        return _misused(error.format_message())
    return outcome or 0


def _misused(text: str) -> int:
    line = " ".join(text.split()).rstrip(".")
    lowered = line[:1].lower() + line[1:] if line[1:2].islower() else line
    print(f"trainwell: {lowered}", file=sys.stderr)
    return 2
