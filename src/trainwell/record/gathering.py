"""The runs of one distributed training brought together: one of them speaks for all."""

from __future__ import annotations

__all__ = ["gather", "leader", "wait_for_ranks"]

import math
import time

from trainwell.record.run import Run
from trainwell.record.store import Store

_PATIENCE = 2.0
"""Seconds for which the other ranks are waited for: they end when this one does."""


def gather(store: Store, run: Run, *, kept: bool = True) -> Run:
    """Give a run its siblings.

    Args:
        store: holds the other ranks.
        run: a rank of a distributed training, or the run that started the ranks, or neither.
        kept: the store outlives the report.

    Returns:
        `run` with its siblings; of a run that trained nothing itself, the first of the ranks that
        it started, with the others, and with that run's exit status. Where it started processes
        that trained each for itself, a note names those that are not reported.
    """
    own = run.ranks.get(0)
    ranks: dict[int, Run] = {}
    for name in store.ranks_of(run.id if own is None else own.group):
        found = run if name == run.id else store.load(name)
        # An address and port serve for one training after the other.
        if _overlap(run, found):
            ranks[found.ranks[0].rank] = found
    if own is not None:
        ranks[own.rank] = run
    if not ranks:
        return _with_children(store, run, kept=kept)
    first = run if own is not None else ranks[min(ranks)]
    first.siblings = [ranks[r] for r in sorted(ranks) if ranks[r] is not first]
    if first is not run:
        first.exit_status, first.ended = run.exit_status, run.ended
        first.error = first.error or next((s.error for s in first.siblings if s.error), run.error)
        first.notes += [note for note in run.notes if note not in first.notes]
    return first


def _with_children(store: Store, run: Run, *, kept: bool) -> Run:
    """The run itself, or where it trained nothing the one of its processes that trained longest."""
    children = [store.load(name) for name in store.children_of(run.id)]
    if not children:
        return run
    spoken = run if run.steps else max(children, key=lambda child: child.steps)
    others = [child for child in children if child is not spoken]
    if spoken is not run:
        spoken.exit_status, spoken.ended = run.exit_status, run.ended
        spoken.error = spoken.error or run.error
        spoken.notes += [note for note in run.notes if note not in spoken.notes]
    if others:
        names = ", ".join(f"`trainwell show {child.id}`" for child in others[:4])
        more = f" and {len(others) - 4} more" if len(others) > 4 else ""
        spoken.notes.append(
            f"{len(others)} other process{'es' if len(others) > 1 else ''} of the script trained,"
            f" too{f': {names}{more}' if kept else ''}"
        )
    return spoken


def leader(run: Run) -> Run:
    """The rank that speaks for a gathered run: the lowest."""
    if not run.siblings:
        return run
    everyone = sorted([run, *run.siblings], key=lambda r: r.ranks[0].rank)
    first, *others = everyone
    first.siblings = others
    return first


def wait_for_ranks(store: Store, run: Run) -> None:
    """Wait until the other ranks have written their last, or two seconds have passed.

    Ranks of other machines, and those that died, are not waited for.
    """
    own = run.ranks.get(0)
    end = time.monotonic() + _PATIENCE
    while own is not None and time.monotonic() < end:
        names = set(store.ranks_of(own.group)) - {run.id}
        if not any(s.alive and s.id in names for s in store.summaries()):
            return
        time.sleep(0.02)


def _overlap(one: Run, other: Run) -> bool:
    ends = [math.inf if r.ended is None else r.ended for r in (one, other)]
    return one.started <= ends[1] and other.started <= ends[0]
