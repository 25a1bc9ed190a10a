"""The labels that a network knows already, beside new ones."""

from __future__ import annotations

__all__ = ["Head", "cut_head"]

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.special import log_softmax

from trainwell.errors import BadInputError
from trainwell.oneshot.answers import Label
from trainwell.oneshot.modules import ModuleEmbedder
from trainwell.oneshot.space import Vectors


@dataclass(frozen=True)
class Head:
    """A trained last layer and its labels.

    Given to a classifier as `base`, its labels and the enrolled ones are one decision: what the
    classifier leaves to "none of the enrolled" goes to the head's labels, by the head's own
    probabilities. That share is calibrated on the cohort, so that labels seen ten thousand times
    do not swallow those seen once; a good cohort are examples of the head's labels.

    Attributes:
        weight: (labels, width).
        bias: (labels,).
        labels: of its outputs.
        push: nats added to the old labels together; below 0 favours the new ones.
    """

    weight: Vectors
    bias: Vectors
    labels: tuple[Label, ...]
    push: float = 0.0

    def __post_init__(self) -> None:
        if self.weight.ndim != 2 or self.bias.shape != self.weight.shape[:1]:
            raise BadInputError(
                f"a head needs a (labels, width) weight and as many biases, got "
                f"{self.weight.shape} and {self.bias.shape}"
            )
        if len(self.labels) != len(self.weight) or len(set(self.labels)) != len(self.labels):
            raise BadInputError(
                f"a head of {len(self.weight)} outputs needs as many different labels, got "
                f"{len(set(self.labels))}"
            )

    def logs(self, vectors: Vectors) -> Any:
        """Log-probabilities among the head's own labels, (queries, labels).

        Raises:
            BadInputError: if the vectors have another width than it was trained on.
        """
        if vectors.shape[1] != self.weight.shape[1]:
            raise BadInputError(
                f"the head takes vectors of width {self.weight.shape[1]}, and the embedder gave "
                f"width {vectors.shape[1]}"
            )
        return log_softmax(vectors @ self.weight.T + self.bias, axis=1)


def cut_head(
    module: torch.nn.Module,
    labels: Sequence[Label] | None = None,
    prepare: Callable[[Sequence[Any]], Any] | None = None,
) -> tuple[ModuleEmbedder, Head]:
    """A trained network without its last linear layer, and that layer.

    The network itself stays whole.

    Args:
        module: the network; what goes into its last `Linear` becomes the vector.
        labels: of its outputs; numbers from 0 on when None.
        prepare: see `ModuleEmbedder`.

    Raises:
        BadInputError: if it has no linear layer, or its labels do not fit.
    """
    linear = [name for name, part in module.named_modules() if isinstance(part, torch.nn.Linear)]
    if not linear:
        raise BadInputError(f"`{type(module).__name__}` has no linear layer that could be its head")
    last = module.get_submodule(linear[-1])
    assert isinstance(last, torch.nn.Linear)
    weight = last.weight.detach().float().cpu().numpy()
    given = np.zeros(len(weight), np.float32) if last.bias is None else last.bias
    bias = given.detach().float().cpu().numpy() if isinstance(given, torch.Tensor) else given
    head = Head(weight, bias, tuple(range(len(weight)) if labels is None else labels))
    parent, _, name = linear[-1].rpartition(".")
    if not parent and not name:
        raise BadInputError("a network that is one linear layer has nothing before its head")
    # Weights are shared with the original: only the containers are copied.
    memo = {id(p): p for p in [*module.parameters(), *module.buffers()]}
    body = copy.deepcopy(module, memo)
    setattr(body.get_submodule(parent), name, torch.nn.Identity())
    return ModuleEmbedder(body, prepare, name=type(module).__name__), head
