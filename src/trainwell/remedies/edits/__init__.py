"""Edits: pure functions from a script's text and a line of it to the text with one thing changed.

The patches that `trainwell treat` hands over are built from these. A line counts from 1, as in a
traceback, and may be any line of the call or statement meant; of calls in each other the innermost
on the line is. All that an edit does not touch stays as it was, to the byte. What cannot be done
without a risk to what the script means raises `UnsafeEditError`, whose reason is fit for the user.
"""

from __future__ import annotations

from trainwell.remedies.edits.arguments import argument, set_argument
from trainwell.remedies.edits.calls import callee, replace_call, unwrap_call
from trainwell.remedies.edits.diff import unified_diff
from trainwell.remedies.edits.imports import qualified
from trainwell.remedies.edits.layers import insert_element, remove_element
from trainwell.remedies.edits.loops import scale_loop
from trainwell.remedies.edits.receivers import receiver, replace_receiver, target
from trainwell.remedies.edits.renaming import rename_callee, rename_everywhere
from trainwell.remedies.edits.scaling import scale_argument
from trainwell.remedies.edits.statements import insert_after, insert_before

__all__ = [
    "argument",
    "callee",
    "insert_after",
    "insert_before",
    "insert_element",
    "qualified",
    "receiver",
    "remove_element",
    "rename_callee",
    "rename_everywhere",
    "replace_call",
    "replace_receiver",
    "scale_argument",
    "scale_loop",
    "set_argument",
    "target",
    "unified_diff",
    "unwrap_call",
]
