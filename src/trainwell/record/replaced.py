"""Weights that took the place of those which an optimizer holds."""

from __future__ import annotations

__all__ = ["Replaced", "replaced"]

import re
from collections import Counter
from dataclasses import dataclass

from trainwell.record.facts import Objective, Optimizer, Parameter
from trainwell.record.run import Run

_SHAPE = re.compile(r"\((\d+(?:x\d+)*|scalar)\)$")


@dataclass(frozen=True)
class Replaced:
    """An optimizer that trains in vain, and the weights that it should hold.

    Attributes:
        optimizer: it holds tensors that no graph has.
        objective: it computes gradients for the weights.
        dead: how many tensors never got a gradient.
        weights: they got gradients, never moved, and no optimizer holds them.
        built_after: their layers were built after the optimizer.
    """

    optimizer: Optimizer
    objective: Objective
    dead: int
    weights: tuple[Parameter, ...]
    built_after: bool


def replaced(run: Run, looks: int = 3) -> list[Replaced]:
    """The optimizers whose parameters were replaced after they had been built.

    Args:
        run: the record.
        looks: steps of an optimizer, and updates, that must have been looked at.
    """
    found: list[Replaced] = []
    for optimizer in run.optimizers.values():
        dead = optimizer.never_graded
        if not dead or optimizer.looks < looks:
            continue
        for objective in run.objectives.values():
            own = [p for n in objective.parameters if (p := run.parameters.get(n)) is not None]
            left = [p for p in own if _is_left(run, p, looks)]
            if not left:
                continue
            since = optimizer.made
            late = [p for p in left if since is not None and p.made is not None and p.made >= since]
            whole = optimizer.empty_looks == optimizer.looks and len(left) == len(own)
            if late or whole or _same_shapes(dead, left):
                chosen = late or left
                found.append(
                    Replaced(optimizer, objective, len(dead), tuple(chosen), built_after=bool(late))
                )
                break
    return found


def _is_left(run: Run, parameter: Parameter, looks: int) -> bool:
    moved = run.series("parameter", parameter.number, "moved").finite
    norms = run.series("parameter", parameter.number, "gradient_norm").finite
    return (
        parameter.is_parameter
        and not parameter.optimizers
        and len(moved) >= looks
        and not any(v > 0 for v in moved)
        and any(v > 0 for v in norms)
    )


def _same_shapes(names: tuple[str, ...], weights: list[Parameter]) -> bool:
    """Whether tensors without a network have the shapes of these weights."""
    shapes = Counter(m[1] for n in names if (m := _SHAPE.search(n)) is not None)
    wanted = Counter("x".join(map(str, w.shape)) for w in weights)
    return bool(wanted) and all(shapes[s] >= n for s, n in wanted.items())
