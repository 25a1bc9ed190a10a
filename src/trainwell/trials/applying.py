"""Writes a proven patch into the script."""

from __future__ import annotations

__all__ = ["apply_patch"]

import os

from trainwell.errors import BadInputError
from trainwell.trials.answer import Answer
from trainwell.trials.patches import write_source


def apply_patch(answer: Answer) -> str:
    """Write it, if the patched script gave the trial's result.

    The file is replaced in one step: at no moment it is half written.

    Returns:
        What was done, in one line.

    Raises:
        BadInputError: if there is a patch that was not proven: it is not applied.
    """
    patch = answer.patch
    if answer.winner is None or patch is None or not patch.diff:
        return "nothing to apply: there is no patch"
    if answer.quick:
        raise BadInputError("a quick look proves nothing: the patch was not applied")
    if patch.checked is None or not patch.checked.agrees:
        raise BadInputError(
            "the patch was not applied: the patched script did not give the trial's result"
        )
    path = os.path.realpath(patch.path)
    part = path + ".trainwell"
    write_source(part, patch.source)
    os.chmod(part, os.stat(path).st_mode & 0o7777)
    os.replace(part, path)
    return f"applied to {patch.path}"
