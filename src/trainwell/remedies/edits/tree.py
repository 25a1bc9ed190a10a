"""A script's text with its syntax tree: where each node stands, and text put in its place.

libcst says where things are; the text itself is changed by splices. So all that an edit does not
touch (comments, line endings, tabs) stays as it was, to the byte.
"""

from __future__ import annotations

__all__ = [
    "Splice",
    "Tree",
    "enclosing_statement",
    "last_name",
    "parse",
    "parse_fragment",
    "quoted",
]

import bisect
import re
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

import libcst as cst
from libcst.metadata import (
    CodePosition,
    CodeRange,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
    Scope,
    ScopeProvider,
    WhitespaceInclusivePositionProvider,
)
from libcst.metadata.scope_provider import BaseAssignment

from trainwell.errors import UnsafeEditError

Splice = tuple[int, int, str]
"""Where the old text starts and ends (offsets), and the new text."""

_BOM = "\ufeff"
# Python and libcst count lines by these three alone; str.splitlines knows many more.
_NEWLINE = re.compile(r"\r\n?|\n")

Statement = cst.BaseSmallStatement | cst.BaseCompoundStatement

_Node = TypeVar("_Node", bound=cst.CSTNode)


@dataclass(frozen=True, eq=False)
class Tree:
    """A parsed script.

    Args:
        text: the script without its byte order mark.
        mark: the byte order mark, or nothing.
        wrapper: libcst's tree of `text`.
    """

    text: str
    mark: str
    wrapper: MetadataWrapper

    @property
    def module(self) -> cst.Module:
        """The root of the tree."""
        return self.wrapper.module

    @cached_property
    def _bare(self) -> Mapping[cst.CSTNode, CodeRange]:
        return self.wrapper.resolve(PositionProvider)

    @cached_property
    def _whole(self) -> Mapping[cst.CSTNode, CodeRange]:
        return self.wrapper.resolve(WhitespaceInclusivePositionProvider)

    @cached_property
    def _parents(self) -> Mapping[cst.CSTNode, cst.CSTNode]:
        return self.wrapper.resolve(ParentNodeProvider)

    @cached_property
    def _scopes(self) -> Mapping[cst.CSTNode, Scope | None]:
        return self.wrapper.resolve(ScopeProvider)

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which each line starts; line 1 is the first."""
        return [0, *(m.end() for m in _NEWLINE.finditer(self.text))]

    def _offsets(self, found: CodeRange) -> tuple[int, int]:
        return self._offset(found.start), self._offset(found.end)

    def _offset(self, found: CodePosition) -> int:
        starts = self.line_starts
        # libcst ends the last line of a block with a newline even where the text has none.
        if found.line > len(starts):
            return len(self.text)
        return starts[found.line - 1] + found.column

    def bare(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where the node starts and ends, without the parentheses around it."""
        return self._offsets(self._bare[node])

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Where the node starts and ends; an expression with the parentheses around it."""
        # To libcst the comma after `*a` is a part of it.
        if isinstance(node, cst.BaseExpression) and not isinstance(node, cst.StarredElement):
            return self._offsets(self._whole[node])
        return self.bare(node)

    def start(self, statement: cst.CSTNode) -> int:
        """Where a statement starts, its decorators included."""
        if isinstance(statement, cst.FunctionDef | cst.ClassDef) and statement.decorators:
            return self.bare(statement.decorators[0])[0]
        return self.bare(statement)[0]

    def source(self, node: cst.CSTNode) -> str:
        """The node's text; an expression's with the parentheses around it."""
        start, end = self.span(node)
        return self.text[start:end]

    def line_of(self, offset: int) -> int:
        """The line, from 1, that the offset is in."""
        return bisect.bisect_right(self.line_starts, offset)

    def line_start(self, offset: int) -> int:
        """The offset at which the offset's line starts."""
        return self.line_starts[self.line_of(offset) - 1]

    def line_end(self, offset: int) -> int:
        """The offset of the newline that ends the offset's line, or of the text's end."""
        found = _NEWLINE.search(self.text, offset)
        return found.start() if found else len(self.text)

    def next_line(self, offset: int) -> int:
        """The offset at which the line after the offset's starts, or of the text's end."""
        found = _NEWLINE.search(self.text, offset)
        return found.end() if found else len(self.text)

    def indent(self, offset: int) -> str:
        """The blanks that the offset's line starts with."""
        found = re.compile(r"[ \t\f]*").match(self.text, self.line_start(offset))
        return found.group() if found else ""

    def lines(self, node: cst.CSTNode) -> tuple[int, int]:
        """The node's first and last line."""
        start, end = self.span(node)
        return self.line_of(start), self.line_of(end)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """The node that holds the node; none holds the module."""
        return self._parents.get(node)

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes that hold the node, the innermost first."""
        up = self.parent(node)
        while up is not None:
            yield up
            up = self.parent(up)

    def all(self, kind: type[_Node]) -> list[_Node]:
        """All nodes of a kind, in the order of the text."""
        return [node for node in self._in_order if isinstance(node, kind)]

    @cached_property
    def _in_order(self) -> list[cst.CSTNode]:
        return sorted(self._bare, key=self.bare)

    def bindings(self, name: str, at: cst.CSTNode) -> list[BaseAssignment]:
        """What binds the name as seen from the node's scope."""
        scope = self._scopes.get(at)
        return [] if scope is None else list(scope[name])

    def bindings_anywhere(self, name: str) -> list[BaseAssignment]:
        """What binds the name in any scope."""
        scopes = {scope for scope in self._scopes.values() if scope is not None}
        return list({binding for scope in scopes for binding in scope[name]})

    def statements(self, line: int) -> list[Statement]:
        """The innermost statements on a line: those of `a(); b()`, or a compound one's header."""
        here = [s for s, lines in self._statements if _covers(lines, line)]
        small = [s for s in here if isinstance(s, cst.BaseSmallStatement)]
        return [*small] if small else here[-1:]

    @cached_property
    def _statements(self) -> list[tuple[Statement, tuple[int, int]]]:
        found: list[tuple[Statement, tuple[int, int]]] = []
        for node in self._in_order:
            if isinstance(node, cst.BaseSmallStatement):
                found.append((node, self.lines(node)))
            elif isinstance(node, cst.BaseCompoundStatement):
                found.append((node, self._header(node)))
        return found

    def _header(self, statement: cst.BaseCompoundStatement) -> tuple[int, int]:
        inside = statement.cases[0] if isinstance(statement, cst.Match) else statement.body
        end = self._offsets(self._whole[inside])[0]
        return self.line_of(self.start(statement)), self.line_of(end)

    def call(self, line: int, callees: Collection[str], nth: int | None = None) -> cst.Call:
        """The innermost call on the line of something whose last name is one of `callees`.

        Args:
            line: the line, from 1.
            callees: last names of what may be called.
            nth: which one of several on the line, from 0, or from -1 backwards; None when there
                must be one only.

        Raises:
            UnsafeEditError: when the line calls none of them, or several and `nth` is None.
        """
        calls = [c for c in self.all(cst.Call) if last_name(c.func) in callees]
        found = [c for c in calls if _covers(self.lines(c), line)]
        found = [c for c in found if not any(self._wraps(c, other) for other in found)]
        if not found:
            here = self.statements(line)
            found = [c for c in calls if enclosing_statement(self, c) in here]
        if nth is not None and found:
            if not -len(found) <= nth < len(found):
                raise UnsafeEditError(
                    f"line {line} calls {quoted(callees)} {len(found)} times only"
                )
            return found[nth]
        if len(found) != 1:
            how = "no" if not found else "more than one"
            raise UnsafeEditError(f"line {line} calls {how} {quoted(callees)}")
        return found[0]

    def _wraps(self, outer: cst.Call, inner: cst.Call) -> bool:
        if outer is inner or outer not in self.ancestors(inner):
            return False
        (first, last), (start, end) = self.lines(outer), self.lines(inner)
        return last - first > end - start

    def splice(self, splices: Iterable[Splice], what: str) -> str:
        """Returns the script with new texts in the places of old ones.

        Args:
            splices: the changes; no two overlap.
            what: the edit as the subject of the error, for example "setting `lr` in line 3".

        Raises:
            UnsafeEditError: when the outcome is no valid Python.
        """
        new = self.text
        for start, end, code in sorted(splices, reverse=True):
            new = new[:start] + code + new[end:]
        if not _is_python(new):
            raise UnsafeEditError(f"{what} would leave no valid Python")
        return self.mark + new


