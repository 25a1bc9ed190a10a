"""Which tensors are learned, what they are called, and how their weights began."""

from __future__ import annotations

__all__ = ["Parameters"]

import weakref
from collections.abc import Callable
from dataclasses import replace

import torch

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
    """

    def __init__(
        self, ledger: Ledger, owner: Owner, built_at: Callable[[int, str], Place | None]
    ) -> None:
        self._ledger = ledger
        self._owner = owner
        self._built_at = built_at
        self._numbers: dict[int, tuple[weakref.ref[torch.Tensor], int]] = {}
        self._bare: dict[tuple[tuple[int, ...], int], int] = {}

    def known(self, tensor: torch.Tensor) -> int | None:
        """The tensor's number, or None if it was never seen."""
        found = self._numbers.get(id(tensor))
        return found[1] if found is not None and found[0]() is tensor else None

    def tensor(self, number: int) -> torch.Tensor | None:
        """The living tensor of a number (of bare tensors the latest), or None."""
        for reference, found in reversed(list(self._numbers.values())):
            if found == number:
                return reference()
        return None

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
        shape = tuple(tensor.shape)
        is_parameter = isinstance(tensor, torch.nn.Parameter)
        if not is_parameter and (shape, ordinal) in self._bare:
            number = self._bare[shape, ordinal]
            self._numbers[id(tensor)] = (weakref.ref(tensor), number)
            return number
        number = self._ledger.next_number("parameter")
        self._numbers[id(tensor)] = (weakref.ref(tensor), number)
        if not is_parameter:
            self._bare[shape, ordinal] = number
        is_weight = tensor.dim() >= 2
        start = moments(tensor)
        if is_weight:
            start["distinct_rows"] = distinct_row_share(tensor)
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
            )
        )
        return number

    def name_of(self, tensor: torch.Tensor) -> str | None:
        """The dotted name of a parameter of a known network, whether it was in a graph or not."""
        return self._owner(tensor)[1]

    def rename(self) -> None:
        """Look unnamed parameters up again: their network may have been called since."""
        for reference, number in self._numbers.values():
            fact = self._ledger.run.parameters[number]
            tensor = reference()
            if fact.network is None and tensor is not None:
                network, name, layer = self._owner(tensor)
                if network is not None and name is not None:
                    place = self._place(network, layer)
                    self._ledger.change(fact, network=network, name=name, layer=layer, place=place)

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
