"""The elements of a bracketed list, as text: one added, one removed, with commas and lines."""

from __future__ import annotations

__all__ = ["Element", "Elements", "added", "removed"]

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from trainwell.remedies.edits.tree import Splice, Tree


@dataclass(frozen=True)
class Element:
    """Where one element stands, as offsets.

    Args:
        start: where it starts.
        end: where it ends, before the comma.
        comma: where its comma ends; None when it has none.
    """

    start: int
    end: int
    comma: int | None

    @property
    def stop(self) -> int:
        """Where it ends, its comma included."""
        return self.end if self.comma is None else self.comma

    @classmethod
    def of(cls, tree: Tree, node: cst.CSTNode, comma: cst.Comma | cst.MaybeSentinel) -> Element:
        """The place of a node and of the comma after it."""
        start, end = tree.span(node)
        return cls(start, end, tree.bare(comma)[1] if isinstance(comma, cst.Comma) else None)


@dataclass(frozen=True)
class Elements:
    """The elements of one bracketed list.

    Args:
        tree: the script.
        items: the elements in their order, one at least.
        closing: the offset of the closing bracket; where there is none, of the list's end.
        is_tuple: whether an only element needs its comma.
    """

    tree: Tree
    items: Sequence[Element]
    closing: int
    is_tuple: bool = False

    def starts_line(self, index: int) -> bool:
        """Whether nothing stands before the element on its line."""
        start = self.items[index].start
        return not self.tree.text[self.tree.line_start(start) : start].strip()

    def ends_line(self, index: int) -> bool:
        """Whether nothing but a comment stands after the element and its comma on the line."""
        stop = self.items[index].stop
        rest = self.tree.text[stop : self.tree.line_end(stop)].strip()
        return (not rest or rest.startswith("#")) and self.tree.line_end(stop) < self.closing

    def one_a_line(self) -> bool:
        """Whether each element starts a line; the first may stand beside the bracket."""
        first = 1 if len(self.items) > 1 else 0
        return all(self.starts_line(index) for index in range(first, len(self.items)))


def added(elements: Elements, index: int, code: str) -> list[Splice]:
    """The splices that put `code` after an element, on a line of its own where they have one."""
    tree, item = elements.tree, elements.items[index]
    if not elements.one_a_line():
        # Where the last one has a comma, so has what becomes the last.
        text = f", {code}" if item.comma is None else f" {code},"
        return [(item.stop, item.stop, text)]
    beside = index == 0 and not elements.starts_line(0)
    column = tree.indent(elements.items[1 if beside else index].start)
    text = f"{tree.module.default_newline}{column}{code}"
    at = tree.line_end(item.stop) if elements.ends_line(index) else item.stop
    if item.comma is not None:
        return [(at, at, f"{text},")]
    if at == item.end:
        return [(at, at, f",{text}")]
    return [(item.end, item.end, ","), (at, at, text)]


def removed(elements: Elements, index: int) -> list[Splice]:
    """The splices that take an element out; its line goes with it where it stood there alone."""
    tree, items, item = elements.tree, elements.items, elements.items[index]
    last, bare = index == len(items) - 1, elements.is_tuple and len(items) == 2
    # The element that stays alone in a tuple keeps or gets a comma: `(a,)`, for `(a)` is no tuple.
    lone = items[1 - index] if bare else None
    comma = [(lone.end, lone.end, ",")] if lone is not None and lone.comma is None else []
    if elements.starts_line(index) and elements.ends_line(index):
        return [(tree.line_start(item.start), tree.next_line(item.stop), ""), *comma]
    if not last and tree.line_of(items[index + 1].start) == tree.line_of(item.stop):
        return [(item.start, items[index + 1].start, ""), *comma]
    if index > 0:
        before = items[index - 1]
        keeps = bare or item.comma is not None
        start = before.stop if keeps else before.end
        if not _has_comment(tree, start, item.start):
            return [(start, item.stop, ""), *comma]
    return [(item.start, item.stop, ""), *comma]


def _has_comment(tree: Tree, start: int, end: int) -> bool:
    return "#" in tree.text[start:end]
