"""Layers of a live network, and of a recorded one."""

from __future__ import annotations

__all__ = ["hidden_activations", "hidden_layers", "main_objective", "named", "weighted"]

from collections.abc import Iterable, Iterator

from torch import nn

from trainwell.errors import CannotApplyError
from trainwell.record import Run
from trainwell.record.facts import Objective, Operation
from trainwell.record.reading import is_hidden, layers

WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def weighted(model: nn.Module) -> list[tuple[str, nn.Module]]:
    """The linear and convolutional layers of a network by path, in the order of registration."""
    return [(path, m) for path, m in model.named_modules() if isinstance(m, WEIGHTED)]


def named(model: nn.Module, paths: Iterable[str] | None) -> list[nn.Module]:
    """The layers with these paths; all layers with weights but the last when None."""
    if paths is None:
        return [m for _, m in weighted(model)[:-1]]
    have = dict(model.named_modules())
    return [have[path] for path in paths if path in have]


def main_objective(run: Run) -> Objective:
    """The objective with the most steps.

    Raises:
        CannotApplyError: if nothing was trained.
    """
    if not run.objectives:
        raise CannotApplyError("nothing was trained")
    return max(run.objectives.values(), key=lambda o: o.steps)


def hidden_layers(run: Run) -> tuple[str, ...]:
    """Paths of the linear and convolutional layers whose output another layer reads.

    Raises:
        CannotApplyError: if there is none.
    """
    found = [
        layer.operation.place.layer
        for layer in layers(run, main_objective(run))
        if layer.operation.kind != "recurrent" and is_hidden(run, layer.operation)
    ]
    paths = tuple(dict.fromkeys(p for p in found if p and not p.startswith("after ")))
    if not paths:
        raise CannotApplyError("no hidden layer of a known name was seen")
    return paths


def hidden_activations(run: Run, kinds: frozenset[str]) -> Iterator[Operation]:
    """The activations of these kinds that some layer with weights reads."""
    return (o for o in run.operations.values() if o.kind in kinds and is_hidden(run, o))
