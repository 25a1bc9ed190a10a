"""Whether a candidate's gain is one: what it changes of how it is judged."""

from __future__ import annotations

__all__ = ["doubts"]

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any

from trainwell.trials.candidates import Candidate
from trainwell.trials.job import Outcome
from trainwell.trials.measure import Measure

_LONGER = 1.02
"""Training steps beside the script's own, from which on it counts as trained longer."""

_SEEDS = re.compile(r"\b\w*(?:seed|random_state)\w*\s*[=(]")
_MODES = re.compile(r"^\s*[\w.\[\]]+\.(?:eval|train)\(\w*\)\s*(?:#.*)?$")
_OFF = ("no_grad", "inference_mode")


def doubts(
    candidate: Candidate,
    original: str,
    before: Outcome,
    after: Outcome,
    measure: Measure,
    found: Iterable[str],
) -> list[str]:
    """Reasons why a gain of the candidate is none, or cannot be told to be one.

    Args:
        candidate: what was tried.
        original: the script's source.
        before: how the script did as it is, on one seed.
        after: how the candidate did on the same seed.
        measure: what they are compared by.
        found: slugs of the findings in the candidate's run that are not in the script's own.
    """
    reasons = []
    gone, new = candidate.changed(original)
    lines, new_lines = original.splitlines(), candidate.source.splitlines()
    changed = [lines[n - 1] for n in gone] + [new_lines[n - 1] for n in new]
    evaluating = _evaluating(original), _evaluating(candidate.source)
    touched = [n for n in gone if n in evaluating[0] and not _MODES.match(lines[n - 1])]
    touched += [n for n in new if n in evaluating[1] and not _MODES.match(new_lines[n - 1])]
    if touched:
        reasons.append(f"it changes what evaluates (line {touched[0]})")
    elif measure.label and any(_says(line, measure.label) for line in changed):
        reasons.append(f"it changes how `{measure.label}` is computed or printed")
    if any(_SEEDS.search(line) for line in changed):
        reasons.append("it changes a seed")
    rows, new_rows = _rows(before, measure), _rows(after, measure)
    if rows and new_rows and rows != new_rows:
        reasons.append(f"it is judged by {new_rows:,} examples, the script by {rows:,}")
    if measure.curve and after.curves and measure.curve not in after.curves:
        reasons.append("it is judged by another loss function")
    if "leaked-validation" in found:
        reasons.append("it trains on examples that it is judged by")
    if after.steps > _LONGER * before.steps:
        reasons.append(
            f"it trains {after.steps:,} steps, the script {before.steps:,}:"
            " `--with train_longer` compares like with like"
        )
    return reasons


def _evaluating(source: str) -> set[int]:
    """Lines that run without gradients, by what the source says; what they call included."""
    tree = ast.parse(source)
    found: set[int] = set()
    waiting: list[ast.AST] = []
    functions: dict[str, ast.AST] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.With | ast.AsyncWith):
            marks = [item.context_expr for item in node.items]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = node.decorator_list
            functions[node.name] = node
        else:
            continue
        if any(name in _OFF for mark in marks for name in _names(mark)):
            waiting.append(node)
    while waiting:
        node = waiting.pop()
        found |= _lines_of(node)
        for call in ast.walk(node):
            # A metric of the script's own; a module is called by a variable's name.
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                called = functions.pop(call.func.id, None)
                if called is not None:
                    waiting.append(called)
    return found


def _lines_of(node: Any) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def _names(mark: ast.expr) -> Iterator[str]:
    for node in ast.walk(mark):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id


def _says(line: str, label: str) -> bool:
    """Whether a line of source holds the words by which a number is printed."""
    words = [w for w in re.findall(r"[A-Za-z]{2,}", label) if w.lower() not in ("of", "the", "on")]
    return bool(words) and all(re.search(rf"\b{re.escape(w)}", line) for w in words)


def _rows(outcome: Outcome, measure: Measure) -> int:
    """Examples of the evaluation that decides."""
    points = measure.points(outcome)
    return int(points[-1][3] or 0) if points else 0