def _is_python(text: str) -> bool:
    with warnings.catch_warnings():
        # Invalid escapes in the user's strings are none of an edit's business.
        warnings.simplefilter("ignore")
        try:
            # Not ast.parse: it takes a late `from __future__` and a `break` outside of loops.
            compile(text, "<script>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError):
            return False
    return True


@lru_cache(maxsize=4)
def parse(source: str) -> Tree:
    """Parses a script.

    Raises:
        UnsafeEditError: when the script is no valid Python.
    """
    tree = parse_fragment(source)
    if not _is_python(tree.text):
        raise UnsafeEditError("the script is no valid Python")
    # libcst takes a bare carriage return for a newline here and there: places would be off.
    if tree.module.code != tree.text:
        raise UnsafeEditError("the script has line endings that are not read as they are written")
    return tree


def parse_fragment(code: str) -> Tree:
    """Parses code that a script may hold, such as a `break` with its loop elsewhere.

    Raises:
        UnsafeEditError: when it is not even that.
    """
    mark = _BOM if code.startswith(_BOM) else ""
    text = code.removeprefix(_BOM)
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError as error:
        raise UnsafeEditError("the script is no valid Python") from error
    # A tree fresh from the parser holds no node twice, so it needs no copy.
    return Tree(text, mark, MetadataWrapper(module, unsafe_skip_copy=True))


def last_name(expression: cst.BaseExpression) -> str | None:
    """The last of a dotted name's parts; None where the expression ends in no name."""
    if isinstance(expression, cst.Name):
        return expression.value
    return expression.attr.value if isinstance(expression, cst.Attribute) else None


def enclosing_statement(tree: Tree, node: cst.CSTNode) -> Statement | None:
    """The innermost statement that holds the node."""
    for up in tree.ancestors(node):
        if isinstance(up, cst.BaseSmallStatement | cst.BaseCompoundStatement):
            return up
    return None


def quoted(names: Collection[str]) -> str:
    """The names as a message says them: `SGD` or `Adam`."""
    return " or ".join(f"`{name}`" for name in sorted(names))


def _covers(lines: tuple[int, int], line: int) -> bool:
    return lines[0] <= line <= lines[1]
