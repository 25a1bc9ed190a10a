"""Which line of the user's own code something came from."""

from __future__ import annotations

__all__ = ["Sources", "function_of", "layer_below", "module_of", "place_of"]

import ast
import linecache
import os
import re
import sys
import sysconfig
import textwrap
from types import CodeType, FrameType

import torch
from torch import nn

from trainwell.hooks.frames import PACKAGE, is_own, whole_path
from trainwell.record import Place

_LINE = re.compile(
    r'^\s*File "(?P<file>.+?)", line (?P<line>\d+), in (?P<function>.+?)$', re.MULTILINE
)
_TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
_LAYERS = os.path.join(_TORCH, "nn") + os.sep
_HIDDEN = tuple(os.path.join(PACKAGE, name) + os.sep for name in ("hooks", "probes", "remedies"))
_CONTAINER = os.path.join(_TORCH, "nn", "modules", "container.py")


class Sources:
    """Tells the user's code from the libraries'.

    The user's own files are those under `home`; next come files outside of the standard library
    and of site-packages. Where a stack has neither (a network trained entirely by a library), the
    innermost frame outside of PyTorch is named.

    Args:
        home: the folder of the script (or the notebook's working directory).
    """

    def __init__(self, home: str) -> None:
        self.home = os.path.abspath(home) + os.sep
        paths = sysconfig.get_paths()
        self._libraries = tuple(
            os.path.abspath(paths[key]) + os.sep for key in ("stdlib", "purelib", "platlib")
        )
        self._known: dict[str, int] = {}
        self._codes: dict[int, tuple[CodeType, int]] = {}

    def rank(self, file: str) -> int:
        """How much a file is the user's: 3 own, 2 outside of libraries, 1 a library, 0 hidden."""
        if file not in self._known:
            path = whole_path(file)
            hidden = path.startswith((_TORCH, *_HIDDEN)) or (
                file.startswith("<") and not file.startswith("<ipython")
            )
            own = path.startswith(self.home) and "site-packages" not in path[len(self.home) :]
            # trainwell itself may be installed from a checkout, outside of site-packages.
            library = path.startswith(self._libraries) or is_own(path)
            # A project may hold its virtual environment, and a script may lie inside one.
            self._known[file] = 0 if hidden else 3 if own else 1 if library else 2
        return self._known[file]

    def own_files(self) -> list[str]:
        """The files of the user's own code that have been loaded, the script's folder only."""
        files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        return [f for f in files if isinstance(f, str) and self.rank(f) == 3]

    def frame(self, depth: int = 1) -> FrameType | None:
        """The innermost frame of the most personal code on the calling stack.

        Args:
            depth: frames to skip, from the caller on.
        """
        return self._best(sys._getframe(depth))

    def outer(self, frame: FrameType) -> FrameType | None:
        """The same, from the caller of `frame` on."""
        return self._best(frame.f_back)

    def _best(self, at: FrameType | None) -> FrameType | None:
        best: FrameType | None = None
        best_rank = 0
        known = self._codes
        while at is not None:
            code = at.f_code
            found = known.get(id(code))
            rank = self._rank_of(code) if found is None else found[1]
            if rank > best_rank:
                best, best_rank = at, rank
                if rank == 3:
                    break
            at = at.f_back
        return best

    def chain(self, depth: int = 1, count: int = 3) -> tuple[tuple[str, int], ...]:
        """File and line of the innermost `count` frames of the user's code, innermost first."""
        found: list[tuple[str, int]] = []
        at = self.frame(depth + 1)
        while at is not None and len(found) < count:
            code = at.f_code
            rank = self._rank_of(code)
            if rank >= 2:
                found.append((code.co_filename, at.f_lineno))
            at = at.f_back
        return tuple(found)

    def _rank_of(self, code: CodeType) -> int:
        # By identity: a code object's own hash goes over all of its constants.
        found = self._codes.get(id(code))
        if found is None:
            found = self._codes[id(code)] = code, self.rank(code.co_filename)
        return found[1]

    def stack(self, traceback: list[str]) -> tuple[Place, bool]:
        """The user's line in a stack that anomaly mode kept, and whether a container called it.

        Args:
            traceback: the strings of `node.metadata["traceback_"]`, outermost first.

        Returns:
            The innermost frame of the most personal code; and whether, below that frame, an
            `nn.Sequential` (or another container of PyTorch) chose what to call: then the line
            is that of the call of the whole container.
        """
        found = Place()
        best = 0
        contained = False
        for entry in traceback:
            match = _LINE.search(entry)
            if match is None:
                continue
            file = match["file"]
            rank = self.rank(file)
            if rank >= max(best, 1):
                found, best, contained = place_of(file, int(match["line"])), rank, False
            elif file == _CONTAINER:
                contained = True
        return found, contained

    def here(self, depth: int = 1) -> Place:
        """The user's line on the calling stack."""
        frame = self.frame(depth + 1)
        return Place() if frame is None else place_of(frame.f_code.co_filename, frame.f_lineno)


def place_of(file: str, line: int) -> Place:
    """A line of a file, with its text."""
    return Place(None, file, line, linecache.getline(file, line).strip() or None)


def function_of(frame: FrameType) -> ast.AST:
    """The source of a frame's function, its line numbers as in the file."""
    code = frame.f_code
    lines = linecache.getlines(code.co_filename, frame.f_globals)
    try:
        whole = ast.parse(textwrap.dedent("".join(lines)))
    except SyntaxError:
        return ast.Module([], [])
    for node in ast.walk(whole):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == code.co_name:
            starts = {node.lineno, *(d.lineno for d in node.decorator_list)}
            if code.co_firstlineno in starts:
                return node
    return whole if code.co_name == "<module>" else ast.Module([], [])


def module_of(frame: FrameType) -> nn.Module | None:
    """The module whose method a frame runs."""
    code = frame.f_code
    owner = frame.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
    # One that dies before `super().__init__()` is no module yet.
    whole = isinstance(owner, nn.Module) and "_modules" in vars(owner)
    return owner if whole else None


def layer_below(user: FrameType) -> nn.Module | None:
    """The innermost layer of PyTorch's own that runs below a frame of the user's, now."""
    at: FrameType | None = sys._getframe(1)
    while at is not None and at is not user:
        if at.f_code.co_filename.startswith(_LAYERS):
            found = module_of(at)
            if found is not None:
                return found
        at = at.f_back
    return None
