"""Statements put before or after a statement, in a block of its indentation."""

from __future__ import annotations

__all__ = ["insert_after", "insert_before"]

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import libcst as cst

from trainwell.errors import UnsafeEditError
from trainwell.remedies.edits.tree import (
    Splice,
    Statement,
    Tree,
    enclosing_statement,
    parse,
    parse_fragment,
)

_LEAVING = (cst.Return, cst.Raise, cst.Break, cst.Continue)


def insert_before(source: str, line: int, code: str, *, callees: Collection[str] = ()) -> str:
    """Puts statements before the innermost one on the line.

    A suite on its header's line (`if x: a()`) becomes a block.

    >>> print(insert_before("if x: opt.step()", 1, "clip()"))
    if x:
        clip()
        opt.step()

    Args:
        source: the script.
        line: any line of the statement, or of a compound one's header.
        code: the statements; lines may be indented further than the first.
        callees: where several statements share the line (`a(); b()`), last names of what the one
            meant calls; the others stay where they are. Without it all of them come after.

    Raises:
        UnsafeEditError: when the line holds no statement, or one that must come first, as an
            `elif`, a docstring and an import from `__future__` must.
    """
    tree = parse(source)
    place = _find(tree, line, callees)
    first = place.statements[place.index if callees else 0]
    _refuse_branch(tree, first, line)
    if _is_leading(tree, first):
        raise UnsafeEditError(f"line {line} must stay the first of its block")
    return tree.splice(_split(tree, place, first, code, after=False), f"inserting at line {line}")


def insert_after(source: str, line: int, code: str, *, callees: Collection[str] = ()) -> str:
    r"""Puts statements after the innermost one on the line; after all of a compound one.

    >>> insert_after("a(); b()", 1, "c()", callees={"a"})
    'a()\nc()\nb()'

    Args:
        source: the script.
        line: any line of the statement, or of a compound one's header.
        code: the statements; lines may be indented further than the first.
        callees: where several statements share the line (`a(); b()`), last names of what the one
            meant calls. Without it all of them come before.

    Raises:
        UnsafeEditError: when the line holds no statement, or one after which nothing runs.
    """
    tree = parse(source)
    place = _find(tree, line, callees)
    last = place.statements[place.index if callees else -1]
    if isinstance(last, _LEAVING):
        raise UnsafeEditError(f"nothing that comes after line {line} in its block would run")
    _refuse_branch(tree, last, line)
    return tree.splice(_split(tree, place, last, code, after=True), f"inserting at line {line}")


@dataclass(frozen=True)
class _Place:
    """The statements that share a line, which of them is meant, and what they are the suite of."""

    statements: Sequence[Statement]
    index: int
    header: cst.SimpleStatementSuite | None


def _find(tree: Tree, line: int, callees: Collection[str]) -> _Place:
    if callees:
        meant = enclosing_statement(tree, tree.call(line, callees))
    else:
        meant = next(iter(tree.statements(line)), None)
    if meant is None:
        raise UnsafeEditError(f"line {line} holds no statement")
    parent = tree.parent(meant)
    if isinstance(parent, cst.SimpleStatementLine | cst.SimpleStatementSuite):
        index = next(i for i, s in enumerate(parent.body) if s is meant)
        suite = parent if isinstance(parent, cst.SimpleStatementSuite) else None
        return _Place(parent.body, index, suite)
    return _Place([meant], 0, None)


def _refuse_branch(tree: Tree, statement: Statement, line: int) -> None:
    if isinstance(statement, cst.If) and isinstance(tree.parent(statement), cst.If):
        raise UnsafeEditError(f"line {line} is an `elif`")


