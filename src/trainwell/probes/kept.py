"""Graphs that outlive their step: whether what earlier looks saw is still in memory."""

from __future__ import annotations

__all__ = ["KeptGraphs"]

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch

from trainwell.probes.ledger import Ledger

_KEY = "trainwell"
_LIMIT = 4096
"""Marks that are followed at most; a script that keeps as many is caught long before."""


class _Mark:
    """Put into a graph node's metadata, it lives exactly as long as the node in C++ does.

    A node's Python object cannot serve: it dies as soon as nobody holds it, and the node lives on.
    """

    __slots__ = ("__weakref__",)


@dataclass
class _Seen:
    objective: int
    node: weakref.ref[_Mark]
    loss: weakref.ref[torch.Tensor]


class KeptGraphs:
    """Marks the losses of looks, and counts at later looks which of them are still there.

    Nothing is kept alive by it: the graph holds the mark, and the mark is held weakly.

    Args:
        ledger: where the counts are recorded.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._seen: list[_Seen] = []

    def look(self, objective: int, roots: Sequence[torch.Tensor], step: int) -> None:
        """Count what is left of the looks before this one, and mark this one.

        Args:
            objective: number of the objective.
            roots: what its `backward()` is called on; the graph is not freed yet.
            step: the step.
        """
        self._seen = [s for s in self._seen if s.node() is not None]
        kept = [s for s in self._seen if s.objective == objective]
        self._ledger.measure("objective", objective, "kept_graphs", step, len(kept))
        held = sum(s.loss() is not None for s in kept)
        self._ledger.measure("objective", objective, "kept_losses", step, held)
        for root in roots[:1]:
            node = root.grad_fn
            if node is None or len(self._seen) >= _LIMIT:
                continue
            # PyTorch's stub takes the property for a method.
            metadata = cast("dict[str, object]", node.metadata)
            if _KEY in metadata:
                # Its backward is called a second time.
                continue
            mark = metadata[_KEY] = _Mark()
            self._seen.append(_Seen(objective, weakref.ref(mark), weakref.ref(root)))
