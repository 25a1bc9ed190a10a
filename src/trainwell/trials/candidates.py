"""Somebody's own cure as an arm: a patch of the script, another script, other arguments."""

from __future__ import annotations

__all__ = ["Candidate", "from_command", "from_patch"]

import difflib
import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass

from trainwell.errors import BadInputError


@dataclass(frozen=True)
class Candidate:
    """What runs in the place of the script.

    Attributes:
        label: the patch's file, or the command.
        arguments: the script's own.
        source: what the script holds then.
        path: of the other script; "" where the source is to stand beside the script.
    """

    label: str
    arguments: tuple[str, ...]
    source: str
    path: str = ""

    def changed(self, original: str) -> tuple[list[int], list[int]]:
        """Line numbers, from 1, that it takes away, and those that it puts in, in its own source.

        Args:
            original: the script's source.
        """
        gone: list[int] = []
        new: list[int] = []
        before, after = original.splitlines(), self.source.splitlines()
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        for tag, low, high, new_low, new_high in matcher.get_opcodes():
            if tag != "equal":
                gone += range(low + 1, high + 1)
                new += range(new_low + 1, new_high + 1)
        return gone, new


def from_patch(patch: str, script: str, arguments: tuple[str, ...]) -> Candidate:
    """The script with a unified diff applied.

    Args:
        patch: path of the diff. It may change the script only.
        script: path of the script.
        arguments: of the script.

    Raises:
        BadInputError: if it cannot be read or does not fit, or changes other files.
    """
    text = _read(patch, "--patch")
    names = [
        line[4:].split("\t")[0].strip()
        for line in text.splitlines()
        if line[:4] in ("--- ", "+++ ")
    ]
    if len(names) < 2:
        raise BadInputError(f"`--patch`: `{patch}` is no unified diff: it has no line `+++ FILE`")
    name = os.path.basename(script)
    # Of "--- train.py" and "+++ new.py", one names the script.
    files = list(zip(names[::2], names[1::2], strict=False))
    others = [new for pair in files for new in pair[1:] if name not in map(os.path.basename, pair)]
    if others or len(files) > 1:
        raise BadInputError(
            f"`--patch`: `{patch}` changes {', '.join(others) or 'the script twice'};"
            f" only changes of `{script}` can be judged: copy the folder, and give the changed"
            " script as `--candidate`"
        )
    program = shutil.which("patch")
    if program is None:
        raise BadInputError(
            "`--patch` needs the program `patch`: install it, or give the changed script as"
            " `--candidate`"
        )
    with tempfile.TemporaryDirectory(prefix="trainwell-") as folder:
        made = os.path.join(folder, name)
        command = [program, "--silent", "--force", f"--output={made}", os.path.abspath(script)]
        done = subprocess.run(
            [*command, os.path.abspath(patch)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stdout + done.stderr).strip().splitlines()
            why = next((line for line in said if "FAILED" in line), said[-1] if said else "")
            raise BadInputError(f"`--patch`: `{patch}` does not fit `{script}`: {why}")
        source = _read(made, "--patch")
    _check(source, patch)
    return Candidate(patch, arguments, source)


def from_command(command: str, script: str, arguments: tuple[str, ...]) -> Candidate:
    """Another script, or the script with other arguments.

    Args:
        command: as in "other.py" or "train.py --lr 0.01"; without arguments, those of the script.
        script: path of the script.
        arguments: of the script.

    Raises:
        BadInputError: if there is no such script.
    """
    words = shlex.split(command)
    if not words:
        raise BadInputError("`--candidate` takes a script, as in 'train.py --lr 0.01'")
    source = _read(words[0], "--candidate")
    _check(source, words[0])
    given = tuple(words[1:]) or arguments
    if os.path.realpath(words[0]) == os.path.realpath(script) and given == arguments:
        raise BadInputError(f"`--candidate {command}` is the script itself")
    return Candidate(command, given, source, os.path.abspath(words[0]))


def _read(path: str, option: str) -> str:
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        raise BadInputError(f"`{option}`: no such file: `{path}`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"`{option}`: cannot read `{path}`: {error}") from None


def _check(source: str, name: str) -> None:
    try:
        compile(source, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise BadInputError(f"`{name}` gives no Python: {error}") from None
