"""Which tensors are learned, what they are called, and how their weights began."""

from __future__ import annotations

__all__ = ["Parameters", "shape_of"]

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch.nn.parameter import is_lazy

from trainwell.hooks.guard import is_readable
from trainwell.hooks.identity import IdentityMap
from trainwell.measures.weights import distinct_row_share, fans, moments
from trainwell.probes.ledger import Ledger
from trainwell.record import Parameter, Place

Owner = Callable[[torch.Tensor], tuple[int | None, str | None, str | None]]


class Parameters:
    """Numbers the learned tensors of a run.

    Args:
        ledger: where they are recorded.
        owner: tells the network, dotted name and layer of a parameter, as far as known.
        built_at: tells the line that constructed a layer of a network, when that was seen.
        order: tells how many modules had been built before it.
    """

    def __init__(
        self,
        ledger: Ledger,
        owner: Owner,
        built_at: Callable[[int, str], Place | None],
        order: Callable[[int, str], int | None] = lambda network, layer: None,
    ) -> None:
        self._ledger = ledger
        self._owner = owner
        self._built_at = built_at
        self._order = order
        self._numbers: IdentityMap[torch.Tensor, int] = IdentityMap()
        self._bare: dict[tuple[tuple[int, ...], int], int] = {}

    def known(self, tensor: torch.Tensor) -> int | None:
        """The tensor's number, or None if it was never seen."""
        return self._numbers.get(tensor)

    def number(self, tensor: torch.Tensor, ordinal: int = 0) -> int:
        """The tensor's number; it is measured and recorded when it is new.

        Args:
            tensor: a leaf.
            ordinal: how many bare tensors of the same shape came before it in its graph; a bare
                tensor that is made afresh at every step keeps its number by shape and ordinal.
        """
        known = self.known(tensor)
        if known is not None:
            return known
        network, name, layer = self._owner(tensor)
        shape = shape_of(tensor)
        is_parameter = isinstance(tensor, torch.nn.Parameter)
        if not is_parameter and (shape, ordinal) in self._bare:
            number = self._bare[shape, ordinal]
            self._numbers.set(tensor, number)
            return number
        number = self._ledger.next_number("parameter")
        self._numbers.set(tensor, number)
        if not is_parameter:
            self._bare[shape, ordinal] = number
        is_weight = len(shape) >= 2
        if is_readable(tensor):
            start = moments(tensor)
            if is_weight:
                start["distinct_rows"] = distinct_row_share(tensor)
        else:
            start = dict.fromkeys(("mean", "std", "peak", "kurtosis"), math.nan)
        fan_in, fan_out = fans(shape)
        self._ledger.put(
            Parameter(
                number=number,
                name=name or f"tensor {number} ({'x'.join(map(str, shape)) or 'scalar'})",
                layer=layer,
                network=network,
                place=self._place(network, layer),
                shape=shape,
                trainable=tensor.requires_grad,
                is_weight=is_weight,
                is_parameter=is_parameter,
                fan_in=fan_in,
                fan_out=fan_out,
                start=start,
                fresh=tensor.grad is None,
                made=self._made(network, layer),
            )
        )
        return number

    def stands_for(self, number: int, tensor: torch.Tensor) -> None:
        """Take in which tensor has a number now: a bare one may be another one at every step."""
        if not isinstance(tensor, torch.nn.Parameter) and self.known(tensor) != number:
            self._numbers.set(tensor, number)
            self._ledger.change(self._ledger.run.parameters[number], remade=True)

    def name_of(self, tensor: torch.Tensor) -> str | None:
        """The dotted name of a parameter of a known network, whether it was in a graph or not."""
        return self._owner(tensor)[1]

    def rename(self) -> None:
        """Look unnamed parameters up again: their network may have been called since."""
        for tensor, number in self._numbers.items():
            fact = self._ledger.run.parameters[number]
            if fact.network is None:
                network, name, layer = self._owner(tensor)
                if network is not None and name is not None:
                    place = self._place(network, layer)
                    self._ledger.change(
                        fact,
                        network=network,
                        name=name,
                        layer=layer,
                        place=place,
                        made=self._made(network, layer),
                    )

    def _made(self, network: int | None, layer: str | None) -> int | None:
        return None if network is None or layer is None else self._order(network, layer)

    def _place(self, network: int | None, layer: str | None) -> Place:
        if network is None or layer is None:
            return Place(layer)
        found = self._built_at(network, layer) or Place()
        return replace(found, layer=layer)

    def held(self, tensor: torch.Tensor, optimizer: int) -> None:
        """Record that an optimizer holds a tensor, if the tensor is known."""
        number = self.known(tensor)
        if number is None:
            return
        fact = self._ledger.run.parameters[number]
        if optimizer not in fact.optimizers or fact.trainable != tensor.requires_grad:
            self._ledger.change(
                fact,
                optimizers=tuple(dict.fromkeys((*fact.optimizers, optimizer))),
                trainable=tensor.requires_grad,
            )


def shape_of(tensor: torch.Tensor) -> tuple[int, ...]:
    """The shape of a tensor; of one that has none yet, no dimensions."""
    return () if is_lazy(tensor) else tuple(tensor.shape)
