"""What pretraining minimises: episodes, classification, or their sum."""

from __future__ import annotations

__all__ = ["OBJECTIVES", "Objective"]

from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional

from trainwell.errors import UnknownNameError

OBJECTIVES = ("episodes", "classification", "both")


class Objective(nn.Module):
    """The loss of a batch that holds two pictures of each of its labels.

    In episodes each picture is an example of its label, and the other one of the pair is the query:
    its label is told among all labels of the batch by the cosine to their examples, both ways round
    (prototypical networks with one shot and the cosine, which is what recognition does later). In
    classification each label has a vector of its own (cosine softmax).

    Args:
        kind: "episodes", "classification" or "both".
        labels: of the classification, turned ones included.
        width: of the vectors.

    Raises:
        UnknownNameError: if there is no such objective.

    Sources:
        Snell, Swersky and Zemel 2017, "Prototypical networks for few-shot learning", section 2;
        Chen et al. 2019, "A closer look at few-shot classification", section 3.2 (Baseline++).
    """

    scale: ClassVar[float] = 16.0
    """What cosines are multiplied by before a softmax."""

    def __init__(self, kind: str, labels: int, width: int) -> None:
        super().__init__()
        if kind not in OBJECTIVES:
            raise UnknownNameError("objective", str(kind), OBJECTIVES)
        self.kind = kind
        self.label_vectors: nn.Parameter | None = None
        if kind != "episodes":
            self.label_vectors = nn.Parameter(torch.randn(labels, width) / width**0.5)

    def forward(self, vectors: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """The loss, nats.

        Args:
            vectors: (2 n, width); the second half shows the labels of the first half again.
            labels: (2 n,), no label twice in a half.
        """
        unit = functional.normalize(vectors, dim=1)
        losses = []
        if self.kind != "classification":
            examples, queries = unit.chunk(2)
            logits = self.scale * queries @ examples.T
            own = torch.arange(len(logits), device=logits.device)
            # One call for both ways round, so that a probe sees one loss.
            losses.append(functional.cross_entropy(torch.cat([logits, logits.T]), own.repeat(2)))
        if self.label_vectors is not None:
            logits = self.scale * unit @ functional.normalize(self.label_vectors, dim=1).T
            losses.append(functional.cross_entropy(logits, labels))
        return torch.stack(losses).sum() if len(losses) > 1 else losses[0]
