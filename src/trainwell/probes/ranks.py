"""Distributed training: what ranks have to have in common, measured at the same steps in each.

Nothing is sent from rank to rank: a collective call of ours could deadlock the script. Each rank
records numbers that can be compared afterwards, at steps that all of them know beforehand.
"""

from __future__ import annotations

__all__ = ["Ranks", "common_step"]

import math
import os
import sys
import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from trainwell.hooks.guard import is_readable
from trainwell.measures.samples import every_nth
from trainwell.measures.sketches import SAMPLE, fingerprint, sketch
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources
from trainwell.record import Rank

_ROWS = 32
_ELEMENTS = 512
_NEVER = sys.maxsize


def common_step(least: int) -> int:
    """The first step from `least` on at which all ranks measure: 0, 1, 2, 4, 5, 8, 10, 16, 20, ...

    The products of twos and fives are few, some 70 among the first hundred thousand, and among them
    are multiples of every round number: weights that are averaged every 10, 50 or 500 steps are met
    just after that.
    """
    if least <= 0:
        return 0
    found = _NEVER
    five = 1
    while five < 5 * least:
        product = five
        while product < least:
            product *= 2
        found = min(found, product)
        five *= 5
    return found


class Ranks:
    """Measures weights and rows of a process that is one of several.

    Args:
        ledger: where it is recorded.
        sources: tells the user's lines.

    Attributes:
        due: the step of the next measurement; a process that trains alone never gets there.
        group: what the processes that one script started have in common; None where they were
            started side by side.
    """

    def __init__(self, ledger: Ledger, sources: Sources) -> None:
        self._ledger = ledger
        self._sources = sources
        self.due = _NEVER
        self.group: str | None = None

    def see(self) -> None:
        """Find out whether this process is one of several, as long as that is not known."""
        if self._ledger.run.ranks:
            return
        found = _rank_and_world()
        if found is not None:
            group = self.group or _group() or self._ledger.run.id
            self._ledger.put(Rank(0, *found, group=group))
            self.due = common_step(self._ledger.run.steps)

    def called(self, args: Any) -> None:
        """A root module is called in training: remember which rows it is given.

        Args:
            args: its positional arguments.
        """
        self.see()
        step = self._ledger.run.steps
        if step < self.due:
            return
        values = args[0] if args else None
        if not is_readable(values) or values.dim() < 2 or not values.numel():
            return
        if values.is_complex():
            return
        rows = values.detach()[:_ROWS].flatten(1)
        known = self._ledger.run.ranks[0]
        if not known.columns:
            place = self._sources.here()
            self._ledger.change(known, columns=rows.shape[1], place=place)
        if rows.shape[1] > _ELEMENTS:
            chosen = every_nth(torch.arange(rows.shape[1]), _ELEMENTS)
            rows = rows[:, chosen.to(rows.device)]
        for row in rows.cpu().double().contiguous().numpy():
            self._ledger.measure("rank", 0, "row", step, fingerprint(row.tobytes()))

    def backward(self, step: int, parameters: Mapping[int, weakref.ref[torch.Tensor]]) -> None:
        """A backward begins: measure the weights if it is time.

        Args:
            step: the step.
            parameters: those of the graph, by number.
        """
        if step < self.due:
            return
        self.due = common_step(step + 1)
        tensors = {n: t for n, r in parameters.items() if (t := r()) is not None}
        known = self._ledger.run.ranks[0]
        if known.spread or any(self._is_spread(n, t) for n, t in tensors.items()):
            self._ledger.change(known, spread=True)
            return
        kept = {n: t for n, t in tensors.items() if t.is_floating_point() and is_readable(t)}
        square = 0.0
        for number, sample in zip(kept, _samples(list(kept.values())), strict=True):
            square += float(sample @ sample)
            self._ledger.measure("parameter", number, "sketch", step, sketch(sample))
        self._ledger.measure("rank", 0, "weight_norm", step, math.sqrt(square))

    def _is_spread(self, number: int, tensor: torch.Tensor) -> bool:
        # DTensor (FSDP2, tensor parallelism), FlatParameter (FSDP), Megatron's mark.
        return (
            type(tensor).__name__ in ("DTensor", "FlatParameter")
            or type(tensor.data).__name__ == "DTensor"
            or bool(getattr(tensor, "tensor_model_parallel", False))
            or "_fsdp_wrapped_module" in self._ledger.run.parameters[number].name
        )


def _samples(tensors: list[torch.Tensor]) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
    """A part of each tensor, in float64; from each device in one transfer."""
    parts = [every_nth(t.detach(), SAMPLE).float() for t in tensors]
    found: dict[int, np.ndarray[Any, np.dtype[np.float64]]] = {}
    for device in {p.device for p in parts}:
        here = [at for at, p in enumerate(parts) if p.device == device]
        flat = torch.cat([parts[at] for at in here]).cpu().double().numpy()
        ends = np.cumsum([parts[at].numel() for at in here])
        found |= dict(zip(here, np.split(flat, ends[:-1]), strict=True))
    return [found[at] for at in range(len(parts))]


def _rank_and_world() -> tuple[int, int] | None:
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        rank, world = distributed.get_rank(), distributed.get_world_size()
    else:
        # A script that dies before it joins the others; `torchrun` has told it which one it is.
        named = os.environ if "TORCHELASTIC_RUN_ID" in os.environ else {}
        rank, world = int(named.get("RANK", 0)), int(named.get("WORLD_SIZE", 1))
    return (rank, world) if world > 1 and rank >= 0 else None


def _group() -> str | None:
    """What processes that were started side by side (`torchrun`, a cluster) have in common."""
    if "RANK" not in os.environ:
        return None
    names = ("MASTER_ADDR", "MASTER_PORT", "TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT")
    return ":".join(os.environ.get(name, "") for name in names)