def _is_leading(tree: Tree, statement: Statement) -> bool:
    """Whether a statement works only as the first of its block."""
    if isinstance(statement, cst.ImportFrom):
        return statement.module is not None and tree.source(statement.module) == "__future__"
    if not isinstance(statement, cst.Expr) or not isinstance(
        statement.value, cst.SimpleString | cst.ConcatenatedString
    ):
        return False
    up = list(tree.ancestors(statement))
    suite, block = up[0], up[0] if isinstance(up[0], cst.SimpleStatementSuite) else up[1]
    owner = block if isinstance(block, cst.Module) else tree.parent(block)
    body = block.body if isinstance(block, cst.Module | cst.IndentedBlock) else ()
    first = not body or body[0] is suite
    return first and isinstance(owner, cst.Module | cst.FunctionDef | cst.ClassDef)


def _split(tree: Tree, place: _Place, at: Statement, code: str, *, after: bool) -> list[Splice]:
    newline = tree.module.default_newline
    outer = tree.indent(tree.bare(place.statements[0])[0])
    inner, splices = outer, list[Splice]()
    if place.header is not None:
        outer = tree.indent(_headed(tree, place.header))
        inner = outer + tree.module.default_indent
        start = tree.bare(place.header)[0]
        # From the colon on: blanks, and maybe a backslash that continues the line.
        colon = tree.text.rindex(":", 0, start)
        splices.append((colon + 1, start, newline + inner))
    lines = newline.join(_indented(tree, code, inner))
    index = next(i for i, s in enumerate(place.statements) if s is at)
    index += after
    if 0 < index < len(place.statements):
        # Between two of `a(); b()`: the semicolon goes.
        gap = tree.bare(place.statements[index - 1])[1], tree.bare(place.statements[index])[0]
        return [*splices, (*gap, f"{newline}{lines}{newline}{inner}")]
    if after:
        return [*splices, _at_end(tree, at, lines, newline)]
    start = tree.start(at)
    if splices:
        begin, end, text = splices[0]
        return [(begin, end, f"{newline}{lines}{text}")]
    begin = tree.line_start(start)
    return [(begin, begin, lines + newline)]


def _headed(tree: Tree, suite: cst.SimpleStatementSuite) -> int:
    """The offset of the `if`, `else`, `for`, ... that a suite on its line belongs to."""
    parent = tree.parent(suite)
    assert parent is not None
    return tree.bare(parent)[0]


def _at_end(tree: Tree, at: Statement, lines: str, newline: str) -> Splice:
    end = tree.bare(at)[1]
    here = tree.next_line(end)
    depth = len(tree.indent(tree.start(at)))
    if isinstance(at, cst.BaseCompoundStatement):
        # Comments that end its block belong to it.
        while found := re.compile(r"([ \t]*)#[^\r\n]*(\r\n?|\n|$)").match(tree.text, here):
            if len(found[1]) <= depth:
                break
            here = found.end()
    if here == len(tree.text) and not tree.text.endswith(("\n", "\r")):
        return here, here, newline + lines
    return here, here, lines + newline


def _indented(tree: Tree, code: str, indent: str) -> list[str]:
    """The lines of new code at an indentation, in the script's own units of it."""
    plain = code.replace("\r\n", "\n").strip("\n")
    # Not textwrap.dedent: a string over several lines may have text at the left edge.
    margin = plain[: len(plain) - len(plain.lstrip(" "))]
    plain = re.sub(f"^{margin}", "", plain, flags=re.MULTILINE).rstrip()
    written = parse_fragment(plain)
    inside: set[int] = set()
    for string in [*written.all(cst.SimpleString), *written.all(cst.FormattedString)]:
        first, last = written.lines(string)
        inside.update(range(first + 1, last + 1))
    unit, out = tree.module.default_indent, list[str]()
    for number, text in enumerate(plain.split("\n"), start=1):
        if number in inside or not text.strip():
            # What is inside a string is its value.
            out.append(text)
            continue
        deep = len(text) - len(text.lstrip(" "))
        out.append(indent + unit * (deep // 4) + text[deep - deep % 4 :])
    return out
