"""What no single operation shows: dropout at evaluation, layers made anew, losses cut off."""

from __future__ import annotations

__all__ = ["Noises", "Rebuilding", "Severing"]

from collections.abc import Callable, Sequence
from types import FrameType

import torch
from torch import nn

from trainwell.hooks.identity import IdentityMap
from trainwell.probes.cuts import find_cut
from trainwell.probes.ledger import Ledger
from trainwell.probes.places import Sources, layer_below, module_of, place_of
from trainwell.record import Made, Noise, Place, Severed

_OUTWARD = 24
"""Frames that are searched for the module whose method runs: helper functions lie between."""

_JUDGED = 256
"""Calls of one line that are judged one by one."""


class Noises:
    """Watches lines that drop values: all where gradients are off, some where they are on.

    Args:
        ledger: where they are recorded.
        sources: tells the user's lines.
        registered: whether a module belongs to a known network.
    """

    def __init__(
        self, ledger: Ledger, sources: Sources, registered: Callable[[nn.Module], bool]
    ) -> None:
        self._ledger = ledger
        self._sources = sources
        self._registered = registered
        self._numbers: dict[tuple[str, str, int], int] = {}

    def dropped(self, function: str, probability: float, explicit: bool, gradients: bool) -> None:
        """Values were dropped; judge in whose name, and in which mode.

        Args:
            function: that did it.
            probability: of a value to be dropped.
            explicit: the call says that it is training.
            gradients: they are on.
        """
        frame = self._sources.frame(2)
        if frame is None:
            return
        key = (function, frame.f_code.co_filename, frame.f_lineno)
        number = self._numbers.get(key)
        run = self._ledger.run
        if number is not None:
            known = run.noise[number]
            if (known.graded if gradients else known.calls) >= _JUDGED:
                return
        layer = layer_below(frame)
        if layer is not None and self._registered(layer):
            # It follows the mode of its own, which MOD101 looks at.
            return
        if number is None:
            number = self._numbers[key] = self._ledger.next_number("noise")
            place = place_of(frame.f_code.co_filename, frame.f_lineno)
            said = explicit and layer is None
            self._ledger.put(Noise(number, function, place, probability, explicit=said))
        fact = run.noise[number]
        owner = _owner(frame, layer)
        evaluating = owner is not None and vars(owner).get("training") is False
        if gradients:
            self._ledger.change(
                fact,
                graded=fact.graded + 1,
                graded_evaluating=fact.graded_evaluating + evaluating,
            )
        else:
            self._ledger.change(fact, calls=fact.calls + 1, evaluating=fact.evaluating + evaluating)


def _owner(user: FrameType, layer: nn.Module | None) -> nn.Module | None:
    """The module of the user's that has a layer do something; helper functions may lie between."""
    at: FrameType | None = user
    for _ in range(_OUTWARD):
        if at is None:
            break
        owner = module_of(at)
        # A container that calls the layer is PyTorch's, and tells its mode as well.
        if owner is not None and owner is not layer:
            return owner
        at = at.f_back
    return None


class Rebuilding:
    """Counts, at the steps that are looked at, layers that were made since the step before.

    Args:
        ledger: where they are recorded.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._numbers: dict[tuple[str, int, str], int] = {}
        self._now: set[int] = set()
        self._known: IdentityMap[torch.Tensor, None] = IdentityMap()
        self._readers: dict[tuple[int, ...], Place] = {}

    def called(
        self, module: nn.Module, where: tuple[str, int], step: int, network: int | None
    ) -> None:
        """A layer with weights of its own is called in the same step in which it was made."""
        self._made(where, type(module).__name__, step, network)

    def reached(
        self,
        weights: Sequence[tuple[torch.Tensor, Place]],
        is_held: Callable[[torch.Tensor], bool],
        step: int,
    ) -> None:
        """A backward reaches parameters that no module holds, each with the line that reads it.

        Args:
            weights: the parameters of a graph.
            is_held: whether a known network has one.
            step: of the run.
        """
        for tensor, place in weights:
            fresh = tensor not in self._known
            self._known.set(tensor, None)
            if not fresh or is_held(tensor):
                continue
            # With another tensor the graph is another one, whose lines are not known any more.
            shape = tuple(tensor.shape)
            if place.line is not None:
                self._readers[shape] = place
            place = self._readers.get(shape, place)
            # Layers that are made anew are told by their own line.
            if step and not self._now and place.file is not None and place.line is not None:
                self._made((place.file, place.line), "Parameter", step, None)

    def _made(self, where: tuple[str, int], layer: str, step: int, network: int | None) -> None:
        key = (*where, layer)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = self._ledger.next_number("made")
            place = place_of(*where)
            self._ledger.put(Made(number, key[2], place, network, first=step))
        self._now.add(number)

    def look(self) -> None:
        """A step was looked at: what was called in it counts once."""
        for number in self._numbers.values():
            fact = self._ledger.run.made[number]
            looks = fact.looks + (number in self._now)
            self._ledger.change(fact, looks=looks, chances=fact.chances + 1)
        self._now.clear()


class Severing:
    """Sees whether a backward reaches anything that learns.

    Args:
        ledger: where it is recorded.
        sources: tells the user's lines.
    """

    def __init__(self, ledger: Ledger, sources: Sources) -> None:
        self._ledger = ledger
        self._sources = sources
        self._leaves: IdentityMap[torch.Tensor, None] = IdentityMap()
        self._numbers: dict[int, int] = {}

    def look(self, objective: int, leaves: Sequence[torch.Tensor]) -> None:
        """Look at a backward of a step in which a network ran with gradients on.

        Args:
            objective: number of the objective.
            leaves: the leaf tensors that it reaches. Bare ones that were there at an earlier look
                are learned by hand; one that is made afresh every time is not.
        """
        reached = any(isinstance(t, nn.Parameter) or t in self._leaves for t in leaves)
        for tensor in leaves:
            self._leaves.set(tensor, None)
        number = self._numbers.get(objective)
        if number is None:
            if reached:
                return
            number = self._new(objective)
        fact = self._ledger.run.severed[number]
        self._ledger.change(fact, looks=fact.looks + 1, steps=fact.steps + (not reached))

    def _new(self, objective: int) -> int:
        number = self._numbers[objective] = self._ledger.next_number("severed")
        frame = self._sources.frame(2)
        if frame is None:
            self._ledger.put(Severed(number, objective))
            return number
        cut = find_cut(frame, lambda file: self._sources.rank(file) >= 2)
        place = place_of(frame.f_code.co_filename, frame.f_lineno)
        self._ledger.put(
            Severed(
                *(number, objective, place),
                cut_place=cut.place,
                operation=cut.operation,
                hidden_place=cut.hidden,
            )
        )
        return number
