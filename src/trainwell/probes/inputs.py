"""What networks are given, in training and in evaluation: its scale, and rows that come again."""

from __future__ import annotations

__all__ = ["InputWatch"]

import math
from typing import Any

import torch

from trainwell.hooks.guard import is_readable
from trainwell.measures.losses import describe
from trainwell.measures.samples import every_nth
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, place_of
from trainwell.record import Inputs

_ROWS = 128
"""Rows of a call that are told apart; a row is known by at most `_ELEMENTS` of its elements."""

_ELEMENTS = 512

_MEMORY = 100_000
"""Rows of training data that are remembered (a number each)."""

_LOOKS = 256
"""Looks at one line; from then on only every 16th call is looked at."""


class InputWatch:
    """Looks at the first argument of root modules.

    Args:
        ledger: where it is recorded.
        sources: tells the user's lines.
    """

    def __init__(self, ledger: Ledger, sources: Sources) -> None:
        self._ledger = ledger
        self._sources = sources
        self._facts: dict[tuple[int, str, str, int], int] = {}
        self._calls: dict[int, int] = {}
        self._trained: dict[int, set[int]] = {}

    def saw(self, network: int, args: Any, *, training: bool) -> None:
        """A root module is called.

        Args:
            network: its number.
            args: its positional arguments.
            training: gradients are on.
        """
        values = args[0] if args else None
        if not is_readable(values) or values.dim() < 2 or not values.numel():
            return
        if not values.is_floating_point():
            return
        frame = self._sources.frame(2)
        if frame is None:
            return
        where = (frame.f_code.co_filename, frame.f_lineno)
        phase = "training" if training else "evaluation"
        number = self._facts.get((network, phase, *where))
        if number is None:
            number = self._ledger.next_number("inputs")
            self._facts[(network, phase, *where)] = number
            self._ledger.put(Inputs(number, network, phase, place_of(*where)))
        calls = self._calls[number] = self._calls.get(number, 0) + 1
        if calls > _LOOKS and calls % 16:
            return
        self._rows(number, network, values.detach(), training=training)

    def _rows(self, number: int, network: int, values: torch.Tensor, *, training: bool) -> None:
        stride = max(1, -(-values.shape[0] // _ROWS))
        rows = values[::stride].flatten(1)
        if rows.shape[1] > _ELEMENTS:
            # The same elements of every row, whatever the size of the batch.
            chosen = every_nth(torch.arange(rows.shape[1]), _ELEMENTS)
            rows = rows[:, chosen.to(rows.device)]
        known = self._trained.setdefault(network, set())
        marks = [hash(row.tobytes()) for row in rows.float().cpu().contiguous().numpy()]
        repeats = sum(mark in known for mark in marks) / len(marks)
        if training and len(known) < _MEMORY:
            known.update(marks)
        self._ledger.measure("inputs", number, "repeats", self._ledger.run.steps, repeats)
        fact = self._ledger.run.inputs_seen[number]
        self._ledger.change(
            fact,
            looks=fact.looks + 1,
            rows=fact.rows + len(marks),
            columns=max(fact.columns, values[0].numel()),
            values=_pool(fact.values, fact.looks, describe(values)),
            duplicates=max(fact.duplicates, 1 - len(set(marks)) / len(marks)),
        )


def _pool(old: dict[str, float], looks: int, new: dict[str, float]) -> dict[str, float]:
    """Range and moments of all looks together, each look with one weight."""
    if not old or not math.isfinite(old["rms"]):
        return new
    if not math.isfinite(new["rms"]):
        return old

    def average(before: float, now: float) -> float:
        return before + (now - before) / (looks + 1)

    mean = average(old["mean"], new["mean"])
    square = average(old["rms"] ** 2, new["rms"] ** 2)
    return {
        "low": min(old["low"], new["low"]),
        "high": max(old["high"], new["high"]),
        "mean": mean,
        "std": math.sqrt(max(square - mean**2, 0.0)),
        "rms": math.sqrt(square),
        "finite": average(old["finite"], new["finite"]),
    }
