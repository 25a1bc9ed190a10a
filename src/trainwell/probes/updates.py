"""How far a step moves the weights, and the gradients that moved them."""

from __future__ import annotations

__all__ = ["Updates"]

import math
import weakref
from threading import get_ident

import torch

from trainwell.hooks.guard import is_readable
from trainwell.measures.samples import every_nth
from trainwell.measures.weights import distinct_row_share
from trainwell.probes.ledger import Ledger
from trainwell.record import Objective

_SAMPLE = 2_048
_DIRECTIONS = 16
"""Weights whose gradients are compared with those of the look before."""
_PATIENCE = 64
"""Backward passes after which a look at an update is given up: the optimizer steps more rarely."""


class Updates:
    """Compares weights before and after an update."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._before: dict[int, tuple[weakref.ref[torch.Tensor], torch.Tensor]] = {}
        self._objective = 0
        self._step = 0
        self._thread = 0
        """That which trains the weights: what it does to their gradients takes no lock."""
        self._looks: dict[int, int] = {}
        self._changed = False
        self._judged = False
        self._directions: dict[int, list[torch.Tensor]] = {}
        """By objective: gradients of the look before, a sample of each of some weights."""
        self._stale: bool | None = None
        """Gradients used by hand: all still there; None when there were none to judge."""

    def begin(self, tensors: dict[int, torch.Tensor], objective: int, step: int) -> None:
        """Remember the weights as they are before the update.

        Args:
            tensors: parameters of a graph by number.
            objective: number of the objective.
            step: the step of the look.
        """
        self.give_up()
        self._objective, self._step = objective, step
        self._thread = get_ident()
        self._changed = self._judged = False
        self._stale = None
        weights = {n: t for n, t in tensors.items() if t.dim() >= 2} or tensors
        for number, tensor in weights.items():
            if not is_readable(tensor) or not (tensor.is_floating_point() or tensor.is_complex()):
                continue
            sample = every_nth(tensor.detach(), _SAMPLE)
            self._before[number] = (weakref.ref(tensor), sample.clone())
            looks = self._looks[number] = self._looks.get(number, 0) + 1
            if tensor.dim() >= 2 and not looks & (looks - 1):
                share = distinct_row_share(tensor)
                self._ledger.measure("parameter", number, "distinct_rows", step, share)

    def gradients(self, step: int, scale: float) -> bool:
        """Measure the gradients right after the backward of a look.

        Args:
            step: the step of the look.
            scale: what a gradient scaler multiplied the loss by.

        Returns:
            Whether all of them were finite.
        """
        numbers, gradients = [], []
        if self._thread != get_ident():
            return True
        for number, (reference, _) in self._before.items():
            tensor = reference()
            gradient = None if tensor is None else tensor.grad
            values = None if gradient is None else _dense(gradient)
            if values is not None and values.numel():
                numbers.append(number)
                gradients.append(values)
        return self._norms(numbers, gradients, step, scale)

    def given(self, inputs: list[tuple[int, torch.Tensor]], step: int) -> bool:
        """The same for gradients that `torch.autograd.grad` returned: (parameter, gradient)."""
        chosen = [
            (n, values)
            for n, g in inputs
            if n in self._before and (values := _dense(g)) is not None and values.numel()
        ]
        return self._norms([n for n, _ in chosen], [g for _, g in chosen], step, 1.0)

    def _norms(
        self, numbers: list[int], gradients: list[torch.Tensor], step: int, scale: float
    ) -> bool:
        if not gradients:
            return True
        norms = torch.stack([n.float().cpu() for n in torch._foreach_norm(gradients)]).tolist()
        finite = True
        for number, gradient, norm in zip(numbers, gradients, norms, strict=True):
            if not math.isfinite(norm) and bool(torch.isfinite(gradient).all()):
                norm = float(torch.linalg.vector_norm(gradient.double()))
            norm /= scale
            finite = finite and math.isfinite(norm)
            self._ledger.measure("parameter", number, "gradient_norm", step, norm)
            rms = norm / math.sqrt(gradient.numel())
            self._ledger.measure("parameter", number, "gradient_rms", step, rms)
        if finite:
            self._agree(gradients, step)
        return finite

    def _agree(self, gradients: list[torch.Tensor], step: int) -> None:
        """Measure the cosine between the gradient and that of the look before.

        The gradients of two batches share what the loss asks for and differ by the noise of their
        examples: the cosine is about 1 / (1 + noise), the noise being the variance over the
        squared length of the mean (McCandlish et al. 2018, section 2.2).
        """
        chosen = gradients[:: max(1, -(-len(gradients) // _DIRECTIONS))]
        samples = [every_nth(g, _SAMPLE).detach().clone() for g in chosen]
        before = self._directions.get(self._objective)
        self._directions[self._objective] = samples
        if before is None or [s.shape for s in before] != [s.shape for s in samples]:
            return
        pairs = list(zip(before, samples, strict=True))
        product = sum(float((a.float() * b.float()).sum()) for a, b in pairs)
        sizes = [sum(float((v.float() ** 2).sum()) for v in side) for side in (before, samples)]
        scale = math.sqrt(sizes[0] * sizes[1])
        if scale > 0:
            self._ledger.measure(
                "objective", self._objective, "gradient_agreement", step, product / scale
            )

    def follow(self, tensors: dict[int, torch.Tensor]) -> None:
        """Compare with other tensors than those that were remembered: training made new ones.

        Args:
            tensors: today's parameters by number.
        """
        for number, tensor in tensors.items():
            if number in self._before:
                self._before[number] = (weakref.ref(tensor), self._before[number][1])

    def resolve(self, numbers: set[int] | None, step: int, *, waiting: frozenset[int]) -> None:
        """Compare with the weights as they are now.

        Args:
            numbers: parameters that an optimizer has just stepped; None at the next backward,
                when everything that is not in `waiting` must have been updated.
            step: the step now.
            waiting: parameters whose optimizer has not stepped since.
        """
        if not self._before:
            return
        if self._thread != get_ident():
            if step - self._step > _PATIENCE:
                self.give_up()
            return
        overdue = False
        if numbers is None:
            overdue = step - self._step > _PATIENCE
            due = [n for n in self._before if overdue or n not in waiting]
        else:
            due = [n for n in self._before if n in numbers]
        if not due:
            return
        found = [(n, *self._before.pop(n)) for n in due]
        pairs = [
            (n, t, sample)
            for n, r, sample in found
            # A tensor may be given other memory meanwhile: another size, or none.
            if (t := r()) is not None and is_readable(t) and t.dtype == sample.dtype
        ]
        pairs = [p for p in pairs if every_nth(p[1].detach(), _SAMPLE).shape == p[2].shape]
        if not pairs:
            return
        after = [every_nth(t.detach(), _SAMPLE) for _, t, _ in pairs]
        before = [b for _, _, b in pairs]
        moved = torch._foreach_norm(torch._foreach_sub(after, before))
        sizes = torch._foreach_norm(before)
        both = [float(v) for v in (*moved, *sizes)]
        moves = zip(both[: len(pairs)], both[len(pairs) :], strict=True)
        for (number, tensor, sample), (move, size) in zip(pairs, moves, strict=True):
            if numbers is None and not overdue and move > 0 and tensor.grad is not None:
                values = _dense(tensor.grad)
                kept = values is not None and bool(values.any())
                self._stale = kept if self._stale is None else self._stale and kept
            ratio = move / size if size > 0 else math.nan if move == 0 else math.inf
            self._changed = self._changed or move != 0
            self._judged = True
            measure = self._ledger.measure
            measure("parameter", number, "update_ratio", self._step, ratio)
            measure("parameter", number, "moved", self._step, move)
            rms = size / math.sqrt(max(sample.numel(), 1))
            measure("parameter", number, "weight_rms", self._step, rms)
        if not self._before:
            self._close()

    @property
    def pending(self) -> bool:
        """Weights are remembered that have not been compared yet."""
        return bool(self._before)

    def give_up(self) -> None:
        """Forget what has not been compared yet."""
        self._before = {}
        self._close()

    def _close(self) -> None:
        if not self._judged:
            return
        self._judged = False
        known: Objective = self._ledger.run.objectives[self._objective]
        self._ledger.change(
            known,
            updates=known.updates + self._changed,
            update_looks=known.update_looks + 1,
            stale_looks=known.stale_looks + bool(self._stale),
            stale_chances=known.stale_chances + (self._stale is not None),
        )


def _dense(gradient: torch.Tensor) -> torch.Tensor | None:
    """A gradient's numbers, of a sparse one those that it stores; None where they are not read."""
    if gradient.layout is torch.sparse_coo:
        gradient = gradient.detach()._values()
    return gradient.detach() if is_readable(gradient) else None
