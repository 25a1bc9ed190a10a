"""Changes the source of modules when they are imported, or run as `python -m` does."""

from __future__ import annotations

__all__ = ["change_on_import"]

import ast
import importlib.machinery
import importlib.util
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any


def change_on_import(changes: Mapping[str, Callable[[str], str | ast.Module]]) -> None:
    """Let modules be compiled from another source than theirs.

    It is never undone: a trial is a process of its own. What is compiled so is not cached.

    Args:
        changes: by the module's dotted name, what makes the new source, or its syntax tree, of the
            old source.
    """
    loader = importlib.machinery.SourceFileLoader
    original = loader.get_code

    def get_code(self: Any, fullname: str) -> CodeType | None:
        if fullname not in changes:
            return original(self, fullname)
        path = self.get_filename(fullname)
        source = changes[fullname](importlib.util.decode_source(self.get_data(path)))
        code: CodeType = compile(source, path, "exec", dont_inherit=True)
        return code

    loader.get_code = get_code  # type: ignore[method-assign]
